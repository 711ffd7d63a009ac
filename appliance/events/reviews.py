"""Bundle the events of a stream that are close in time into reviews. Pure: no thread, no clock."""

from typing import Dict, List, Union

from appliance.contract.event_messages import ALERT, DETECTION, EventRecord, Review
from appliance.events.bus_events import ReviewChanged, ReviewEnded, ReviewStarted

QUIET_SECONDS = {ALERT: 40.0, DETECTION: 30.0}
"""A review ends when nothing moved for so long; the same limits as Frigate's."""
MOST_EVENTS = 200
"""A review with so many events takes no more: on a busy street it would never end."""

ReviewNews = Union[ReviewStarted, ReviewChanged, ReviewEnded]


class _OpenReview:
    """A review that goes on. Times of the monotonic clock, except `start`; offset: what makes Unix time of them."""

    def __init__(self, number: int, record: EventRecord, start: float) -> None:
        self.id = f"{start:.6f}-{number:06d}"
        self.start = start
        self.stream = record.stream
        self.severity = record.severity
        self.labels: List[str] = []
        self.zones: List[str] = []
        self.events: List[str] = []
        self.active_at = 0.0
        self.offset = 0.0

    def add(self, record: EventRecord) -> bool:
        """Add what an event brings. Returns whether anything is new."""
        before = (self.severity, len(self.labels), len(self.zones), len(self.events))
        if record.severity == ALERT:
            self.severity = ALERT
        _add_new(self.labels, [record.label])
        _add_new(self.zones, record.zones)
        if record.id not in self.events:
            self.events.append(record.id)
        return before != (self.severity, len(self.labels), len(self.zones), len(self.events))

    def is_over(self, now: float) -> bool:
        return now - self.active_at > QUIET_SECONDS[self.severity]

    def message(self, is_over: bool = False) -> Review:
        return Review(
            id=self.id,
            stream=self.stream,
            start=self.start,
            end=round(max(self.start, self.active_at + self.offset), 6) if is_over else None,
            severity=self.severity,
            labels=list(self.labels),
            zones=list(self.zones),
            events=list(self.events),
            seen=False,
        )


class Reviews:
    """The reviews that go on, at most one a stream.

    An event that moves keeps its review open, a stationary one does not: a parked car would keep it open for hours. A
    detection's review becomes an alert's when an alert joins it.
    """

    def __init__(self) -> None:
        self._open: Dict[str, _OpenReview] = {}
        self._last_number = 0

    def join(self, record: EventRecord, since: float, now: float, offset: float) -> List[ReviewNews]:
        """Take in that an event is active.

        Args:
            record: The event.
            since: Since when it is active, if it begins a review; capture time in seconds.
            now: When it was last seen.
            offset: What makes Unix times of these.

        Returns:
            What to publish.
        """
        news: List[ReviewNews] = []
        review = self._open.get(record.stream)
        if review is not None and (review.is_over(since) or self._is_full(review, record)):
            news += self._end(review)
            review = None
        if review is None:
            self._last_number += 1
            review = self._open[record.stream] = _OpenReview(self._last_number, record, round(since + offset, 6))
            review.add(record)
            news.append(ReviewStarted(review.message()))
        elif review.add(record):
            news.append(ReviewChanged(review.message()))
        if now >= review.active_at:
            review.active_at, review.offset = now, offset
        return news

    def of(self, stream: str) -> str:
        """Return the id of the review that goes on in a stream."""
        return self._open[stream].id

    def update(self, record: EventRecord) -> List[ReviewNews]:
        """Take in what is new of an event that is in an open review, without counting it as activity."""
        review = self._open.get(record.stream)
        if review is None or record.id not in review.events or not review.add(record):
            return []
        return [ReviewChanged(review.message())]

    def tick(self, now: float) -> List[ReviewNews]:
        """End the reviews in which nothing moved for long. now: capture time in seconds."""
        return [event for review in list(self._open.values()) if review.is_over(now) for event in self._end(review)]

    def close(self) -> List[ReviewNews]:
        """End all reviews."""
        return [event for review in list(self._open.values()) for event in self._end(review)]

    def _is_full(self, review: _OpenReview, record: EventRecord) -> bool:
        return len(review.events) >= MOST_EVENTS and record.id not in review.events

    def _end(self, review: _OpenReview) -> List[ReviewNews]:
        del self._open[review.stream]
        return [ReviewEnded(review.message(is_over=True))]


def _add_new(names: List[str], more: List[str]) -> None:
    names += [name for name in more if name not in names]
