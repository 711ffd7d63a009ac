"""Passwords as salted hashes that are slow to guess.

scrypt with OWASP's parameters (16 MB, 5 times). A Python without it, as 3.6 with a new OpenSSL, gets PBKDF2 of SHA-512.
A hash says how it was made: `scrypt:16384:8:5$salt$digest`.
"""

import base64
import hashlib
import hmac
import secrets

SHORTEST, LONGEST = 8, 200

_BEST = "scrypt:16384:8:5" if hasattr(hashlib, "scrypt") else "pbkdf2:210000"
_SCRYPT_BYTES = 64 << 20  # it may take; it takes 16 MB
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like something else


def hash_password(password: str) -> str:
    salt = secrets.token_bytes(16)
    return "$".join([_BEST, _to_text(salt), _to_text(_digest(_BEST, password, salt))])


def check_password(password: str, hashed: str) -> bool:
    """Whether it is this password. Slow. Raises ValueError if this Python lacks the method."""
    method, salt, digest = hashed.split("$")
    return hmac.compare_digest(_digest(method, password, _to_bytes(salt)), _to_bytes(digest))


def make_password() -> str:
    """Twelve letters and digits, 59 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(3))


def _digest(method: str, password: str, salt: bytes) -> bytes:
    name, *costs = method.split(":")
    data = password.encode("utf-8", "surrogatepass")
    if name == "scrypt" and hasattr(hashlib, "scrypt"):
        n, r, p = map(int, costs)
        return hashlib.scrypt(data, salt=salt, n=n, r=r, p=p, maxmem=_SCRYPT_BYTES)
    if name == "pbkdf2":
        return hashlib.pbkdf2_hmac("sha512", data, salt, int(costs[0]))
    raise ValueError(f"this Python has no {name}: set the password anew")


def _to_text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _to_bytes(text: str) -> bytes:
    return base64.b64decode(text.encode())
