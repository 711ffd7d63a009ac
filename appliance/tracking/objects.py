"""The objects that a tracker follows: what it knows of each, in arrays of n rows."""

from typing import List

import numpy as np

from appliance.tracking.appearance import BINS
from appliance.tracking.motion import Motion, centres_of
from appliance.tracking.settings import SettingsTable, TrackSettings
from appliance.tracking.track import Track

STILL_SECONDS = 5.0
"""Who is at its place for so long is held there while it is not seen."""
PLACE_SECONDS = 5.0
"""Time constant of the place of an object, the slow mean of its centre."""
LOOKS_SECONDS = 3.67
"""And of its looks."""
LOOKS_OF_NEW = 0.5
"""Weight of the looks since an object was found again."""


class Objects:
    """The rows of all objects that are alive.

    Args:
        settings: Of their tracks.

    Attributes:
        motion: Where each is expected.
        tracks: What is known of each; `id` is 0 until the second sight.
        class_ids: int64 [n], labels.
        first: float64 [n], capture time of the first sight, in seconds.
        last: float64 [n], of the last sight.
        last_centre: float64 [n, 2], where it was then, in pixels.
        place: float64 [n, 2], slow mean of the centre.
        looks: float32 [n, BINS], mean colours; zeros where it was never looked at.
        sights: int64 [n], how often it was seen.
        frames: int64 [n], how many frames there were since the first sight, with that.
    """

    def __init__(self, settings: TrackSettings) -> None:
        self._settings = settings
        self._table = SettingsTable(settings)
        self.motion = Motion()
        self.tracks: List[Track] = []
        self.class_ids = np.zeros(0, np.int64)
        self.first = np.zeros(0)
        self.last = np.zeros(0)
        self.last_centre = np.zeros((0, 2))
        self.place = np.zeros((0, 2))
        self.looks = np.zeros((0, BINS), np.float32)
        self.sights = np.zeros(0, np.int64)
        self.frames = np.zeros(0, np.int64)

    def change(self, settings: TrackSettings) -> None:
        """Use other settings from now on, for the tracks there are too."""
        self._settings = settings
        self._table = SettingsTable(settings)
        for track in self.tracks:
            track.settings = settings

    def __len__(self) -> int:
        return len(self.tracks)

    def setting(self, name: str) -> np.ndarray:
        """The value of a setting for each object, float64 [n]."""
        return self._table.get(name, self._table.rows(self.class_ids))

    def has_id(self) -> np.ndarray:
        """bool [n]: which are known well enough to have one."""
        return np.array([track.id > 0 for track in self.tracks], bool)

    def is_still(self, seconds: float) -> np.ndarray:
        """bool [n]: which are followed for so long and are where they were all the time."""
        drift = np.sqrt(((self.motion.centre - self.place) ** 2).sum(axis=1))
        still: np.ndarray = (self.last - self.first > seconds) & (
            drift < self.setting("still_drift") * self.motion.scale()
        )
        return still

    def pin(self, time: float) -> None:
        """Let those that stand still be where they stand, whatever their boxes say."""
        for row, track in enumerate(self.tracks):
            place = track.pinned(time)
            if place is not None:
                self.motion.pin(row, place)
                self.last_centre[row] = self.motion.centre[row]

    def pinned(self, time: float) -> List[int]:
        """The rows of those that stand still and are there."""
        return [row for row, track in enumerate(self.tracks) if track.is_stationary and track.pinned(time) is not None]

    def there(self) -> np.ndarray:
        """When each was last seen or, at its place, in the picture; float64 [n], capture time in seconds."""
        return np.array([track.there for track in self.tracks], np.float64)

    def add(self, time: float, boxes: np.ndarray, class_ids: np.ndarray) -> None:
        """Append objects that are seen for the first time. boxes: float64 [m, 4], pixels; class_ids: int64 [m]."""
        count = len(boxes)
        centres = centres_of(boxes)
        self.motion.add(boxes)
        self.tracks += [Track(0, self._settings) for _ in range(count)]
        self.class_ids = np.concatenate([self.class_ids, class_ids])
        self.first = np.concatenate([self.first, np.full(count, time)])
        self.last = np.concatenate([self.last, np.full(count, time)])
        self.last_centre = np.concatenate([self.last_centre, centres])
        self.place = np.concatenate([self.place, centres])
        self.looks = np.concatenate([self.looks, np.zeros((count, BINS), np.float32)])
        self.sights = np.concatenate([self.sights, np.ones(count, np.int64)])
        self.frames = np.concatenate([self.frames, np.ones(count, np.int64)])

    def see(self, time: float, rows: List[int], boxes: np.ndarray) -> None:
        """Take in where some objects are seen. rows: which; boxes: float64 [len(rows), 4], pixels."""
        self.motion.correct(rows, boxes)
        share = 1 - np.exp(-np.maximum(time - self.last[rows], 1e-3) / PLACE_SECONDS)
        self.place[rows] += share[:, np.newaxis] * (self.motion.centre[rows] - self.place[rows])
        self.last[rows] = time
        self.last_centre[rows] = self.motion.centre[rows]
        self.sights[rows] += 1

    def look(self, rows: List[int], looks: np.ndarray, seconds: np.ndarray) -> None:
        """Take in what some objects look like.

        Args:
            rows: Which.
            looks: float32 [len(rows), BINS].
            seconds: float64 [len(rows)], for how long each was not seen before.
        """
        share = np.where(self.looks[rows].any(axis=1), 1 - np.exp(-np.maximum(seconds, 1e-3) / LOOKS_SECONDS), 1.0)
        self.looks[rows] += share[:, np.newaxis].astype(np.float32) * (looks - self.looks[rows])

    def replace(self, old: int, new: int) -> None:
        """Let an object go on as another, which is the same and was seen since. old, new: rows; the new is to end."""
        for state in (*self.motion.arrays(), self.last, self.last_centre, self.place):
            state[old] = state[new]
        self.looks[old] += LOOKS_OF_NEW * (self.looks[new] - self.looks[old])
        self.tracks[old].join(self.tracks[new])

    def keep(self, which: np.ndarray) -> List[Track]:
        """Forget all others and return their tracks. which: bool [n]."""
        ended = [track for track, is_kept in zip(self.tracks, which.tolist()) if not is_kept]
        self.motion.keep(which)
        self.tracks = [track for track, is_kept in zip(self.tracks, which.tolist()) if is_kept]
        self.class_ids, self.first, self.last = self.class_ids[which], self.first[which], self.last[which]
        self.last_centre, self.place = self.last_centre[which], self.place[which]
        self.looks = self.looks[which]
        self.sights, self.frames = self.sights[which], self.frames[which]
        return ended
