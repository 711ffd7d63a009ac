"""Which sight of a track is the best picture of it."""

import math
from typing import Optional, Tuple

LARGER, SURER = 1.1, 0.05
"""By what factor of the area, or by how much of the score, a sight must be better than the best so far."""
EDGE = 0.01
"""A box that comes so close to the picture's edge, in shares of its width and height, may be cut off by it."""

Box = Tuple[float, float, float, float]


class BestPicture:
    """The best sight so far: whole before cut off, then larger or surer.

    Larger by LARGER and surer by SURER count the same, and a new sight must be better by one of them in all: two sights
    of which one is larger and the other surer do not take turns.

    Attributes:
        time: Capture time of the best sight, in seconds; None before the first.
        score: Its score.
        box: Its box, in pixels, (x_min, y_min, x_max, y_max).
    """

    def __init__(self) -> None:
        self.time: Optional[float] = None
        self.score = 0.0
        self.box: Box = (0.0, 0.0, 0.0, 0.0)
        self._is_cut = True
        self._quality = -math.inf

    def see(self, time: float, score: float, box: Box, size: Tuple[int, int]) -> bool:
        """Compare a new sight with the best so far. Returns whether it is the best now."""
        area = max((box[2] - box[0]) * (box[3] - box[1]), 1.0)
        quality = math.log(area) / math.log(LARGER) + score / SURER
        return self._take(time, score, box, is_at_edge(box, size), quality)

    def join(self, other: "BestPicture") -> bool:
        """Compare the best of another track with the best so far. Returns whether it is the best now."""
        return other.time is not None and self._take(other.time, other.score, other.box, other._is_cut, other._quality)

    def _take(self, time: float, score: float, box: Box, is_cut: bool, quality: float) -> bool:
        is_better = quality >= self._quality + 1.0 if is_cut == self._is_cut else self._is_cut
        if is_better:
            self.time, self.score, self.box = time, score, box
            self._is_cut, self._quality = is_cut, quality
        return is_better


def is_at_edge(box: Box, size: Tuple[int, int]) -> bool:
    """Return whether the picture's edge may cut off a part of what is in the box (pixels). size: width and height."""
    width, height = size
    return (
        box[0] < EDGE * width or box[1] < EDGE * height or box[2] > (1 - EDGE) * width or box[3] > (1 - EDGE) * height
    )
