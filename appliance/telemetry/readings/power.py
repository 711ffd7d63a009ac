"""What the board draws."""

from typing import Callable, List

from appliance.telemetry.description import (
    NUMBERS,
    TOTAL,
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
    """`power`: watts by rail, with `total` where the board measures that; a PC does not, there it is the sum of what is
    measured.
    """

    def read() -> Readings:
        rails = dict(machine.sensors.power())
        if machine.cards.power is not None:
            rails["gpu"] = machine.cards.power
        if rails and not machine.sensors.measures_total:
            rails.setdefault(TOTAL, sum(rails.values()))
        return {"power": rails} if rails else {}

    return read


def _describe(readings: Readings) -> List[str]:
    power = dict(figures(readings, "power"))
    total = power.pop(TOTAL, None)
    rails = ", ".join(f"{name} {watts:.2f}" for name, watts in power.items())
    if total is not None:
        return [f"{total:.2f} W" + (f" ({rails})" if rails else "")]
    return [rails + " W"] if rails else []


READING = Reading(
    order=50,
    start=_start,
    rows=(
        TelemetryRow(
            "power",
            "Power",
            "W",
            form=NUMBERS,
            device_class="power",
            has_total=True,
            chart=TelemetryChart("power", "Power", "W"),
            series=TOTAL,
        ),
    ),
    metrics=(Metric("power", "power_watts", "Power drawn", label="rail"),),
    console=ConsolePart(10, _describe),
)
