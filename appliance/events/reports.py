"""What the tracking of a stream tells the events engine about one track."""

from dataclasses import dataclass, field
from typing import List, Optional, Sequence, Tuple

from appliance.contract.event_messages import Happening
from appliance.events.bus_events import PathPoint


@dataclass
class TrackReport:
    """A confirmed track as it is now, and what happened to it since its last report. Made for many frames: not frozen.

    Times are capture times; `offset` makes Unix times of them.

    Attributes:
        stream: Name of the stream.
        id: Id of the track and of its event.
        label: Name of its class.
        first: When it was first seen.
        last: When it was last seen.
        offset: What to add to these times for Unix time; 0 for a movie. It never changes for a track.
        score: The highest median of a second's scores.
        top_score: The highest score.
        box: In the best picture; shares of the picture.
        speed: The highest in a zone with measured sides, km/h; None if it was in none.
        is_stationary: Whether it stands still.
        is_alert: Whether its label and zones make an alert of its event.
        has_snapshot: Whether a picture of it was handed over to be stored.
        path: Its path until now, oldest first.
        happenings: What happened, oldest first, with Unix times.
        has_ended: Whether it is gone; the last report of a track.
    """

    stream: str
    id: str
    label: str
    first: float
    last: float
    offset: float
    score: float
    top_score: float
    box: Tuple[float, float, float, float]
    speed: Optional[float]
    is_stationary: bool
    is_alert: bool
    has_snapshot: bool
    path: Sequence[PathPoint]
    happenings: List[Happening] = field(default_factory=list)
    has_ended: bool = False
