"""Heat maps as pictures."""

import sqlite3
from typing import Any

import cv2
import numpy as np

from appliance.contract.event_requests import GetHeatmap
from appliance.events.heat import COLUMNS, ROWS, sum_cells
from appliance.events.kinds import clean
from appliance.events.rows import HOUR_SECONDS

SCALE = 10
"""Pixels of a cell's side."""
DAY_SECONDS = 86400.0
_BLUE_GREEN_RED = (30, 110, 255)
_MOST_OPAQUE = 220


def read_heat(connection: sqlite3.Connection, query: GetHeatmap, now: float) -> Any:
    """Return for how many seconds objects were where: float64 [ROWS, COLUMNS].

    Args:
        connection: Where it is read.
        query: What is asked for. An hour counts if it has a part of the time asked for.
        now: Unix time.

    Raises:
        sqlite3.Error: It cannot be read.
        ValueError: It is damaged.
    """
    after = now - DAY_SECONDS if query.after is None else query.after
    before = now + DAY_SECONDS if query.before is None else query.before
    condition, values = "stream = ? AND hour > ? AND hour < ?", [query.stream, after - HOUR_SECONDS, before]
    if query.label is not None:
        condition += " AND label = ?"
        values.append(clean(query.label))
    rows = connection.execute(f"SELECT cells FROM heat WHERE {condition}", values)
    return sum_cells(packed for (packed,) in rows)


def draw_heat(cells: Any) -> bytes:
    """Return a PNG to be laid over the picture: one hue, the more opaque the longer objects were there.

    Logarithmic: a path that a few took can be seen beside the door that all take.
    """
    seconds = np.log1p(cells)
    share = seconds / seconds.max() if cells.max() > 0 else seconds
    size = (COLUMNS * SCALE, ROWS * SCALE)
    alpha = cv2.resize((share * _MOST_OPAQUE).astype(np.uint8), size, interpolation=cv2.INTER_LINEAR)
    image = np.empty((*alpha.shape, 4), np.uint8)
    image[:, :, :3] = _BLUE_GREEN_RED
    image[:, :, 3] = alpha
    return bytes(cv2.imencode(".png", image)[1])
