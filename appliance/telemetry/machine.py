"""What readings are taken from. How it is read is in `appliance.board`."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Dict, List, Optional

if TYPE_CHECKING:
    from typing_extensions import Protocol
else:  # Python 3.6 and 3.7 have no Protocol, and nothing here is looked at when it runs.
    Protocol = object


class Sensors(Protocol):
    """The sensors of the board. What cannot be read is None or left out.

    Attributes:
        measures_total: Whether the board measures what it consumes in total.
    """

    measures_total: bool

    def gpu_load(self) -> Optional[float]:
        """Percent, of a Jetson's GPU."""

    def gpu_mhz(self) -> Optional[float]:
        """The frequency that a Jetson's GPU has now, in MHz."""

    def temperatures(self) -> Dict[str, float]:
        """Degrees Celsius by zone."""

    def power(self) -> Dict[str, float]:
        """Watts by rail, and `total` where the board measures it."""

    def fan(self) -> Dict[str, float]:
        """`percent` of its power and `rpm`."""

    def throttling(self) -> Optional[List[str]]:
        """What is slowed down by heat, or because the board drew too much. None where the board does not say."""


@dataclass(frozen=True)
class CardFigures:
    """What the NVIDIA cards of a PC say of themselves; None where no card does.

    Attributes:
        load: Percent, of the busiest.
        temperature: Degrees Celsius, of the warmest.
        power: Watts, of all.
        memory_used: Bytes, of all.
        memory_total: Bytes, of all.
    """

    load: Optional[float] = None
    temperature: Optional[float] = None
    power: Optional[float] = None
    memory_used: Optional[int] = None
    memory_total: Optional[int] = None


@dataclass
class Machine:
    """The machine that readings are taken from.

    Attributes:
        root: The folder that stands for "/".
        sensors: Of the board.
        cards: What the NVIDIA cards said in this round of readings.
    """

    root: Path
    sensors: Sensors
    cards: CardFigures = CardFigures()
