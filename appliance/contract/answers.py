"""What commands and questions are answered with, where it is not a message of its own."""

from dataclasses import dataclass, field
from typing import Dict, List, Optional

from appliance.contract.errors import ErrorKind
from appliance.contract.events import Detections, LogEntry
from appliance.contract.hints import info
from appliance.contract.live_settings import SETTING_VALUES, SettingValues
from appliance.contract.state import Model, Power, Recording, State, Stream


@dataclass(frozen=True)
class StateAnswer:
    """The state after what was asked for."""

    state: State


@dataclass(frozen=True)
class SourcePicture:
    """One picture of a source."""

    jpeg: str = field(metadata=info("base64"))
    width: int = field(metadata=info("Of the source, in pixels"))
    height: int


@dataclass(frozen=True)
class Recordings:
    """All recordings, newest first."""

    recordings: List[Recording]


@dataclass(frozen=True)
class Streams:
    """All streams."""

    streams: List[Stream]


@dataclass(frozen=True)
class Models:
    """All models."""

    models: List[Model]


@dataclass(frozen=True)
class SettingsAnswer:
    """The settings that can be changed while the appliance runs."""

    settings: SettingValues = field(metadata=info(type=SETTING_VALUES))
    configured: SettingValues = field(metadata=info("What the configuration says of them", type=SETTING_VALUES))


@dataclass(frozen=True)
class PowerAnswer:
    """The power mode and the clocks."""

    power: Optional[Power] = field(metadata=info("null on a machine that has no power modes"))


@dataclass(frozen=True)
class NewestDetections:
    """The newest detections of every stream."""

    detections: Dict[str, Detections] = field(metadata=info("By the stream's name"))


@dataclass(frozen=True)
class Log:
    """The newest lines of the daemon's log, oldest first."""

    logs: List[LogEntry]


@dataclass(frozen=True)
class History:
    """The last half hour, a point every two seconds: lists of the same length; null where nothing was read."""

    time: List[float] = field(metadata=info("Unix time"))
    fps: Dict[str, List[Optional[float]]] = field(metadata=info("By stream"))
    latency: Dict[str, List[Optional[float]]] = field(metadata=info("By stream, in seconds"))
    cpu: List[Optional[float]] = field(metadata=info("Percent"))
    memory: List[Optional[float]] = field(metadata=info("Bytes"))
    gpu: List[Optional[float]] = field(metadata=info("Percent"))
    power: List[Optional[float]] = field(metadata=info("Watts"))
    temperatures: Dict[str, List[Optional[float]]] = field(metadata=info("By sensor, in degrees Celsius"))


@dataclass(frozen=True)
class Error:
    """What is wrong and what to do about it."""

    error: str = field(metadata=info("A sentence"))
    kind: str = field(metadata=info(choices=[kind.value for kind in ErrorKind]))


@dataclass(frozen=True)
class Health:
    """The dashboard answers."""

    ok: bool


@dataclass(frozen=True)
class Readiness:
    """Whether at least one stream is detected. For anybody, so without details."""

    ready: bool
    status: Optional[str] = field(default=None, metadata=info(absent=True))
    reason: Optional[str] = field(default=None, metadata=info("Why it is not", absent=True))
