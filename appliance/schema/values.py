"""Check values against a row of the schema, and describe in words which values it accepts."""

import math
from typing import Any

from appliance.core.redact import redact
from appliance.schema.errors import BadPart, BadValue
from appliance.schema.parts import LONGEST_LABEL, MOST_LABELS, is_label, read_mapping
from appliance.schema.setting import (
    BOOLEAN,
    BY_LABEL,
    CAMERA,
    INTEGER,
    LABELS,
    NUMBER,
    POWER_MODE,
    STREAMS,
    Setting,
    Values,
)
from appliance.schema.settings import LABEL_SETTINGS
from appliance.schema.stream_setting import EXAMPLE
from appliance.schema.web_values import FORMS

__all__ = ["LONGEST_LABEL", "MOST_LABELS", "BadValue", "check_value", "describe", "invalid_value", "show_number"]

BY_LABEL_EXAMPLE = "{person: {min_score: 0.6, min_area: 0.01}}"

_SHOWN = 80


def check_value(setting: Setting, value: Any) -> Any:
    """Return the value in the form that the program uses: for a NUMBER, an int becomes a float.

    Raises:
        BadValue: Its type or range is wrong.
    """
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    if setting.kind == BOOLEAN:
        fits = isinstance(value, bool)
    elif setting.kind == INTEGER:
        fits = is_integer and _in_range(setting, value)
    elif setting.kind == NUMBER:
        fits = (is_integer or isinstance(value, float)) and _in_range(setting, value)
    elif setting.kind in (CAMERA, POWER_MODE) and is_integer:
        fits = _in_range(setting, value)
    elif setting.kind == BY_LABEL:
        return _check_by_label(value)
    elif setting.kind == LABELS:
        fits = isinstance(value, list) and len(value) <= MOST_LABELS and all(map(is_label, value))
    else:
        fits = isinstance(value, str) and value != "" and "\0" not in value
        fits = fits and (not setting.choices or value in setting.choices)
    if fits and setting.kind in FORMS:
        try:
            return FORMS[setting.kind].read(value)
        except ValueError:
            fits = False
    if not fits:
        raise invalid_value(setting, repr(value))
    return float(value) if setting.kind == NUMBER else value


def invalid_value(setting: Setting, found: str) -> BadValue:
    """Make the error that the setting does not accept a value. found: the value as it should be shown."""
    found = redact(found)
    if len(found) > _SHOWN:
        found = found[:_SHOWN] + "..."
    return BadValue(f"must be {describe(setting)}, not {found}")


def describe(setting: Setting) -> str:
    """Return which values a setting accepts: "a number from 0 to 1"."""
    if setting.kind == BOOLEAN:
        return "true or false"
    if setting.kind == STREAMS:
        return "streams by name, like " + EXAMPLE
    if setting.kind == LABELS:
        return "a list of names of classes, like [person, dog]"
    if setting.kind == BY_LABEL:
        return "values by class, like " + BY_LABEL_EXAMPLE
    if setting.choices:
        return "one of " + ", ".join(setting.choices)
    if setting.kind == CAMERA:
        return f"a camera index{_range(setting)} or a text (device path, RTSP or HTTP address, GStreamer pipeline)"
    if setting.kind == POWER_MODE:
        return f"the id{_range(setting)} or the name of a power mode, or leave"
    if setting.kind in (INTEGER, NUMBER):
        noun = "a whole number" if setting.kind == INTEGER else "a number"
        return noun + (" of " + setting.unit if setting.unit else "") + _range(setting)
    return FORMS[setting.kind].description if setting.kind in FORMS else "a text"


def _check_by_label(value: Any) -> Any:
    if not isinstance(value, dict) or len(value) > MOST_LABELS or not all(map(is_label, value)):
        raise BadValue(f"must be values by class, like {BY_LABEL_EXAMPLE}")
    return {label: _check_of_label(label, own) for label, own in value.items()}


def _check_of_label(label: str, own: Any) -> Values:
    given = read_mapping((label,), own, LABEL_SETTINGS, "what a class has of its own")
    checked = {}
    for key, value in given.items():
        try:
            checked[key] = check_value(LABEL_SETTINGS[key], value)
        except BadValue as error:
            raise BadPart((label, key), str(error)) from None
    return checked


def show_number(number: float) -> str:
    """Return the shortest form of a number: 5, 0.5."""
    return f"{number:g}" if abs(number) < 1e5 else str(number)


def _range(setting: Setting) -> str:
    if setting.minimum is None:
        return ""
    if setting.maximum is None:
        return f" from {show_number(setting.minimum)} up"
    return f" from {show_number(setting.minimum)} to {show_number(setting.maximum)}"


def _in_range(setting: Setting, value: float) -> bool:
    try:
        if not math.isfinite(value):
            return False
    except OverflowError:  # an integer too large for a double
        return False
    return (setting.minimum is None or value >= setting.minimum) and (
        setting.maximum is None or value <= setting.maximum
    )
