"""The database of events: everything that happened, kept over restarts, searched and counted."""

import time
from pathlib import Path
from typing import Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

from appliance.contract import event_requests as requests
from appliance.contract.errors import NOT_FOUND, Refused
from appliance.contract.event_fields import DAY
from appliance.contract.event_messages import (
    IN,
    OUT,
    Counts,
    EventDetail,
    EventPage,
    EventRecord,
    Happening,
    Review,
    ReviewPage,
)
from appliance.core.events import EventBus
from appliance.events import changes
from appliance.events.bus_events import (
    EventChanged,
    EventEnded,
    EventStarted,
    Happened,
    PathPoint,
    ReviewChanged,
    ReviewEnded,
    ReviewStarted,
)
from appliance.events.counts import read_counts
from appliance.events.expiry import Expiry
from appliance.events.heatmap import draw_heat, read_heat
from appliance.events.readers import Readers
from appliance.events.search import end_of_event, find_events, find_reviews, get_event
from appliance.events.starred import Starred
from appliance.events.stored_track import StoredTrack, read_tracks, span_of
from appliance.events.writer import Writer

EVENTS_FILE = "events.db"
HEATMAP_SECONDS = 8.0
"""That of a year is made of thousands."""


class EventStore:
    """Events, reviews, counts and heat maps in one SQLite file. Any thread may call every method.

    What is put is written by a thread of the store, once a second. While it cannot be written, because the disk is
    full, say, that is logged once, `problem` says it, and the newest stays in memory, bounded, until it can be.
    Counts of labels, zones and lines, and heat maps, are derived from the records: nobody counts twice.

    Args:
        path: The file. A damaged one is moved aside and a new one created.
        clock: Returns the Unix time.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._expiry = Expiry()
        self._writer = Writer(path, self._expiry)
        self._readers = Readers(path, self._writer.file.generation, self._writer.file.suspect)
        self._starred = Starred(self._readers)

    # What happens: never waits for the disk

    def listen(self, events: EventBus) -> None:
        """Put everything that the engine publishes (appliance/events/bus_events.py)."""
        events.subscribe(EventStarted, lambda event: self.put(event.record, event.path))
        events.subscribe(EventChanged, lambda event: self.put(event.record, event.path))
        events.subscribe(EventEnded, lambda event: self.put(event.record, event.path))
        events.subscribe(ReviewStarted, lambda event: self.put_review(event.review))
        events.subscribe(ReviewChanged, lambda event: self.put_review(event.review))
        events.subscribe(ReviewEnded, lambda event: self.put_review(event.review))
        events.subscribe(Happened, lambda event: self.put_happening(event.happening))

    def put(self, record: EventRecord, path: Sequence[PathPoint]) -> None:
        """Store an event, or what it is now. Its star is not touched. path: the whole path until now."""
        self._writer.put(record, path)

    def put_review(self, review: Review) -> None:
        """Store a review, or what it is now. Who has seen it is not touched."""
        self._writer.put_review(review)

    def put_happening(self, happening: Happening) -> None:
        """Store a moment of an event that was put before."""
        self._writer.put_happening(happening)

    def mark_files(
        self, ids: Iterable[str], has_snapshot: Optional[bool] = None, has_clip: Optional[bool] = None
    ) -> None:
        """Note that files of ended events came or went. None: unchanged."""
        for id in ids:
            self._writer.put_files(id, (has_snapshot, has_clip))

    def flush(self) -> None:
        """Wait until all that was put is written. Raises Refused if it cannot be."""
        self._writer.call(lambda database, records: None)

    @property
    def problem(self) -> str:
        """Why nothing can be written at present, in a sentence; "" if it can."""
        return self._writer.file.problem

    def close(self) -> None:
        """Write what is left, and end the thread. Events that go on are closed at the next start."""
        self._writer.close()
        self._readers.close()

    # What is asked: each raises Refused if it takes too long, or the database cannot be read

    def search(self, query: requests.ListEvents) -> EventPage:
        """Return a page of events, newest first. Raises Refused."""
        with self._readers.reading() as connection:
            return find_events(connection, query)

    def end_of(self, id: str) -> Optional[Tuple[str, Optional[float]]]:
        """Return the stream of a written event and its end, None while it goes on; None if there is no such event.

        Raises Refused.
        """
        with self._readers.reading() as connection:
            return end_of_event(connection, id)

    def get(self, id: str) -> EventDetail:
        """Return an event with path and happenings. Raises Refused."""
        try:
            with self._readers.reading() as connection:
                return get_event(connection, id)
        except Refused as error:
            if error.kind != NOT_FOUND:
                raise
        self.flush()  # it may have started a moment ago
        with self._readers.reading() as connection:
            return get_event(connection, id)

    def reviews(self, query: requests.ListReviews) -> ReviewPage:
        """Return a page of reviews, newest first. Raises Refused."""
        with self._readers.reading() as connection:
            return find_reviews(connection, query)

    def star(self, id: str, on: bool) -> EventRecord:
        """Star an event or take its star away; returns it. Raises Refused."""
        event: EventRecord = self._writer.call(lambda database, records: changes.star(database, records, id, on))
        self._starred.forget()
        return event

    def is_starred(self, stream: str, start: float, end: float) -> bool:
        """Return whether an event in this time has a star; True if that cannot be known. Quick."""
        return self._starred.has(stream, start, end)

    def mark_seen(self, id: str, user: str, on: bool) -> Review:
        """Mark a review as seen by a user, or not seen; returns it. Raises Refused."""
        review: Review = self._writer.call(lambda database, records: changes.mark_seen(database, records, id, user, on))
        return review

    def counts(self, query: requests.GetCounts) -> Counts:
        """Return counts by hour or day, oldest first. Raises Refused."""
        with self._readers.reading() as connection:
            return read_counts(connection, query, self._clock())

    def crossings_today(self) -> Dict[Tuple[str, str, str], int]:
        """Return how often lines were crossed today, by stream, line and direction. Raises Refused."""
        found: Dict[Tuple[str, str, str], int] = {}
        midnight = time.mktime(time.localtime(self._clock())[:3] + (0, 0, 0, 0, 0, -1))
        for row in self.counts(requests.GetCounts(DAY, after=midnight)).counts:
            if row.line is not None:
                for direction, count in ((IN, row.entered), (OUT, row.left)):
                    key = row.stream, row.line, direction
                    found[key] = found.get(key, 0) + count
        return found

    def heatmap(self, query: requests.GetHeatmap) -> bytes:
        """Return a PNG of where objects were: one hue, clear to full. Raises Refused."""
        with self._readers.reading(HEATMAP_SECONDS) as connection:
            cells = read_heat(connection, query, self._clock())
        return draw_heat(cells)

    def tracks(self, stream: str, after: float, before: float) -> Iterator[List[StoredTrack]]:
        """Return tracks that began in a time, oldest first, in groups. Raises Refused."""
        next_key, end = span_of(after, before)
        while next_key < end:
            with self._readers.reading() as connection:
                group, next_key = read_tracks(connection, stream, (next_key, end))
            yield group

    def expire(self, now: float, alerts: float, events: float) -> None:
        """Let the store's thread delete what is too old, in small parts. A starred event stays.

        Args:
            now: Unix time.
            alerts: How long alerts are kept, in seconds, with their reviews.
            events: How long other events are kept, in seconds, with their reviews.
        """
        self._expiry.want(now, alerts, events)
