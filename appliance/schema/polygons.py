"""Points and polygons in shares of the picture, as people write them."""

import re
from typing import Any, List, Sequence, Tuple

from appliance.core.geometry import Point, crossing_edges
from appliance.schema.errors import BadPart, Path
from appliance.schema.parts import is_number, shown

Polygon = Tuple[Point, ...]
"""Corners in order, each (x, y) from 0 to 1; (0, 0) is the picture's top left corner."""

MOST_POINTS = 100
_LONGEST_TEXT = 100 * MOST_POINTS
_EXAMPLE = '[[0.1, 0.5], [0.4, 0.5], [0.4, 0.9]] or "0.1,0.5,0.4,0.5,0.4,0.9"'


def parse_point(path: Path, value: Any) -> Point:
    """Return a point: [x, y], or a text like "0.1,0.5". Raises BadPart."""
    pair = numbers_of(value) if isinstance(value, str) else value
    if not isinstance(pair, (list, tuple)) or len(pair) != 2 or not all(is_number(one) for one in pair):
        raise BadPart(path, f"must be a point like [0.1, 0.5], not {shown(value)}")
    x, y = float(pair[0]), float(pair[1])
    if not (0 <= x <= 1 and 0 <= y <= 1):
        raise BadPart(
            path,
            f"has the point {x:g},{y:g} outside of the picture; write shares from 0 to 1: pixels divided by the"
            " picture's width and height",
        )
    return x + 0.0, y + 0.0  # -0.0 becomes 0.0


def parse_polygon(path: Path, value: Any) -> Polygon:
    """Return a polygon: a list of points, or Frigate's text "x1,y1,x2,y2,...". Raises BadPart."""
    corners: List[Any]
    if isinstance(value, str):
        coordinates = numbers_of(value)
        if not coordinates or len(coordinates) % 2:
            raise BadPart(path, f"must be pairs of numbers, like {_EXAMPLE}, not {shown(value)}")
        corners = [list(pair) for pair in zip(coordinates[::2], coordinates[1::2])]
    elif isinstance(value, (list, tuple)):
        corners = list(value)
    else:
        raise BadPart(path, f"must be a list of points, like {_EXAMPLE}, not {shown(value)}")
    if len(corners) > MOST_POINTS + 1:
        raise BadPart(path, f"has {len(corners)} points; {MOST_POINTS} are the most")
    points = [parse_point(path, corner) for corner in corners]
    if len(points) > 1 and points[0] == points[-1]:
        points.pop()  # closed by hand
    _check(path, points)
    return tuple(points)


def _check(path: Path, points: Sequence[Point]) -> None:
    if len(points) < 3:
        noun = "1 point" if len(points) == 1 else f"{len(points)} points"
        raise BadPart(path, f"has {noun}; a polygon needs three or more")
    if len(points) > MOST_POINTS:
        raise BadPart(path, f"has {len(points)} points; {MOST_POINTS} are the most")
    for number, point in enumerate(points):
        if point in points[:number]:
            raise BadPart(
                path, f"has the point {point[0]:g},{point[1]:g} twice; delete one: each corner is written once"
            )
    first, second = crossing_edges(points)
    if first >= 0:
        raise BadPart(
            path,
            f"crosses itself: the edge after point {first + 1} meets the one after point {second + 1}; write the"
            " points in the order in which one walks around the area",
        )


def numbers_of(text: str) -> List[float]:
    """Return the numbers of a text like "0.1,0.5"; none if one of them is no number."""
    words = text.strip().strip(",").split(",") if len(text) <= _LONGEST_TEXT else []
    number = re.compile(r"\s*[+-]?([0-9]{1,20}\.?[0-9]{0,40}|\.[0-9]{1,40})([eE][+-]?[0-9]{1,2})?\s*")
    return [float(word) for word in words] if all(map(number.fullmatch, words)) else []


def as_lists(polygon: Polygon) -> List[List[float]]:
    """Return a polygon as JSON and YAML have it."""
    return [list(point) for point in polygon]
