"""How busy the processor is."""

from typing import Any, Callable, List

from appliance.telemetry.charts import LOAD
from appliance.telemetry.description import ConsolePart, Metric, Reading, Readings, TelemetryRow, figure
from appliance.telemetry.machine import Machine


def _start(machine: Machine) -> Callable[[], Readings]:
    """`cpu`: percent of all cores, `cores`: percent of each; both since the last call."""
    import psutil

    times = psutil.cpu_times(percpu=True)

    def read() -> Readings:
        nonlocal times
        before, times = times, psutil.cpu_times(percpu=True)
        cores = _loads(before, times)
        if not cores:
            return {}
        return {"cores": cores, "cpu": round(sum(cores) / len(cores), 1)}

    return read


def _loads(before: List[Any], after: List[Any]) -> List[float]:
    """Percent of each core; none where nothing can be said."""
    if len(before) != len(after):
        return []  # a core was switched on or off
    spans = [sum(_counted(new)) - sum(_counted(old)) for old, new in zip(before, after)]
    idle = [_idle(new) - _idle(old) for old, new in zip(before, after)]
    if not spans or min(spans) <= 0:
        return []
    return [round(min(max(100.0 * (1 - rest / span), 0.0), 100.0), 1) for rest, span in zip(idle, spans)]


def _counted(times: Any) -> Any:
    """user, nice, system, idle, iowait, irq, softirq, steal; guests are part of user already."""
    return times[:8]


def _idle(times: Any) -> float:
    return float(times.idle + getattr(times, "iowait", 0.0))


def _describe(readings: Readings) -> List[str]:
    load = figure(readings, "cpu")
    return [] if load is None else [f"CPU {load:.0f} %"]


READING = Reading(
    order=10,
    start=_start,
    rows=(TelemetryRow("cpu", "CPU", "%", full=100.0, chart=LOAD, series="CPU"),),
    metrics=(Metric("cpu", "cpu_load_ratio", "Load, 0 to 1", factor=0.01),),
    console=ConsolePart(30, _describe),
)
