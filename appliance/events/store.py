"""The database of events: everything that happened, kept over restarts, searched and counted."""

from pathlib import Path
from typing import Iterable, Iterator, List, Optional, Sequence

from appliance.contract import event_requests as requests
from appliance.contract.errors import CONFLICT, Refused
from appliance.contract.event_messages import (
    Counts,
    EventDetail,
    EventPage,
    EventRecord,
    Happening,
    Review,
    ReviewPage,
)
from appliance.core.events import EventBus
from appliance.events.bus_events import PathPoint
from appliance.events.stored_track import StoredTrack

EVENTS_FILE = "events.db"


class EventStore:
    """Events, reviews, counts and heat maps in one SQLite file. Any thread may call every method.

    What is put is written by a thread of the store, once a second. While it cannot be written, because the disk is
    full, say, that is logged once, `problem` says it, and the newest stays in memory, bounded, until it can be.
    Counts of labels, zones and lines, and heat maps, are derived from the records: nobody counts twice.

    Args:
        path: The file. A damaged one is moved aside and a new one created.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    # What happens: never waits for the disk

    def listen(self, events: EventBus) -> None:
        """Put everything that the engine publishes (appliance/events/bus_events.py)."""

    def put(self, record: EventRecord, path: Sequence[PathPoint]) -> None:
        """Store an event, or what it is now. Its star is not touched. path: the whole path until now."""

    def put_review(self, review: Review) -> None:
        """Store a review, or what it is now. Who has seen it is not touched."""

    def put_happening(self, happening: Happening) -> None:
        """Store a moment of an event that was put before."""

    def mark_files(
        self, ids: Iterable[str], has_snapshot: Optional[bool] = None, has_clip: Optional[bool] = None
    ) -> None:
        """Note that files of ended events came or went. None: unchanged."""

    @property
    def problem(self) -> str:
        """Why nothing can be written at present, in a sentence; "" if it can."""
        return ""

    def close(self) -> None:
        """Write what is left, and end the thread. Events that go on are closed at the next start."""

    # What is asked: each raises Refused if it takes too long, or the database cannot be read

    def search(self, query: requests.ListEvents) -> EventPage:
        """Return a page of events, newest first. Raises Refused."""
        raise _not_yet()

    def get(self, id: str) -> EventDetail:
        """Return an event with path and happenings. Raises Refused."""
        raise _not_yet()

    def reviews(self, query: requests.ListReviews) -> ReviewPage:
        """Return a page of reviews, newest first. Raises Refused."""
        raise _not_yet()

    def star(self, id: str, on: bool) -> EventRecord:
        """Star an event or take its star away; returns it. Raises Refused."""
        raise _not_yet()

    def mark_seen(self, id: str, user: str, on: bool) -> Review:
        """Mark a review as seen by a user, or not seen; returns it. Raises Refused."""
        raise _not_yet()

    def counts(self, query: requests.GetCounts) -> Counts:
        """Return counts by hour or day, oldest first. Raises Refused."""
        raise _not_yet()

    def heatmap(self, query: requests.GetHeatmap) -> bytes:
        """Return a PNG of where objects were: one hue, clear to full. Raises Refused."""
        raise _not_yet()

    def tracks(self, stream: str, after: float, before: float) -> Iterator[List[StoredTrack]]:
        """Return tracks that began in a time, oldest first, in groups. Raises Refused."""
        raise _not_yet()

    def expire(self, now: float, alerts: float, events: float) -> None:
        """Let the store's thread delete what is too old, in small parts. A starred event stays.

        Args:
            now: Unix time.
            alerts: How long alerts are kept, in seconds, with their reviews.
            events: How long other events are kept, in seconds, with their reviews.
        """


def _not_yet() -> Refused:
    return Refused(CONFLICT, "Events are not recorded yet.")
