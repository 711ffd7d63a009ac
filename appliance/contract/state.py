"""The state: what changes seldom. Sent after every change and every two seconds, and in the answer to most commands."""

from dataclasses import dataclass, field
from typing import List, Optional

from appliance.contract.hints import info
from appliance.contract.live_settings import SETTING_VALUES, STREAM_SETTING_VALUES, LiveSetting, SettingValues
from appliance.contract.states import (
    APPLIANCE_STATES,
    APPLIANCE_STATES_HELP,
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
    """The daemon's process, and how the whole appliance is."""

    pid: int
    version: str
    started: float = field(metadata=info("Unix time"))
    status: str = field(metadata=info(APPLIANCE_STATES_HELP, choices=APPLIANCE_STATES))
    ready: bool = field(metadata=info("Whether at least one stream is detected, as /readyz says"))
    problem: Optional[str]


@dataclass(frozen=True)
class Board:
    """The machine that it runs on."""

    id: str
    name: str


@dataclass(frozen=True)
class RunningModel:
    """The model that all streams without one of their own share. What follows `error` is there while one runs."""

    name: Optional[str]
    status: str = field(metadata=info(choices=MODEL_STATES))
    wanted: Optional[str] = field(metadata=info("The model that is being loaded, and is to take over"))
    stage: Optional[str] = field(metadata=info("How far loading it is"))
    error: Optional[str]
    default: str = field(metadata=info("The model that is used where none is configured"))
    family: Optional[str] = field(default=None, metadata=info(absent=True))
    family_title: Optional[str] = field(default=None, metadata=info("The family, for people", absent=True))
    path: Optional[str] = field(default=None, metadata=info("fast or exact", absent=True))
    reason: Optional[str] = field(default=None, metadata=info("Why it is not the fast path", absent=True))
    engine: Optional[str] = field(default=None, metadata=info(absent=True))
    device: Optional[str] = field(default=None, metadata=info(absent=True))
    labels: Optional[List[str]] = field(default=None, metadata=info("Its classes", absent=True))


@dataclass(frozen=True)
class RunningRecording:
    """A recording that is being made."""

    since: float = field(metadata=info("Unix time"))
    seconds: float = field(metadata=info("Playing time of all that was recorded since"))
    name: str = field(metadata=info('Of the segment being written; "" before its first frame'))
    bytes: int = field(metadata=info("Of that segment"))


@dataclass(frozen=True)
class SourceKind:
    """A kind of source that a stream may have."""

    name: str
    title: str
    accepts: str = field(metadata=info("What people may write"))
    is_admitted: bool = field(metadata=info("Whether it may be chosen here, or comes from the config file only"))


@dataclass(frozen=True)
class Stream:
    """One source on its way through the appliance."""

    name: str
    source: str = field(metadata=info("With its credentials hidden"))
    kind: str = field(metadata=info(choices=SOURCE_KINDS))
    model: Optional[str] = field(metadata=info("A model of its own; null is the one that is shared"))
    status: str = field(metadata=info(STREAM_STATES_HELP, choices=STREAM_STATES))
    problem: Optional[str]
    width: Optional[int] = field(metadata=info("Pixels; null before the first frame"))
    height: Optional[int]
    watched: bool = field(metadata=info("Whether anybody looks at its live picture"))
    is_configured: bool = field(metadata=info("Whether it is as the config file says"))
    configured_source: Optional[str] = field(metadata=info("null for a stream that was added here"))
    recording: Optional[RunningRecording]
    recording_problem: Optional[str]
    settings: SettingValues = field(
        metadata=info("Live settings of its own; of the others those of the state hold", type=STREAM_SETTING_VALUES)
    )


@dataclass(frozen=True)
class Download:
    """A model that is being fetched, or was in vain."""

    done: int = field(metadata=info("Bytes"))
    total: Optional[int]
    error: Optional[str]


@dataclass(frozen=True)
class Model:
    """A model that is installed, or can be."""

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
class StorageStatus:
    """Where recordings are kept."""

    free: int = field(metadata=info("Bytes of the disk"))
    floor: int = field(metadata=info("Bytes that stay free"))
    used: int = field(metadata=info("Bytes of all recordings"))
    limit: int = field(metadata=info("Bytes that all may take; 0 is any number"))
    keep_days: float = field(metadata=info("0 is for ever"))
    alarm: Optional[str] = field(metadata=info("Why no recording is made"))
    warning: Optional[str] = field(metadata=info("What will be deleted soon"))


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
    current: Optional[int] = field(metadata=info("The id of a mode; null where it cannot be read"))
    clocks: Optional[bool] = field(metadata=info("Whether jetson_clocks holds them; null where that cannot be read"))
    settable: bool
    problem: Optional[str]
    needs_reboot: bool = field(metadata=info("The mode that was asked for last needs a restart of the board"))


def describe_source_kinds() -> List[SourceKind]:
    """All kinds, in the order in which they are asked."""
    return [SourceKind(kind.name, kind.title, kind.accepts, kind.is_admitted) for kind in source_facts(SourceFacts)]


@dataclass(frozen=True)
class State:
    """Everything that the daemon says of itself and that changes seldom."""

    daemon: DaemonState
    board: Board
    settings: SettingValues = field(metadata=info(type=SETTING_VALUES))
    configured: SettingValues = field(metadata=info("What the configuration says of them", type=SETTING_VALUES))
    live_settings: List[LiveSetting] = field(metadata=info("What can be changed while it runs, for a form"))
    model: RunningModel
    streams: List[Stream]
    models: List[Model] = field(metadata=info("Those that are installed, and those of the catalogue"))
    storage: StorageStatus
    power: Optional[Power] = field(metadata=info("null on a machine that has no power modes"))
    source_kinds: List[SourceKind] = field(default_factory=describe_source_kinds)
    telemetry: List[TelemetryRow] = field(
        default_factory=all_rows, metadata=info("What can be shown of the readings in the statistics")
    )


@dataclass(frozen=True)
class Recording:
    """One file of a recording."""

    name: str
    stream: str
    started: float = field(metadata=info("Unix time"))
    seconds: Optional[float] = field(metadata=info("Playing time"))
    bytes: int
    format: str = field(metadata=info(choices=RECORDING_FORMATS))
    recording: bool = field(metadata=info("Whether it is being written"))
