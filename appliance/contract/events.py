"""What is sent without being asked for: by the daemon on the bus, and to pages by Socket.IO, under these topics."""

from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple, Union

from appliance.contract.hints import info
from appliance.contract.state import State
from appliance.contract.states import LOG_LEVELS
from appliance.telemetry.description import Readings

STATE, STATISTICS, DETECTIONS, LOG = "state", "statistics", "detections", "log"
"""The daemon's topics."""
DAEMON, LOGS = "daemon", "logs"
"""What the dashboard adds for its pages: whether the daemon is up; the log so far, once."""


@dataclass(frozen=True)
class Timings:
    """Where the time of a frame went: means of the window, in seconds."""

    total: float = field(metadata=info("From the start of its capture to its detections"))
    cap: float = field(metadata=info("Reading and decoding"))
    front: float
    back: float
    lost: float = field(metadata=info("Waiting between them"))
    send: float = field(metadata=info("The part of `lost` that lies between front and back"))
    draw: Optional[float] = field(metadata=info("null while nobody is watching"))
    encode: Optional[float]


@dataclass(frozen=True)
class Latency:
    """A cumulative histogram of the frames' latency in seconds, as Prometheus has it."""

    buckets: List[Tuple[Union[float, str], int]] = field(metadata=info('Upper end, the last "+Inf", and count'))
    sum: float
    count: int


@dataclass(frozen=True)
class StreamStatistics:
    """The figures of one stream: rates of the last seconds, counts since the start."""

    frames: int = field(metadata=info("Frames detected"))
    now: Dict[str, int] = field(metadata=info("Objects in the newest frame, by class"))
    seen: Dict[str, int] = field(metadata=info("Objects in all frames, by class"))
    latency: Optional[Latency]
    fps: float = field(metadata=info("Frames detected a second"))
    vfps: float = field(metadata=info("Frames drawn a second"))
    drops: int = field(metadata=info("Frames of a live source that were overtaken by newer ones"))
    vdrops: int = field(metadata=info("Frames that were not drawn because an output was busy"))
    timings: Optional[Timings]
    reconnects: int = field(metadata=info("How often the source was opened again"))
    source_fps: float = field(metadata=info("Frames that the source gives a second"))
    frame_age: Optional[float] = field(metadata=info("Seconds since the newest frame of the source"))
    result_age: Optional[float] = field(metadata=info("Seconds since the newest result of the model"))


@dataclass(frozen=True)
class Statistics:
    """The newest figures; the daemon's heartbeat."""

    time: float = field(metadata=info("Unix time"))
    streams: Dict[str, StreamStatistics] = field(metadata=info("By the stream's name"))
    readings: Readings = field(
        metadata=info("Of the machine: loads in percent, power in watts, temperatures in degrees Celsius")
    )


@dataclass(frozen=True)
class Mask:
    """The pixels of one detection: lengths of runs, as COCO has them."""

    size: Tuple[int, int] = field(metadata=info("Height and width"))
    counts: str


@dataclass(frozen=True)
class Detection:
    """One box in one frame."""

    class_id: int
    label: str
    score: float
    box: Tuple[float, float, float, float] = field(metadata=info("x_min, y_min, x_max, y_max in pixels"))
    mask: Optional[Mask] = field(default=None, metadata=info(absent=True))


@dataclass(frozen=True)
class ClassArea:
    """How much of a frame a class takes, for a model that gives every pixel a class."""

    class_id: int
    label: str
    area: int = field(metadata=info("Pixels"))
    share: float = field(metadata=info("Of the picture, 0 to 1"))


@dataclass(frozen=True)
class Detections:
    """What was found in one frame, best first."""

    stream: str
    frame: int = field(metadata=info("Its number in the stream"))
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
    """Whether the daemon answers, as the dashboard sees it."""

    up: bool
    since: float = field(metadata=info("Unix time"))
    why: str = field(metadata=info('A sentence; "" while it is up'))


Event = Union[State, Statistics, Detections, LogEntry]
"""What the daemon sends."""

EVENTS: Dict[str, type] = {STATE: State, STATISTICS: Statistics, DETECTIONS: Detections, LOG: LogEntry}
_TOPICS = {message: topic for topic, message in EVENTS.items()}
PAGE_EVENTS: Dict[str, object] = dict(EVENTS, **{DAEMON: DaemonConnection, LOGS: List[LogEntry]})
"""The same and what the dashboard adds."""


def topic_of(event: Event) -> str:
    """The topic under which an event is sent."""
    return _TOPICS[type(event)]
