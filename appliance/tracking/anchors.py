"""Where boxes stand: the points by which zones and lines judge them, of all tracks at once."""

from typing import Dict, List, Sequence

import numpy as np

from appliance.core.geometry import Point, is_inside
from appliance.schema.places import BOTTOM_CENTER, CENTER, CORNERS, Line, Zone
from appliance.schema.polygons import Polygon
from appliance.tracking.sighting import Box, Sighting
from appliance.tracking.tables import LineTable, PolygonTable

AT_EDGE = 0.005
"""A box that comes this close to the picture's edge, as a share of the picture, is cut off by it."""
INWARD = 0.01
"""A zone that comes this close to the edge touches it."""


class Anchors:
    """The points of all tracks at one moment.

    Args:
        sightings: The tracks.
    """

    def __init__(self, sightings: Sequence[Sighting]) -> None:
        self.boxes: np.ndarray = np.array([one.box for one in sightings], np.float64).reshape(len(sightings), 4)
        x_min, y_min, x_max, y_max = self.boxes.T
        x = (x_min + x_max) / 2
        self.points: Dict[str, np.ndarray] = {BOTTOM_CENTER: np.stack([x, y_max], axis=1)}
        self.points[CENTER] = np.stack([x, (y_min + y_max) / 2], axis=1)
        # Of all four corners, by the middle of which a path is made.
        self.points[CORNERS] = self.points[CENTER]
        is_cut = (x_min <= AT_EDGE) | (x_max >= 1 - AT_EDGE) | (y_max >= 1 - AT_EDGE)
        self.cut: List[int] = np.flatnonzero(is_cut).tolist()


class ZoneTable:
    """Tells which tracks stand in which zones.

    Args:
        zones: The zones.
    """

    def __init__(self, zones: Sequence[Zone]) -> None:
        self._table = PolygonTable([zone.polygon for zone in zones])
        self._at_edge = [(number, zone.polygon) for number, zone in enumerate(zones) if _touches_edge(zone.polygon)]

    def covered(self, anchors: Anchors) -> List[List[bool]]:
        """Return for each zone which tracks stand in it.

        By the bottom centre of their boxes; where an edge of the picture cuts off a box, by where it is cut off too:
        so a zone at the edge keeps somebody whose feet are no longer seen.
        """
        rows = self._table.inside(anchors.points[BOTTOM_CENTER])
        for number in anchors.cut if self._at_edge else ():
            box = anchors.boxes[number].tolist()
            for zone, polygon in self._at_edge:
                rows[zone][number] = rows[zone][number] or _is_kept(box, polygon)
        return rows


class LineSides:
    """Tells on which sides of which lines tracks are.

    Args:
        lines: The lines.
    """

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = lines
        self._tables = {
            anchor: LineTable([(line.start, line.end) for line in lines if line.anchor == anchor])
            for anchor in {line.anchor for line in lines}
        }

    def sides(self, anchors: Anchors) -> List[List[int]]:
        """Return the sides for each line, by its anchor: 1, -1, or 0 on the line; in the order of the lines."""
        rows = {
            anchor: _sides_of_corners(table, anchors) if anchor == CORNERS else table.sides(anchors.points[anchor])
            for anchor, table in self._tables.items()
        }
        return [rows[line.anchor].pop(0) for line in self._lines]


def as_points(points: np.ndarray) -> List[Point]:
    """Return points as tuples. points: float64 [n, 2]."""
    return list(zip(*points.T.tolist()))


def _sides_of_corners(table: LineTable, anchors: Anchors) -> List[List[int]]:
    """Return the side of all four corners of each box; 0 if they are not on one side."""
    corners = [table.sides(anchors.boxes[:, columns]) for columns in ([0, 1], [2, 1], [2, 3], [0, 3])]
    return [[one[0] if len(set(one)) == 1 else 0 for one in zip(*of_line)] for of_line in zip(*corners)]


def _touches_edge(polygon: Polygon) -> bool:
    return any(x <= INWARD or x >= 1 - INWARD or y >= 1 - INWARD for x, y in polygon)


def _is_kept(box: Box, polygon: Polygon) -> bool:
    x_min, _, x_max, y_max = box
    x, y = (x_min + x_max) / 2, min(y_max, 1 - INWARD) if y_max >= 1 - AT_EDGE else y_max
    places = [(x, y)]
    if x_min <= AT_EDGE:
        places.append((INWARD, y))
    if x_max >= 1 - AT_EDGE:
        places.append((1 - INWARD, y))
    return any(is_inside(place, polygon) for place in places)
