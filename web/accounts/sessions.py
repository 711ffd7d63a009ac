"""Sessions in a file, so that a restart signs nobody out. A cookie has 256 random bits; the file, its hash."""

import hashlib
import logging
import math
import secrets
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Callable, Dict, Optional

from appliance.core.files import keep_damaged, read_json, write_json
from web.accounts.store import Account, Accounts

IDLE_SECONDS = 12 * 3600
LONGEST_SECONDS = 7 * 86400
MOST_SESSIONS = 500
MOST_OF_AN_ACCOUNT = 100
"""Limit per account, so that one account's sessions do not displace others'."""
_SAVED_EVERY = 60.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Session:
    """A signed-in user.

    Attributes:
        name: The account's name.
        made: When the session began, Unix time.
        seen: When it was last used, Unix time.
        changed: `Account.changed` when the session began; another value ends it. Not only a later one: an account that
            was made while the clock was ahead could not sign in.
    """

    name: str
    made: float
    seen: float
    changed: float


class Sessions:
    """A session expires, or ends by `remove`, or when its account is removed or gets another password or role."""

    def __init__(self, state_dir: str, accounts: Accounts, clock: Callable[[], float] = time.time) -> None:
        self._path = Path(state_dir) / "sessions.json"
        self._accounts = accounts
        self._clock = clock
        self._lock = threading.Lock()
        self._sessions = self._read()
        self._saved = clock()

    def add(self, account: Account) -> str:
        """Begin a session; returns the value of its cookie."""
        token = secrets.token_urlsafe(32)
        now = self._clock()
        with self._lock:
            self._sessions[_digest(token)] = Session(account.name, now, now, account.changed)
            self._save()
        return token

    def find(self, token: str) -> Optional[Account]:
        """Return the account of a session; this counts as a use of the session."""
        key = _digest(token)
        now = self._clock()
        with self._lock:
            session = self._sessions.get(key)
            if session is None:
                return None
            account = self._accounts.find(session.name)
            if account is None or session.changed != account.changed or not _lasts(session, now):
                del self._sessions[key]
                self._save()
                return None
            self._sessions[key] = replace(session, seen=now)
            if now - self._saved > _SAVED_EVERY:
                self._save()
            return account

    def remove(self, token: str) -> None:
        """End a session."""
        with self._lock:
            if self._sessions.pop(_digest(token), None):
                self._save()

    def _read(self) -> Dict[str, Session]:
        try:
            content: Any = read_json(self._path)
            found = {
                key: Session(
                    str(fields["name"]),
                    float(fields["made"]),
                    float(fields["seen"]),
                    float(fields.get("changed", fields["made"])),
                )
                for key, fields in content["sessions"].items()
            }
            times = [time for session in found.values() for time in (session.made, session.seen, session.changed)]
            if not all(map(math.isfinite, times)):
                raise ValueError("it holds times that cannot be")
            return found
        except FileNotFoundError:
            pass
        except OSError as error:
            log.warning("%s: cannot be read: %s; everybody must sign in again", self._path, error.strerror)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            why = str(error) if isinstance(error, ValueError) else "it is not as it was written"
            log.warning("%s; everybody must sign in again", keep_damaged(self._path, why))
        return {}

    def _save(self) -> None:
        now = self._clock()
        counts: Counter[str] = Counter()
        lasting = []
        for key, session in sorted(self._sessions.items(), key=lambda item: item[1].seen, reverse=True):
            counts[session.name] += 1
            if _lasts(session, now) and counts[session.name] <= MOST_OF_AN_ACCOUNT:
                lasting.append((key, session))
        self._sessions = dict(lasting[:MOST_SESSIONS])
        self._saved = now
        try:
            write_json(self._path, {"sessions": {key: asdict(session) for key, session in self._sessions.items()}})
        except OSError as error:
            log.error("%s: cannot be written: %s; a restart will sign everybody out", self._path, error.strerror)


def _lasts(session: Session, now: float) -> bool:
    # A use in the future was recorded by a clock that was wrong.
    return abs(now - session.seen) < IDLE_SECONDS and now - session.made < LONGEST_SECONDS


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
