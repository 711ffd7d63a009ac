"""The setting `keep`: how long recordings of each class, and snapshots, are kept: "continuous: 2 d, events: 10 d"."""

import math
import re
from dataclasses import astuple, dataclass, fields
from typing import Dict

FOREVER = "forever"

_SECONDS = {"min": 60.0, "h": 3600.0, "d": 86400.0, "w": 7 * 86400.0}
_DURATION = re.compile(r"(?P<count>[0-9]{1,6}(?:\.[0-9]{1,6})?) ?(?P<unit>min|h|d|w)")
_LONGEST = 500


@dataclass(frozen=True)
class Keep:
    """How long to keep, in seconds; 0 is not at all, infinity for ever. The fields are the classes, lowest first."""

    continuous: float = 2 * 86400.0
    events: float = 10 * 86400.0
    alerts: float = 30 * 86400.0
    snapshots: float = 10 * 86400.0

    def __str__(self) -> str:
        names = (one.name for one in fields(self))
        return ", ".join(f"{name}: {_show(seconds)}" for name, seconds in zip(names, astuple(self)))


def parse_keep(text: str) -> Keep:
    """Return what a text means, with or without braces around it; what it leaves out has its default.

    Raises:
        ValueError: It has another form, or something twice.
    """
    text = text.strip()
    if text.startswith("{") and text.endswith("}"):
        text = text[1:-1]
    if len(text) > _LONGEST or not text.strip():
        raise ValueError("nothing, or too much")
    known = {one.name for one in fields(Keep)}
    found: Dict[str, float] = {}
    for part in text.split(","):
        name, colon, duration = (piece.strip() for piece in part.partition(":"))
        if not colon or name not in known or name in found:
            raise ValueError(f"not understood: {part.strip()}")
        found[name] = _seconds(duration)
    return Keep(**found)


def _seconds(text: str) -> float:
    if text == FOREVER:
        return math.inf
    match = _DURATION.fullmatch(text)
    if match:
        return float(match.group("count")) * _SECONDS[match.group("unit")]
    if re.fullmatch(r"0+(\.0+)?", text):
        return 0.0
    raise ValueError(f"no duration: {text}")


def _show(seconds: float) -> str:
    if not seconds:
        return "0"
    if math.isinf(seconds):
        return FOREVER
    unit = next(name for name in ("d", "h", "min") if not seconds % _SECONDS[name] or name == "min")
    return f"{seconds / _SECONDS[unit]:.6g} {unit}"


KEEP_EXAMPLE = f"{{{Keep()}}}"
KEEP_PATTERN = rf"^({FOREVER}|{_DURATION.pattern.replace('?P<count>', '').replace('?P<unit>', '')})$"
"""Of one duration, as JSON Schema has it."""
