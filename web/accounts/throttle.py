"""Login throttling: a number of failures is free, then one attempt is allowed per interval.

Counted by the client's address and, more leniently, by account: a single address can never lock out an account's owner.
A browser that has signed in to the account before (devices.py) has its own count, and others' guesses do not lock it
out.
"""

import threading
import time
from dataclasses import dataclass
from typing import Callable, Dict, Sequence, Tuple

_MOST_KEYS = 2000

Key = Tuple[str, str]
"""What is counted: a key of LIMITS, and the account, address or device."""


@dataclass(frozen=True)
class Limit:
    """The allowed failures.

    Attributes:
        free: Number of failures at once.
        seconds: Interval until one more is allowed.
    """

    free: int
    seconds: float


LIMITS = {"address": Limit(5, 60.0), "account": Limit(20, 15.0), "device": Limit(5, 60.0), "success": Limit(60, 5.0)}
"""`success` limits successful sign-ins to an account, which cost as much as guesses and delay others."""


class TooManyAttempts(Exception):
    """Not now.

    Attributes:
        status: HTTP status.
        seconds: How long to wait.
    """

    status = 429

    def __init__(self, seconds: float, why: str = "Too many attempts") -> None:
        super().__init__(f"{why}; try again in {max(1.0, seconds):.0f} seconds.")
        self.seconds = seconds


class Throttle:
    """Counts failures by account, address and device. Any thread may call its methods."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        # Failures that time has not yet compensated for, and as of when.
        self._failures: Dict[Key, Tuple[float, float]] = {}

    def begin(self, *keys: Key) -> None:
        """Count an attempt as failed until `take_back`, so that concurrent attempts gain nothing.

        Raises:
            TooManyAttempts: It is not allowed, and not counted.
        """
        now = self._clock()
        with self._lock:
            self._check(keys, now)
            for key in keys:
                self._failures[key] = (self._count(key, now) + 1, now)
            if len(self._failures) > _MOST_KEYS:
                self._forget(now)

    def check(self, *keys: Key) -> None:
        """Raise TooManyAttempts if `begin` would."""
        with self._lock:
            self._check(keys, self._clock())

    def take_back(self, *keys: Key) -> None:
        """Uncount a successful attempt. Earlier failures still count, or owning an account would help to guess."""
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
        """Drop the quarter with the fewest failures, so that invented names and addresses do not displace real ones."""
        most_first = sorted(self._failures, key=lambda key: self._count(key, now), reverse=True)
        self._failures = {key: self._failures[key] for key in most_first[: _MOST_KEYS * 3 // 4]}
