"""The memory of the machine."""

from typing import Callable

from appliance.telemetry.charts import LOAD
from appliance.telemetry.description import Metric, Reading, Readings, TelemetryRow
from appliance.telemetry.machine import Machine


def _start(machine: Machine) -> Callable[[], Readings]:
    """`memory`: used and total bytes."""
    import psutil

    def read() -> Readings:
        memory = psutil.virtual_memory()
        return {"memory": {"used": memory.total - memory.available, "total": memory.total}}

    return read


READING = Reading(
    order=30,
    start=_start,
    rows=(
        TelemetryRow(
            "memory",
            "Memory",
            "B",
            part="used",
            device_class="data_size",
            full_part="total",
            chart=LOAD,
            series="memory",
        ),
    ),
    metrics=(
        Metric("memory", "memory_used_bytes", "Memory of the machine", part="used"),
        Metric("memory", "memory_total_bytes", "Memory of the machine", part="total"),
    ),
)
