"""The fan."""

from typing import Callable

from appliance.telemetry.description import Metric, Reading, Readings, TelemetryRow
from appliance.telemetry.machine import Machine


def _start(machine: Machine) -> Callable[[], Readings]:
    """`fan`: percent of its power, and rpm."""

    def read() -> Readings:
        fan = machine.sensors.fan()
        return {"fan": fan} if fan else {}

    return read


READING = Reading(
    order=70,
    start=_start,
    rows=(
        TelemetryRow("fan", "Fan", "%", part="percent", is_whole=True),
        TelemetryRow("fan", "Fan speed", "rpm", part="rpm", is_whole=True, beside="fan"),
    ),
    metrics=(Metric("fan", "fan_ratio", "Power of the fan, 0 to 1", part="percent", factor=0.01),),
)
