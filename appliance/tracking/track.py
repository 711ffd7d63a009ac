"""A track: what is known of one object from its first sight to its end."""

from typing import List, Optional, Tuple

import numpy as np

from appliance.tracking.settings import TrackSettings

PathPoint = Tuple[float, float, float, float, float]
"""(capture time, x_min, y_min, x_max, y_max), the box in shares of the picture, to 4 decimals."""


class Track:
    """One object. Times are capture times in seconds, boxes float64 [4] in pixels, (x_min, y_min, x_max, y_max).

    Attributes:
        id: Number of the track, from 1 in its stream.
        class_id: By majority of score.
        first: When it was first seen.
        last: When it was last seen.
        box: Where it was last seen.
        score: Of its last detection.
        top_score: The highest.
        median: Of the last second's scores; a miss counts 0.
        is_confirmed: Seen for `confirm` seconds, and `median` once reached `threshold`. Once true, always true.
        is_stationary: Stands still.
        speed: Share of the picture's diagonal a second.
        path: A point for each 1 % of the diagonal that the bottom centre moved, or each 10 % that the size changed.
        best: Capture time, score and box of the best picture; None until there is one.
        has_better_picture: The update that was just taken in has the best picture so far.

    Args:
        number: Its id.
        settings: What can be set.
    """

    def __init__(self, number: int, settings: TrackSettings) -> None:
        self.settings = settings
        self.id = number
        self.class_id = 0
        self.first = self.last = 0.0
        self.box = np.zeros(4)
        self.score = self.top_score = self.median = 0.0
        self.is_confirmed = self.is_stationary = False
        self.speed = 0.0
        self.path: List[PathPoint] = []
        self.best: Optional[Tuple[float, float, np.ndarray]] = None
        self.has_better_picture = False

    def see(
        self,
        time: float,
        box: np.ndarray,
        score: float,
        class_id: int,
        size: Tuple[int, int],
        image: Optional[np.ndarray],
    ) -> None:
        """Take in a detection of the object.

        Args:
            time: Capture time of the frame.
            box: float64 [4], pixels.
            score: Of the detection.
            class_id: Of the detection; it may change.
            size: Width and height of the picture, in pixels.
            image: uint8 [height, width, 3], BGR, if there is one.
        """
        if not self.path:
            self.first = time
        self.last, self.box, self.score, self.class_id = time, box, score, class_id
        self.top_score = max(self.top_score, score)
        self.path.append((time, *(box / np.array(size * 2)).round(4).tolist()))

    def miss(self, time: float) -> None:
        """Take in that a frame does not show the object. time: its capture time."""
        self.has_better_picture = False
