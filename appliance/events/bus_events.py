"""What the events engine publishes on the event bus of `core.events`, all in its own thread.

The recorder keeps segments for it, the store writes it, the dashboard shows it. A handler must be quick, as
`EventBus.publish` says; records are never changed after they were published.
"""

from dataclasses import dataclass
from typing import Sequence, Tuple

from appliance.contract.event_messages import EventRecord, Happening, Review

PathPoint = Tuple[float, float, float, float, float]
"""A time in seconds, and the box at that moment: x_min, y_min, x_max, y_max, shares of the picture."""


@dataclass(frozen=True)
class EventStarted:
    """A track is confirmed, and became an event. Its start is the track's first sight, some tenths of a second ago.

    Attributes:
        record: The event.
        path: The track's path until now, oldest first, with Unix times.
    """

    record: EventRecord
    path: Sequence[PathPoint]


@dataclass(frozen=True)
class EventChanged:
    """An event has changed: at most once a second, and at once when a zone or line was reached.

    Attributes:
        record: The whole event.
        path: The whole path until now.
    """

    record: EventRecord
    path: Sequence[PathPoint]


@dataclass(frozen=True)
class EventEnded:
    """The track of an event is gone, or the appliance ends. Published once for every `EventStarted`.

    Attributes:
        record: The event, with its end.
        path: The whole path.
    """

    record: EventRecord
    path: Sequence[PathPoint]


@dataclass(frozen=True)
class ReviewStarted:
    """The first event of a review has started."""

    review: Review


@dataclass(frozen=True)
class ReviewChanged:
    """An event was added to a review, or its severity rose. review: the whole review."""

    review: Review


@dataclass(frozen=True)
class ReviewEnded:
    """Nothing more belongs to a review. review: with its end."""

    review: Review


@dataclass(frozen=True)
class Happened:
    """Something happened to a track that is an event."""

    happening: Happening
