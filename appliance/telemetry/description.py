"""What a reading of the machine is: where it comes from, and what page, charts, Prometheus and console show of it."""

from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple, Union

from appliance.telemetry.machine import Machine

Value = Union[float, List[float], List[str], Dict[str, float]]
"""A figure, one for each of some things, the names of some, or a figure for each name."""
Readings = Dict[str, Value]
"""Values by their keys. What the machine does not have is absent."""

NUMBER, NUMBERS, WORDS = "number", "numbers", "words"
FORMS = (NUMBER, NUMBERS, WORDS)
TOTAL = "total"
"""The name of the figure that stands for all, in a row that has one."""


def _info(help: str = "", **more: Any) -> Mapping[str, Any]:
    """The metadata of a field that is published, as the contract reads it."""
    return dict(more, help=help)


@dataclass(frozen=True)
class TelemetryChart:
    """A chart of the dashboard."""

    id: str
    title: str
    unit: str
    low: Optional[float] = field(
        default=None, metadata=_info("Lower end of its axis, where that is fixed", absent=True)
    )
    high: Optional[float] = field(
        default=None, metadata=_info("Upper end of its axis, where that is fixed", absent=True)
    )
    has_zero: bool = field(default=True, metadata=_info("Whether its axis begins at 0, where the ends are not fixed"))


@dataclass(frozen=True)
class TelemetryRow:
    """What the dashboard shows of a reading."""

    key: str = field(metadata=_info("The reading"))
    title: str
    unit: str = field(metadata=_info("B for bytes"))
    part: Optional[str] = field(
        default=None, metadata=_info("Which figure of the reading; absent for a single one", absent=True)
    )
    form: str = field(default=NUMBER, metadata=_info("numbers: one for each name, all of them shown", choices=FORMS))
    device_class: Optional[str] = field(default=None, metadata=_info("As Home Assistant calls it", absent=True))
    state_class: str = field(default="measurement", metadata=_info('As Home Assistant calls it; "" for none'))
    full: Optional[float] = field(default=None, metadata=_info("What a full meter stands for", absent=True))
    full_part: Optional[str] = field(
        default=None,
        metadata=_info("Which figure of the reading a full meter stands for", absent=True),
    )
    is_whole: bool = field(default=False, metadata=_info("Whether it is shown without decimals"))
    has_total: bool = field(default=False, metadata=_info("Whether one of the numbers, total, stands for all"))
    beside: Optional[str] = field(
        default=None, metadata=_info("The reading in whose line it is shown; absent for a line of its own", absent=True)
    )
    chart: Optional[TelemetryChart] = field(default=None, metadata=_info("The chart that it is drawn in", absent=True))
    series: Optional[str] = field(
        default=None, metadata=_info("Its name in the chart; of numbers each has its own", absent=True)
    )

    @property
    def has_series_by_name(self) -> bool:
        """Whether the history has a list for each of the numbers, not a single one."""
        return self.form == NUMBERS and not self.has_total


@dataclass(frozen=True)
class Metric:
    """A gauge for Prometheus.

    Attributes:
        key: The reading.
        name: What follows "splitlens_".
        help: What it is.
        part: Which figure of the reading; None for a single one, for all of them, and for the count of words.
        label: What tells the figures of a reading apart, where all of them are given; "" for a single one.
        factor: What a figure is multiplied with: Prometheus has shares of 1, bytes and hertz.
    """

    key: str
    name: str
    help: str
    part: Optional[str] = None
    label: str = ""
    factor: float = 1.0


@dataclass(frozen=True)
class ConsolePart:
    """What `--power` prints of a reading.

    Attributes:
        order: Its place in the line, the lowest first.
        describe: Gives the words, none where nothing is known. Without a degree sign: Python 3.6 cannot print it where
            no locale is set.
    """

    order: int
    describe: Callable[[Readings], List[str]]


@dataclass(frozen=True)
class Reading:
    """One thing that machines measure, or some that belong together.

    Attributes:
        order: Its place in the list of readings, the lowest first.
        start: Gets the machine; returns what reads it, which is called again and again by one thread and returns what
            there is at that moment.
        rows: What the dashboard shows.
        metrics: What Prometheus gets.
        console: What the console prints.
    """

    order: int
    start: Callable[[Machine], Callable[[], Readings]]
    rows: Tuple[TelemetryRow, ...] = ()
    metrics: Tuple[Metric, ...] = ()
    console: Optional[ConsolePart] = None


def figure(readings: Mapping[str, Any], key: str, part: Optional[str] = None) -> Optional[float]:
    """A single figure of a reading; None where the machine does not have it."""
    value = readings.get(key)
    if part is not None:
        value = value.get(part) if isinstance(value, dict) else None
    return float(value) if isinstance(value, (int, float)) else None


def figures(readings: Mapping[str, Any], key: str) -> Dict[str, float]:
    """The figures of a reading by name; {} where the machine does not have it."""
    value = readings.get(key)
    return value if isinstance(value, dict) else {}


def words(readings: Mapping[str, Any], key: str) -> Optional[List[str]]:
    """The words of a reading; None where the machine does not have it."""
    value = readings.get(key)
    return value if isinstance(value, list) else None
