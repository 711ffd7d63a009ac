"""Parse and validate commands, for the bus, REST and Socket.IO."""

import re
from typing import Any, Iterable, Optional, Tuple

from appliance.contract.codec import encode
from appliance.contract.command import Command
from appliance.contract.commands import COMMAND_OF_NAME, COMMAND_OF_REQUEST
from appliance.contract.errors import INVALID, Refused
from appliance.contract.fields import FieldType, JsonObject
from appliance.contract.hints import Field, fields_of
from appliance.contract.requests import Request

_JSON_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")


def command_of(request: Request) -> Command:
    """Return the table row of a request."""
    return COMMAND_OF_REQUEST[type(request)]


def to_message(request: Request) -> JsonObject:
    """Convert a request to a message for the bus."""
    given = {
        one.name: encode(getattr(request, one.name))
        for one in fields_of(type(request))
        if one.is_required or getattr(request, one.name) is not None
    }
    return dict(given, command=command_of(request).name)


def parse_message(message: JsonObject) -> Request:
    """Convert a message from the bus to a request. Raises Refused."""
    command = COMMAND_OF_NAME.get(message["command"])
    if command is None:
        raise Refused(INVALID, f"There is no such command; there are {', '.join(sorted(COMMAND_OF_NAME))}.")
    return parse(command, {name: value for name, value in message.items() if name != "command"})


def parse(command: Command, given: Any, known: Optional[JsonObject] = None) -> Request:
    """Make a request from the fields given.

    Args:
        command: The row of the table.
        given: What a client sent: an object, or None.
        known: Fields that were given elsewhere, as in the path, and must not be in `given`.

    Raises:
        Refused: The message names the field that is wrong.
    """
    known = known or {}
    fields = fields_of(command.request)
    names = [one.name for one in fields if one.name not in known]
    given = {} if given is None else given
    if not isinstance(given, dict):
        raise Refused(INVALID, f"Send one object with the fields {', '.join(names) or '(none)'}.")
    unknown = sorted(set(given) - set(names), key=str)
    if unknown:
        raise Refused(INVALID, f"{str(unknown[0])[:100]} is no field here; there are: {', '.join(names) or 'none'}.")
    request: Request = command.request(**_checked(fields, dict(given, **known)))
    return request


def parse_query(command: Command, given: Iterable[Tuple[str, str]]) -> JsonObject:
    """Convert the query parameters of a GET request to the values of fields. Raises Refused.

    Args:
        command: The row of the table.
        given: Name and text of each parameter. Names that are no fields are kept, for `parse` to refuse.
    """
    kinds = {one.name: one.type for one in command.fields}
    values: JsonObject = {}
    for name, text in given:
        if name in values:
            raise Refused(INVALID, f"{name[:100]} is given twice; keep one of the two.")
        values[name] = _from_text(kinds.get(name), text)
    return values


def _from_text(kind: Optional[FieldType], text: str) -> Any:
    """Convert a text to the JSON value that it stands for; a wrong one stays a text, which the field refuses."""
    words = kind.schema.get("type") if kind is not None else None
    if words == "boolean":
        return {"1": True, "true": True, "": True, "0": False, "false": False}.get(text.lower(), text)
    return float(text) if words in ("integer", "number") and _JSON_NUMBER.fullmatch(text) else text


def _checked(fields: Tuple[Field, ...], given: JsonObject) -> JsonObject:
    values: JsonObject = {}
    for one in fields:
        if one.name in given:
            values[one.name] = one.type.check(one.name, given[one.name]) if one.type else given[one.name]
        elif one.is_required:
            raise Refused(INVALID, f"The field `{one.name}` is missing.")
    return values
