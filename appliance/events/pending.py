"""What waits to be written into the database of events: bounded, the newest of each."""

from collections import OrderedDict, deque
from typing import Any, Deque, Dict, List, Optional, Sequence, Tuple

from appliance.contract.event_messages import EventRecord, Happening, Review
from appliance.events.records import PreparedEvent, prepare_event
from appliance.events.rows import check_times, review_data

MOST_EVENTS = 10000
"""Events, and also reviews, that wait at most: two minutes of the busiest scene."""
MOST_HAPPENINGS = 20000

Files = Tuple[Optional[bool], Optional[bool]]
"""Whether an event has a snapshot, and a clip; None: unchanged."""


class Batch:
    """What is written at once.

    Attributes:
        events: By id, each as it was put; prepared by `prepare`.
        reviews: By id, each with its data once it is prepared.
        happenings, files: The others.
        dropped: How many finished events were dropped since the last batch that could be written.
    """

    def __init__(self) -> None:
        self.events: OrderedDict[str, Any] = OrderedDict()
        self.reviews: OrderedDict[str, Any] = OrderedDict()
        self.happenings: List[Happening] = []
        self.files: Dict[str, Files] = {}
        self.dropped = 0

    def __len__(self) -> int:
        return len(self.events) + len(self.reviews) + len(self.happenings) + len(self.files)


class Pending:
    """Not for several threads at once.

    Of an event that is put again before it was written only the newest is kept. What is too much is dropped: first
    events that go on, which are put again, then the oldest finished ones.
    """

    def __init__(self) -> None:
        self._dropped = 0
        self._running: OrderedDict[str, Any] = OrderedDict()
        self._finished: OrderedDict[str, Any] = OrderedDict()
        self._reviews: OrderedDict[str, Review] = OrderedDict()
        self._happenings: Deque[Happening] = deque(maxlen=MOST_HAPPENINGS)
        self._files: OrderedDict[str, Files] = OrderedDict()

    def __len__(self) -> int:
        return len(self._running) + len(self._finished) + len(self._reviews) + len(self._happenings) + len(self._files)

    def put(self, record: EventRecord, path: Sequence[Any]) -> None:
        """Put an event."""
        self._put_event(record, (record, path))
        self._bound()

    def put_review(self, review: Review) -> None:
        """Put a review."""
        self._reviews[review.id] = review
        self._bound()

    def put_happening(self, happening: Happening) -> None:
        """Put a happening; too many push out the oldest."""
        self._happenings.append(happening)

    def put_files(self, id: str, files: Files) -> None:
        """Put what changed about the files of an event."""
        before = self._files.get(id, (None, None))
        snapshot, clip = (new if new is not None else old for new, old in zip(files, before))
        self._files[id] = (snapshot, clip)
        self._bound()

    def take(self) -> Batch:
        """Take everything out."""
        batch = Batch()
        for waiting in (self._running, self._finished):
            batch.events.update(waiting)
        batch.reviews.update((id, (review, None)) for id, review in self._reviews.items())
        batch.happenings.extend(self._happenings)
        batch.files.update(self._files)
        batch.dropped, self._dropped = self._dropped, 0
        for taken in (self._running, self._finished, self._reviews, self._happenings, self._files):
            taken.clear()
        return batch

    def put_back(self, batch: Batch) -> None:
        """Put what could not be written in front of what came meanwhile, which is newer. batch: prepared."""
        self._dropped += batch.dropped
        for id, event in reversed(batch.events.items()):
            if id not in self._running and id not in self._finished:
                self._put_event(event.record, event)
                (self._running if event.record.end is None else self._finished).move_to_end(id, last=False)
        for id, (review, _) in reversed(batch.reviews.items()):
            if id not in self._reviews:
                self._reviews[id] = review
                self._reviews.move_to_end(id, last=False)
        room = MOST_HAPPENINGS - len(self._happenings)
        self._happenings.extendleft(reversed(batch.happenings[-room:] if room > 0 else []))
        for id, (snapshot, clip) in batch.files.items():
            newer = self._files.pop(id, (None, None))
            self._files[id] = (snapshot, clip)
            self.put_files(id, newer)
        self._bound()

    def _put_event(self, record: EventRecord, entry: Any) -> None:
        if record.end is None:
            self._running[record.id] = entry
        else:
            self._running.pop(record.id, None)
            self._finished[record.id] = entry

    def _bound(self) -> None:
        while len(self._running) + len(self._finished) > MOST_EVENTS:
            if self._running:
                self._running.popitem(last=False)
            else:
                self._finished.popitem(last=False)
                self._dropped += 1
        while len(self._reviews) > MOST_EVENTS:
            self._reviews.popitem(last=False)
        while len(self._files) > MOST_EVENTS:
            self._files.popitem(last=False)


def prepare(batch: Batch) -> List[str]:
    """Prepare what a batch has for writing; returns a sentence for each record that is wrong and left out."""
    wrong: List[str] = []
    events, reviews, happenings = list(batch.events.items()), list(batch.reviews.items()), batch.happenings
    batch.events.clear()
    batch.reviews.clear()
    for id, entry in events:
        try:
            batch.events[id] = entry if isinstance(entry, PreparedEvent) else prepare_event(*entry)
        except (ValueError, TypeError, AttributeError, OverflowError) as error:
            wrong.append(f"The event {id} cannot be stored: {error}")
    for id, (review, _) in reviews:
        try:
            batch.reviews[id] = (review, review_data(review))
        except (ValueError, TypeError, AttributeError, OverflowError) as error:
            wrong.append(f"The review {id} cannot be stored: {error}")
    batch.happenings = []
    for happening in happenings:
        try:
            check_times([happening.time])
            batch.happenings.append(happening)
        except (ValueError, TypeError) as error:
            wrong.append(f"A moment of the event {happening.track} cannot be stored: {error}")
    return wrong
