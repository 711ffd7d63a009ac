"""Measure the board's power consumption while something runs."""

import threading
from typing import Any, List, Optional

from appliance.board.telemetry import Telemetry
from appliance.core.threads import start_thread
from appliance.telemetry.description import TOTAL, figure

SAMPLE_SECONDS = 0.25


class Consumption:
    """Measures power in a context: `with Consumption(telemetry) as consumption: ...`.

    Args:
        telemetry: A thread reads it meanwhile.
    """

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._samples: List[float] = []
        self._ended = threading.Event()

    def __enter__(self) -> "Consumption":
        self._telemetry.read()  # energy counters need two readings
        self._thread = start_thread("consumption", self._sample)
        return self

    def __exit__(self, *error: Any) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def watts(self) -> Optional[float]:
        """Return the mean power in watts; None if the board does not measure it or the time was too short."""
        return sum(self._samples) / len(self._samples) if self._samples else None

    def _sample(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            total = figure(self._telemetry.read(), "power", TOTAL)
            if total is not None:
                self._samples.append(total)
