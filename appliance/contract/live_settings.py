"""The settings that can be changed while the appliance runs, as commands and the state carry them."""

from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Union

from appliance.contract.errors import INVALID, Refused
from appliance.contract.fields import FieldType, JsonObject
from appliance.contract.hints import info
from appliance.schema.json_schema import value_schema
from appliance.schema.setting import BOOLEAN, INTEGER, LABELS, NUMBER, TEXT, Setting
from appliance.schema.settings import LIVE_SETTINGS
from appliance.schema.values import BadValue, check_value, describe

SettingValue = Union[None, bool, int, float, str, List[str]]
SettingValues = Dict[str, SettingValue]


@dataclass(frozen=True)
class LiveSetting:
    """A setting that can be changed while the appliance runs, with what a form needs to show and check it."""

    key: str = field(metadata=info(choices=tuple(LIVE_SETTINGS)))
    title: str = field(metadata=info("Its name, for people"))
    help: str = field(metadata=info("What it does, as half a sentence"))
    kind: str = field(metadata=info("labels: class names", choices=(BOOLEAN, INTEGER, NUMBER, TEXT, LABELS)))
    takes: str = field(metadata=info('To follow "must be": "a number from 0 to 1"'))
    unit: Optional[str]
    minimum: Optional[float]
    maximum: Optional[float]
    choices: List[str] = field(metadata=info("The texts that are allowed; empty where any is"))
    zero: str = field(metadata=info('What 0 means if it is not an amount; else ""'))
    per_stream: bool = field(metadata=info("Whether a single stream may have a value of its own"))


def describe_live_settings() -> List[LiveSetting]:
    """Return all settings that can be changed while the appliance runs, in the order of a form."""
    return [
        LiveSetting(
            setting.key,
            setting.title,
            setting.description,
            setting.kind,
            describe(setting),
            setting.unit,
            setting.minimum,
            setting.maximum,
            list(setting.choices),
            setting.zero,
            setting.per_stream,
        )
        for setting in LIVE_SETTINGS.values()
    ]


def _check_changes(value: Any) -> SettingValues:
    """Check values of settings by key; null stands for the configured value. Raises Refused."""
    keys = ", ".join(LIVE_SETTINGS)
    if not isinstance(value, dict) or not value:
        raise Refused(INVALID, f"Settings are an object with one or more of {keys}.")
    for name in value:
        if name not in LIVE_SETTINGS:
            raise Refused(INVALID, f"{str(name)[:100]} is no setting of the dashboard; there are {keys}.")
    return {name: _check(LIVE_SETTINGS[name], content) for name, content in value.items()}


def _check(setting: Setting, value: Any) -> SettingValue:
    try:
        checked: SettingValue = None if value is None else check_value(setting, value)
    except BadValue as error:
        sentence = f"{setting.key} must be {describe(setting)}, or null for what is configured."
        raise Refused(INVALID, sentence) from error
    return checked


def _schema(setting: Setting, may_be_null: bool) -> JsonObject:
    schema = value_schema(setting)
    if not may_be_null:
        return schema
    if "type" not in schema:
        return dict(schema, anyOf=schema["anyOf"] + [{"type": "null"}])
    schema["type"] = [schema["type"], "null"]
    return dict(schema, enum=schema["enum"] + [None]) if "enum" in schema else schema


def _accept_values(value: Any) -> SettingValues:
    if not isinstance(value, dict):  # a newer daemon may have more of them
        raise ValueError
    return value


SETTING_CHANGES = FieldType(
    "",
    {
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "properties": {key: _schema(setting, True) for key, setting in LIVE_SETTINGS.items()},
    },
    _check_changes,
)
_VALUES: JsonObject = {
    "type": "object",
    "properties": {key: _schema(setting, setting.default is None) for key, setting in LIVE_SETTINGS.items()},
}
SETTING_VALUES = FieldType(
    "",
    dict(_VALUES, description="The live settings of all streams.", required=list(LIVE_SETTINGS)),
    _accept_values,
    "Settings",
)
STREAM_SETTING_VALUES = FieldType(
    "",
    dict(_VALUES, description="Those live settings that one stream has of its own.", required=[]),
    _accept_values,
    "StreamSettings",
)
