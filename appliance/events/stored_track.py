"""A track as the database has it."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, eq=False)
class StoredTrack:
    """The path of an event.

    Attributes:
        id: Of the event.
        label: Of the event.
        start: Unix time of the first sight.
        end: Unix time of the last sight.
        score: The highest median of one second's scores.
        path: float64 [points, 5]: Unix time and box (x_min, y_min, x_max, y_max in shares of the picture), one point
            for every 1 % of the diagonal.
    """

    id: str
    label: str
    start: float
    end: float
    score: float
    path: Any
