"""Heat maps: for how long objects were where in a stream's picture."""

import zlib
from typing import Any, Iterable

import numpy as np

ROWS, COLUMNS = 36, 64
LONGEST_PAUSE = 10.0
"""Seconds that one stay at a place counts at most: a parked car would outshine all that moves."""
_UNITS = 100.0
"""Per second."""


def heat_of(points: Any, since: float, end: float) -> Any:
    """Return the seconds that a track spent in each cell: float64 [ROWS, COLUMNS].

    Args:
        points: Its path, float64 [points, 5]: time and box.
        since: What was before this time is not counted.
        end: When it left its last point.
    """
    cells = np.zeros((ROWS, COLUMNS))
    if len(points):
        times = np.append(points[:, 0], end)
        seconds = np.clip(times[1:] - np.maximum(times[:-1], since), 0.0, LONGEST_PAUSE)
        column = np.clip((points[:, 1] + points[:, 3]) / 2 * COLUMNS, 0, COLUMNS - 1).astype(int)
        row = np.clip(points[:, 4] * ROWS, 0, ROWS - 1).astype(int)
        np.add.at(cells, (row, column), seconds)
    return cells


def pack_cells(cells: Any) -> bytes:
    """Return cells in few bytes; most are 0."""
    return zlib.compress(np.clip(np.rint(cells * _UNITS), 0, 2**32 - 1).astype("<u4").tobytes(), 6)


def sum_cells(packed: Iterable[bytes]) -> Any:
    """Return the sum of packed cells: float64 [ROWS, COLUMNS] in seconds. Raises ValueError if they are damaged."""
    cells = np.zeros(ROWS * COLUMNS, np.uint64)
    try:
        for one in packed:
            cells += np.frombuffer(zlib.decompress(one), "<u4")
    except zlib.error as error:
        raise ValueError("a heat map is damaged") from error
    return cells.reshape(ROWS, COLUMNS) / _UNITS
