"""How busy, warm and hungry the machine is, now."""

import time
from pathlib import Path
from typing import Any, Callable, Dict, Optional

import psutil

from appliance.board.nvidia import NvidiaCards, add_cards
from appliance.board.root import board_root
from appliance.board.sensors import Sensors


class Telemetry:
    """For one thread; a second or more between two reads suits the sensors. `root` as in `board_root`; the
    load of the CPU and the memory are always this machine's own.
    """

    def __init__(self, root: Optional[Path] = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._sensors = Sensors(board_root(root), clock)
        self._cards = NvidiaCards()
        self._process = psutil.Process()
        self._times = psutil.cpu_times(percpu=True)

    def read(self) -> Dict[str, Any]:
        """What there is of these; what is absent cannot be read on this machine, or not yet.

        cpu: percent, of all cores. cores: percent of each; both since the last call.
        memory: {used, total}, gpu_memory: the same of NVIDIA cards, process_memory: all bytes.
        gpu: percent. gpu_mhz: its frequency. temperatures: {zone: degrees Celsius}. fan: {percent, rpm}.
        power: {rail: watts}, with `total` where the board measures that; a PC does not, there it is the sum of what is
        measured.
        throttling: [what is slowed down by heat; "over-current" where the board drew too much].
        """
        readings: Dict[str, Any] = {}
        self._add_load(readings)
        memory = psutil.virtual_memory()
        readings["memory"] = {"used": memory.total - memory.available, "total": memory.total}
        readings["process_memory"] = self._process.memory_info().rss
        for name, value in (
            ("gpu", self._sensors.gpu_load()),
            ("gpu_mhz", self._sensors.gpu_mhz()),
            ("temperatures", self._sensors.temperatures()),
            ("power", self._sensors.power()),
            ("fan", self._sensors.fan()),
        ):
            if value is not None and value != {}:
                readings[name] = value
        throttling = self._sensors.throttling()
        if throttling is not None:
            readings["throttling"] = throttling
        add_cards(readings, self._cards.read())
        power = readings.get("power")
        if power and not self._sensors.measures_total:
            power.setdefault("total", sum(power.values()))
        return readings

    def _add_load(self, readings: Dict[str, Any]) -> None:
        before, self._times = self._times, psutil.cpu_times(percpu=True)
        if len(before) != len(self._times):
            return  # a core was switched on or off
        spans = [sum(_counted(new)) - sum(_counted(old)) for old, new in zip(before, self._times)]
        idle = [_idle(new) - _idle(old) for old, new in zip(before, self._times)]
        if not spans or min(spans) <= 0:
            return
        readings["cores"] = [
            round(min(max(100.0 * (1 - rest / span), 0.0), 100.0), 1) for rest, span in zip(idle, spans)
        ]
        readings["cpu"] = round(sum(readings["cores"]) / len(spans), 1)


def _counted(times: Any) -> Any:
    """user, nice, system, idle, iowait, irq, softirq, steal; guests are part of user already."""
    return times[:8]


def _idle(times: Any) -> float:
    return float(times.idle + getattr(times, "iowait", 0.0))


def describe_telemetry(readings: Dict[str, Any]) -> str:
    """Power, load of GPU and CPU, temperatures and what is slowed down, in one line; "" where nothing is known.

    No degree sign: Python 3.6 cannot print it where no locale is set.
    """
    parts = []
    power = dict(readings.get("power", {}))
    total = power.pop("total", None)
    rails = ", ".join(f"{name} {watts:.2f}" for name, watts in power.items())
    if total is not None:
        parts.append(f"{total:.2f} W" + (f" ({rails})" if rails else ""))
    elif rails:
        parts.append(rails + " W")
    parts += [f"{name.upper()} {readings[name]:.0f} %" for name in ("gpu", "cpu") if name in readings]
    parts += [f"{name} {degrees:.0f} C" for name, degrees in readings.get("temperatures", {}).items()]
    parts += ["slowed down: " + name for name in readings.get("throttling", [])]
    return ", ".join(parts)
