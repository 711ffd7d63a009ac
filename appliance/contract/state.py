"""The state: what rarely changes. Sent after every change, every two seconds, and in answers to most commands."""

from dataclasses import dataclass, field
from typing import List, Optional

from appliance.contract.hints import info
from appliance.contract.live_settings import SETTING_VALUES, STREAM_SETTING_VALUES, LiveSetting, SettingValues
from appliance.contract.states import (
    APPLIANCE_STATES,
    APPLIANCE_STATES_HELP,
    KEPT_AS,
    MODEL_STATES,
    RECORDING_FORMATS,
    SOURCE_KINDS,
    STREAM_STATES,
    STREAM_STATES_HELP,
)
from appliance.core.source_kinds import SourceFacts, source_facts
from appliance.telemetry.description import TelemetryRow
from appliance.telemetry.registry import all_rows


@dataclass(frozen=True)
class DaemonState:
    """The daemon's process, and the state of the whole appliance."""

    pid: int
    version: str
    started: float = field(metadata=info("Unix time"))
    status: str = field(metadata=info(APPLIANCE_STATES_HELP, choices=APPLIANCE_STATES))
    ready: bool = field(metadata=info("Whether detection runs on at least one stream, as in /readyz"))
    problem: Optional[str]


@dataclass(frozen=True)
class Board:
    """The machine on which the appliance runs."""

    id: str
    name: str


@dataclass(frozen=True)
class RunningModel:
    """The model shared by all streams without one of their own. Fields from `family` on: only while a model runs."""

    name: Optional[str]
    status: str = field(metadata=info(choices=MODEL_STATES))
    wanted: Optional[str] = field(metadata=info("The model that is being loaded, to replace the running one"))
    stage: Optional[str] = field(metadata=info("The current step of loading"))
    error: Optional[str]
    default: str = field(metadata=info("The model that is used if none is configured"))
    family: Optional[str] = field(default=None, metadata=info(absent=True))
    family_title: Optional[str] = field(default=None, metadata=info("The family, for people", absent=True))
    path: Optional[str] = field(default=None, metadata=info("fast or exact", absent=True))
    reason: Optional[str] = field(default=None, metadata=info("Why it is not the fast path", absent=True))
    engine: Optional[str] = field(default=None, metadata=info(absent=True))
    device: Optional[str] = field(default=None, metadata=info(absent=True))
    labels: Optional[List[str]] = field(default=None, metadata=info("Its classes", absent=True))


@dataclass(frozen=True)
class RunningRecording:
    """A recording in progress."""

    since: float = field(metadata=info("Unix time"))
    seconds: float = field(metadata=info("Duration of everything recorded since"))
    name: str = field(metadata=info('Of the segment being written; "" before its first frame'))
    bytes: int = field(metadata=info("Of that segment"))
    by_event: bool = field(default=False, metadata=info("Whether it was begun, and will be ended, by events"))


@dataclass(frozen=True)
class SourceKind:
    """A kind of source that a stream may have."""

    name: str
    title: str
    accepts: str = field(metadata=info("What people may write"))
    is_admitted: bool = field(metadata=info("Whether it can be chosen here; if not, only in the config file"))


@dataclass(frozen=True)
class Stream:
    """A stream: its source, model, condition and settings."""

    name: str
    source: str = field(metadata=info("With credentials hidden"))
    kind: str = field(metadata=info(choices=SOURCE_KINDS))
    model: Optional[str] = field(metadata=info("A model of its own; null for the shared one"))
    status: str = field(metadata=info(STREAM_STATES_HELP, choices=STREAM_STATES))
    problem: Optional[str]
    width: Optional[int] = field(metadata=info("Pixels; null before the first frame"))
    height: Optional[int]
    watched: bool = field(metadata=info("Whether anybody is watching its live picture"))
    is_configured: bool = field(metadata=info("Whether it is as configured in the config file"))
    configured_source: Optional[str] = field(metadata=info("null for a stream that is not in the config file"))
    recording: Optional[RunningRecording]
    recording_problem: Optional[str]
    settings: SettingValues = field(
        metadata=info("Live settings of its own; for all others the general ones apply", type=STREAM_SETTING_VALUES)
    )


