"""The brake on guessing passwords: after some failures every further one makes the next attempt wait longer.

It counts for the account and for the address the attempts come from. Who attacks an account makes its owner wait too,
but for a minute at most, and who is signed in stays so.
"""

import threading
import time
from collections import OrderedDict
from typing import Callable, Tuple

FREE_FAILURES = 5
LONGEST_WAIT = 60.0
FORGOTTEN_SECONDS = 900.0
_MOST_KEYS = 2000

Key = Tuple[str, str]


class TooManyAttempts(Exception):
    """seconds: how long to wait."""

    def __init__(self, seconds: float) -> None:
        super().__init__("Too many attempts; try again in {:.0f} seconds.".format(max(1.0, seconds)))
        self.seconds = seconds


class Throttle:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: OrderedDict[Key, Tuple[int, float]] = OrderedDict()

    def begin(self, *keys: Key) -> None:
        """Before an attempt, which counts as failed until `succeeded`: so many at once are no way around.

        Raises TooManyAttempts; such an attempt does not count.
        """
        now = self._clock()
        with self._lock:
            wait = max(self._wait(key, now) for key in keys)
            if wait > 0:
                raise TooManyAttempts(wait)
            for key in keys:
                count, last = self._failures.pop(key, (0, now))
                self._failures[key] = (1 if now - last > FORGOTTEN_SECONDS else count + 1, now)
            while len(self._failures) > _MOST_KEYS:
                self._failures.popitem(last=False)

    def succeeded(self, *keys: Key) -> None:
        with self._lock:
            for key in keys:
                self._failures.pop(key, None)

    def _wait(self, key: Key, now: float) -> float:
        count, last = self._failures.get(key, (0, now))
        if count < FREE_FAILURES or now - last > FORGOTTEN_SECONDS:
            return 0.0
        return last + min(LONGEST_WAIT, 2.0 ** min(count - FREE_FAILURES, 10)) - now
