"""The types of a command's fields: each has one check and one description in JSON Schema.

A new type is another constant here. A field of a dataclass gets it by `field(metadata=info(type=TYPE))`.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Callable, Dict, Mapping, Optional

from appliance.contract.errors import INVALID, Refused
from appliance.core.names import STREAM_NAME as STREAM_PATTERN
from appliance.core.names import STREAM_NAME_RULE
from appliance.core.source_kinds import accepted_in_dashboard

JsonObject = Dict[str, Any]
"""An encoded message, as parsed from JSON or to be written as JSON."""

LONGEST_SOURCE = 2000
LONGEST_PLACES = 100 * 1000
DEEPEST_PLACES = 10
HIGHEST_NUMBER = 255
"""The highest number of a camera or power mode."""


@dataclass(frozen=True)
class FieldType:
    """The values that a field accepts.

    Attributes:
        sentence: Error message for a wrong value; `{field}` is replaced by the field's name.
        schema: The same rule as JSON Schema.
        accept: Returns the value in the form that the program uses. Raises ValueError for a wrong one.
        component: Its name in the OpenAPI document, if it has one.
    """

    sentence: str
    schema: Mapping[str, Any]
    accept: Callable[[Any], Any]
    component: Optional[str] = None

    def is_right(self, value: Any) -> bool:
        """Return whether a value is accepted."""
        try:
            self.accept(value)
        except ValueError:
            return False
        return True

    def check(self, field: str, value: Any) -> Any:
        """Return the value in the form that the program uses. Raises Refused with one sentence."""
        try:
            return self.accept(value)
        except ValueError as error:
            raise Refused(INVALID, self.sentence.replace("{field}", field)) from error


def matching(pattern: str, sentence: str, component: Optional[str] = None) -> FieldType:
    """Make the type of texts that a regular expression matches from start to end."""
    compiled = re.compile(pattern)

    def accept(value: Any) -> str:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            raise ValueError
        return value

    return FieldType(sentence, {"type": "string", "pattern": f"^{pattern}$"}, accept, component)


def integer(minimum: int, maximum: int, sentence: str) -> FieldType:
    """Make the type of whole numbers in a range; in JSON 2.0 is one of them."""

    def accept(value: Any) -> int:
        if not is_number(value) or not minimum <= value <= maximum or value != int(value):
            raise ValueError
        return int(value)

    return FieldType(sentence, {"type": "integer", "minimum": minimum, "maximum": maximum}, accept)


def number(minimum: float, maximum: float, sentence: str) -> FieldType:
    """Make the type of numbers in a range."""

    def accept(value: Any) -> float:
        if not is_number(value) or not minimum <= value <= maximum:
            raise ValueError
        return float(value)

    return FieldType(sentence, {"type": "number", "minimum": minimum, "maximum": maximum}, accept)


def or_null(kind: FieldType) -> FieldType:
    """Make the type that also accepts null."""
    schema = (
        {"oneOf": [reference(kind), {"type": "null"}]}
        if kind.component
        else dict(kind.schema, type=[kind.schema["type"], "null"])
    )
    return FieldType(kind.sentence, schema, lambda value: None if value is None else kind.accept(value))


def reference(kind: FieldType) -> Mapping[str, Any]:
    """Return its schema, or a reference to it in the OpenAPI document."""
    return {"$ref": "#/components/schemas/" + kind.component} if kind.component else kind.schema


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _accept_flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _accept_source(value: Any) -> Any:
    if isinstance(value, str):
        if 1 <= len(value) <= LONGEST_SOURCE and value.strip() and not any(map(_is_unprintable, value)):
            return value
        raise ValueError
    return _CAMERA.accept(value)


def _is_unprintable(sign: str) -> bool:
    return ord(sign) < 32 or 0x7F <= ord(sign) < 0xA0 or 0xD800 <= ord(sign) < 0xE000


STREAM_NAME = matching(STREAM_PATTERN, f"A stream is called by {STREAM_NAME_RULE}.")
MODEL_NAME = matching(
    r"[^/.\x00-\x20\x7f][^/\x00-\x1f\x7f]{0,199}",  # the name of a folder
    "That is no name of a model; the list of models has them.",
    "ModelName",
)
RECORDING_NAME = matching(
    r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,120}\.(avi|mp4)", "That is no name of a recording; the list of recordings has them."
)
FLAG = FieldType("`{field}` is true or false.", {"type": "boolean"}, _accept_flag)
POWER_MODE = integer(0, HIGHEST_NUMBER, "`{field}` is the number of a power mode.")
_CAMERA = integer(0, HIGHEST_NUMBER, "")
SOURCE = FieldType(
    f"A source is a camera's number, or one line of at most {LONGEST_SOURCE} characters.",
    {
        "description": f"One of: {accepted_in_dashboard()}. Not every device, and not every element of GStreamer, is "
        "allowed. Text as the state shows it, with the credentials hidden, keeps that source.",
        "oneOf": [
            _CAMERA.schema,
            {
                "type": "string",
                "minLength": 1,
                "maxLength": LONGEST_SOURCE,
                "pattern": r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$",
            },
        ],
    },
    _accept_source,
    "Source",
)


def _limited(kind: type) -> Callable[[Any], Any]:
    """Accept an object or a list of limited size and depth; `appliance.schema.places` checks its content."""

    def accept(value: Any) -> Any:
        if not isinstance(value, kind) or _is_deeper(value, DEEPEST_PLACES) or len(json.dumps(value)) > LONGEST_PLACES:
            raise ValueError
        return value

    return accept


def _is_deeper(value: Any, most: int) -> bool:
    """Return whether lists and objects are nested deeper: what is read as JSON may be too deep to be passed on."""
    if not isinstance(value, (dict, list)):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return most == 0 or any(_is_deeper(one, most - 1) for one in inner)


_PLACES_RULE = f"`{{field}}` is written as in the config file (docs/zones.md), in at most {LONGEST_PLACES} characters."
PLACES = FieldType(_PLACES_RULE, {"type": "object", "additionalProperties": True}, _limited(dict))
MASKS = FieldType(
    _PLACES_RULE, {"type": "array", "items": {"type": "object", "additionalProperties": True}}, _limited(list)
)
