"""Paths of tracks in few bytes."""

import zlib
from typing import Any, Sequence

import numpy as np

from appliance.events.bus_events import PathPoint

COLUMNS = 5
MOST_POINTS = 20000
"""Of a longer path the points that are kept are further apart."""
_SCALE = np.array([1e3, 1e4, 1e4, 1e4, 1e4])
"""Milliseconds, and the four decimals that a path has."""
_LIMIT = 2.0**30


def path_array(path: Sequence[PathPoint]) -> Any:
    """Return a path as float64 [points, 5], at most MOST_POINTS. Raises ValueError if it is none."""
    points = np.asarray(path, np.float64).reshape(-1, COLUMNS) if len(path) else np.zeros((0, COLUMNS))
    if not np.isfinite(points).all():
        raise ValueError("a path has something that is no number")
    if len(points) > MOST_POINTS:
        points = points[np.linspace(0, len(points) - 1, MOST_POINTS).astype(int)]
    return points


def pack_path(points: Any, start: float) -> bytes:
    """Return a path in few bytes.

    Args:
        points: float64 [points, 5], times in Unix seconds.
        start: The Unix time from which they count.
    """
    scaled = np.rint((points - [start, 0.0, 0.0, 0.0, 0.0]) * _SCALE)
    # Differences of neighbours are small numbers, and each column by itself is even more alike.
    steps = np.diff(np.vstack([np.zeros((1, COLUMNS)), scaled]), axis=0)
    return zlib.compress(np.clip(steps, -_LIMIT, _LIMIT).astype("<i4").T.tobytes(), 6)


def unpack_path(packed: bytes) -> Any:
    """Return float64 [points, 5]: seconds since the start, and the box. Raises ValueError if it is damaged."""
    try:
        steps = np.frombuffer(zlib.decompress(packed), "<i4").reshape(COLUMNS, -1)
    except zlib.error as error:
        raise ValueError("a path is damaged") from error
    return np.cumsum(steps.T.astype(np.float64), axis=0) / _SCALE
