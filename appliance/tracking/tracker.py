"""The tracker: gives each detection the id of its track."""

from typing import Dict, List, Optional, Tuple

import numpy as np

from appliance.core.frame import Detections
from appliance.tracking.appearance import BINS, looks_of
from appliance.tracking.assignment import Pairs
from appliance.tracking.association import areas_of, overlaps
from appliance.tracking.cuts import Cuts
from appliance.tracking.matching import Shown, match, select
from appliance.tracking.objects import STILL_SECONDS, Objects
from appliance.tracking.reidentify import rejoin
from appliance.tracking.settings import SettingsTable, TrackSettings
from appliance.tracking.track import Track

SECOND_SIGHT_SECONDS, SHARE_OF_FRAMES = 0.8, 0.3
"""An id comes at the second sight, if that is so soon and so many of the frames since the first show the object."""
EDGE_SHARE, EDGE_SECONDS = 0.4, 0.5
"""A track ends so soon where less than this share of its predicted box is inside the picture."""
STILL_LOST, LONGEST_UNSEEN = 60.0, 600.0
"""Who stands still may be hidden for so long, and be seen in the picture of its place alone for so long before."""
LOOKS_SCORE, COVERED_IOU, COVERING_SCORE = 0.35, 0.15, 0.37
"""Looks are noted from this score on, where no detection of the other score overlaps so much."""
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
        self._class_ids = None if self.settings.class_ids is None else sorted(self.settings.class_ids)
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
        self._class_ids = None if settings.class_ids is None else sorted(settings.class_ids)
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
            The id of each detection's track, in order; None where an object is seen for the first time, where a
            detection is none that the settings let be tracked, and where it may as well show another object that is
            passing this one.
        """
        objects, time = self._objects, self._begin(time, size)
        if image is not None and self._cuts.see(time, image):
            self._end(np.zeros(len(objects), bool))
        boxes = np.asarray(detections.boxes, np.float64).reshape(-1, 4)
        boxes = np.where(np.isfinite(boxes).all(axis=1, keepdims=True), boxes, 0.0)  # one of no size is not tracked
        scores, class_ids = np.asarray(detections.scores, np.float64), np.asarray(detections.class_ids, np.int64)
        shown = Shown(time, boxes, scores, class_ids, size, image)
        high, low = select(shown, self._table, self._class_ids)
        if image is not None:
            shown = shown._replace(looks=self._looks_of(shown, high + low))
        pairs, doubts, new = match(objects, shown, high, low)
        rows, columns = [row for row, _ in pairs], [column for _, column in pairs]
        self._look(shown, rows, columns)
        objects.see(time, rows, boxes[columns])
        for row, column in pairs:
            self._see(row, column, shown)
        objects.pin(time)
        for row in set(range(len(objects))).difference(rows):
            objects.tracks[row].miss(time, image)
        found = self._number(pairs, shown)
        for column in doubts:
            found[column] = None
        first = len(objects)
        objects.add(time, boxes[new], class_ids[new])
        self._look(shown, list(range(first, first + len(new))), new)
        for row, column in enumerate(new, first):
            self._see(row, column, shown)
        return found

    @staticmethod
    def _looks_of(shown: Shown, columns: List[int]) -> np.ndarray:
        """What the detections of some columns look like, zeros for the others, float32 [n, BINS]."""
        looks = np.zeros((len(shown.boxes), BINS), np.float32)
        if shown.image is not None and columns:
            looks[columns] = looks_of(shown.image, shown.boxes[columns])
        return looks

    def _look(self, shown: Shown, rows: List[int], columns: List[int]) -> None:
        """Note what objects look like where nothing else covers them. rows, columns: who is seen where."""
        if shown.looks is None or not columns:
            return
        objects, boxes = self._objects, shown.boxes
        others = np.flatnonzero(shown.scores >= COVERING_SCORE)
        covered = overlaps(boxes[columns], boxes[others])
        covered[np.array(columns)[:, np.newaxis] == others[np.newaxis]] = 0.0
        is_clear = (covered.max(axis=1, initial=0.0) < COVERED_IOU) & (shown.scores[columns] >= LOOKS_SCORE)
        is_clear |= ~objects.looks[rows].any(axis=1)
        rows, columns = np.array(rows)[is_clear].tolist(), np.array(columns)[is_clear].tolist()
        objects.look(rows, shown.looks[columns], shown.time - objects.last[rows])

    def _number(self, pairs: Pairs, shown: Shown) -> List[Optional[int]]:
        """Give ids to who is seen for the second time and well enough. Returns that of each detection."""
        objects = self._objects
        found: List[Optional[int]] = [None] * len(shown.boxes)
        new = [row for row, _ in pairs if not objects.tracks[row].id and objects.tracks[row].is_sure]
        joined = rejoin(objects, new, [row for row, _ in pairs]) if shown.looks is not None else {}
        for row in new:
            if row in joined:
                objects.replace(joined[row], row)
            else:
                objects.tracks[row].id, self._next_id = self._next_id, self._next_id + 1
        for row, column in pairs:
            found[column] = objects.tracks[joined.get(row, row)].id or None
        if joined:
            self._end(~np.isin(np.arange(len(objects)), list(joined)))
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
        unseen = time - np.minimum(objects.there(), objects.last + LONGEST_UNSEEN)
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

    def _see(self, row: int, column: int, shown: Shown) -> None:
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
