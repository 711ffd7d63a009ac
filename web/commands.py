"""What a person may tell the daemon to do, by Socket.IO or REST: who may, and what the fields look like.

The daemon checks what they mean; here is only that they are of the right type and no longer than sensible.
"""

import re
from typing import Any, Callable, Dict, NamedTuple

from appliance.bus import INVALID, Refused
from appliance.core.names import STREAM_NAME, STREAM_NAME_RULE
from web.accounts import Role

Message = Dict[str, Any]

STREAM = re.compile(STREAM_NAME)
MODEL = re.compile(r"[^/.\x00-\x20\x7f][^/\x00-\x1f\x7f]{0,199}")  # the name of a folder
RECORDING = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,120}\.(avi|mp4)")
LONGEST_SOURCE = 2000
MOST_CLASSES = 1000
LONGEST_CLASS = 100


def _invalid(sentence: str) -> Refused:
    return Refused(INVALID, sentence)


def _check_stream(value: Any) -> str:
    if not isinstance(value, str) or not STREAM.fullmatch(value):
        raise _invalid(f"A stream is called by {STREAM_NAME_RULE}.")
    return value


def _check_model(value: Any) -> str:
    if not isinstance(value, str) or not MODEL.fullmatch(value):
        raise _invalid("That is no name of a model; the list of models has them.")
    return value


def _check_own_model(value: Any) -> Any:
    return None if value is None else _check_model(value)


def _check_source(value: Any) -> Any:
    if _is_number(value) and 0 <= value <= 255 and value == int(value):
        return int(value)  # 2.0 is the same number in JSON
    if (
        isinstance(value, str)
        and 1 <= len(value) <= LONGEST_SOURCE
        and value.strip()
        and not any(ord(sign) < 32 or 0x7F <= ord(sign) < 0xA0 or 0xD800 <= ord(sign) < 0xE000 for sign in value)
    ):
        return value
    raise _invalid(f"A source is a camera's number, or one line of at most {LONGEST_SOURCE} characters.")


def _check_flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _invalid("`on` is true or false.")
    return value


def _check_mode(value: Any) -> int:
    if _is_number(value) and 0 <= value <= 255 and value == int(value):
        return int(value)
    raise _invalid("`mode` is the number of a power mode.")


def _check_clocks(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _invalid("`clocks` is true or false.")
    return value


def _check_recording(value: Any) -> str:
    if not isinstance(value, str) or not RECORDING.fullmatch(value):
        raise _invalid("That is no name of a recording; the list of recordings has them.")
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_class_list(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= MOST_CLASSES
        and all(isinstance(name, str) and 1 <= len(name) <= LONGEST_CLASS for name in value)
    )


SETTINGS: Dict[str, Any] = {
    "det_th": (lambda value: _is_number(value) and 0 <= value <= 1, "a number from 0 to 1"),
    "shown_classes": (_is_class_list, "a list of classes"),
    "max_vis_fps": (lambda value: _is_number(value) and 0 <= value <= 1000, "a number from 0 (no limit) to 1000"),
    "vis_text": (lambda value: isinstance(value, bool), "true or false"),
}


def _check_settings(value: Any) -> Message:
    """null stands for what is configured; of shown_classes too."""
    if not isinstance(value, dict) or not value:
        raise _invalid(f"Settings are an object with one or more of {', '.join(SETTINGS)}.")
    for name, content in value.items():
        if name not in SETTINGS:
            raise _invalid(f"{name[:100]} is no setting of the dashboard; there are {', '.join(SETTINGS)}.")
        is_right, wording = SETTINGS[name]
        if content is not None and not is_right(content):
            raise _invalid(f"{name} must be {wording}, or null for what is configured.")
    return value


_MAY_BE_MISSING = (_check_own_model, _check_mode, _check_clocks)


class Command(NamedTuple):
    """fields: a check of each, which gives the value or raises Refused. seconds: how long the answer may take."""

    role: Role
    fields: Dict[str, Callable[[Any], Any]]
    seconds: float = 5.0


COMMANDS: Dict[str, Command] = {
    "set_model": Command(Role.OPERATOR, {"model": _check_model}),
    "cancel_model": Command(Role.OPERATOR, {}),
    "get_model": Command(Role.OPERATOR, {"model": _check_model}),
    "set_stream": Command(Role.OPERATOR, {"stream": _check_stream, "source": _check_source, "model": _check_own_model}),
    "reset_stream": Command(Role.OPERATOR, {"stream": _check_stream}),
    "remove_stream": Command(Role.OPERATOR, {"stream": _check_stream}),
    "test_source": Command(Role.OPERATOR, {"source": _check_source}, seconds=30.0),
    "change_settings": Command(Role.OPERATOR, {"settings": _check_settings}),
    "record": Command(Role.OPERATOR, {"stream": _check_stream, "on": _check_flag}, seconds=10.0),
    # The board's commands take their time: the helper gives mode and clocks 30 seconds each.
    "set_power": Command(Role.OPERATOR, {"mode": _check_mode, "clocks": _check_clocks}, seconds=70.0),
    "list_recordings": Command(Role.VIEWER, {}, seconds=10.0),
    "delete_recording": Command(Role.OPERATOR, {"name": _check_recording}, seconds=10.0),
}


def build(name: str, fields: Any) -> Message:
    """The message to the daemon. Raises Refused and names the field that is wrong."""
    checks = COMMANDS[name].fields
    if fields is None:
        fields = {}
    if not isinstance(fields, dict):
        raise _invalid(f"Send one object with the fields {', '.join(checks) or '(none)'}.")
    unknown = set(fields) - set(checks)
    if unknown:
        raise _invalid(
            f"{str(sorted(unknown, key=str)[0])[:100]} is no field here; there are: {', '.join(checks) or 'none'}."
        )
    message: Message = {"command": name}
    for field, check in checks.items():
        if field in fields:
            message[field] = check(fields[field])
        elif check in _MAY_BE_MISSING:
            message[field] = None
        else:
            raise _invalid(f"The field `{field}` is missing.")
    return message
