"""How much of something comes a second, and whether that is too much."""

import time
from typing import Callable


class Rate:
    """Allows `a_second`, and `burst` at once. Of one thread at a time."""

    def __init__(self, a_second: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._a_second, self._burst, self._clock = a_second, burst, clock
        self._left, self._seen = burst, clock()

    def allows(self, amount: float = 1) -> bool:
        """Whether so much more may come now; if so, it has come."""
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._seen) * self._a_second)
        self._seen = now
        if amount > self._left:
            return False
        self._left -= amount
        return True
