"""Draw the zones and lines of a stream into its picture: outlines, the way "in", and what was counted."""

import math
from typing import List, Optional, Tuple

import cv2
import numpy as np

from appliance.contract.events import StreamCounts
from appliance.core.geometry import Point
from appliance.drawing.colours import BLACK, WHITE
from appliance.drawing.lettering import Style
from appliance.schema.places import Line, Places, Zone

_SHIFT = 4  # bits behind the point of the coordinates that OpenCV gets
_ARROW = 24.0
"""Length of the arrow of a line, in line widths; it also is at most a third of the line."""

Place = Tuple[str, Tuple[int, int]]
"""A text, and the pixel at which it stands."""


def draw_places(picture: np.ndarray, places: Places, counts: Optional[StreamCounts], style: Style) -> List[Place]:
    """Draw zones and lines.

    Args:
        picture: uint8 [height, width, 3], BGR.
        places: The zones and lines; masks are not drawn.
        counts: What is in the zones and crossed the lines; None if nothing is counted.
        style: Of lines and letters.

    Returns:
        The names with their counts, to be written above everything else.
    """
    height, width = picture.shape[:2]
    labels: List[Place] = []
    for zone in places.zones.values():
        corners = _pixels(zone.polygon, width, height)
        _draw_lines(picture, corners, True, max(1, style.line // 2))
        labels.append((_zone_text(zone, counts), _highest(corners)))
    for line in places.lines.values():
        start, end = _pixels((line.start, line.end), width, height)
        _draw_lines(picture, np.stack([start, end]), False, style.line)
        _draw_arrow(picture, start, end, style.line)
        labels.append((_line_text(line, counts), (int(start[0]), int(start[1]))))
    return labels


def _zone_text(zone: Zone, counts: Optional[StreamCounts]) -> str:
    inside = sum(counts.zones.get(zone.name, {}).values()) if counts is not None else 0
    return f"{zone.name} {inside}" if inside else zone.name


def _line_text(line: Line, counts: Optional[StreamCounts]) -> str:
    totals = counts.lines.get(line.name) if counts is not None else None
    return f"{line.name} in {totals.entered} out {totals.left}" if totals is not None else line.name


def _pixels(points: Tuple[Point, ...], width: int, height: int) -> np.ndarray:
    """Return points in pixels, float64 [n, 2]; the picture's edges are its outermost pixels."""
    return np.array(points, np.float64) * (width - 1, height - 1)


def _highest(corners: np.ndarray) -> Tuple[int, int]:
    x, y = corners[np.argmin(corners[:, 1])]
    return int(x), int(y)


def _draw_lines(picture: np.ndarray, points: np.ndarray, is_closed: bool, width: int) -> None:
    """Draw white lines with a dark edge, which are seen on any ground."""
    fixed = [np.round(points * (1 << _SHIFT)).astype(np.int32)]
    for colour, thickness in ((BLACK, width + 2), (WHITE, width)):
        cv2.polylines(picture, fixed, is_closed, colour, thickness, cv2.LINE_AA, _SHIFT)


def _draw_arrow(picture: np.ndarray, start: np.ndarray, end: np.ndarray, width: int) -> None:
    """Draw the arrow that shows "in": to the right of somebody who walks from start to end, y down."""
    along = end - start
    length = math.hypot(along[0], along[1])
    if length < 1.0:
        return
    along = along / length
    across = np.array([-along[1], along[0]])
    size = min(_ARROW * width, length / 3)
    middle = (start + end) / 2
    tip = middle + across * size
    head = size * 0.4
    wings = [tip - across * head - along * head, tip, tip - across * head + along * head]
    _draw_lines(picture, np.stack([middle, tip]), False, width)
    _draw_lines(picture, np.stack(wings), False, width)
