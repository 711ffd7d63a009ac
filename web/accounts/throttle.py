"""Login throttling: so many failures are free, then one is allowed every so many seconds.

It counts for the address that attempts come from and, more leniently, for the account: one address alone never keeps
an account's owner out. A browser that has signed in to the account before (devices.py) has a count of its own and is
kept out by nobody else's guesses.
"""

import threading
import time
from dataclasses import dataclass
from typing import Callable, Dict, Sequence, Tuple

_MOST_KEYS = 2000

Key = Tuple[str, str]
"""What is counted, a kind of LIMITS, and which one."""


@dataclass(frozen=True)
class Limit:
    """How many failures are allowed.

    Attributes:
        free: Failures at once.
        seconds: Until a further one is allowed.
    """

    free: int
    seconds: float


LIMITS = {"address": Limit(5, 60.0), "account": Limit(20, 15.0), "device": Limit(5, 60.0), "success": Limit(60, 5.0)}
"""success: of signing in to an account, which costs as much as a guess and must not keep others waiting."""


class TooManyAttempts(Exception):
    """Not now.

    Attributes:
        status: Of HTTP.
        seconds: How long to wait.
    """

    status = 429

    def __init__(self, seconds: float, why: str = "Too many attempts") -> None:
        super().__init__(f"{why}; try again in {max(1.0, seconds):.0f} seconds.")
        self.seconds = seconds


class Throttle:
    """Counts failures by account, address and device. Its methods may be called from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        # Failures that are not yet made good by time, as of when.
        self._failures: Dict[Key, Tuple[float, float]] = {}

    def begin(self, *keys: Key) -> None:
        """Count an attempt as failed until `take_back`, so that many at once gain nothing.

        Raises:
            TooManyAttempts: It may not be made, and does not count.
        """
        now = self._clock()
        with self._lock:
            self._check(keys, now)
            for key in keys:
                self._failures[key] = (self._count(key, now) + 1, now)
            if len(self._failures) > _MOST_KEYS:
                self._forget(now)

    def check(self, *keys: Key) -> None:
        """Raises TooManyAttempts if `begin` would."""
        with self._lock:
            self._check(keys, self._clock())

    def take_back(self, *keys: Key) -> None:
        """Uncount an attempt that succeeded. Earlier failures still count, or having an account would help to guess."""
        now = self._clock()
        with self._lock:
            for key in keys:
                self._failures[key] = (max(0.0, self._count(key, now) - 1), now)

    def _check(self, keys: Sequence[Key], now: float) -> None:
        wait = max((self._count(key, now) + 1 - LIMITS[key[0]].free) * LIMITS[key[0]].seconds for key in keys)
        if wait > 0:
            raise TooManyAttempts(wait)

    def _count(self, key: Key, now: float) -> float:
        count, when = self._failures.get(key, (0.0, now))
        return max(0.0, count - (now - when) / LIMITS[key[0]].seconds)

    def _forget(self, now: float) -> None:
        """Drop the quarter with the fewest failures: made-up names and addresses displace none that is guessed at."""
        most_first = sorted(self._failures, key=lambda key: self._count(key, now), reverse=True)
        self._failures = {key: self._failures[key] for key in most_first[: _MOST_KEYS * 3 // 4]}
