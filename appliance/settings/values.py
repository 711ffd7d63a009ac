"""From what was written to a value of the right type and range."""

import math
import re
from typing import Any

from appliance.settings.redact import redact
from appliance.settings.schema import BOOLEAN, CAMERA, INTEGER, NUMBER, POWER_MODE, STREAMS, Setting
from appliance.settings.streams import EXAMPLE, BadStreams, streams_from_text
from appliance.settings.web_values import FORMS

TRUE_WORDS = ("true", "yes", "on", "1")
FALSE_WORDS = ("false", "no", "off", "0")

_SHOWN = 80


class BadValue(ValueError):
    """The value does not fit; the text goes on after the name of the setting: "must be ..., not ..."."""


def parse_text(setting: Setting, text: str) -> Any:
    """The value of a setting from plain text (environment, command line, an unquoted YAML scalar).

    Raises BadValue.
    """
    text = text.strip()
    if setting.kind == BOOLEAN:
        if text.lower() in TRUE_WORDS:
            return True
        if text.lower() in FALSE_WORDS:
            return False
        raise invalid_value(setting, repr(text))
    if setting.kind in (INTEGER, NUMBER):
        try:
            return check_value(setting, int(text) if setting.kind == INTEGER else float(text))
        except ValueError:  # which BadValue is too; here the text can be shown as it was written
            raise invalid_value(setting, text if re.match(r"[+-]?[0-9.]+$", text) else repr(text)) from None
    if setting.kind == STREAMS:
        try:
            return streams_from_text(text)
        except BadStreams as error:
            raise BadValue(str(error)) from None
    if setting.kind in (CAMERA, POWER_MODE) and re.match(r"[+-]?[0-9]{1,9}$", text):
        return check_value(setting, int(text))
    return check_value(setting, text)


def check_value(setting: Setting, value: Any) -> Any:
    """The value if its type and range fit the setting; an int becomes a NUMBER's float. Raises BadValue."""
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    if setting.kind == BOOLEAN:
        fits = isinstance(value, bool)
    elif setting.kind == INTEGER:
        fits = is_integer and _in_range(setting, value)
    elif setting.kind == NUMBER:
        fits = (is_integer or isinstance(value, float)) and _in_range(setting, value)
    elif setting.kind in (CAMERA, POWER_MODE) and is_integer:
        fits = _in_range(setting, value)
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
    """The complaint that `found`, as it should be shown, is not what the setting needs."""
    found = redact(found)
    if len(found) > _SHOWN:
        found = found[:_SHOWN] + "..."
    return BadValue(f"must be {describe(setting)}, not {found}")


def describe(setting: Setting) -> str:
    """What a setting takes: "a number from 0 to 1"."""
    if setting.kind == BOOLEAN:
        return "true or false"
    if setting.kind == STREAMS:
        return "streams by name, like " + EXAMPLE
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


def show_number(number: float) -> str:
    """Shortest form: 5, 0.5."""
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
    except OverflowError:  # a whole number that no double holds
        return False
    return (setting.minimum is None or value >= setting.minimum) and (
        setting.maximum is None or value <= setting.maximum
    )
