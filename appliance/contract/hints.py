"""Interpret the type hints of messages in the same way on Python 3.6 and on newer versions."""

import dataclasses
from functools import lru_cache
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union, get_type_hints

from appliance.contract.fields import FieldType

TYPE, CHOICES, ABSENT, HELP = "type", "choices", "absent", "help"


def info(
    help: str = "", type: Optional[FieldType] = None, choices: Sequence[str] = (), absent: bool = False
) -> Mapping[str, Any]:
    """Make the metadata of a message's field.

    Args:
        help: Description, with the unit; "" if the name is enough.
        type: The values it accepts; by default any value of its type hint.
        choices: The allowed words.
        absent: Whether it is left out of the message if None.
    """
    return {HELP: help, TYPE: type, CHOICES: tuple(choices), ABSENT: absent}


class Field(NamedTuple):
    """A field of a message. is_required: whether it is present in every message."""

    name: str
    hint: Any
    help: str
    type: Optional[FieldType]
    choices: Tuple[str, ...]
    absent: bool
    is_required: bool


def fields_of(message: Any) -> Tuple[Field, ...]:
    """Return the fields of a message's dataclass, in order."""
    return _FIELDS(message)


def _fields(message: Any) -> Tuple[Field, ...]:
    hints = get_type_hints(message)
    return tuple(
        Field(
            field.name,
            hints[field.name],
            field.metadata.get(HELP, ""),
            field.metadata.get(TYPE),
            field.metadata.get(CHOICES, ()),
            field.metadata.get(ABSENT, False),
            field.default is dataclasses.MISSING,
        )
        for field in dataclasses.fields(message)
    )


_FIELDS: Callable[[Any], Tuple[Field, ...]] = lru_cache(maxsize=None)(_fields)


def list_item(hint: Any) -> Any:
    """Return the item type of a list; None for other types."""
    return hint.__args__[0] if getattr(hint, "__origin__", None) in (list, List) else None


def dict_value(hint: Any) -> Any:
    """Return the value type of an object with arbitrary keys; None for other types."""
    return hint.__args__[1] if getattr(hint, "__origin__", None) in (dict, Dict) else None


def tuple_items(hint: Any) -> Tuple[Any, ...]:
    """Return the item types of a tuple; () for other types."""
    return tuple(hint.__args__) if getattr(hint, "__origin__", None) in (tuple, Tuple) else ()


def options(hint: Any) -> Tuple[Any, ...]:
    """Return the members of a union, including None's type; () for other types."""
    return tuple(hint.__args__) if getattr(hint, "__origin__", None) is Union else ()
