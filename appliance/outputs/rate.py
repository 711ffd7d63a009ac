"""Limit a sink to a number of frames per second."""

import time
from typing import Callable, Optional


class RateLimit:
    """Lets at most `fps` frames per second through, evenly spaced; 0 lets all through."""

    def __init__(self, fps: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = 1.0 / fps if fps > 0 else 0.0
        self._clock = clock
        self._due: Optional[float] = None

    def allows(self) -> bool:
        """Return whether a frame may pass now; asking counts as passing it."""
        if not self._interval:
            return True
        now = self._clock()
        if self._due is None:
            self._due = now
        if now < self._due:
            return False
        # Due times keep their grid, so that late frames do not lower the rate; a pause is not made up for.
        next_due = self._due + self._interval
        self._due = next_due if next_due > now else now + self._interval
        return True
