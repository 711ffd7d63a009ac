"""The tracker: gives each detection the id of its track."""

from typing import Dict, List, Optional, Tuple

import numpy as np

from appliance.core.frame import Detections
from appliance.tracking.assignment import assign
from appliance.tracking.association import costs, distances, overlaps
from appliance.tracking.motion import Motion
from appliance.tracking.settings import TrackSettings
from appliance.tracking.track import Track

LOWEST_SCORE = 0.1
LOW_SECONDS, LOW_IOU = 0.6, 0.4
"""A low score keeps a track alive that was seen so lately, where it overlaps so much."""
SECOND_SIGHT_SECONDS, SHARE_OF_FRAMES = 0.8, 0.3
"""An id comes at the second sight, if that is so soon and so many of the frames since the first show the object."""
EDGE_SHARE, EDGE_SECONDS = 0.4, 0.9
"""A track ends so soon where less than this share of its predicted box is inside the picture."""
STILL_SECONDS = 5.0
"""Time constant of the slow mean of a track's centre."""
STILL_IOU = 0.4
STILL_LOST = 60.0


class Tracker:
    """Follows the objects of one stream. Pure: no thread, no clock.

    Attributes:
        tracks: Those alive, by id.

    Args:
        settings: What can be set.
    """

    def __init__(self, settings: Optional[TrackSettings] = None) -> None:
        self.settings = settings or TrackSettings()
        self._motion = Motion()
        self._time: Optional[float] = None
        self._next_id = 1
        self.tracks: Dict[int, Track] = {}
        self._ended: List[Track] = []
        # A row for each object, as those of the motion.
        self._ids = np.zeros(0, np.int64)  # 0: seen once, no id yet
        self._labels = np.zeros(0, np.int64)
        self._first = np.zeros(0)  # capture time of the first sight
        self._last = np.zeros(0)  # and of the last
        self._last_centre = np.zeros((0, 2))
        self._mean = np.zeros((0, 2))  # slow mean of the centre
        self._sights = np.zeros(0, np.int64)
        self._frames = np.zeros(0, np.int64)  # since the first sight

    def update(
        self, time: float, detections: Detections, size: Tuple[int, int], image: Optional[np.ndarray] = None
    ) -> List[Optional[int]]:
        """Take in the detections of the next frame.

        Args:
            time: When it was captured, in seconds of any clock that does not jump.
            detections: What was found in it.
            size: Width and height of the picture, in pixels.
            image: uint8 [height, width, 3], BGR: to see whether what stands still is still there; None: by boxes alone.

        Returns:
            The id of each detection's track, in order; None where an object is seen for the first time, and where the
            score is too low.
        """
        boxes, scores = np.asarray(detections.boxes, np.float64), np.asarray(detections.scores)
        labels = np.asarray(detections.class_ids, np.int64)
        unseen = self._advance(time)
        found: List[Optional[int]] = [None] * len(boxes)
        high = np.flatnonzero(scores >= self.settings.min_score)
        low = np.flatnonzero((scores >= LOWEST_SCORE) & (scores < self.settings.min_score))
        iou = overlaps(self._motion.boxes(), boxes)
        pairs = self._match(boxes, labels, unseen, iou, high)
        taken = {row for row, _ in pairs}
        rest = np.array([row for row in range(len(self._ids)) if row not in taken and unseen[row] <= LOW_SECONDS], int)
        low_iou = iou[np.ix_(rest, low)]
        low_cost = np.where(low_iou >= LOW_IOU, 1 - low_iou, np.inf)
        pairs += [(int(rest[row]), int(low[column])) for row, column in assign(low_cost)]
        self._take(time, boxes, pairs)
        seen_now = set()
        for row, column in pairs:
            number = int(self._ids[row])
            seen_now.add(number)
            track = self.tracks.setdefault(number, Track(number, self.settings))
            track.see(time, boxes[column], float(scores[column]), int(labels[column]), size, image)
        for number, track in self.tracks.items():
            if number not in seen_now:
                track.miss(time)
        for row, column in pairs:
            found[column] = int(self._ids[row]) or None
        seen = {column for _, column in pairs}
        self._add(time, boxes, labels, [int(column) for column in high if column not in seen])
        self._forget(time, size)
        return found

    def take_ended(self) -> List[Track]:
        """The tracks that ended since the last call, each once."""
        ended, self._ended = self._ended, []
        return ended

    def is_stationary(self) -> np.ndarray:
        """bool [n]: which objects stand still."""
        drift = np.linalg.norm(self._motion.centre - self._mean, axis=1)
        age = self._last - self._first
        still: np.ndarray = (age > self.settings.stationary) & (
            drift < self.settings.still_drift * self._motion.scale()
        )
        return still

    def _advance(self, time: float) -> np.ndarray:
        """Predict all objects for this time; returns for how long each has not been seen, float64 [n]."""
        seconds = max(0.0, time - self._time) if self._time is not None else 0.0
        self._time = time
        if len(self._ids):
            self._motion.predict(seconds, self.is_stationary())
        self._frames += 1
        return time - self._last

    def _match(
        self, boxes: np.ndarray, labels: np.ndarray, unseen: np.ndarray, iou: np.ndarray, high: np.ndarray
    ) -> List[Tuple[int, int]]:
        if not len(self._ids) or not len(high):
            return []
        iou = iou[:, high]
        centres = (boxes[high, :2] + boxes[high, 2:]) / 2
        scale = self._motion.scale()[:, np.newaxis]
        distance = distances(self._last_centre, self._motion.centre, centres, unseen) / scale
        sizes = np.log(np.maximum(boxes[high, 2:] - boxes[high, :2], 1.0))
        change = np.abs(self._motion.log_size[:, np.newaxis] - sizes[np.newaxis]).max(axis=2)
        is_other = self._labels[:, np.newaxis] != labels[np.newaxis, high]
        cost = costs(distance, iou, change, unseen, is_other)
        still = self.is_stationary()[:, np.newaxis]
        cost = np.where((still & (iou < STILL_IOU)) | (is_other & (iou < STILL_IOU)), np.inf, cost)
        return [(row, int(high[column])) for row, column in assign(cost)]

    def _take(self, time: float, boxes: np.ndarray, pairs: List[Tuple[int, int]]) -> None:
        if not pairs:
            return
        rows, columns = [row for row, _ in pairs], [column for _, column in pairs]
        self._motion.correct(rows, boxes[columns])
        share = 1 - np.exp(-np.maximum(time - self._last[rows], 1e-3) / STILL_SECONDS)
        self._mean[rows] += share[:, np.newaxis] * (self._motion.centre[rows] - self._mean[rows])
        self._last[rows] = time
        self._last_centre[rows] = self._motion.centre[rows]
        self._sights[rows] += 1
        for row in rows:
            if not self._ids[row]:
                self._ids[row] = self._next_id
                self._next_id += 1

    def _add(self, time: float, boxes: np.ndarray, labels: np.ndarray, columns: List[int]) -> None:
        count = len(columns)
        if not count:
            return
        self._motion.add(boxes[columns])
        centres = (boxes[columns, :2] + boxes[columns, 2:]) / 2
        self._ids = np.concatenate([self._ids, np.zeros(count, np.int64)])
        self._labels = np.concatenate([self._labels, labels[columns]])
        self._first = np.concatenate([self._first, np.full(count, time)])
        self._last = np.concatenate([self._last, np.full(count, time)])
        self._last_centre = np.concatenate([self._last_centre, centres])
        self._mean = np.concatenate([self._mean, centres])
        self._sights = np.concatenate([self._sights, np.ones(count, np.int64)])
        self._frames = np.concatenate([self._frames, np.ones(count, np.int64)])

    def _forget(self, time: float, size: Tuple[int, int]) -> None:
        """Let tracks end that were not seen for too long."""
        unseen = time - self._last
        boxes = self._motion.boxes()
        inside = np.clip(boxes, 0.0, np.array([size[0], size[1]] * 2, np.float64))
        share = np.prod(inside[:, 2:] - inside[:, :2], axis=1) / np.maximum(
            np.prod(boxes[:, 2:] - boxes[:, :2], axis=1), 1e-9
        )
        limit = np.where(self.is_stationary(), max(STILL_LOST, self.settings.lost), self.settings.lost)
        limit = np.where(share < EDGE_SHARE, np.minimum(limit, EDGE_SECONDS), limit)
        is_new = self._ids == 0
        limit = np.where(is_new, SECOND_SIGHT_SECONDS, limit)
        keep = unseen <= limit
        keep &= ~is_new | (unseen <= 0) | (self._sights >= SHARE_OF_FRAMES * self._frames)
        if keep.all():
            return
        self._ended += [self.tracks.pop(number) for number in self._ids[~keep].tolist() if number]
        self._motion.keep(keep)
        self._ids, self._labels, self._first, self._last = (
            self._ids[keep],
            self._labels[keep],
            self._first[keep],
            self._last[keep],
        )
        self._last_centre, self._mean = self._last_centre[keep], self._mean[keep]
        self._sights, self._frames = self._sights[keep], self._frames[keep]
