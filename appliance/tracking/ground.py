"""From the picture to metres on the ground, for a zone whose four sides were measured."""

import math
from collections import deque
from typing import Deque, Optional, Sequence, Tuple

import numpy as np

from appliance.core.geometry import Point

WINDOW = 1.0
"""A speed is measured over so many seconds,"""
SHORTEST = 0.5
"""and over no fewer than these."""
STEP = 0.04
"""Positions closer in time, in seconds, say nothing new."""


class GroundPlane:
    """Perspective mapping of a quadrilateral in the picture to one on the ground.

    Four sides alone do not fix its angles: of all such quadrilaterals it takes the largest, whose corners are on one
    circle. That is a rectangle where opposite sides are equal.

    Args:
        corners: In the picture, a convex quadrilateral; any unit.
        sides: Lengths in metres; the first is from the first to the second corner.
    """

    def __init__(self, corners: Sequence[Point], sides: Sequence[float]) -> None:
        rows, values = [], []
        for (x, y), (right, far) in zip(corners, _quadrilateral(sides)):
            rows.append([x, y, 1, 0, 0, 0, -right * x, -right * y])
            rows.append([0, 0, 0, x, y, 1, -far * x, -far * y])
            values += [right, far]
        self._factors = tuple(np.linalg.solve(np.array(rows, np.float64), np.array(values, np.float64)).tolist())

    def position(self, point: Point) -> Point:
        """Return where a point of the picture is on the ground, in metres. It must be in the quadrilateral."""
        a, b, c, d, e, f, g, h = self._factors
        x, y = point
        depth = g * x + h * y + 1.0
        return (a * x + b * y + c) / depth, (d * x + e * y + f) / depth


def _quadrilateral(sides: Sequence[float]) -> Tuple[Point, Point, Point, Point]:
    a, b, c, d = sides
    diagonal = math.sqrt((a * c + b * d) * (a * d + b * c) / (a * b + c * d))  # from the first to the third corner
    return (
        (0.0, 0.0),
        _polar(a, -_angle(a, diagonal, b)),
        (diagonal, 0.0),
        _polar(d, _angle(d, diagonal, c)),
    )


def _angle(first: float, second: float, opposite: float) -> float:
    """Return the angle between two sides of a triangle, opposite to the third."""
    cosine = (first * first + second * second - opposite * opposite) / (2 * first * second)
    return math.acos(max(-1.0, min(1.0, cosine)))


def _polar(distance: float, angle: float) -> Point:
    return distance * math.cos(angle), distance * math.sin(angle)


class Speedometer:
    """Measures the speed of one object from its positions on the ground: the slope of a straight line through them.

    Attributes:
        speed: In km/h; None as long as it was seen too briefly.
    """

    def __init__(self) -> None:
        self.speed: Optional[float] = None
        self._seen: Deque[Tuple[float, float, float]] = deque()

    def see(self, time: float, position: Point) -> None:
        """Take in a position in metres."""
        seen = self._seen
        if seen and not time >= seen[-1][0] + STEP:
            return
        seen.append((time, *position))
        while seen[0][0] < time - WINDOW:
            seen.popleft()
        if len(seen) < 3 or time - seen[0][0] < SHORTEST:
            return
        times, rights, fars = zip(*seen)
        middle = sum(times) / len(times)
        ages = [one - middle for one in times]
        spread = sum(age * age for age in ages)
        right, far = (sum(age * one for age, one in zip(ages, places)) / spread for places in (rights, fars))
        self.speed = 3.6 * math.hypot(right, far)
