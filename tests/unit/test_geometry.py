"""Points in polygons and segments that meet: exact, as shapely has them."""

import math
import random
import sys

import numpy as np
import pytest

from appliance.core.geometry import crossing_edges, is_inside, is_on_segment, orientation, segments_meet
from appliance.tracking.tables import LineTable, PolygonTable

POLYGONS = 10000 if sys.version_info >= (3, 11) else 2500  # the older ones have a slower shapely
SQUARE = [(0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9)]


def some_points(rng, count):
    """Coordinates from 0 to 1, or whole numbers from 0 to 5: there points are on corners and edges all the time."""
    if rng.random() < 0.5:
        return [(rng.random(), rng.random()) for _ in range(count)]
    return [(float(rng.randint(0, 5)), float(rng.randint(0, 5))) for _ in range(count)]


def some_polygon(rng):
    """A polygon that does not cross itself: its corners are sorted by angle."""
    while True:
        corners = list(dict.fromkeys(some_points(rng, rng.randint(3, 9))))
        x, y = (sum(corner[axis] for corner in corners) / len(corners) for axis in (0, 1))
        corners.sort(key=lambda corner: (math.atan2(corner[1] - y, corner[0] - x), corner))
        if len(corners) > 2 and crossing_edges(corners) == (-1, -1):
            return corners


def some_path(rng, polygon):
    """A path of which some points are corners, on edges, or on the line of one."""
    path = some_points(rng, 4)
    for _ in range(3):
        place = rng.randrange(len(polygon))
        (ax, ay), (bx, by) = polygon[place - 1], polygon[place]
        share = rng.choice([0.0, 0.5, 1.0, 2.0, -1.0, rng.random()])
        path.insert(rng.randrange(len(path)), (ax + (bx - ax) * share, ay + (by - ay) * share))
    return path


def test_polygons_and_paths_are_as_shapely_has_them():
    shapely = pytest.importorskip("shapely.geometry")
    rng, wrong, met, inside = random.Random(7), 0, 0, 0
    for _ in range(POLYGONS):
        polygon = some_polygon(rng)
        path = some_path(rng, polygon)
        area, border = shapely.Polygon(polygon), shapely.LinearRing(polygon)
        edges = list(zip(polygon, polygon[1:] + polygon[:1]))
        at = rng.randrange(len(path) - 1)
        a, b = path[at], path[at + 1]
        meets = any(segments_meet(a, b, c, d) for c, d in edges)
        step = shapely.LineString([a, b]) if a != b else shapely.Point(a)
        wrong += meets != step.intersects(border)
        for point in path[at : at + 2]:
            is_in = is_inside(point, polygon)
            wrong += is_in != area.covers(shapely.Point(point))
            inside += is_in
        met += meets
    assert wrong == 0
    assert 0.2 * POLYGONS < met < POLYGONS and 0.2 * POLYGONS < inside < 2 * POLYGONS


def test_a_polygon_that_crosses_itself_is_one_that_shapely_takes_for_invalid():
    shapely = pytest.importorskip("shapely.geometry")
    rng, crossed = random.Random(8), 0
    for _ in range(2000):
        corners = list(dict.fromkeys(some_points(rng, rng.randint(3, 6))))
        if len(corners) > 2:
            crosses = crossing_edges(corners) != (-1, -1)
            assert crosses != shapely.Polygon(corners).is_valid, corners
            crossed += crosses
    assert 200 < crossed < 1800


def test_many_points_at_once_are_as_each_by_itself():
    rng, inside, on_line = random.Random(10), 0, 0
    for _ in range(150):
        polygons = [some_polygon(rng) for _ in range(rng.randint(1, 6))]
        points = [point for polygon in polygons for point in some_path(rng, polygon)]
        rows = PolygonTable(polygons).inside(np.array(points))
        assert rows == [[is_inside(point, polygon) for point in points] for polygon in polygons]
        lines = [(a, b) for a, b in zip(points, points[1:]) if a != b]
        sides = LineTable(lines).sides(np.array(points))
        assert sides == [[orientation(a, b, point) for point in points] for a, b in lines]
        inside += sum(map(sum, rows))
        on_line += sum(side == 0 for row in sides for side in row)
    assert inside > 1000 and on_line > 3000
    assert PolygonTable([]).inside(np.zeros((2, 2))) == [] and LineTable([]).sides(np.zeros((2, 2))) == []


@pytest.mark.parametrize("point", [*SQUARE, (0.5, 0.1), (0.9, 0.3), (0.5, 0.9), (0.1, 0.2), (0.5, 0.5)])
def test_the_border_of_a_polygon_belongs_to_it(point):
    assert is_inside(point, SQUARE) and is_inside(point, SQUARE[::-1])


@pytest.mark.parametrize("point", [(0.0999, 0.5), (0.95, 0.1), (0.05, 0.9), (0.5, 0.90001), (2.0, 0.5), (-1.0, 0.1)])
def test_what_is_beside_a_polygon_is_outside(point):
    assert not is_inside(point, SQUARE) and not is_inside(point, SQUARE[::-1])


def test_a_point_is_never_on_both_sides_of_a_line_nor_on_neither():
    rng = random.Random(9)
    for _ in range(2000):
        a, b = some_points(rng, 2)
        share = rng.random()
        c = (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share)  # on the line, but for rounding
        assert orientation(a, b, c) == -orientation(b, a, c) == orientation(b, c, a)


def test_segments_that_only_touch_meet():
    assert segments_meet((0, 0), (1, 1), (1, 1), (2, 0))
    assert segments_meet((0, 0), (2, 0), (1, 0), (1, 1))
    assert segments_meet((0, 0), (2, 0), (1, 0), (3, 0))
    assert not segments_meet((0, 0), (1, 0), (2, 0), (3, 0))
    assert not segments_meet((0, 0), (1, 0), (0, 1e-300), (1, 1e-300))
    assert segments_meet((1, 1), (1, 1), (0, 0), (2, 2))
    assert not segments_meet((1, 1.5), (1, 1.5), (0, 0), (2, 2))
    assert is_on_segment((0.5, 0.5), (0, 0), (1, 1))
    assert not is_on_segment((0.5, 0.5 + 2**-52), (0, 0), (1, 1))
