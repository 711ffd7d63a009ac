"""What is slowed down by heat, or because the board drew too much."""

from typing import Callable, List

from appliance.telemetry.description import WORDS, ConsolePart, Metric, Reading, Readings, TelemetryRow, words
from appliance.telemetry.machine import Machine


def _start(machine: Machine) -> Callable[[], Readings]:
    """`throttling`: names of parts; "over-current" where the board drew too much."""

    def read() -> Readings:
        parts = machine.sensors.throttling()
        return {} if parts is None else {"throttling": parts}

    return read


def _describe(readings: Readings) -> List[str]:
    return ["slowed down: " + name for name in words(readings, "throttling") or []]


READING = Reading(
    order=80,
    start=_start,
    rows=(TelemetryRow("throttling", "Slowed down", "", form=WORDS, state_class=""),),
    metrics=(Metric("throttling", "throttled_parts", "Parts that heat or over-current slows down"),),
    console=ConsolePart(50, _describe),
)
