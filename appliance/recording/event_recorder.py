"""Tells the recorders of all streams what events want, and the index which recordings show an event."""

import threading
import time
from typing import Callable, Dict, List, NamedTuple, Optional, Set

from appliance.contract.event_messages import EventRecord
from appliance.recording.interest import Interest, Span
from appliance.recording.storage import Storage

MOST_ENDED = 10000
"""Number of ended events that wait for `settle`; of more the oldest get no clip."""


class _Ended(NamedTuple):
    id: str
    stream: str
    start: float
    end: float


class EventRecorder:
    """Thread-safe; nothing but `settle` waits for the disk.

    Args:
        storage: The folder of recordings.
        now: Unix time.
    """

    def __init__(self, storage: Storage, now: Callable[[], float] = time.time) -> None:
        self._storage = storage
        self._now = now
        self._lock = threading.Lock()
        self._interests: Dict[str, Interest] = {}
        self._moving: Dict[str, Optional[float]] = {}  # events that go on: since when they move, None while they stand
        self._ended: List[_Ended] = []
        self._settled: Dict[str, Set[Span]] = {}  # what is over, and done

    def interest(self, stream: str, pre: float, post: float) -> Interest:
        """Return what events of a stream want recorded; the same object as long as `pre` and `post` are the same."""
        with self._lock:
            found = self._interests.get(stream)
            if found is None or (found.pre, found.post) != (pre, post):
                found = self._interests[stream] = Interest(pre, post)
            return found

    def touch(self, stream: str, start: float, end: Optional[float], severity: str, key: str = "") -> None:
        """Want what an event shows, with `pre` seconds before and `post` seconds after it.

        Args:
            stream: Name of the stream.
            start, end: Of the event, Unix time; end is None while it goes on.
            severity: "alert" or "detection".
            key: The event's id, the same in each call for it; "" for what is over.
        """
        interest = self._interests.get(stream)
        if interest is not None:
            interest.touch(key, start, end, severity)

    def take(self, record: EventRecord) -> None:
        """Follow an event that began, changed or ended: what stands still is recorded only while it comes and goes."""
        with self._lock:
            is_new = record.id not in self._moving
            since = record.start if is_new else self._moving[record.id]
            if record.end is not None:
                self._moving.pop(record.id, None)
                self._ended.append(_Ended(record.id, record.stream, record.start, record.end))
                del self._ended[:-MOST_ENDED]
                end: Optional[float] = record.end
            elif record.stationary:
                self._moving[record.id] = None
                end = self._now()
            else:
                since = self._now() if since is None else since
                self._moving[record.id] = since
                end = None
        if since is not None:
            self.touch(record.stream, since, end, record.severity, record.id)

    def settle(self) -> List[str]:
        """Put recordings into the classes of the events that they show. Call every ten seconds or so.

        Returns:
            The ids of ended events of which there is a recording; each once.
        """
        with self._lock:
            interests, now = dict(self._interests), self._now()
        for stream, interest in interests.items():
            spans = interest.spans()
            for span in set(spans) - self._settled.get(stream, set()):
                self._storage.classify(stream, span.start, min(span.end, now), span.kept_as)
            self._settled[stream] = {span for span in spans if span.end < now}
        with self._lock:
            over = [one for one in self._ended if self._is_over(one, now)]
            self._ended = [one for one in self._ended if not self._is_over(one, now)]
        shown: List[str] = []
        for stream in {one.stream for one in over}:
            events = [one for one in over if one.stream == stream]
            begin, end = min(one.start for one in events), max(one.end for one in events)
            recordings = self._storage.overlapping(stream, begin, end)
            shown += [
                one.id for one in events if any(two.began <= one.end and one.start < two.ended for two in recordings)
            ]
        return shown

    def _is_over(self, event: _Ended, now: float) -> bool:
        interest = self._interests.get(event.stream)
        return not now < event.end + (interest.post if interest is not None else 0.0)
