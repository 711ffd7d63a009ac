"""What the schema knows of one setting."""

import dataclasses
from typing import Any, Dict, Optional, Tuple, TypeVar

T = TypeVar("T")

Values = Dict[str, Any]
"""Values of settings by key: the row of each says its type."""

BOOLEAN, INTEGER, NUMBER, TEXT, LABELS = "boolean", "integer", "number", "text", "labels"
CAMERA, STREAMS, POWER_MODE = "camera", "streams", "power mode"

INPUT, MODEL, DETECTION, PICTURE, OUTPUT, RUNNING, APPLIANCE, RECORDING, BOARD = (
    "what to look at",
    "model",
    "detection",
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
        key: its name in a config file; option and variable are made from it.
        kind: BOOLEAN, INTEGER, NUMBER (int or float, kept as float), TEXT, LABELS (a list of names of classes), CAMERA
            (int index or text), STREAMS, POWER_MODE (int id or text), or one of web_values.py, whose values are texts.
        default: the value where nobody sets it.
        help: what it does, as half a sentence.
        group: heading under which it is listed.
        unit: of a number; None where it has none.
        minimum: smallest value; None where there is no bound.
        maximum: largest value; None where there is no bound.
        choices: the texts that are allowed; empty where any is.
        zero: what 0 means, where that is no amount: "no limit".
        title: its name on the dashboard; "" where it is not there.
        live: whether it can be changed while the appliance runs.
        per_stream: whether a single stream may have a value of its own.
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
        """The help with what 0 means."""
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
) -> T:
    """A field of `Settings`; the parameters are the attributes of `Setting`."""
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
    }
    return dataclasses.field(default=default, metadata=metadata)
