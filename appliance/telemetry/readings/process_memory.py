"""The memory of the daemon."""

from typing import Callable

from appliance.telemetry.description import Metric, Reading, Readings, TelemetryRow
from appliance.telemetry.machine import Machine


def _start(machine: Machine) -> Callable[[], Readings]:
    """`process_memory`: bytes."""
    import psutil

    process = psutil.Process()
    return lambda: {"process_memory": process.memory_info().rss}


READING = Reading(
    order=40,
    start=_start,
    rows=(TelemetryRow("process_memory", "Daemon", "B", device_class="data_size"),),
    metrics=(Metric("process_memory", "daemon_memory_bytes", "Memory of the daemon"),),
)
