"""How busy the GPU is: a Jetson's, or the NVIDIA cards of a PC."""

from typing import Callable, List

from appliance.telemetry.charts import LOAD
from appliance.telemetry.description import ConsolePart, Metric, Reading, Readings, TelemetryRow, figure
from appliance.telemetry.machine import Machine


def _start(machine: Machine) -> Callable[[], Readings]:
    """`gpu`: percent. `gpu_mhz`: its frequency. `gpu_memory`: used and total bytes of NVIDIA cards."""

    def read() -> Readings:
        readings: Readings = {}
        cards = machine.cards
        load = machine.sensors.gpu_load() if cards.load is None else cards.load
        if load is not None:
            readings["gpu"] = load
        frequency = machine.sensors.gpu_mhz()
        if frequency is not None:
            readings["gpu_mhz"] = frequency
        if cards.memory_used is not None and cards.memory_total is not None:
            readings["gpu_memory"] = {"used": cards.memory_used, "total": cards.memory_total}
        return readings

    return read


def _describe(readings: Readings) -> List[str]:
    load = figure(readings, "gpu")
    return [] if load is None else [f"GPU {load:.0f} %"]


READING = Reading(
    order=20,
    start=_start,
    rows=(
        TelemetryRow("gpu", "GPU", "%", full=100.0, chart=LOAD, series="GPU"),
        TelemetryRow("gpu_mhz", "GPU frequency", "MHz", device_class="frequency", is_whole=True, beside="gpu"),
    ),
    metrics=(
        Metric("gpu", "gpu_load_ratio", "Load, 0 to 1", factor=0.01),
        Metric("gpu_mhz", "gpu_frequency_hertz", "Frequency of the GPU", factor=1e6),
    ),
    console=ConsolePart(20, _describe),
)
