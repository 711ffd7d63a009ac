"""Points and many polygons or lines at once, by numpy; where rounding could decide, as exactly as core.geometry."""

from typing import List, Sequence, Tuple

import numpy as np

from appliance.core.geometry import Point, is_inside, orientation

_SURE = 1e-12
"""Rounding cannot change the sign of a cross product of shares that is larger."""


class PolygonTable:
    """Tells which points are in which polygons; their borders belong to them.

    Args:
        polygons: Corners in shares of the picture.
    """

    def __init__(self, polygons: Sequence[Sequence[Point]]) -> None:
        self._polygons = polygons
        begins: np.ndarray = np.array([corner for polygon in polygons for corner in polygon], np.float64)
        ends: np.ndarray = np.array(
            [corner for polygon in polygons for corner in (*polygon[1:], polygon[0])], np.float64
        )
        if not len(polygons):
            begins = ends = np.zeros((0, 2))
        self._x, self._y = begins.T
        self._end_y = ends[:, 1]
        self._dx, self._dy = (ends - begins).T
        self._falls = self._end_y > self._y
        self._starts = np.cumsum([0, *map(len, polygons)])[:-1].astype(np.intp)

    def inside(self, points: np.ndarray) -> List[List[bool]]:
        """Return for each polygon which points are in it. points: float64 [n, 2]."""
        if not self._polygons or not len(points):
            return [[False] * len(points) for _ in self._polygons]
        x, y = points[:, :1], points[:, 1:]
        cross = self._dx * (y - self._y) - self._dy * (x - self._x)
        passes = (self._y > y) != (self._end_y > y)
        passes &= (cross > 0) == self._falls
        found = (np.add.reduceat(passes, self._starts, axis=1, dtype=np.int32) & 1).astype(bool)
        doubts = np.logical_or.reduceat(np.abs(cross) < _SURE, self._starts, axis=1)
        for number, polygon in np.argwhere(doubts).tolist():
            found[number, polygon] = is_inside(tuple(points[number].tolist()), self._polygons[polygon])
        rows: List[List[bool]] = found.T.tolist()
        return rows


class LineTable:
    """Tells on which side of which lines points are.

    Args:
        lines: Their two ends, in shares of the picture.
    """

    def __init__(self, lines: Sequence[Tuple[Point, Point]]) -> None:
        self._lines = lines
        ends: np.ndarray = np.array(lines, np.float64).reshape(len(lines), 2, 2)
        self._x, self._y = ends[:, 0].T
        self._dx, self._dy = (ends[:, 1] - ends[:, 0]).T

    def sides(self, points: np.ndarray) -> List[List[int]]:
        """Return for each line the sides of the points, as `orientation` gives them. points: float64 [n, 2]."""
        cross = self._dx * (points[:, 1:] - self._y) - self._dy * (points[:, :1] - self._x)
        sides = np.sign(cross).astype(int)
        for number, line in np.argwhere(np.abs(cross) < _SURE).tolist():
            sides[number, line] = orientation(*self._lines[line], tuple(points[number].tolist()))
        rows: List[List[int]] = sides.T.tolist()
        return rows
