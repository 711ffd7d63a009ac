"""How warm the machine is."""

from typing import Callable, List

from appliance.telemetry.description import (
    NUMBERS,
    ConsolePart,
    Metric,
    Reading,
    Readings,
    TelemetryChart,
    TelemetryRow,
    figures,
)
from appliance.telemetry.machine import Machine


def _start(machine: Machine) -> Callable[[], Readings]:
    """`temperatures`: degrees Celsius by zone."""

    def read() -> Readings:
        zones = dict(machine.sensors.temperatures())
        if machine.cards.temperature is not None:
            zones["gpu"] = machine.cards.temperature
        return {"temperatures": zones} if zones else {}

    return read


def _describe(readings: Readings) -> List[str]:
    return [f"{name} {degrees:.0f} C" for name, degrees in figures(readings, "temperatures").items()]


READING = Reading(
    order=60,
    start=_start,
    rows=(
        TelemetryRow(
            "temperatures",
            "Temperature",
            "°C",
            form=NUMBERS,
            device_class="temperature",
            chart=TelemetryChart("temperatures", "Temperature", "°C", has_zero=False),
        ),
    ),
    metrics=(Metric("temperatures", "temperature_celsius", "Temperature", label="sensor"),),
    console=ConsolePart(40, _describe),
)
