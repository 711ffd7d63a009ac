"""The last half hour in points two seconds apart, for the charts."""

import threading
from collections import deque
from typing import Deque, Dict, List, Optional, Tuple

from appliance.contract import answers
from appliance.contract.events import Statistics, figure, figures

POINT_SECONDS = 2.0
POINTS = 900

Key = Tuple[str, ...]
Point = Dict[Key, float]
Line = List[Optional[float]]


class History:
    """Keeps the newest points. Its methods may be called from any thread."""

    def __init__(self) -> None:
        self._points: Deque[Tuple[float, Point]] = deque(maxlen=POINTS)
        self._lock = threading.Lock()

    def add(self, now: float, statistics: Optional[Statistics]) -> None:
        """May be called at any time; takes a point when one is due. statistics: None while the daemon is down."""
        with self._lock:
            if self._points and 0 <= now - self._points[-1][0] < POINT_SECONDS:
                return
            self._points.append((round(now, 1), _point(statistics) if statistics else {}))

    def show(self) -> answers.History:
        """A list of times, and for every figure a list as long, with None where nothing was read."""
        with self._lock:
            points = list(self._points)
        keys = sorted({key for _, point in points for key in point})
        lines: Dict[Key, Line] = {key: [point.get(key) for _, point in points] for key in keys}
        nothing: Line = [None] * len(points)
        return answers.History(
            time=[time for time, _ in points],
            fps=_named(lines, "fps"),
            latency=_named(lines, "latency"),
            cpu=lines.get(("cpu",), nothing),
            memory=lines.get(("memory",), nothing),
            gpu=lines.get(("gpu",), nothing),
            power=lines.get(("power",), nothing),
            temperatures=_named(lines, "temperatures"),
        )


def _named(lines: Dict[Key, Line], name: str) -> Dict[str, Line]:
    return {key[1]: line for key, line in lines.items() if key[0] == name and len(key) == 2}


def _point(statistics: Statistics) -> Point:
    """memory is in bytes, power in watts, latency in seconds."""
    readings = statistics.readings
    found: Dict[Key, Optional[float]] = {
        ("cpu",): figure(readings, "cpu"),
        ("gpu",): figure(readings, "gpu"),
        ("memory",): figures(readings, "memory").get("used"),
        ("power",): figures(readings, "power").get("total"),
    }
    for name, value in figures(readings, "temperatures").items():
        found["temperatures", name] = value
    for name, stream in statistics.streams.items():
        found["fps", name] = stream.fps
        found["latency", name] = stream.timings.total if stream.timings else None
    return {key: round(float(value), 4) for key, value in found.items() if value is not None}
