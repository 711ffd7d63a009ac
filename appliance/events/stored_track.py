"""A track as the database has it."""

import sqlite3
from dataclasses import dataclass
from typing import Any, List, Tuple

from appliance.events.packing import unpack_path
from appliance.events.schema import SEPARATOR, first_key, start_of

GROUP = 200
"""Tracks that are read at once."""


@dataclass(frozen=True, eq=False)
class StoredTrack:
    """The path of an event.

    Attributes:
        id: Of the event.
        stream: In which it was.
        label: Of the event.
        start: Unix time of the first sight.
        end: Unix time of the last sight.
        score: The highest median of one second's scores.
        path: float64 [points, 5]: Unix time and box (x_min, y_min, x_max, y_max in shares of the picture), one point
            for every 1 % of the diagonal.
    """

    id: str
    stream: str
    label: str
    start: float
    end: float
    score: float
    path: Any


def read_tracks(connection: sqlite3.Connection, stream: str, span: Tuple[int, int]) -> Tuple[List[StoredTrack], int]:
    """Return the next tracks of a stream, oldest first, and the key at which to go on.

    Args:
        connection: Where they are read.
        stream: Whose tracks.
        span: The least key, and the least one that is too high.

    Raises:
        sqlite3.Error: They cannot be read.
        ValueError: They are damaged.
    """
    rows = connection.execute(
        "SELECT e.key, e.id, k.labels, e.seen, e.score, p.points, k.stream FROM event e"
        " CROSS JOIN kind k ON k.id = e.kind CROSS JOIN path p ON p.event = e.key"
        " WHERE e.key >= ? AND e.key < ? ORDER BY e.key LIMIT ?",
        (*span, GROUP),
    ).fetchall()
    tracks = []
    for key, id, labels, seen, score, packed, of_stream in rows:
        if of_stream == stream:
            path = unpack_path(packed)
            path[:, 0] += start_of(key)
            tracks.append(StoredTrack(id, stream, labels.strip(SEPARATOR), start_of(key), seen, score, path))
    return tracks, rows[-1][0] + 1 if rows else span[1]


def span_of(after: float, before: float) -> Tuple[int, int]:
    """Return the least key of what starts in a time, and the least one that is too high."""
    return first_key(after), first_key(before)
