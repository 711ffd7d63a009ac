"""The tracker: gives each detection the id of its track."""

from typing import Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from appliance.core.frame import Detections
from appliance.tracking.assignment import Pairs, assign
from appliance.tracking.association import areas_of, costs, distances, overlaps
from appliance.tracking.cuts import Cuts
from appliance.tracking.motion import centres_of, log_sizes
from appliance.tracking.objects import Objects
from appliance.tracking.settings import SettingsTable, TrackSettings
from appliance.tracking.track import Track

LOWEST_SCORE = 0.1
LOW_SECONDS, LOW_IOU = 0.6, 0.4
"""A low score keeps a track alive that was seen so lately, where it overlaps so much."""
OTHER_IOU = 0.6
"""A track takes a detection of another label, which none of its own is for, where it overlaps so much."""
DOUBLE_IOU = 0.75
"""A detection that overlaps so much with one of another label that a track took shows the same object once more."""
SECOND_SIGHT_SECONDS, SHARE_OF_FRAMES = 0.8, 0.3
"""An id comes at the second sight, if that is so soon and so many of the frames since the first show the object."""
EDGE_SHARE, EDGE_SECONDS = 0.4, 0.9
"""A track ends so soon where less than this share of its predicted box is inside the picture."""
STILL_SECONDS, STILL_IOU, STILL_LOST = 5.0, 0.4, 60.0
"""Who stands for so long takes only boxes that overlap so much, and may be hidden for so long."""
REWIND_SECONDS = 1.0
"""Time that goes back by more is another recording; by less, frames that came in the wrong order."""


