"""Read the machine's telemetry: everything that `appliance.telemetry.readings` describes."""

import time
from pathlib import Path
from typing import Callable, Optional

from appliance.board.nvidia import NvidiaCards
from appliance.board.root import board_root
from appliance.board.sensors import Sensors
from appliance.telemetry.description import Readings
from appliance.telemetry.machine import Machine
from appliance.telemetry.registry import all_readings


class Telemetry:
    """Reads telemetry, in one thread, at most about once a second because of the slow sensors.

    Args:
        root: As in `board_root`. CPU load and memory are always this machine's own.
        clock: Returns seconds.
    """

    def __init__(self, root: Optional[Path] = None, clock: Callable[[], float] = time.monotonic) -> None:
        folder = board_root(root)
        self._cards = NvidiaCards()
        self._machine = Machine(folder, Sensors(folder, clock))
        self._readers = [reading.start(self._machine) for reading in all_readings()]

    def read(self) -> Readings:
        """Return all readings; those that this machine does not have, or not yet, are absent."""
        self._machine.cards = self._cards.read()
        readings: Readings = {}
        for read in self._readers:
            readings.update(read())
        return readings
