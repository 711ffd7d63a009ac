"""What can be set of tracking. Seconds and shares only: nothing counts frames."""

from dataclasses import dataclass, field, fields
from typing import Dict, FrozenSet, Mapping, Optional

import numpy as np

from appliance.schema.rows.tracking import TrackingSettings


@dataclass(frozen=True)
class LabelSettings:
    """How detections of a label become tracks.

    Attributes:
        min_score: A detection below it starts no track; from 0.1 on it keeps one alive that was seen just before.
        threshold: What the median of the last second's scores must reach once, a miss counting 0, for an event.
        min_area: Smaller detections are not tracked; share of the picture's area.
        max_area: Nor larger ones.
        min_ratio: Nor those that are narrower for their height; width / height.
        max_ratio: Nor wider ones.
        confirm: Seconds for which an object must be seen for an event.
        lost: Seconds without a detection after which a track ends.
        stationary: Seconds at one place after which a track is stationary.
        still_drift: How far from its place a stationary object may be; share of its size, the root of its area.
    """

    min_score: float = 0.5
    threshold: float = TrackingSettings.threshold
    min_area: float = TrackingSettings.min_area
    max_area: float = TrackingSettings.max_area
    min_ratio: float = TrackingSettings.min_ratio
    max_ratio: float = np.inf
    confirm: float = TrackingSettings.confirm
    lost: float = TrackingSettings.lost
    stationary: float = TrackingSettings.stationary
    still_drift: float = TrackingSettings.still_drift


@dataclass(frozen=True)
class TrackSettings(LabelSettings):
    """How detections become tracks.

    Attributes:
        classes: Settings of single classes, by class id, instead of these.
        class_ids: The classes that are tracked; None: all.
    """

    classes: Mapping[int, LabelSettings] = field(default_factory=dict)
    class_ids: Optional[FrozenSet[int]] = None

    def of(self, class_id: int) -> LabelSettings:
        """Return the settings of a class."""
        return self.classes.get(class_id, self)


class SettingsTable:
    """The settings of many objects at once.

    Args:
        settings: Whose.
    """

    def __init__(self, settings: TrackSettings) -> None:
        self._class_ids = np.array(sorted(settings.classes), np.int64)
        rows = [settings.classes[class_id] for class_id in sorted(settings.classes)] + [settings]
        self._columns: Dict[str, np.ndarray] = {
            key.name: np.array([getattr(row, key.name) for row in rows], np.float64) for key in fields(LabelSettings)
        }

    def rows(self, class_ids: np.ndarray) -> np.ndarray:
        """Which row of the table is for each class, int64 [n]. class_ids: int64 [n]."""
        row = np.searchsorted(self._class_ids, class_ids)
        if not len(self._class_ids):
            return row
        known = self._class_ids[np.minimum(row, len(self._class_ids) - 1)] == class_ids
        found: np.ndarray = np.where(known, row, len(self._class_ids))
        return found

    def get(self, name: str, rows: np.ndarray) -> np.ndarray:
        """The values of a setting, float64 [n]. rows: as `rows` gave them."""
        found: np.ndarray = self._columns[name][rows]
        return found
