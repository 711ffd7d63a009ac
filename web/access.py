"""Authentication and authorisation. Every request passes here first; a view that declares no role is refused to all.

The sender is identified by a session cookie (people), HTTP basic (VLC, Home Assistant; a token may replace the
password) or a bearer token (machines).
"""

import base64
import binascii
import hashlib
import hmac
import logging
import secrets
import threading
from functools import partial
from pathlib import Path
from typing import Dict, Mapping, Optional, Tuple

from werkzeug.wrappers import Request

from appliance.contract.roles import Role
from web.accounts import Account, Accounts, Devices, Hashing, Sessions, Throttle, TooManyAttempts
from web.accounts.store import TOKEN_PREFIX
from web.client_address import limited_as
from web.cookies import FORM, SESSION, find_cookie
from web.forwarded import HOST, PROXIED_HOST, UNBELIEVED
from web.options import Options
from web.origin import explain, is_local, is_same_site
from web.roles import NOBODY, Denied, Identity
from web.secret_key import read_secret_key

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
SOCKET_PATH = "/socket.io"

_MOST_REMEMBERED = 200

log = logging.getLogger(__name__)

KNOWN = "splitlens.known"
"""Key in a request's environ, set by the server: a function to call when the sender is authenticated."""


class Guard:
    """Authenticates and authorises requests. Any thread may call its methods."""

    def __init__(self, options: Options, accounts: Accounts, sessions: Sessions) -> None:
        self._options = options
        self._accounts = accounts
        self._sessions = sessions
        self._throttle = Throttle()
        self._secret = read_secret_key(Path(options.state_dir) / "secret_key")
        # Correct passwords: a camera client sends its own with every image, and checking is slow.
        self._remembered: Dict[bytes, float] = {}
        self._lock = threading.Lock()
        self._hashing = Hashing(options.worker)
        self.devices = Devices(self._secret)
        # Six cameras that sign in at once with the same right password are one attempt.
        self._turns = [threading.Lock() for _ in range(16)]

    # Identity

    def identify(self, request: Request) -> Identity:
        """Return the sender of a request; NOBODY without credentials.

        Raises:
            Denied: The credentials are wrong.
            TooManyAttempts: There were too many wrong ones.
        """
        found = self._identify(request)
        if found.role > Role.ANONYMOUS and KNOWN in request.environ:
            request.environ[KNOWN]()
        return found

    def _identify(self, request: Request) -> Identity:
        if not self._options.sign_in:
            return Identity("everybody", Role.OPERATOR)
        header = request.headers.get("Authorization")
        if header:
            account = self._account_of(header, request)
            if account is None:
                raise Denied(401, "The user, the password or the token is wrong.")
            return Identity(account.name, account.role, account.changed)
        token = find_cookie(request.cookies, SESSION)
        found = self._sessions.find(token) if token else None
        return Identity(found.name, found.role, found.changed, token) if found else NOBODY

    def viewer(self, identity: Identity, request: Request) -> str:
        """Return the key for limits: the account, or the address if sign-in is off."""
        return identity.name if self._options.sign_in else limited_as(request.remote_addr or "")

    def recall(self, request: Request) -> Optional[Identity]:
        """Return the sender of a request if known without hashing a password.

        Returns:
            None if not known, or if sign-in is off.
        """
        if not self._options.sign_in:
            return None
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            account = self._accounts.check_token(value.strip())
        elif scheme.lower() == "basic":
            name, password = _read_basic(value) or ("", "")
            account = (
                self._accounts.check_token(password)
                if password.startswith(TOKEN_PREFIX)
                else (self._remembered_account(name, self._sign(repr((name, password)))))
            )
        else:
            token = find_cookie(request.cookies, SESSION)
            account = self._sessions.find(token) if token else None
        return Identity(account.name, account.role, account.changed) if account else None

    def may_send(self, request: Request) -> bool:
        """Return whether the sender is known without hashing a password, or sign-in is off."""
        return not self._options.sign_in or self.recall(request) is not None

    def has_own_form(self, request: Request) -> bool:
        """Return whether the browser has the cookie of a form that this dashboard made."""
        nonce, _, signature = find_cookie(request.cookies, FORM).partition(".")
        return hmac.compare_digest(signature.encode(), self._sign("form:" + nonce).hex().encode())

    def make_form_cookie(self) -> str:
        """Return a new, signed value for the cookie of a form."""
        nonce = secrets.token_urlsafe(18)
        return f"{nonce}.{self._sign('form:' + nonce).hex()}"

    def is_valid(self, identity: Identity) -> bool:
        """Return whether a previously authenticated identity is still valid."""
        if not self._options.sign_in:
            return True
        if identity.session:
            return self._sessions.find(identity.session) is not None
        account = self._accounts.find(identity.name)
        return account is not None and account.changed == identity.changed

    def sign_in(self, name: str, password: str, address: str, cookies: Mapping[str, str]) -> Optional[Account]:
        """Check a name and a password.

        Args:
            name: The account's name.
            password: As typed.
            address: The client's address.
            cookies: The browser's cookies.

        Returns:
            The account, or None if name or password is wrong.

        Raises:
            TooManyAttempts: It was not checked.
        """
        name = name[:100]
        device = self.devices.find(name, cookies)
        address = limited_as(address)
        keys = (("device", device),) if device else (("address", address), ("account", name))
        owner = ("account", name) if device else ("address", address)
        success = ("success", name)
        self._throttle.check(success)
        self._throttle.begin(*keys)
        try:
            account = self._accounts.check_password(
                name, password, partial(self._hashing.run, device is not None, owner)
            )
        except TooManyAttempts:
            self._throttle.take_back(*keys)  # it was not checked, so it is no failure
            raise
        if account:
            self._throttle.take_back(*keys)
            self._throttle.begin(success)
        return account

    def _account_of(self, header: str, request: Request) -> Optional[Account]:
        scheme, _, value = header.partition(" ")
        if scheme.lower() == "bearer":
            return self._accounts.check_token(value.strip())
        if scheme.lower() != "basic":
            return None
        read = _read_basic(value)
        if read is None:
            return None
        name, password = read
        if password.startswith(TOKEN_PREFIX):
            return self._accounts.check_token(password)
        key = self._sign(repr((name, password)))
        account = self._remembered_account(name, key)
        if account:
            return account
        with self._turns[key[0] % len(self._turns)]:
            account = self._remembered_account(name, key) or self.sign_in(
                name, password, request.remote_addr or "", request.cookies
            )
            if account:
                with self._lock:
                    if len(self._remembered) >= _MOST_REMEMBERED:
                        self._remembered.clear()
                    self._remembered[key] = account.changed
        return account

    def _remembered_account(self, name: str, key: bytes) -> Optional[Account]:
        account = self._accounts.find(name)
        return account if account and self._remembered.get(key) == account.changed else None

    # Origin and CSRF

    def check_origin(self, request: Request) -> None:
        """Refuse a request that another site's page made the browser send. Raises Denied."""
        host = request.headers.get("Host", "")
        if not HOST.fullmatch(host):
            raise Denied(400, "The Host header is missing or no host.")
        # A client that reached us by a foreign name can also send X-Forwarded-Host, which a proxy may pass on.
        hosts = (host, request.environ.get(PROXIED_HOST, host))
        if not self._options.sign_in and not all(map(is_local, hosts)):
            raise Denied(403, "Without signing in the dashboard is reached by its address or its local name only.")
        origin = request.headers.get("Origin")
        # Reading gives a foreign page nothing, but a WebSocket would, and Socket.IO also sends by GET.
        only_reads = request.method in SAFE_METHODS and "Upgrade" not in request.headers
        if origin is None or (only_reads and not request.path.startswith(SOCKET_PATH)):
            return
        if not is_same_site(origin, host):
            raise Denied(403, explain(origin, host, request.environ.get(UNBELIEVED, "")))

    def csrf_token(self, request: Request, form_cookie: str) -> str:
        """Return the token that a page must send with changes; without a session, it depends on the form's cookie."""
        return self._sign(
            "csrf:" + (find_cookie(request.cookies, SESSION) if self._options.sign_in else "") + ":" + form_cookie
        ).hex()

    def check_csrf(self, request: Request) -> None:
        """Refuse a change that is authenticated by cookies only and has no CSRF token. Raises Denied."""
        form_cookie = find_cookie(request.cookies, FORM)
        if "Authorization" in request.headers or not (form_cookie or find_cookie(request.cookies, SESSION)):
            return
        given = request.headers.get("X-CSRF-Token") or ""
        if not given and request.mimetype == "application/x-www-form-urlencoded":
            given = request.form.get("csrf_token", "")
        wanted = self.csrf_token(request, form_cookie)
        if not hmac.compare_digest(given.encode(), wanted.encode()):
            raise Denied(403, "The page is out of date; load it again.")

    def _sign(self, text: str) -> bytes:
        return hmac.new(self._secret, text.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()


def _read_basic(value: str) -> Optional[Tuple[str, str]]:
    """Return name and password of HTTP basic; None if they cannot be parsed."""
    try:
        name, _, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return name, password
