"""Answers to commands and questions that are not messages by themselves."""

from dataclasses import dataclass, field, make_dataclass
from typing import Any, Dict, List, Optional, Tuple

from appliance.contract.errors import ErrorKind
from appliance.contract.events import Detections, LogEntry
from appliance.contract.hints import info
from appliance.contract.live_settings import SETTING_VALUES, SettingValues
from appliance.contract.state import Model, Power, Recording, State, Stream
from appliance.telemetry.description import TelemetryRow
from appliance.telemetry.registry import all_rows


@dataclass(frozen=True)
class StateAnswer:
    """The state after the command."""

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
    configured: SettingValues = field(metadata=info("Their configured values", type=SETTING_VALUES))


@dataclass(frozen=True)
class PowerAnswer:
    """The power mode and the clocks."""

    power: Optional[Power] = field(metadata=info("null on a machine without power modes"))


@dataclass(frozen=True)
class NewestDetections:
    """The newest detections of every stream."""

    detections: Dict[str, Detections] = field(metadata=info("By stream name"))


@dataclass(frozen=True)
class Log:
    """The newest lines of the daemon's log, oldest first."""

    logs: List[LogEntry]


Series = List[Optional[float]]

_STREAM_SERIES = (("fps", "By stream"), ("latency", "By stream, in seconds"))


def _make_history() -> type:
    """Make the dataclass, with a field for each row of telemetry that has a chart."""
    fields: List[Tuple[str, Any, Any]] = [("time", List[float], field(metadata=info("Unix time")))]
    fields += [(name, Dict[str, Series], field(metadata=info(help))) for name, help in _STREAM_SERIES]
    fields += [
        (row.key, Dict[str, Series] if row.has_series_by_name else Series, field(metadata=info(_series_help(row))))
        for row in all_rows()
        if row.chart is not None
    ]
    made = make_dataclass("History", fields, frozen=True)
    made.__doc__ = "The last half hour, one point every two seconds: lists of equal length; null for a missing reading."
    return made


def _series_help(row: TelemetryRow) -> str:
    unit = {"%": "percent", "B": "bytes", "W": "watts", "°C": "degrees Celsius"}.get(row.unit, row.unit)
    return f"{row.title}{' by name' if row.has_series_by_name else ''}, in {unit}"


History: Any = _make_history()


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
    """Whether detection runs on at least one stream. Public, so without details."""

    ready: bool
    status: Optional[str] = field(default=None, metadata=info(absent=True))
    reason: Optional[str] = field(default=None, metadata=info("Why not", absent=True))
