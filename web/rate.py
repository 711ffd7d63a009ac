"""Rate limiting by a token bucket."""

import time
from typing import Callable


class Rate:
    """A token bucket, for one thread at a time.

    Args:
        a_second: Tokens added per second.
        burst: Largest number of tokens.
        clock: Seconds.
    """

    def __init__(self, a_second: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._a_second, self._burst, self._clock = a_second, burst, clock
        self._left, self._seen = burst, clock()

    def allows(self, amount: float = 1) -> bool:
        """Return whether there are enough tokens; if so, take them."""
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._seen) * self._a_second)
        self._seen = now
        if amount > self._left:
            return False
        self._left -= amount
        return True
