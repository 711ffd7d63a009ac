"""The file accounts.json: people with passwords, machines with tokens, and their roles."""

import hashlib
import hmac
import logging
import math
import re
import secrets
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

from appliance.contract.fields import JsonObject
from appliance.contract.roles import Role
from appliance.core.files import keep_damaged, read_json, write_json
from web.accounts import passwords
from web.accounts.throttle import TooManyAttempts

FIRST_NAME = "operator"
TOKEN_PREFIX = "slt_"
_NAME = re.compile(r"[A-Za-z0-9._-]{1,32}")
_TOKEN_DIGEST = re.compile(r"[0-9a-f]{64}")

log = logging.getLogger(__name__)


class AccountsError(Exception):
    """An account cannot be changed as requested; the message is for the user."""


@dataclass(frozen=True)
class Account:
    """A person with a password, or a machine with a token.

    Attributes:
        name: To sign in with.
        role: What it may do.
        changed: When password or role were set, Unix time; earlier sessions are invalid.
        password: Hash of the password; None for a machine.
        token: SHA-256 of 256 random bits, which nobody can guess; None for a person.
    """

    name: str
    role: Role
    changed: float
    password: Optional[str] = None
    token: Optional[str] = None


class Accounts:
    """The accounts in the file, which is read again when `python -m web.accounts` has changed it."""

    def __init__(self, state_dir: str) -> None:
        self.path = Path(state_dir) / "accounts.json"
        self._stamp: Optional[Tuple[int, int]] = None
        self._accounts: Dict[str, Account] = {}
        self._lock = threading.Lock()
        # Unknown names are checked against this, so that the duration does not reveal them.
        self._nobody: Optional[str] = None

    def make_first(self) -> Optional[str]:
        """Make the first operator if there is no usable file yet; returns the password, which is stored nowhere else.

        A damaged file is kept as a copy. Anyone who can read this password, in the log, can also change the file.
        """
        try:
            _parse(read_json(self.path))
            return None
        except FileNotFoundError:
            pass
        except ValueError as error:
            log.error("%s, and a new operator is made", keep_damaged(self.path, str(error)))
        password = passwords.make_password()
        self._write({FIRST_NAME: Account(FIRST_NAME, Role.OPERATOR, time.time(), passwords.hash_password(password))})
        return password

    def all(self) -> Dict[str, Account]:
        """Return all accounts by name. Raises AccountsError if there never was a usable file."""
        with self._lock:
            try:
                facts = self.path.stat()
                stamp = (facts.st_mtime_ns, facts.st_ino)
                if stamp != self._stamp:
                    self._accounts, dropped = _parse(read_json(self.path))
                    self._stamp = stamp
                    for line in dropped:
                        log.error("%s: %s", self.path, line)
            except (OSError, ValueError) as error:
                if self._stamp is None and isinstance(error, FileNotFoundError):
                    raise AccountsError(
                        f"There is no {self.path}: give the state_dir of an appliance that was started once."
                    ) from error
                if self._stamp is None:
                    raise AccountsError(
                        f"{self.path}: cannot be used: {error}. Without the file the next start makes a new operator."
                    ) from error
                log.error("%s: cannot be used: %s; the accounts stay as they were", self.path, error)
            return self._accounts

    def find(self, name: str) -> Optional[Account]:
        """Return the account with this name; None if there is none."""
        return self.all().get(name)

    def check_password(self, name: str, password: str, run: Callable[..., Any]) -> Optional[Account]:
        """Check a name and a password.

        Slow, and just as slow for an unknown name. An outdated hash is replaced.

        Args:
            name: The account's name.
            password: As typed.
            run: Calls a function with its arguments, in a thread for slow ones.

        Returns:
            The account, or None if name or password is wrong.
        """
        account = self.find(name)
        if self._nobody is None:
            self._nobody = run(passwords.hash_password, secrets.token_hex(8))
        hashed = account.password if account else None
        try:
            is_right = len(password) <= passwords.LONGEST and run(
                passwords.check_password, password, hashed or self._nobody
            )
        except ValueError as error:
            log.error("%s cannot sign in: %s", name, error)
            return None
        if account is None or not is_right or not hashed:
            return None
        if passwords.is_outdated(hashed):
            try:
                self._replace_hash(account, run(passwords.hash_password, password))
            except TooManyAttempts:
                pass  # next time
        return account

    def _replace_hash(self, account: Account, hashed: str) -> None:
        """Replace the hash. Sessions stay valid, as `changed` stays the same."""
        accounts = self._current()
        if accounts.get(account.name) != account:
            return  # somebody has just changed it
        try:
            self._set(accounts, replace(account, password=hashed))
        except OSError as error:
            log.warning("%s: cannot be written: %s; the old hash of %s stays", self.path, error, account.name)

    def check_token(self, token: str) -> Optional[Account]:
        """Return the account of a machine by its token; None if there is none."""
        digest = _digest(token)
        for account in self.all().values():
            if account.token and hmac.compare_digest(account.token, digest):
                return account
        return None

    # For the command line

    def add(self, name: str, role: Role, password: str) -> None:
        """Add a person. Raises AccountsError, OSError."""
        if not _NAME.fullmatch(name):
            raise AccountsError(f"{name!r} is no name: take 1 to 32 letters, digits, '.', '_' or '-'.")
        accounts = self._current()
        if name in accounts:
            raise AccountsError(f"{name} exists already; `password {name}` sets its password.")
        self._set(accounts, Account(name, role, time.time(), _hash_checked(password)))

    def set_password(self, name: str, password: str) -> None:
        """Set a person's password, which ends all sessions. Raises AccountsError, OSError."""
        accounts = self._current()
        account = accounts.get(name)
        if account is None or account.token:
            raise AccountsError(f"There is no user {name}; `list` shows who there is.")
        self._set(accounts, replace(account, changed=time.time(), password=_hash_checked(password)))

    def add_token(self, name: str, role: Role) -> str:
        """Add a machine; returns its token, which is not stored anywhere else. Raises AccountsError, OSError."""
        if not _NAME.fullmatch(name):
            raise AccountsError(f"{name!r} is no name: take 1 to 32 letters, digits, '.', '_' or '-'.")
        accounts = self._current()
        if name in accounts:
            raise AccountsError(f"{name} exists already: take another name, or `remove {name}` first.")
        token = TOKEN_PREFIX + secrets.token_urlsafe(32)
        self._set(accounts, Account(name, role, time.time(), token=_digest(token)))
        return token

    def remove(self, name: str) -> None:
        """Remove a person or a machine. Raises AccountsError, OSError."""
        accounts = self._current()
        if accounts.pop(name, None) is None:
            raise AccountsError(f"There is no {name}; `list` shows who there is.")
        self._write(accounts)

    def _current(self) -> Dict[str, Account]:
        return dict(self.all()) if self.path.exists() else {}

    def _set(self, accounts: Dict[str, Account], account: Account) -> None:
        accounts[account.name] = account
        self._write(accounts)

    def _write(self, accounts: Dict[str, Account]) -> None:
        content: JsonObject = {}
        for account in accounts.values():
            fields: JsonObject = {"role": account.role.name.lower(), "changed": account.changed}
            fields.update({"token": account.token} if account.token else {"password": account.password})
            content[account.name] = fields
        write_json(self.path, {"accounts": content})


