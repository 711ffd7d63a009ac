"""Passwords as salted hashes that are slow to guess.

scrypt with OWASP's parameters (16 MB, 5 times). A Python without it, as 3.6 with a new OpenSSL, gets PBKDF2; a hash
says which one it is.
"""

import base64
import hashlib
import hmac
import secrets
from typing import Callable, Dict

_N, _R, _P = 1 << 14, 8, 5
_ITERATIONS = 600000
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like something else

LONGEST = 200
SHORTEST = 8


def _scrypt(password: bytes, salt: bytes) -> bytes:
    return hashlib.scrypt(password, salt=salt, n=_N, r=_R, p=_P, maxmem=64 << 20)


def _pbkdf2(password: bytes, salt: bytes) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", password, salt, _ITERATIONS)


_METHODS: Dict[str, Callable[[bytes, bytes], bytes]] = {"pbkdf2": _pbkdf2}
if hasattr(hashlib, "scrypt"):
    _METHODS["scrypt"] = _scrypt
_BEST = "scrypt" if "scrypt" in _METHODS else "pbkdf2"


def hash_password(password: str) -> str:
    salt = secrets.token_bytes(16)
    return "$".join([_BEST, _to_text(salt), _to_text(_METHODS[_BEST](password.encode(), salt))])


def check_password(password: str, hashed: str) -> bool:
    """Whether it is this password. Slow. Raises ValueError if this Python lacks the method."""
    name, salt, digest = hashed.split("$")
    if name not in _METHODS:
        raise ValueError("this Python has no {}: set the password anew".format(name))
    return hmac.compare_digest(_METHODS[name](password.encode(), _to_bytes(salt)), _to_bytes(digest))


def make_password() -> str:
    """Twelve letters and digits, 59 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(3))


def _to_text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _to_bytes(text: str) -> bytes:
    return base64.b64decode(text.encode())
