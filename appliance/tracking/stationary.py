"""What stands still: told by the median of its boxes, and by the picture of its place where there is one."""

import math
from collections import deque
from typing import Deque, List, Optional, Tuple

import numpy as np

from appliance.tracking.best_picture import Box
from appliance.tracking.pictures import grey, likeness

MEDIAN_SECONDS, FEWEST_BOXES = 1.0, 3
"""The place of an object is the median of its boxes over so long, and of so many at least."""
BOX_SECONDS, CHECK_SECONDS = 0.08, 0.24
"""Boxes are kept and compared at most so often."""
GROWN = 1.6
"""By what factor of its size an object may seem to grow or shrink and still be the same one at the same place."""
SHAPE, SIDE = (24, 24), 6
"""Points of the picture of a place, and the side of the blocks that are compared."""
SAME = 0.5
"""Share of its blocks that must be alike for the same thing to be there."""
LOOK_SECONDS = 0.5
"""The place of an unseen object is looked at so often."""
PINNED_SECONDS = 0.8
"""And who was seen there so lately is there."""
RENEWED = 0.2
"""Weight of a new picture of the place, so that it follows the light of the day."""
MOST_MEDIANS = 50
"""The place is the mean of so many medians."""


class Stationary:
    """Whether one object stands still.

    Boxes that jump do not wake it: their median has to leave the place, and, where there is a picture, the object must
    not be seen there any more. Light changes no patterns of the picture, or those of a few blocks only.

    Attributes:
        is_still: It is at one place for long enough.
        pictured: Capture time when the picture of its place last showed it.
    """

    def __init__(self) -> None:
        self.is_still = False
        self.pictured = -math.inf
        self._boxes: Deque[Tuple[float, Box]] = deque()
        self._checked = self._looked = -math.inf
        self._away = math.inf  # since when its boxes were elsewhere: it may be leaving
        self._place: Optional[List[float]] = None
        self._medians = 0
        self._since = 0.0
        self._picture: Optional[np.ndarray] = None

    def see(self, time: float, box: Box, seconds: float, drift: float, image: Optional[np.ndarray]) -> None:
        """Take in where it is seen.

        Args:
            time: Capture time, in seconds.
            box: Pixels.
            seconds: For how long it has to be at one place.
            drift: How far it may be from there, as a share of its size.
            image: uint8 [height, width, 3], BGR, or None.
        """
        is_away = self.is_still and not self._is_near(list(box), drift)
        self._away = min(self._away, time) if is_away else math.inf
        boxes = self._boxes
        if boxes and time - boxes[-1][0] < BOX_SECONDS:
            return
        boxes.append((time, box))
        while len(boxes) > FEWEST_BOXES and boxes[0][0] < time - MEDIAN_SECONDS:
            boxes.popleft()
        if time - self._checked < CHECK_SECONDS or len(boxes) < FEWEST_BOXES:
            return
        self._checked = time
        median = [_median([box[side] for _, box in boxes]) for side in range(4)]
        if self._place is None or not self._is_near(median, drift):
            if self.is_still and image is not None and self._looks_same(image):
                self.pictured = self._looked = time
                return
            self._place, self._medians, self._since = median, 1, boxes[0][0]
            self.is_still, self._picture, self.pictured = False, None, -math.inf
            return
        if self._medians < MOST_MEDIANS:
            self._medians += 1
            self._place = [old + (new - old) / self._medians for old, new in zip(self._place, median)]
        self.is_still = self.is_still or time - self._since >= seconds
        if self.is_still and image is not None and time - self._looked >= LOOK_SECONDS:
            self._looked = time
            self._renew(time, image)

    def miss(self, time: float, image: Optional[np.ndarray]) -> None:
        """Take in that a frame does not show it. image: as for `see`."""
        if not self.is_still or image is None or time - self._looked < LOOK_SECONDS:
            return
        self._looked = time
        if self._looks_same(image):
            self.pictured = time

    def pinned(self, time: float) -> Optional[List[float]]:
        """Return its place (x_min, y_min, x_max, y_max in pixels), if it stands still, unless the picture denies it."""
        if self._picture is None:
            is_there = time <= self._away  # a single box may have jumped
        else:
            is_there = time - self.pictured <= PINNED_SECONDS
        return self._place if self.is_still and is_there else None

    def _is_near(self, box: List[float], drift: float) -> bool:
        """Whether a box is at the place."""
        place = self._place or box
        area, now = (place[2] - place[0]) * (place[3] - place[1]), (box[2] - box[0]) * (box[3] - box[1])
        size = math.sqrt(max(area, 1.0))
        x, y = place[0] + place[2] - box[0] - box[2], place[1] + place[3] - box[1] - box[3]
        ratio = math.sqrt(max(now, 1.0)) / size
        return math.hypot(x, y) / 2 <= drift * size and 1 / GROWN < ratio < GROWN

    def _look(self, image: np.ndarray) -> np.ndarray:
        x_min, y_min, x_max, y_max = self._place or (0.0, 0.0, 1.0, 1.0)
        return grey(image, (x_min, y_min, x_max, y_max), SHAPE)

    def _looks_same(self, image: np.ndarray) -> bool:
        """Whether the picture shows it at its place."""
        like = None if self._picture is None else likeness(self._picture, self._look(image), SIDE)
        return like is not None and like >= SAME

    def _renew(self, time: float, image: np.ndarray) -> None:
        """Take the picture of the place, or follow its light, unless something is before it."""
        now = self._look(image)
        like = None if self._picture is None else likeness(self._picture, now, SIDE)
        if self._picture is None or like is None:
            self._picture, self.pictured = now, time
        elif like >= SAME:
            self.pictured = time
            self._picture = self._picture + RENEWED * (now - self._picture)


def _median(values: List[float]) -> float:
    values.sort()
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2
