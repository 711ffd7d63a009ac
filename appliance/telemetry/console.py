"""The readings in one line, for `--power` and `doctor`."""

from typing import List

from appliance.telemetry.description import Readings
from appliance.telemetry.registry import all_readings


def describe_readings(readings: Readings) -> str:
    """Power, loads, temperatures and what is slowed down, in one line; "" where nothing is known."""
    parts = sorted(
        (reading.console for reading in all_readings() if reading.console is not None), key=lambda part: part.order
    )
    words: List[str] = [word for part in parts for word in part.describe(readings)]
    return ", ".join(words)
