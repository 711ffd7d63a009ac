"""The requests: one dataclass for each command, whose fields declare the values they accept.

The table in commands.py says what the commands do.
"""

from dataclasses import dataclass, field
from typing import Optional, Union

from appliance.contract.fields import FLAG, MODEL_NAME, POWER_MODE, RECORDING_NAME, SOURCE, STREAM_NAME, or_null
from appliance.contract.hints import info
from appliance.contract.live_settings import SETTING_CHANGES, SettingValues


@dataclass(frozen=True)
class Request:
    """Base class of all requests."""


@dataclass(frozen=True)
class GetState(Request):
    """Sent by the dashboard itself, when it starts."""


@dataclass(frozen=True)
class SetModel(Request):
    model: str = field(metadata=info(type=MODEL_NAME))


@dataclass(frozen=True)
class CancelModel(Request):
    pass


@dataclass(frozen=True)
class GetModel(Request):
    model: str = field(metadata=info(type=MODEL_NAME))


@dataclass(frozen=True)
class SetStream(Request):
    stream: str = field(metadata=info(type=STREAM_NAME))
    source: Union[int, str] = field(metadata=info(type=SOURCE))
    model: Optional[str] = field(
        default=None, metadata=info("A model of its own; null for the shared one", or_null(MODEL_NAME))
    )


@dataclass(frozen=True)
class ResetStream(Request):
    stream: str = field(metadata=info(type=STREAM_NAME))


@dataclass(frozen=True)
class RemoveStream(Request):
    stream: str = field(metadata=info(type=STREAM_NAME))


@dataclass(frozen=True)
class TestSource(Request):
    source: Union[int, str] = field(metadata=info(type=SOURCE))


@dataclass(frozen=True)
class ChangeSettings(Request):
    settings: SettingValues = field(metadata=info(type=SETTING_CHANGES))


@dataclass(frozen=True)
class ChangeStreamSettings(Request):
    stream: str = field(metadata=info(type=STREAM_NAME))
    settings: SettingValues = field(metadata=info(type=SETTING_CHANGES))


@dataclass(frozen=True)
class Record(Request):
    stream: str = field(metadata=info(type=STREAM_NAME))
    on: bool = field(metadata=info(type=FLAG))


@dataclass(frozen=True)
class SetPower(Request):
    mode: Optional[int] = field(default=None, metadata=info("Id of a mode", POWER_MODE))
    clocks: Optional[bool] = field(default=None, metadata=info("Whether jetson_clocks holds the clocks", FLAG))


@dataclass(frozen=True)
class ListRecordings(Request):
    pass


@dataclass(frozen=True)
class DeleteRecording(Request):
    name: str = field(metadata=info(type=RECORDING_NAME))
