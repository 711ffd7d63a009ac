"""What is known of one object that is followed: its label, score, path, speed and best picture."""

import math
from bisect import bisect_left, insort
from collections import deque
from typing import Deque, Dict, List, Optional, Tuple

import numpy as np

from appliance.tracking.best_picture import BestPicture, Box
from appliance.tracking.settings import TrackSettings
from appliance.tracking.stationary import Stationary

SCORE_SECONDS = 1.0
"""The score of a track is the median over so long."""
FEWEST_SCORES = 3
"""The median is never of fewer scores: what is missing counts as a miss, so that a single sight proves nothing."""
STEP = 0.01
"""A path gets a point when the bottom centre has moved by this share of the picture's diagonal,"""
GROWTH = 1.1
"""or the box has become larger or smaller by this factor."""
MOST_POINTS = 1000
"""A longer path loses every second point, and gets new ones half as often."""
SPEED_SECONDS = 1.0
"""The speed is the way of so long, divided by its time."""
SMOOTHING_SECONDS = 0.25
"""Time constant that evens out the jitter of boxes before the speed is measured."""

PathPoint = Tuple[float, float, float, float, float]
"""Capture time, then the box in shares of the picture: x_min, y_min, x_max, y_max."""


class Track:
    """One object over time. The tracker calls `see` or `miss` once a frame, from the first sight on.

    Args:
        number: Its id; 0 as long as it has none.
        settings: When it is confirmed and when it stands still.

    Attributes:
        settings: The same; may be replaced.
        id: Number of the track, from 1; 0 until it is seen for the second time.
        class_id: Its label, by majority of score.
        first: Capture time of the first sight, in seconds.
        last: Capture time of the last sight.
        first_box: float64 [4], first box, in pixels.
        box: float64 [4], latest box, in pixels, (x_min, y_min, x_max, y_max).
        score: Latest score.
        top_score: Highest score of a sight.
        median: Median of the last second's scores, where a miss counts 0.
        top_median: The highest that the median has been.
        is_confirmed: Seen for as long as `confirm` says, and the median once reached `threshold`. It stays true.
        is_stationary: It stands still.
        speed: Of the bottom centre over the last second, in diagonals of the picture a second.
        path: A point for each 1 % of the diagonal that the bottom centre moved, or 10 % that the size changed.
        has_better_picture: The sight just taken in is the best picture so far.
    """

    def __init__(self, number: int, settings: TrackSettings) -> None:
        self.id = number
        self.class_id = 0
        self.first = 0.0
        self.last = 0.0
        self.first_box = self.box = np.zeros(4)
        self.score = 0.0
        self.top_score = 0.0
        self.median = 0.0
        self.top_median = 0.0
        self.is_confirmed = False
        self.is_stationary = False
        self.speed = 0.0
        self.path: List[PathPoint] = []
        self.has_better_picture = False
        self.settings = settings
        self._best = BestPicture()
        self._still = Stationary()
        self._votes: Dict[int, float] = {}
        self._scores: Deque[Tuple[float, float]] = deque()  # capture time and score of the last second's frames
        self._sorted: List[float] = []  # the same scores in order
        self._step = STEP
        self._last_step = (0.0, 0.0, 1.0, 1.0)  # bottom centre and size of the last point, pixels
        self._smooth: Tuple[float, float] = (0.0, 0.0)  # bottom centre without jitter, pixels
        self._way: Deque[Tuple[float, float, float]] = deque()  # capture time and smooth bottom centre, a tenth apart

    @property
    def best(self) -> Optional[Tuple[float, float, np.ndarray]]:
        """Capture time, score and box (float64 [4], pixels) of the best picture; None before the first sight."""
        best = self._best
        return None if best.time is None else (best.time, best.score, np.array(best.box))

    @property
    def is_sure(self) -> bool:
        """Whether one of its scores was high enough for its label."""
        return self.top_score >= self.settings.of(self.class_id).min_score

    def see(
        self,
        time: float,
        box: np.ndarray,
        score: float,
        class_id: int,
        size: Tuple[int, int],
        image: Optional[np.ndarray] = None,
    ) -> None:
        """Take in a frame that shows it.

        Args:
            time: When the frame was captured, in seconds.
            box: float64 [4], where it is, in pixels.
            score: How sure that is, 0 to 1.
            class_id: What it was taken for.
            size: Width and height of the picture.
            image: uint8 [height, width, 3], BGR; None: whether it stands still is told by its boxes alone.
        """
        x_min, y_min, x_max, y_max = box.tolist()  # arithmetic on numbers of Python is ten times as quick
        now = (x_min, y_min, x_max, y_max)
        is_first = not self._votes
        if is_first:
            self.first = self.last = time
            self.first_box = box
        self._vote(class_id, score)
        self._add_score(time, score)
        self.score, self.top_score = score, max(self.top_score, score)
        self._move(time, now, size, is_first)
        self._walk(time, now, size, is_first)
        self.last, self.box = time, box
        self.has_better_picture = self._best.see(time, score, now, size)
        self._confirm()
        limits = self.settings.of(self.class_id)
        self._still.see(time, now, limits.stationary, limits.still_drift, image)
        self.is_stationary = self._still.is_still

    @property
    def there(self) -> float:
        """Capture time when it was last seen, or, if it stands still, the picture last showed it at its place."""
        return max(self.last, self._still.pictured)

    def pinned(self, time: float) -> Optional[List[float]]:
        """Return where it stands, in pixels, if it stands still; None if the picture does not show it there now."""
        return self._still.pinned(time)

    def miss(self, time: float, image: Optional[np.ndarray] = None) -> None:
        """Take in a frame that does not show it."""
        self.has_better_picture = False
        self._add_score(time, 0.0)
        self._still.miss(time, image)

    def join(self, newer: "Track") -> None:
        """Take over what is known of a track that began while this one was hidden, and is the same."""
        for class_id, votes in newer._votes.items():
            self._vote(class_id, votes)
        self._scores, self._sorted = newer._scores, newer._sorted
        self.median, self.top_median = newer.median, max(self.top_median, newer.top_median)
        self.score, self.top_score = newer.score, max(self.top_score, newer.top_score)
        self._smooth, self._way, self.speed = newer._smooth, newer._way, newer.speed
        self.path += newer.path
        self._last_step = newer._last_step
        self.last, self.box = newer.last, newer.box
        self._still, self.is_stationary = newer._still, newer.is_stationary
        self.has_better_picture = newer.has_better_picture and self._best.join(newer._best)
        self._confirm()

    def _confirm(self) -> None:
        if not self.is_confirmed:
            limits = self.settings.of(self.class_id)
            self.is_confirmed = self.last - self.first >= limits.confirm and self.top_median >= limits.threshold

    def _vote(self, class_id: int, score: float) -> None:
        votes = self._votes
        votes[class_id] = votes.get(class_id, 0.0) + score
        if len(votes) == 1 or votes[class_id] > votes[self.class_id]:
            self.class_id = class_id

    def _add_score(self, time: float, score: float) -> None:
        scores, in_order = self._scores, self._sorted
        scores.append((time, score))
        insort(in_order, score)
        while len(scores) > FEWEST_SCORES and scores[0][0] <= time - SCORE_SECONDS:
            del in_order[bisect_left(in_order, scores.popleft()[1])]
        missing = max(0, FEWEST_SCORES - len(in_order))
        count = len(in_order) + missing
        low, high = (count - 1) // 2 - missing, count // 2 - missing
        self.median = ((in_order[low] if low >= 0 else 0.0) + (in_order[high] if high >= 0 else 0.0)) / 2
        self.top_median = max(self.top_median, self.median)

    def _move(self, time: float, box: Box, size: Tuple[int, int], is_first: bool) -> None:
        """Measure the speed."""
        x, y = (box[0] + box[2]) / 2, box[3]
        if not is_first:
            share = 1 - math.exp(-max(time - self.last, 0.0) / SMOOTHING_SECONDS)
            x = self._smooth[0] + share * (x - self._smooth[0])
            y = self._smooth[1] + share * (y - self._smooth[1])
        self._smooth = (x, y)
        way = self._way
        while len(way) > 1 and way[1][0] <= time - SPEED_SECONDS:
            way.popleft()
        if way and time > way[0][0]:
            pixels = math.hypot(x - way[0][1], y - way[0][2])
            self.speed = pixels / math.hypot(size[0], size[1]) / (time - way[0][0])
        if not way or time >= way[-1][0] + SPEED_SECONDS / 10:
            way.append((time, x, y))

    def _walk(self, time: float, box: Box, size: Tuple[int, int], is_first: bool) -> None:
        """Add a point to the path, if it has moved far enough or changed its size."""
        x, y, width, height = (box[0] + box[2]) / 2, box[3], max(box[2] - box[0], 1.0), max(box[3] - box[1], 1.0)
        if not is_first:
            last_x, last_y, last_width, last_height = self._last_step
            far = self._step * math.hypot(size[0], size[1])
            ratio = math.sqrt(width * height / (last_width * last_height))
            if math.hypot(x - last_x, y - last_y) < far and 1 / GROWTH < ratio < GROWTH:
                return
        self._last_step = (x, y, width, height)
        self.path.append(path_point(time, box, size))
        if len(self.path) > MOST_POINTS:
            del self.path[1:-1:2]
            self._step *= 2


def path_point(time: float, box: Box, size: Tuple[int, int]) -> PathPoint:
    """The box (pixels) as a point of a path."""
    width, height = size
    x_min, y_min, x_max, y_max = box
    return time, round(x_min / width, 4), round(y_min / height, 4), round(x_max / width, 4), round(y_max / height, 4)