class Tracker:
    """Follows the objects of one stream. Pure: no thread, no clock.

    Args:
        settings: What can be set.
    """

    def __init__(self, settings: Optional[TrackSettings] = None) -> None:
        self.settings = settings or TrackSettings()
        self._table = SettingsTable(self.settings)
        self._objects = Objects(self.settings)
        self._time: Optional[float] = None
        self._size: Optional[Tuple[int, int]] = None
        self._next_id = 1
        self._ended: List[Track] = []
        self._cuts = Cuts()

    def change(self, settings: TrackSettings) -> None:
        """Use other settings from now on; no track ends."""
        self.settings = settings
        self._table = SettingsTable(settings)
        self._objects.change(settings)

    @property
    def tracks(self) -> Dict[int, Track]:
        """The tracks that are alive, by id."""
        return {track.id: track for track in self._objects.tracks if track.id}

    def take_ended(self) -> List[Track]:
        """The tracks that ended since the last call, each once."""
        ended, self._ended = self._ended, []
        return ended

    def update(
        self, time: float, detections: Detections, size: Tuple[int, int], image: Optional[np.ndarray] = None
    ) -> List[Optional[int]]:
        """Take in the detections of the next frame.

        Args:
            time: When it was captured, in seconds of any clock that does not jump.
            detections: What was found in it.
            size: Width and height of the picture, in pixels.
            image: uint8 [height, width, 3], BGR, for cuts and for what boxes alone cannot tell; may be None.

        Returns:
            The id of each detection's track, in order; None where an object is seen for the first time, and where a
            detection is none that the settings let be tracked.
        """
        objects, time = self._objects, self._begin(time, size)
        if image is not None and self._cuts.see(time, image):
            self._end(np.zeros(len(objects), bool))
        boxes = np.asarray(detections.boxes, np.float64).reshape(-1, 4)
        boxes = np.where(np.isfinite(boxes).all(axis=1, keepdims=True), boxes, 0.0)  # one of no size is not tracked
        shown = Shown(
            time,
            boxes,
            np.asarray(detections.scores, np.float64),
            np.asarray(detections.class_ids, np.int64),
            size,
            image,
        )
        pairs, new = self._match(shown)
        rows, columns = [row for row, _ in pairs], [column for _, column in pairs]
        objects.see(time, rows, shown.boxes[columns])
        found: List[Optional[int]] = [None] * len(shown.boxes)
        for row, column in pairs:
            track = objects.tracks[row]
            if not track.id:
                track.id, self._next_id = self._next_id, self._next_id + 1
            found[column] = track.id
            self._see(row, column, shown)
        for row in set(range(len(objects))).difference(rows):
            objects.tracks[row].miss(time, image)
        first = len(objects)
        objects.add(time, shown.boxes[new], shown.class_ids[new])
        for row, column in enumerate(new, first):
            self._see(row, column, shown)
        return found

    def _begin(self, time: float, size: Tuple[int, int]) -> float:
        """Predict all objects for this time, without those that were not seen for too long; returns the time."""
        before, self._time = self._time, time
        is_same = size == self._size
        self._size = size
        if before is None:
            return time
        if not is_same or time < before - REWIND_SECONDS:
            self._end(np.zeros(len(self._objects), bool))
            return time
        self._time = max(time, before)
        self._end(~self._is_over(self._time))
        self._objects.motion.predict(self._time - before, self._objects.is_still(STILL_SECONDS))
        self._objects.frames += 1
        return self._time

    def _is_over(self, time: float) -> np.ndarray:
        """bool [n]: which objects were not seen for too long."""
        objects = self._objects
        unseen = time - objects.last
        width, height = self._size or (0, 0)
        boxes = objects.motion.boxes()
        inside = np.clip(boxes, 0.0, np.array([width, height, width, height], np.float64))
        share = areas_of(inside) / np.maximum(areas_of(boxes), 1e-9)
        limit = objects.setting("lost")
        is_still = np.array([track.is_stationary for track in objects.tracks], bool) | objects.is_still(STILL_SECONDS)
        limit = np.where(is_still, np.maximum(limit, STILL_LOST), limit)
        limit = np.where(share < EDGE_SHARE, np.minimum(limit, EDGE_SECONDS), limit)
        has_id = objects.has_id()
        limit = np.where(has_id, limit, SECOND_SIGHT_SECONDS)
        is_rare = ~has_id & (objects.frames * SHARE_OF_FRAMES > objects.sights)
        over: np.ndarray = (unseen > limit) | is_rare
        return over

    def _end(self, which: np.ndarray) -> None:
        """End the tracks of all objects but these. which: bool [n]."""
        if not which.all():
            self._ended += [track for track in self._objects.keep(which) if track.id]

    def _see(self, row: int, column: int, shown: "Shown") -> None:
        track = self._objects.tracks[row]
        track.see(
            shown.time,
            shown.boxes[column],
            float(shown.scores[column]),
            int(shown.class_ids[column]),
            shown.size,
            shown.image,
        )
        self._objects.class_ids[row] = track.class_id

    def _match(self, shown: "Shown") -> Tuple[Pairs, List[int]]:
        """Which object each detection shows: pairs (row, column), and the columns that show new ones."""
        objects = self._objects
        high, low = self._select(shown)
        unseen = shown.time - objects.last
        iou = overlaps(objects.motion.boxes(), shown.boxes)
        is_other = objects.class_ids[:, np.newaxis] != shown.class_ids[np.newaxis]
        pairs = self._part(np.where(is_other, np.inf, self._costs(shown, iou, unseen)), high, [])
        low_cost = np.where((iou >= LOW_IOU) & ~is_other & (unseen <= LOW_SECONDS)[:, np.newaxis], 1 - iou, np.inf)
        other_cost = np.where((iou >= OTHER_IOU) & is_other, 1 - iou, np.inf)
        pairs += self._part(other_cost, high, pairs)
        pairs += self._part(low_cost, low, pairs)
        taken = {column: row for row, column in pairs}
        is_double = overlaps(shown.boxes, shown.boxes[sorted(taken)]).max(axis=1, initial=0.0) >= DOUBLE_IOU
        return pairs, [column for column in high.tolist() if column not in taken and not is_double[column]]

    @staticmethod
    def _part(cost: np.ndarray, columns: np.ndarray, before: Pairs) -> Pairs:
        """Pair rows and columns that are in no pair yet. cost: float64 [n, m]; columns: int64, those to pair."""
        rows = np.setdiff1d(np.arange(len(cost)), [row for row, _ in before])
        columns = np.setdiff1d(columns, [column for _, column in before])
        if not len(rows) or not len(columns):
            return []
        return [(int(rows[row]), int(columns[column])) for row, column in assign(cost[np.ix_(rows, columns)])]

    def _costs(self, shown: "Shown", iou: np.ndarray, unseen: np.ndarray) -> np.ndarray:
        """The cost of each pair of object and detection, float64 [n, m]."""
        objects = self._objects
        scale = objects.motion.scale()[:, np.newaxis]
        distance = distances(objects.last_centre, objects.motion.centre, centres_of(shown.boxes), unseen) / scale
        sizes = objects.motion.log_size[:, np.newaxis] - log_sizes(shown.boxes)[np.newaxis]
        cost = costs(distance, iou, np.abs(sizes).max(axis=2), unseen)
        still = objects.is_still(STILL_SECONDS)[:, np.newaxis]
        found: np.ndarray = np.where(still & (iou < STILL_IOU), np.inf, cost)
        return found

    def _select(self, shown: "Shown") -> Tuple[np.ndarray, np.ndarray]:
        """The columns of detections that may start a track, and of those that only keep one alive."""
        boxes, scores, class_ids = shown.boxes, shown.scores, shown.class_ids
        rows = self._table.rows(class_ids)
        width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
        is_right = (width > 0) & (height > 0)
        area = width * height / max(shown.size[0] * shown.size[1], 1)
        ratio = width / np.where(height > 0, height, 1)
        for name, value in (("area", area), ("ratio", ratio)):
            is_right &= value >= self._table.get("min_" + name, rows)
            is_right &= value <= self._table.get("max_" + name, rows)
        if self.settings.class_ids is not None:
            is_right &= np.isin(class_ids, sorted(self.settings.class_ids))
        is_high = scores >= self._table.get("min_score", rows)
        return np.flatnonzero(is_right & is_high), np.flatnonzero(is_right & ~is_high & (scores >= LOWEST_SCORE))


class Shown(NamedTuple):
    """What a frame shows; see `Tracker.update` and `Detections`."""

    time: float
    boxes: np.ndarray
    scores: np.ndarray
    class_ids: np.ndarray
    size: Tuple[int, int]
    image: Optional[np.ndarray]
