"""Encode messages as JSON objects, and decode and validate them."""

import dataclasses
from functools import lru_cache
from typing import Any, Callable, Optional, Type, TypeVar

from appliance.contract.errors import ContractError
from appliance.contract.fields import FieldType, JsonObject, is_number
from appliance.contract.hints import Field, dict_value, fields_of, list_item, options, tuple_items

T = TypeVar("T")

Reader = Callable[[Any, str], Any]
"""Takes a JSON value and its place in the message; returns the decoded value. Raises ContractError."""

Writer = Callable[[Any], JsonObject]
"""Takes a dataclass; returns a JSON object."""

_WORDS = {str: "a text", bool: "true or false", int: "a whole number", float: "a number", type(None): "null"}


def encode(message: Any) -> Any:
    """Convert a message, or a value in one, for JSON. Fields declared as `absent` are left out if None."""
    if dataclasses.is_dataclass(message):
        return _WRITERS(type(message))(message)
    if isinstance(message, dict):
        return {key: encode(value) for key, value in message.items()}
    if isinstance(message, (list, tuple)):
        return [encode(value) for value in message]
    return message


def encode_message(message: Any) -> JsonObject:
    """Convert a message to a JSON object."""
    encoded: JsonObject = encode(message)
    return encoded


def _make_writer(message: Any) -> Writer:
    """Make the writer of a dataclass. Texts, numbers and lists of them, most of a message, are not converted."""
    fields = [(field.name, _writer_of(field.hint), field.absent) for field in fields_of(message)]

    def write(value: Any) -> JsonObject:
        data = {}
        for name, writer, may_be_absent in fields:
            content = getattr(value, name)
            if content is None and may_be_absent:
                continue
            data[name] = content if writer is None or content is None else writer(content)
        return data

    return write


def _writer_of(hint: Any) -> Optional[Callable[[Any], Any]]:
    """Return the writer for values of this type; None if JSON takes them as they are."""
    if _is_plain(hint):
        return None
    return list if tuple_items(hint) and all(map(_is_plain, tuple_items(hint))) else encode


def _is_plain(hint: Any) -> bool:
    if options(hint):
        return all(map(_is_plain, options(hint)))
    inner = list_item(hint) or dict_value(hint)
    return _is_plain(inner) if inner is not None else hint in _WORDS


_WRITERS: Callable[[Any], Writer] = lru_cache(maxsize=None)(_make_writer)


def decode(message: Type[T], data: Any) -> T:
    """Convert a JSON object to a message.

    Raises:
        ContractError: A field is missing, unknown or of the wrong type; the message says which.
    """
    read: T = _reader(message)(data, message.__name__)
    return read


def _reader(hint: Any) -> Reader:
    return _READERS(hint)


def _make_reader(hint: Any) -> Reader:
    if hint is Any:
        return lambda value, where: value
    if dataclasses.is_dataclass(hint):
        return _message_reader(hint)
    if options(hint):
        return _union_reader(hint)
    if list_item(hint) is not None:
        item = _reader(list_item(hint))
        return lambda value, where: [
            item(one, f"{where}[{number}]") for number, one in enumerate(_checked(list, value, where))
        ]
    if dict_value(hint) is not None:
        content = _reader(dict_value(hint))
        return lambda value, where: {
            key: content(one, f"{where}.{key}") for key, one in _checked(dict, value, where).items()
        }
    if tuple_items(hint):
        return _tuple_reader(hint)
    return lambda value, where: _plain(hint, value, where)


_READERS: Callable[[Any], Reader] = lru_cache(maxsize=None)(_make_reader)


def _message_reader(message: Any) -> Reader:
    readers = [(field.name, field.is_required, _field_reader(field)) for field in fields_of(message)]

    def read(value: Any, where: str) -> Any:
        data = _checked(dict, value, where)
        values = {}
        for name, is_required, reader in readers:
            if name in data:
                values[name] = reader(data[name], f"{where}.{name}")
            elif is_required:
                raise ContractError(f"{where}.{name} is missing.")
        return message(**values)

    return read


def _field_reader(field: Field) -> Reader:
    return _reader(field.hint) if field.type is None else _typed_reader(field.type)


def _typed_reader(kind: FieldType) -> Reader:
    def read(value: Any, where: str) -> Any:
        try:
            return kind.accept(value)
        except ValueError as error:
            raise ContractError(f"{where} cannot be {_shown(value)}.") from error

    return read


def _union_reader(hint: Any) -> Reader:
    readers = [_reader(option) for option in options(hint) if option is not type(None)]
    may_be_null = type(None) in options(hint)

    def read(value: Any, where: str) -> Any:
        if value is None and may_be_null:
            return None
        for number, reader in enumerate(readers):
            try:
                return reader(value, where)
            except ContractError:
                if number == len(readers) - 1:
                    raise
        raise AssertionError("a union of nothing")

    return read


def _tuple_reader(hint: Any) -> Reader:
    readers = [_reader(item) for item in tuple_items(hint)]

    def read(value: Any, where: str) -> Any:
        items = _checked(list, value, where)
        if len(items) != len(readers):
            raise ContractError(f"{where} must have {len(readers)} items, not {len(items)}.")
        return tuple(reader(item, f"{where}[{number}]") for number, (reader, item) in enumerate(zip(readers, items)))

    return read


def _plain(hint: Any, value: Any, where: str) -> Any:
    is_right = (
        is_number(value) if hint is float else isinstance(value, hint) and not (hint is int and isinstance(value, bool))
    )
    if not is_right:
        raise ContractError(f"{where} must be {_WORDS[hint]}, not {_shown(value)}.")
    return value


def _checked(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, kind):
        raise ContractError(f"{where} must be {'an object' if kind is dict else 'a list'}, not {_shown(value)}.")
    return value


def _shown(value: Any) -> str:
    return "null" if value is None else repr(value)[:60]
