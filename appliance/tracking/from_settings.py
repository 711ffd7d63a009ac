"""Make the settings of a tracker from those that the user sets."""

import math
from typing import Any, Dict, Mapping

from appliance.schema.settings import Settings
from appliance.tracking.settings import LabelSettings, TrackSettings


def track_settings(settings: Settings, labels: Mapping[int, str]) -> TrackSettings:
    """Return the settings of a tracker.

    Args:
        settings: Those of one stream, from `Settings.for_stream`, with the present values of the live ones.
        labels: The label map of the model, class id to name. Names that it does not have are of no consequence: another
            model may have them.
    """
    own = settings.labels or {}
    names = settings.track if settings.track is not None else settings.shown_classes
    return TrackSettings(
        classes={
            class_id: LabelSettings(**_values(settings, label)) for class_id, label in labels.items() if label in own
        },
        class_ids=None
        if names is None
        else frozenset(class_id for class_id, label in labels.items() if label in names),
        **_values(settings, ""),
    )


def _values(settings: Settings, label: str) -> Dict[str, Any]:
    values = settings.for_label(label)
    if values["min_score"] is None:
        values["min_score"] = settings.det_th
    if values["max_ratio"] is None:
        values["max_ratio"] = math.inf
    return values
