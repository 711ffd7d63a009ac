"""Cuts of a movie: after one, nothing is where it was."""

from typing import Optional

import numpy as np

from appliance.tracking.pictures import grey, likeness

SHAPE, SIDE = (24, 42), 6
"""Height and width of the small pictures that are compared, and the side of their blocks."""
CUT, STEADY = 0.15, 0.2
"""The likeness of two frames below which a cut is between them, if that of the two before was at least so much."""
PATIENCE = 2.0
"""Seconds for which a frame is remembered while nothing can be compared with it: a flash, or darkness, is no cut."""


class Cuts:
    """Notices the cuts of one stream: almost no part of the picture shows the same pattern as in the frame before."""

    def __init__(self) -> None:
        self._last: Optional[np.ndarray] = None
        self._time = 0.0
        self._is_steady = False

    def see(self, time: float, image: np.ndarray) -> bool:
        """Take in the next frame. Returns whether a cut is before it.

        Args:
            time: Its capture time, in seconds.
            image: uint8 [height, width, 3], BGR.
        """
        height, width = image.shape[:2]
        now = grey(image, (0.0, 0.0, float(width), float(height)), SHAPE)
        like = None if self._last is None else likeness(self._last, now, SIDE)
        if like is None and self._last is not None and abs(time - self._time) < PATIENCE:
            return False
        is_cut = like is not None and like < CUT and self._is_steady
        self._is_steady = like is not None and like >= STEADY
        self._last, self._time = now, time
        return is_cut
