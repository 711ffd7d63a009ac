"""Passwords as salted hashes that are slow to guess, by werkzeug: `scrypt:16384:8:5$salt$digest`.

scrypt with OWASP's parameters (16 MB, 5 times). If werkzeug or Python lacks it, as on Python 3.6, PBKDF2 with SHA-512.
Hashes of earlier versions, which wrote salt and digest in base64, are still accepted.
"""

import base64
import hashlib
import hmac
import secrets

from werkzeug.security import DEFAULT_PBKDF2_ITERATIONS, check_password_hash, generate_password_hash

SHORTEST, LONGEST = 8, 200

# werkzeug has scrypt, and this number of iterations, since 2.3.
_HAS_SCRYPT = hasattr(hashlib, "scrypt") and DEFAULT_PBKDF2_ITERATIONS >= 600000
_BEST = "scrypt:16384:8:5" if _HAS_SCRYPT else "pbkdf2:sha512:210000"
_SALT_CHARACTERS = 22  # of 62 kinds: 131 bits
_SCRYPT_BYTES = 64 << 20  # the limit; 16 MB are used
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # no characters that look alike


def hash_password(password: str) -> str:
    """Hash a password. Slow. Raises ValueError for a text that cannot be encoded."""
    return generate_password_hash(password, _BEST, _SALT_CHARACTERS)


def check_password(password: str, hashed: str) -> bool:
    """Return whether this is the password. Slow. Raises ValueError if this Python lacks the hash's method."""
    method = hashed.split("$")[0].split(":")[0]  # what follows is for no log
    if _is_of_earlier_version(hashed):
        return _check_of_earlier_version(password, hashed)
    if method != "pbkdf2" and not (method == "scrypt" and _HAS_SCRYPT):
        raise ValueError(f"this Python has no {method}: set the password anew")
    try:
        return check_password_hash(hashed, password)
    except UnicodeEncodeError:  # a lone surrogate, which no password has
        return False


def is_outdated(hashed: str) -> bool:
    """Return whether a hash should be replaced the next time the password is known."""
    return _is_of_earlier_version(hashed) or not hashed.startswith(_BEST + "$")


def make_password() -> str:
    """Return a password of twelve letters and digits, 59 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(3))


def _is_of_earlier_version(hashed: str) -> bool:
    return "==$" in hashed  # the end of 16 bytes in base64; werkzeug's salts have letters and digits only


def _check_of_earlier_version(password: str, hashed: str) -> bool:
    method, salt, digest = hashed.split("$")
    name, *costs = method.split(":")
    data = password.encode("utf-8", "surrogatepass")
    if name == "scrypt" and hasattr(hashlib, "scrypt"):
        n, r, p = map(int, costs)
        found = hashlib.scrypt(data, salt=base64.b64decode(salt), n=n, r=r, p=p, maxmem=_SCRYPT_BYTES)
    elif name == "pbkdf2" and len(costs) == 1:
        found = hashlib.pbkdf2_hmac("sha512", data, base64.b64decode(salt), int(costs[0]))
    else:
        raise ValueError(f"this Python has no {name}: set the password anew")
    return hmac.compare_digest(found, base64.b64decode(digest))
