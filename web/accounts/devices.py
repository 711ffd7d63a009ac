"""Browsers that signed in before, recognised by a cookie (OWASP's device cookies).

Guessing an account's password slows down all strangers. A browser with the account's cookie is no stranger: its
attempts are counted separately. The cookie does not authenticate; it is kept after signing out.
"""

import hashlib
import hmac
import re
import secrets
from typing import Mapping, Optional, Tuple

from web.cookies import find_cookie

LASTING_SECONDS = 365 * 86400

_VALUE = re.compile(r"([A-Za-z0-9_-]{24})\.([0-9a-f]{64})")


class Devices:
    """Makes and checks the cookies.

    Args:
        secret: The key that signs them.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def make(self, name: str) -> Tuple[str, str]:
        """Return name and value of the cookie for a browser that just signed in to the account."""
        number = secrets.token_urlsafe(18)
        return self._cookie(name), f"{number}.{self._sign(name, number)}"

    def find(self, name: str, cookies: Mapping[str, str]) -> Optional[str]:
        """Return the device's number if it has signed in to this account before."""
        found = _VALUE.fullmatch(find_cookie(cookies, self._cookie(name)))
        if found is None or not hmac.compare_digest(found.group(2), self._sign(name, found.group(1))):
            return None
        return found.group(1)

    def _cookie(self, name: str) -> str:
        return "splitlens_device_" + self._sign(name, "")[:12]

    def _sign(self, name: str, number: str) -> str:
        text = repr(("device", name, number)).encode("utf-8", "surrogatepass")
        return hmac.new(self._secret, text, hashlib.sha256).hexdigest()
