"""Settings of tracks and of the events that they become."""

import dataclasses
from typing import Mapping, Optional, Sequence

from appliance.schema.filters import RATIO, SHARE
from appliance.schema.setting import BY_LABEL, LABELS, NUMBER, TRACKING, setting


@dataclasses.dataclass(frozen=True)
class TrackingSettings:
    """The settings of tracks and events. Times are seconds: they mean the same at every frame rate."""

    track: Optional[Sequence[str]] = setting(
        None,
        LABELS,
        TRACKING,
        "names of the classes to follow; by default those of shown_classes",
        per_stream=True,
    )
    min_score: Optional[float] = setting(
        None,
        NUMBER,
        TRACKING,
        "a detection with a lower score begins no track; by default det_th",
        minimum=SHARE[0],
        maximum=SHARE[1],
        per_stream=True,
        per_label=True,
    )
    threshold: float = setting(
        0.5,
        NUMBER,
        TRACKING,
        "a track becomes an event once the median of its scores of one second reaches this",
        minimum=SHARE[0],
        maximum=SHARE[1],
        per_stream=True,
        per_label=True,
    )
    min_area: float = setting(
        0.0,
        NUMBER,
        TRACKING,
        "smaller boxes are not followed; width x height as a share of the picture",
        minimum=SHARE[0],
        maximum=SHARE[1],
        per_stream=True,
        per_label=True,
    )
    max_area: float = setting(
        1.0,
        NUMBER,
        TRACKING,
        "larger boxes are not followed; as min_area",
        minimum=SHARE[0],
        maximum=SHARE[1],
        per_stream=True,
        per_label=True,
    )
    min_ratio: float = setting(
        0.0,
        NUMBER,
        TRACKING,
        "boxes with a smaller width / height are not followed",
        minimum=RATIO[0],
        maximum=RATIO[1],
        per_stream=True,
        per_label=True,
    )
    max_ratio: Optional[float] = setting(
        None,
        NUMBER,
        TRACKING,
        "boxes with a larger width / height are not followed; by default there is no limit",
        minimum=RATIO[0],
        maximum=RATIO[1],
        per_stream=True,
        per_label=True,
    )
    confirm: float = setting(
        0.4,
        NUMBER,
        TRACKING,
        "how long something must be seen before it becomes an event",
        unit="seconds",
        minimum=0,
        maximum=60,
        per_stream=True,
        per_label=True,
    )
    lost: float = setting(
        5.0,
        NUMBER,
        TRACKING,
        "a track ends when its object has not been seen for this long",
        unit="seconds",
        minimum=0.1,
        maximum=3600,
        per_stream=True,
        per_label=True,
    )
    stationary: float = setting(
        10.0,
        NUMBER,
        TRACKING,
        "what stays at one place for this long is stationary",
        unit="seconds",
        minimum=0.1,
        maximum=86400,
        per_stream=True,
        per_label=True,
    )
    still_drift: float = setting(
        0.25,
        NUMBER,
        TRACKING,
        "how far the box of something stationary may be from its place, as a share of its size (the root of its area)",
        minimum=0,
        maximum=10,
        per_stream=True,
        per_label=True,
    )
    labels: Optional[Mapping[str, Mapping[str, float]]] = setting(
        None,
        BY_LABEL,
        TRACKING,
        "values of min_score and the others from there to still_drift for single classes",
        per_stream=True,
    )
    alert_labels: Sequence[str] = setting(
        ["person", "car"],
        LABELS,
        TRACKING,
        "classes whose events are alerts; if a stream has zones with `alert: true`, only what enters one of them is",
        per_stream=True,
    )
