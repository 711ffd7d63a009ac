"""What the events engine publishes on the event bus of `core.events`, all in its own thread.

The recorder keeps segments for it, the store writes it, the dashboard shows it. A handler must be quick, as
`EventBus.publish` says; records are never changed after they were published.
"""

from dataclasses import dataclass
from typing import Any, Sequence, Tuple

PathPoint = Tuple[float, float, float, float, float]
"""Capture time in Unix seconds, and the box at that moment: x_min, y_min, x_max, y_max, shares of the picture."""


@dataclass(frozen=True)
class EventStarted:
    """A track is confirmed, and became an event. Its start is the track's first sight, some tenths of a second ago.

    Attributes:
        record: The contract's `EventRecord`.
        path: The track's path until now, oldest first.
    """

    record: Any
    path: Sequence[PathPoint]


@dataclass(frozen=True)
class EventChanged:
    """An event has changed: at most once a second, and at once when a zone or line was reached.

    Attributes:
        record: The contract's `EventRecord`, whole.
        path: The whole path until now.
    """

    record: Any
    path: Sequence[PathPoint]


@dataclass(frozen=True)
class EventEnded:
    """The track of an event is gone, or the appliance ends. Published once for every `EventStarted`.

    Attributes:
        record: The contract's `EventRecord`, with its end.
        path: The whole path.
    """

    record: Any
    path: Sequence[PathPoint]


@dataclass(frozen=True)
class ReviewStarted:
    """The first event of a review has started. review: the contract's `Review`."""

    review: Any


@dataclass(frozen=True)
class ReviewChanged:
    """An event was added to a review, or its severity rose. review: the contract's `Review`, whole."""

    review: Any


@dataclass(frozen=True)
class ReviewEnded:
    """Nothing more belongs to a review. review: the contract's `Review`, with its end."""

    review: Any


@dataclass(frozen=True)
class Happened:
    """Something happened to a track that is an event. happening: the contract's `Happening`."""

    happening: Any
