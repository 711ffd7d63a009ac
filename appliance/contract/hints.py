"""What a type hint of a message's field means, the same on Python 3.6 and on newer ones."""

import dataclasses
from functools import lru_cache
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union, get_type_hints

from appliance.contract.fields import FieldType

TYPE, CHOICES, ABSENT, HELP = "type", "choices", "absent", "help"


def info(
    help: str = "", type: Optional[FieldType] = None, choices: Sequence[str] = (), absent: bool = False
) -> Mapping[str, Any]:
    """The metadata of a message's field.

    Args:
        help: What it is, with its unit; "" where the name says it.
        type: What may stand in it; else its hint alone says so.
        choices: The words that may stand in it.
        absent: It is left out of the message where it is None.
    """
    return {HELP: help, TYPE: type, CHOICES: tuple(choices), ABSENT: absent}


class Field(NamedTuple):
    """A field of a message. is_required: whether it stands in every message."""

    name: str
    hint: Any
    help: str
    type: Optional[FieldType]
    choices: Tuple[str, ...]
    absent: bool
    is_required: bool


def fields_of(message: Any) -> Tuple[Field, ...]:
    """The fields of a dataclass of messages, in their order."""
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
    """The type of a list's items; None for what is no list."""
    return hint.__args__[0] if getattr(hint, "__origin__", None) in (list, List) else None


def dict_value(hint: Any) -> Any:
    """The type of the values of an object with any keys; None for what is none."""
    return hint.__args__[1] if getattr(hint, "__origin__", None) in (dict, Dict) else None


def tuple_items(hint: Any) -> Tuple[Any, ...]:
    """The types of a tuple's items; () for what is no tuple."""
    return tuple(hint.__args__) if getattr(hint, "__origin__", None) in (tuple, Tuple) else ()


def options(hint: Any) -> Tuple[Any, ...]:
    """The types that may stand where a union does, None's own among them; () for what is no union."""
    return tuple(hint.__args__) if getattr(hint, "__origin__", None) is Union else ()
