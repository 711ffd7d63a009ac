"""Answer the challenges of HTTP servers: basic and digest authentication (RFC 7617, RFC 7616)."""

import base64
import hashlib
import os
import re
from typing import Dict, List, Optional, Sequence, Tuple

_HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}
# A parameter; a word without a following = begins a challenge.
_WORD = re.compile(
    r'(?<![\w-])(?P<name>[\w-]+)\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s,"]+))|(?P<scheme>[A-Za-z][\w-]*)'
)
_MOST = 4096  # characters of a header


class Credentials:
    """A user's credentials for one server. Keeps the digest challenge, so only the first request is refused."""

    def __init__(self, user: str, password: str) -> None:
        self._user, self._password = user, password
        self._digest: Optional[Dict[str, str]] = None
        self._is_basic = False
        self._count = 0

    def challenge(self, headers: Sequence[str]) -> bool:
        """Store the WWW-Authenticate headers of a 401. Returns False if none of them can be answered."""
        offers = read_challenges(headers)
        self._digest = next((offer for scheme, offer in offers if scheme == "digest" and _can_answer(offer)), None)
        self._is_basic = any(scheme == "basic" for scheme, _ in offers)
        self._count = 0
        return self._digest is not None or self._is_basic

    def authorization(self, method: str, target: str) -> Optional[str]:
        """Return the header for a request; None before the first challenge.

        Args:
            method: GET, for example.
            target: As in the request line.
        """
        if self._digest is not None:
            return self._answer(self._digest, method, target)
        if self._is_basic:
            pair = f"{self._user}:{self._password}".encode()
            return "Basic " + base64.b64encode(pair).decode("ascii")
        return None

    def _answer(self, offer: Dict[str, str], method: str, target: str) -> str:
        name = offer.get("algorithm", "MD5")
        make = _HASHES[name.upper().replace("-SESS", "")]

        def digest(*words: str) -> str:
            return make(":".join(words).encode("utf-8")).hexdigest()

        self._count += 1
        count, own = f"{self._count:08x}", os.urandom(8).hex()
        realm, nonce = offer.get("realm", ""), offer.get("nonce", "")
        secret = digest(self._user, realm, self._password)
        if name.upper().endswith("-SESS"):
            secret = digest(secret, nonce, own)
        request = digest(method, target)
        fields = [("username", self._user), ("realm", realm), ("nonce", nonce), ("uri", target)]
        plain = [("algorithm", name)] if "algorithm" in offer else []
        if "qop" in offer:
            fields += [("response", digest(secret, nonce, count, own, "auth", request)), ("cnonce", own)]
            plain += [("qop", "auth"), ("nc", count)]
        else:
            fields.append(("response", digest(secret, nonce, request)))
        if "opaque" in offer:
            fields.append(("opaque", offer["opaque"]))
        escaped = [(key, re.sub(r'(["\\])', r"\\\1", value)) for key, value in fields]
        quoted = [f'{key}="{value}"' for key, value in escaped]
        return "Digest " + ", ".join(quoted + [f"{key}={value}" for key, value in plain])


def read_challenges(headers: Sequence[str]) -> List[Tuple[str, Dict[str, str]]]:
    """Return the scheme, in lower case, and the parameters of each challenge, in order."""
    offers: List[Tuple[str, Dict[str, str]]] = []
    for header in headers:
        for match in _WORD.finditer(header[:_MOST]):
            if match.group("scheme"):
                offers.append((match.group("scheme").lower(), {}))
            elif offers:
                quoted = match.group("quoted")
                value = match.group("plain") if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
                offers[-1][1][match.group("name").lower()] = value
    return offers


def _can_answer(offer: Dict[str, str]) -> bool:
    known = offer.get("algorithm", "MD5").upper().replace("-SESS", "") in _HASHES
    return known and bool(offer.get("nonce")) and "auth" in re.split(r"[\s,]+", offer.get("qop", "auth"))
