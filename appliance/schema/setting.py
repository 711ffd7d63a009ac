"""The description of one setting."""

import copy
import dataclasses
from typing import Any, Dict, Optional, Tuple, TypeVar

T = TypeVar("T")

Values = Dict[str, Any]
"""Values of settings by key; the types are in the schema."""

BOOLEAN, INTEGER, NUMBER, TEXT, LABELS = "boolean", "integer", "number", "text", "labels"
CAMERA, STREAMS, POWER_MODE, BY_LABEL = "camera", "streams", "power mode", "by label"

INPUT, MODEL, DETECTION, TRACKING, PICTURE, OUTPUT, RUNNING, APPLIANCE, RECORDING, BOARD = (
    "what to look at",
    "model",
    "detection",
    "tracks and events",
    "picture",
    "files",
    "running",
    "appliance",
    "recording",
    "board",
)


@dataclasses.dataclass(frozen=True)
class Setting:
    """One row of the schema.

    Attributes:
        key: Its name in a config file, from which option and environment variable are derived.
        kind: BOOLEAN, INTEGER, NUMBER (int or float, stored as float), TEXT, LABELS (a list of class names), BY_LABEL
            (values of other settings by label), CAMERA (int index or text), STREAMS, POWER_MODE (int id or text), or a
            kind of web_values.py, whose values are texts.
        default: The value if it is not set.
        help: What it does, as half a sentence.
        group: Heading under which it is listed.
        unit: Unit of a number; None if it has none.
        minimum: Smallest value; None for no bound.
        maximum: Largest value; None for no bound.
        choices: The allowed texts; empty if any text is allowed.
        zero: What 0 means if it is not an amount: "no limit".
        title: Its name on the dashboard; "" if it is not shown there.
        live: Whether it can be changed while the appliance runs.
        per_stream: Whether a single stream may have a value of its own.
        per_label: Whether a single label may.
    """

    key: str
    kind: str
    default: Any
    help: str
    group: str
    unit: Optional[str] = None
    minimum: Optional[float] = None
    maximum: Optional[float] = None
    choices: Tuple[str, ...] = ()
    zero: str = ""
    title: str = ""
    live: bool = False
    per_stream: bool = False
    per_label: bool = False

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return "SPLITLENS_" + self.key.upper()

    @property
    def option(self) -> str:
        """The command line option that sets it."""
        return "--" + self.key.replace("_", "-")

    @property
    def description(self) -> str:
        """The help, including what 0 means."""
        return f"{self.help}; 0 = {self.zero}" if self.zero else self.help


def setting(
    default: T,
    kind: str,
    group: str,
    help: str,
    unit: Optional[str] = None,
    minimum: Optional[float] = None,
    maximum: Optional[float] = None,
    choices: Tuple[str, ...] = (),
    zero: str = "",
    title: str = "",
    live: bool = False,
    per_stream: bool = False,
    per_label: bool = False,
) -> T:
    """Make a field of `Settings`; the parameters are the attributes of `Setting`."""
    metadata = {
        "kind": kind,
        "group": group,
        "help": help,
        "unit": unit,
        "minimum": minimum,
        "maximum": maximum,
        "choices": choices,
        "zero": zero,
        "title": title,
        "live": live,
        "per_stream": per_stream,
        "per_label": per_label,
    }
    if isinstance(default, list):  # each gets its own
        return dataclasses.field(default_factory=lambda: copy.copy(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def default_of(field: Any) -> Any:
    """Return the default of a field that `setting` made."""
    return field.default_factory() if field.default is dataclasses.MISSING else field.default
