"""Messages about tracks, events and reviews: as they are published, stored and returned.

Times are Unix seconds. Coordinates are shares of the picture, 0 to 1, y down; a box is x_min, y_min, x_max, y_max.
"""

from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple

from appliance.contract.fields import PLACES, JsonObject
from appliance.contract.hints import info

ALERT, DETECTION = "alert", "detection"
SEVERITIES = (ALERT, DETECTION)
IN, OUT = "in", "out"
DIRECTIONS = (IN, OUT)
NEW, UPDATE, END = "new", "update", "end"
CHANGES = (NEW, UPDATE, END)

DETECTED, LEFT, ENTERED, EXITED, CROSSED = "detected", "left", "entered", "exited", "crossed"
LOITERING, STATIONARY, ACTIVE = "loitering", "stationary", "active"
HAPPENINGS = (DETECTED, LEFT, ENTERED, EXITED, CROSSED, LOITERING, STATIONARY, ACTIVE)

CLIPS = "clips"
"""The folder of clips, in that of the recordings."""

Box = Tuple[float, float, float, float]


@dataclass(frozen=True)
class Crossing:
    """A track crossed a line."""

    line: str
    direction: str = field(metadata=info("in: from the left of the line's direction to its right", choices=DIRECTIONS))
    time: float


@dataclass(frozen=True)
class Happening:
    """One moment of a track."""

    type: str = field(metadata=info(choices=HAPPENINGS))
    stream: str
    time: float = field(metadata=info("Unix time, or the position in a movie, in seconds"))
    track: str = field(metadata=info("Id of the track, and of its event"))
    label: str
    zone: Optional[str] = field(default=None, metadata=info("Of entered, exited and loitering", absent=True))
    line: Optional[str] = field(default=None, metadata=info("Of crossed", absent=True))
    direction: Optional[str] = field(default=None, metadata=info("Of crossed", choices=DIRECTIONS, absent=True))


@dataclass(frozen=True)
class EventRecord:
    """An event: a track that counted, from its first sight to its end."""

    id: str
    stream: str
    label: str
    start: float = field(metadata=info("Unix time of the first sight"))
    end: Optional[float] = field(metadata=info("null while it goes on"))
    score: float = field(metadata=info("The highest median of one second's scores"))
    top_score: float
    box: Box = field(metadata=info("In the best picture; shares of the picture"))
    area: float = field(metadata=info("Of that box, as a share of the picture"))
    speed: Optional[float] = field(metadata=info("The highest measured in a zone with sides, in km/h"))
    zones: List[str] = field(metadata=info("The zones it entered, in order"))
    lines: List[Crossing]
    stationary: bool
    severity: str = field(metadata=info(choices=SEVERITIES))
    review: Optional[str] = field(metadata=info("Id of the review that it belongs to"))
    has_snapshot: bool
    has_clip: bool = field(metadata=info("Whether a recording covers it, at least in part"))
    starred: bool
    interrupted: bool = field(
        default=False, metadata=info("Whether the appliance crashed meanwhile; `end` is when it was last seen")
    )


@dataclass(frozen=True)
class EventDetail:
    """An event with its path and its moments."""

    event: EventRecord
    path: List[Tuple[float, float, float, float, float]] = field(
        metadata=info("Seconds since its start, and the box then; a point for every 1 % of the diagonal")
    )
    happenings: List[Happening]


@dataclass(frozen=True)
class Review:
    """Events close in time in one stream."""

    id: str
    stream: str
    start: float
    end: Optional[float] = field(metadata=info("null while it goes on"))
    severity: str = field(metadata=info(choices=SEVERITIES))
    labels: List[str]
    zones: List[str]
    events: List[str] = field(metadata=info("Ids of its events, in order"))
    seen: bool = field(metadata=info("By the user who asks; false in published messages"))


@dataclass(frozen=True)
class EventMessage:
    """An event that began, changed or ended."""

    type: str = field(metadata=info(choices=CHANGES))
    event: EventRecord


@dataclass(frozen=True)
class ReviewMessage:
    """A review that began, changed or ended."""

    type: str = field(metadata=info(choices=CHANGES))
    review: Review


@dataclass(frozen=True)
class CountRow:
    """Counts of one hour or day, of one label in one stream, and of one zone or line if it names one."""

    time: float = field(metadata=info("Begin of the hour or day in the appliance's time zone, Unix time"))
    stream: str
    label: str
    zone: Optional[str]
    line: Optional[str]
    events: int = field(metadata=info("Events that began; of a zone: tracks that entered it"))
    entered: int = field(metadata=info('Crossings of the line with direction "in"'))
    left: int = field(metadata=info('Crossings of the line with direction "out"'))


@dataclass(frozen=True)
class EventPage:
    """Events, newest first."""

    events: List[EventRecord]
    cursor: Optional[str] = field(metadata=info("For the next page; null on the last one"))


@dataclass(frozen=True)
class ReviewPage:
    """Reviews, newest first."""

    reviews: List[Review]
    cursor: Optional[str] = field(metadata=info("For the next page; null on the last one"))


@dataclass(frozen=True)
class Counts:
    """Counts, oldest first."""

    counts: List[CountRow]


@dataclass(frozen=True)
class StarredEvent:
    """The event after the change."""

    event: EventRecord


@dataclass(frozen=True)
class SeenReview:
    """The review after the change."""

    review: Review


@dataclass(frozen=True)
class Picture:
    """A picture file."""

    data: str = field(metadata=info("JPEG or PNG in base64"))


@dataclass(frozen=True)
class Clip:
    """A file with the clip of an event."""

    name: str = field(metadata=info("Of the file, in the folder of clips"))
    start: float = field(metadata=info("Unix time of its first picture: it begins at a key frame before the event"))


@dataclass(frozen=True)
class Zones:
    """Zones, lines and masks of the streams, in the form of the config file."""

    streams: Dict[str, JsonObject] = field(metadata=info("By stream: zones, lines, ignore, privacy", PLACES))


@dataclass(frozen=True)
class Replay:
    """What stored tracks would have done in other zones and over other lines."""

    alerts: List[float] = field(metadata=info("Begin of each event that would have been an alert"))
    tracks: int = field(metadata=info("Number of tracks that were looked at"))
    after: float = field(metadata=info("Begin of the time that was looked at"))
    before: float
    happenings: List[Happening] = field(metadata=info("entered, exited, crossed and loitering, oldest first"))
    is_complete: bool = field(metadata=info("Whether all tracks of that time were looked at, and all is listed"))
