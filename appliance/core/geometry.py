"""Plane geometry whose answers are exact: whatever rounding does, a point is never on both sides of a line.

Points are (x, y) of finite floats, in any unit. Standard library only.
"""

from fractions import Fraction
from typing import Sequence, Tuple

Point = Tuple[float, float]

_ERROR_BOUND = 3.3306690738754716e-16
"""Rounding can change the sign of an orientation only if it is smaller than this share of its terms (Shewchuk 1997)."""
_SMALLEST = 1e-290
"""Below this, products lose digits."""


def orientation(a: Point, b: Point, c: Point) -> int:
    """Return on which side of the line from a to b the point c is.

    Returns:
        The sign of (b.x-a.x)(c.y-a.y) - (b.y-a.y)(c.x-a.x): 1, -1, or 0 on the line. As y points down in pictures, 1
        is to the right for somebody who walks from a to b.
    """
    left = (b[0] - a[0]) * (c[1] - a[1])
    right = (b[1] - a[1]) * (c[0] - a[0])
    difference = left - right
    total = abs(left) + abs(right)
    if abs(difference) > _ERROR_BOUND * total and total > _SMALLEST:
        return 1 if difference > 0 else -1
    if a == b or a == c or b == c:
        return 0
    ax, ay = Fraction(a[0]), Fraction(a[1])
    exact = (Fraction(b[0]) - ax) * (Fraction(c[1]) - ay) - (Fraction(b[1]) - ay) * (Fraction(c[0]) - ax)
    return (exact > 0) - (exact < 0)


def is_on_segment(point: Point, a: Point, b: Point) -> bool:
    """Return whether a point is on the segment from a to b, its ends included."""
    return (
        min(a[0], b[0]) <= point[0] <= max(a[0], b[0])
        and min(a[1], b[1]) <= point[1] <= max(a[1], b[1])
        and orientation(a, b, point) == 0
    )


def segments_meet(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Return whether the segments from a to b and from c to d have a point in common, ends included."""
    if (
        max(a[0], b[0]) < min(c[0], d[0])
        or max(c[0], d[0]) < min(a[0], b[0])
        or max(a[1], b[1]) < min(c[1], d[1])
        or max(c[1], d[1]) < min(a[1], b[1])
    ):
        return False
    # Their bounds overlap: then segments on one line meet, and others do if neither is beside the line of the other.
    return orientation(a, b, c) * orientation(a, b, d) <= 0 and orientation(c, d, a) * orientation(c, d, b) <= 0


def is_inside(point: Point, polygon: Sequence[Point]) -> bool:
    """Return whether a point is in a polygon. Its border belongs to it: corners and points on an edge are inside.

    Args:
        point: The point.
        polygon: At least three corners, in order; the last is joined with the first.
    """
    x, y = point
    inside = False
    a = polygon[-1]
    for b in polygon:
        ax, ay = a
        bx, by = b
        if (ay > y) != (by > y):
            # The edge passes the height of the point: does it do so to the right of it?
            if x < ax and x < bx:
                inside = not inside
            elif x <= ax or x <= bx:
                side = orientation(a, b, point)
                if side == 0:
                    return True
                if (side > 0) == (by > ay):
                    inside = not inside
        elif (ay == y or by == y) and is_on_segment(point, a, b):
            return True
        a = b
    return inside


def crossing_edges(polygon: Sequence[Point]) -> Tuple[int, int]:
    """Find two edges of a polygon that meet elsewhere than neighbours do: at the corner that they share.

    Returns:
        The numbers, from 0, of the corners at which the two edges begin; (-1, -1) if there are none.
    """
    count = len(polygon)
    for first in range(count):
        a, b = polygon[first], polygon[(first + 1) % count]
        for second in range(first + 1, count):
            c, d = polygon[second], polygon[(second + 1) % count]
            if second == first + 1:
                folded = orientation(a, b, d) == 0 and (is_on_segment(d, a, b) or is_on_segment(a, c, d))
            elif (second + 1) % count == first:
                folded = orientation(a, b, c) == 0 and (is_on_segment(c, a, b) or is_on_segment(b, c, d))
            else:
                folded = segments_meet(a, b, c, d)
            if folded:
                return first, second
    return -1, -1
