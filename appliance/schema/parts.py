"""Read the parts of a value that is nested: groups of keys, numbers, labels. Every error names its part."""

import difflib
import math
from typing import Any, Dict, Iterable, Mapping, Tuple

from appliance.core.redact import redact
from appliance.schema.errors import BadPart, Path

MOST_LABELS, LONGEST_LABEL = 1000, 100
_SHOWN = 60


def read_mapping(
    path: Path, data: Any, known: Iterable[str], what: str, other_names: Mapping[str, str] = {}
) -> Dict[str, Any]:
    """Return a group of keys without those that have no value.

    Args:
        path: Where it stands.
        data: What stands there.
        known: The keys that it may have.
        what: For the message: "a zone".
        other_names: What others call some of them.

    Raises:
        BadPart: It is no group, or one of its keys is unknown.
    """
    names = list(known)
    if not isinstance(data, dict):
        raise BadPart(path, f"must be {what}: a group with some of {', '.join(names)}")
    for key in data:
        if key not in names:
            near = other_names.get(str(key)) or next(iter(difflib.get_close_matches(str(key), names, 1, 0.6)), None)
            hint = f"did you mean {near}?" if near else f"it has {', '.join(names)}"
            raise BadPart((*path, redact(str(key)[:_SHOWN])), f"is no part of {what}; {hint}")
    return {key: value for key, value in data.items() if value is not None}


def number(path: Path, value: Any, minimum: float, maximum: float, unit: str = "") -> float:
    """Return a number as a float. Raises BadPart if it is none, or not in this range."""
    if is_number(value) and minimum <= value <= maximum:
        return float(value)
    noun = f"a number of {unit}" if unit else "a number"
    raise BadPart(path, f"must be {noun} from {minimum:g} to {maximum:g}, not {shown(value)}")


def flag(path: Path, value: Any) -> bool:
    """Return true or false. Raises BadPart."""
    if not isinstance(value, bool):
        raise BadPart(path, f"must be true or false, not {shown(value)}")
    return value


def labels(path: Path, value: Any) -> Tuple[str, ...]:
    """Return names of classes: a list of them, or a text with commas between. Raises BadPart."""
    names = [one.strip() for one in value.split(",")] if isinstance(value, str) else value
    if not isinstance(names, (list, tuple)) or not 0 < len(names) <= MOST_LABELS or not all(map(is_label, names)):
        raise BadPart(path, f"must be a list of names of classes, like [person, dog], not {shown(value)}")
    return tuple(names)


def is_label(value: Any) -> bool:
    """Return whether a value can be the name of a class."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_LABEL and not any(ord(sign) < 32 for sign in value)


def is_number(value: Any) -> bool:
    """Return whether a value is a finite number."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer too large for a double
        return False


def shown(value: Any) -> str:
    """Return a value for a message, shortened."""
    text = redact(repr(value)[: 2 * _SHOWN])
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