@dataclass(frozen=True)
class Download:
    """A model that is being downloaded, or whose download failed."""

    done: int = field(metadata=info("Bytes"))
    total: Optional[int]
    error: Optional[str]


@dataclass(frozen=True)
class Model:
    """A model that is installed or can be downloaded."""

    name: str
    family: Optional[str]
    family_title: Optional[str] = field(metadata=info("The family, for people"))
    bytes: Optional[int]
    installed: bool
    in_catalogue: bool
    fits: bool = field(metadata=info("Whether this board can hold it"))
    reason: Optional[str] = field(metadata=info("Why it does not fit"))
    download: Optional[Download]


@dataclass(frozen=True)
class StreamStorage:
    """What the recordings and snapshots of one stream take."""

    name: str
    continuous: int = field(metadata=info("Bytes of recordings without an event"))
    events: int = field(metadata=info("Bytes of recordings with an event, and without an alert"))
    alerts: int = field(metadata=info("Bytes of recordings with an alert"))
    other: int = field(metadata=info("Bytes of recordings of earlier versions, and of files copied there"))
    snapshots: int = field(metadata=info("Bytes of snapshots"))
    a_day: int = field(metadata=info("Bytes that a day takes at the rate of the last one"))
    lasts: Optional[float] = field(
        metadata=info("How far back recordings will reach at this rate, in seconds; null while that is unknown")
    )


@dataclass(frozen=True)
class StorageStatus:
    """The storage of recordings."""

    free: int = field(metadata=info("Free bytes on the disk"))
    floor: int = field(metadata=info("Bytes to keep free"))
    used: int = field(metadata=info("Bytes of all recordings and snapshots"))
    limit: int = field(metadata=info("Maximum bytes of all recordings and snapshots; 0 is no limit"))
    keep_days: float = field(metadata=info("0 is forever"))
    alarm: Optional[str] = field(metadata=info("Why nothing can be recorded"))
    warning: Optional[str] = field(metadata=info("What will be deleted soon"))
    streams: List[StreamStorage] = field(
        default_factory=list, metadata=info("Streams that have recordings or snapshots, by name")
    )


@dataclass(frozen=True)
class PowerMode:
    """A mode of nvpmodel."""

    id: int
    name: str
    detail: str


@dataclass(frozen=True)
class Power:
    """The power mode and the clocks of a Jetson."""

    modes: List[PowerMode]
    current: Optional[int] = field(metadata=info("Id of a mode; null if it cannot be read"))
    clocks: Optional[bool] = field(metadata=info("Whether jetson_clocks holds the clocks; null if unknown"))
    settable: bool
    problem: Optional[str]
    needs_reboot: bool = field(metadata=info("The mode requested last requires a reboot of the board"))


def describe_source_kinds() -> List[SourceKind]:
    """Return all kinds of source, in the order in which they are tried."""
    return [SourceKind(kind.name, kind.title, kind.accepts, kind.is_admitted) for kind in source_facts(SourceFacts)]


@dataclass(frozen=True)
class State:
    """The whole state of the daemon."""

    daemon: DaemonState
    board: Board
    settings: SettingValues = field(metadata=info(type=SETTING_VALUES))
    configured: SettingValues = field(metadata=info("Their configured values", type=SETTING_VALUES))
    live_settings: List[LiveSetting] = field(metadata=info("The settings that can be changed at run time, for a form"))
    model: RunningModel
    streams: List[Stream]
    models: List[Model] = field(metadata=info("The installed models, and those of the catalogue"))
    storage: StorageStatus
    power: Optional[Power] = field(metadata=info("null on a machine without power modes"))
    source_kinds: List[SourceKind] = field(default_factory=describe_source_kinds)
    telemetry: List[TelemetryRow] = field(
        default_factory=all_rows, metadata=info("Descriptions of the readings in the statistics")
    )


@dataclass(frozen=True)
class Recording:
    """One file of a recording."""

    name: str
    stream: str
    started: float = field(metadata=info("Unix time of its first picture"))
    seconds: Optional[float] = field(metadata=info("Duration"))
    bytes: int
    format: str = field(metadata=info(choices=RECORDING_FORMATS))
    recording: bool = field(metadata=info("Whether it is being written"))
    kept_as: str = field(
        default="", metadata=info('Its class, which says how long it is kept; "" if unknown', choices=KEPT_AS)
    )
