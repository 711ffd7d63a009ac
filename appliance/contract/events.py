"""Events: messages that the daemon publishes on the bus, and the dashboard sends to pages by Socket.IO."""

from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple, Union

from appliance.contract.event_messages import EventMessage, ReviewMessage
from appliance.contract.hints import info
from appliance.contract.state import State
from appliance.contract.states import LOG_LEVELS
from appliance.telemetry.description import Readings

STATE, STATISTICS, DETECTIONS, LOG = "state", "statistics", "detections", "log"
EVENT, REVIEW = "event", "review"
"""The daemon's topics."""
DAEMON, LOGS = "daemon", "logs"
"""Topics that the dashboard adds for its pages: whether the daemon is up; the log so far, once."""


@dataclass(frozen=True)
class Timings:
    """How the time of a frame was spent: means over the window, in seconds."""

    total: float = field(metadata=info("From the start of capture to the detections"))
    cap: float = field(metadata=info("Reading and decoding"))
    front: float
    back: float
    lost: float = field(metadata=info("Waiting between these steps"))
    send: float = field(metadata=info("The part of `lost` between front and back"))
    draw: Optional[float] = field(metadata=info("null while nobody is watching"))
    encode: Optional[float]


@dataclass(frozen=True)
class Latency:
    """A cumulative histogram of the frames' latency in seconds, in the form of Prometheus."""

    buckets: List[Tuple[Union[float, str], int]] = field(metadata=info('Upper bound, the last "+Inf", and count'))
    sum: float
    count: int


@dataclass(frozen=True)
class LineTotals:
    """How often a line was crossed."""

    entered: int = field(metadata=info('With direction "in"'))
    left: int = field(metadata=info('With direction "out"'))


@dataclass(frozen=True)
class StreamCounts:
    """What is in the zones of a stream, and what crossed its lines."""

    zones: Dict[str, Dict[str, int]] = field(metadata=info("Objects in each zone now, by class"))
    lines: Dict[str, LineTotals] = field(metadata=info("Crossings of each line today, in the appliance's time zone"))
    events: Dict[str, int] = field(metadata=info("Events since the daemon's start, by class"))
    entries: Dict[str, Dict[str, int]] = field(
        metadata=info("Objects that entered each zone since the daemon's start, by class")
    )
    crossings: Dict[str, Dict[str, LineTotals]] = field(
        metadata=info("Crossings of each line since the daemon's start, by class")
    )


@dataclass(frozen=True)
class StreamStatistics:
    """The statistics of one stream: rates of the last seconds, counts since the start."""

    frames: int = field(metadata=info("Frames detected"))
    now: Dict[str, int] = field(metadata=info("Objects in the newest frame, by class"))
    seen: Dict[str, int] = field(metadata=info("Objects in all frames, by class"))
    latency: Optional[Latency]
    fps: float = field(metadata=info("Frames detected per second"))
    vfps: float = field(metadata=info("Frames drawn per second"))
    drops: int = field(metadata=info("Frames of a live source that were replaced by newer ones"))
    vdrops: int = field(metadata=info("Frames that were not drawn because an output was busy"))
    timings: Optional[Timings]
    reconnects: int = field(metadata=info("How often the source was reopened"))
    source_fps: float = field(metadata=info("Frames per second of the source"))
    frame_age: Optional[float] = field(metadata=info("Seconds since the newest frame of the source"))
    result_age: Optional[float] = field(metadata=info("Seconds since the newest result of the model"))
    counts: Optional[StreamCounts] = field(
        default=None, metadata=info("What was tracked; absent if nothing is", absent=True)
    )


@dataclass(frozen=True)
class Statistics:
    """The newest statistics; also the daemon's heartbeat."""

    time: float = field(metadata=info("Unix time"))
    streams: Dict[str, StreamStatistics] = field(metadata=info("By stream name"))
    readings: Readings = field(
        metadata=info("Of the machine: loads in percent, power in watts, temperatures in degrees Celsius")
    )


@dataclass(frozen=True)
class Mask:
    """The pixels of one detection: run lengths, in the format of COCO."""

    size: Tuple[int, int] = field(metadata=info("Height and width"))
    counts: str


@dataclass(frozen=True)
class Detection:
    """One detected object in one frame."""

    class_id: int
    label: str
    score: float
    box: Tuple[float, float, float, float] = field(metadata=info("x_min, y_min, x_max, y_max in pixels"))
    mask: Optional[Mask] = field(default=None, metadata=info(absent=True))
    track: Optional[str] = field(
        default=None,
        metadata=info("Id of its track, and of the event of that; absent before its second sight", absent=True),
    )
    stationary: Optional[bool] = field(default=None, metadata=info("Whether its track stands still", absent=True))


@dataclass(frozen=True)
class ClassArea:
    """The area of a frame that a class covers, for a model that assigns a class to every pixel."""

    class_id: int
    label: str
    area: int = field(metadata=info("Pixels"))
    share: float = field(metadata=info("Of the picture, 0 to 1"))


@dataclass(frozen=True)
class Detections:
    """The objects found in one frame, highest score first."""

    stream: str
    frame: int = field(metadata=info("Number in the stream"))
    source: str
    time: float = field(metadata=info("Seconds: the Unix time of capture, or the position in a movie"))
    width: int
    height: int
    detections: List[Detection]
    segmentation: Optional[List[ClassArea]] = field(default=None, metadata=info(absent=True))


@dataclass(frozen=True)
class LogEntry:
    """A line of the daemon's log."""

    time: float = field(metadata=info("Unix time"))
    level: str = field(metadata=info(choices=LOG_LEVELS))
    text: str


@dataclass(frozen=True)
class DaemonConnection:
    """Whether the daemon answers the dashboard."""

    up: bool
    since: float = field(metadata=info("Unix time"))
    why: str = field(metadata=info('A sentence; "" while it is up'))


Event = Union[State, Statistics, Detections, LogEntry, EventMessage, ReviewMessage]
"""The events of the daemon."""

EVENTS: Dict[str, type] = {
    STATE: State,
    STATISTICS: Statistics,
    DETECTIONS: Detections,
    LOG: LogEntry,
    EVENT: EventMessage,
    REVIEW: ReviewMessage,
}
_TOPICS = {message: topic for topic, message in EVENTS.items()}
PAGE_EVENTS: Dict[str, object] = dict(EVENTS, **{DAEMON: DaemonConnection, LOGS: List[LogEntry]})
"""The same and the events that the dashboard adds."""


def topic_of(event: Event) -> str:
    """Return the topic of an event."""
    return _TOPICS[type(event)]
