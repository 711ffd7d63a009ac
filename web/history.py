"""The last half hour in points two seconds apart, for the charts."""

import threading
from collections import deque
from typing import Any, Deque, Dict, List, Optional, Tuple

Message = Dict[str, Any]

POINT_SECONDS = 2.0
POINTS = 900

Key = Tuple[str, ...]
Point = Dict[Key, float]


class History:
    def __init__(self) -> None:
        self._points: Deque[Tuple[float, Point]] = deque(maxlen=POINTS)
        self._lock = threading.Lock()

    def add(self, now: float, statistics: Optional[Message]) -> None:
        """May be called at any time; takes a point when one is due. statistics: None while the daemon is down."""
        with self._lock:
            if self._points and 0 <= now - self._points[-1][0] < POINT_SECONDS:
                return
            self._points.append((round(now, 1), _point(statistics) if statistics else {}))

    def show(self) -> Message:
        """A list of times, and for every figure a list as long, with None where nothing was read."""
        with self._lock:
            points = list(self._points)
        shown: Message = {
            "time": [time for time, _ in points],
            "fps": {},
            "latency": {},
            "cpu": [],
            "memory": [],
            "gpu": [],
            "power": [],
            "temperatures": {},
        }
        for key in sorted({key for _, point in points for key in point}):
            values: List[Optional[float]] = [point.get(key) for _, point in points]
            if len(key) == 1:
                shown[key[0]] = values
            else:
                shown[key[0]][key[1]] = values
        return dict(shown, **{name: shown[name] or [None] * len(points) for name in ("cpu", "memory", "gpu", "power")})


def _point(statistics: Message) -> Point:
    """memory is in bytes, power in watts, latency in seconds."""
    readings = statistics.get("readings") or {}
    found: Dict[Key, Optional[float]] = {
        ("cpu",): readings.get("cpu"),
        ("gpu",): readings.get("gpu"),
        ("memory",): (readings.get("memory") or {}).get("used"),
        ("power",): (readings.get("power") or {}).get("total"),
    }
    for name, value in (readings.get("temperatures") or {}).items():
        found["temperatures", name] = value
    for name, stream in (statistics.get("streams") or {}).items():
        found["fps", name] = stream.get("fps")
        found["latency", name] = (stream.get("timings") or {}).get("total")
    return {key: round(float(value), 4) for key, value in found.items() if value is not None}
