"""The last half hour as points two seconds apart, for the charts."""

import functools
import threading
from collections import deque
from typing import Any, Deque, Dict, List, Optional, Tuple

from appliance.contract import answers
from appliance.contract.answers import Series
from appliance.contract.events import Statistics
from appliance.telemetry.description import TOTAL, TelemetryRow, figure, figures
from appliance.telemetry.registry import all_rows

POINT_SECONDS = 2.0
POINTS = 900

Key = Tuple[str, ...]
Point = Dict[Key, float]


class History:
    """Keeps the newest points. Any thread may call its methods."""

    def __init__(self) -> None:
        self._points: Deque[Tuple[float, Point]] = deque(maxlen=POINTS)
        self._lock = threading.Lock()

    def add(self, now: float, statistics: Optional[Statistics]) -> None:
        """Add a point if one is due; may be called at any time.

        Args:
            now: Unix time.
            statistics: None while the daemon is down.
        """
        with self._lock:
            if self._points and 0 <= now - self._points[-1][0] < POINT_SECONDS:
                return
            self._points.append((round(now, 1), _point(statistics) if statistics else {}))

    def show(self) -> Any:
        """Return `answers.History`: the times, and a list of the same length per value, None where it is missing."""
        with self._lock:
            points = list(self._points)
        keys = sorted({key for _, point in points for key in point})
        series: Dict[Key, Series] = {key: [point.get(key) for _, point in points] for key in keys}
        nothing: Series = [None] * len(points)
        return answers.History(
            time=[time for time, _ in points],
            fps=_named(series, "fps"),
            latency=_named(series, "latency"),
            **{
                row.key: _named(series, row.key) if row.has_series_by_name else series.get((row.key,), nothing)
                for row in _charted_rows()
            },
        )


def _named(series: Dict[Key, Series], name: str) -> Dict[str, Series]:
    return {key[1]: values for key, values in series.items() if key[0] == name and len(key) == 2}


def _point(statistics: Statistics) -> Point:
    """Return the values of a moment, in the units of the statistics."""
    found: Dict[Key, Optional[float]] = {}
    for row in _charted_rows():
        if row.has_series_by_name:
            found.update(((row.key, name), value) for name, value in figures(statistics.readings, row.key).items())
        else:
            part = TOTAL if row.has_total else row.part
            found[row.key,] = figure(statistics.readings, row.key, part)
    for name, stream in statistics.streams.items():
        found["fps", name] = stream.fps
        found["latency", name] = stream.timings.total if stream.timings else None
    return {key: round(float(value), 4) for key, value in found.items() if value is not None}


@functools.lru_cache(maxsize=None)
def _charted_rows() -> List[TelemetryRow]:
    return [row for row in all_rows() if row.chart is not None]