def _parse(content: Any) -> Tuple[Dict[str, Account], List[str]]:
    """Return the accounts, and a line for each invalid one, which is ignored. Raises ValueError if none is valid."""
    if not isinstance(content, dict) or not isinstance(content.get("accounts"), dict):
        raise ValueError("it holds no accounts")
    accounts: Dict[str, Account] = {}
    dropped: List[str] = []
    for name, fields in content["accounts"].items():
        try:
            accounts[name] = _parse_account(name, fields)
        except ValueError as error:
            dropped.append(f"the account {name[:40]!r} is left out: {error}")
    if dropped and not accounts:
        raise ValueError(dropped[0])
    return accounts, dropped


def _parse_account(name: str, fields: Any) -> Account:
    """Parse an account. Raises ValueError."""
    if not _NAME.fullmatch(name) or not isinstance(fields, dict):
        raise ValueError("it is no account")
    role, changed = fields.get("role"), fields.get("changed")
    password, token = fields.get("password"), fields.get("token")
    if not isinstance(role, str) or role not in ("viewer", "operator"):
        raise ValueError("its role is neither viewer nor operator")
    if isinstance(changed, bool) or not isinstance(changed, (int, float)) or not math.isfinite(changed):
        raise ValueError("it does not say when it was changed")
    if token is None and isinstance(password, str) and password:
        return Account(name, Role[role.upper()], float(changed), password=password)
    if password is None and isinstance(token, str) and _TOKEN_DIGEST.fullmatch(token):
        return Account(name, Role[role.upper()], float(changed), token=token)
    raise ValueError("it has neither a password nor a token")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _hash_checked(password: str) -> str:
    if not passwords.SHORTEST <= len(password) <= passwords.LONGEST:
        raise AccountsError(f"A password has {passwords.SHORTEST} to {passwords.LONGEST} characters.")
    try:
        return passwords.hash_password(password)
    except UnicodeEncodeError:
        raise AccountsError("A password has characters that can be written as UTF-8.") from None
