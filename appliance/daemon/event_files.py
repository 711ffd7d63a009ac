"""The files of events: clips, snapshots, and which recordings show a starred event."""

import base64
import collections
import logging
import time
from typing import Callable, Deque, Dict, List, Optional, Tuple

from appliance.contract import event_requests as requests
from appliance.contract.errors import NOT_FOUND, Refused
from appliance.contract.event_fields import MOST_EVENTS
from appliance.contract.event_messages import Clip, Picture
from appliance.events.store import EventStore
from appliance.recording.clips import Clips
from appliance.recording.event_recorder import EventRecorder
from appliance.recording.index import Entry
from appliance.recording.retention import ClockWatch
from appliance.recording.snapshot_pictures import read_box, show_snapshot
from appliance.recording.snapshots import SnapshotStore
from appliance.recording.storage import Storage
from appliance.schema.keep import parse_keep
from appliance.settings import Settings

MOST_DELETED = 10000
MOST_PAGES = 50
LONGEST_EVENT = 24 * 3600.0
"""An event that began longer before is not looked for when a recording is deleted."""

WRITTEN_SECONDS = 60.0
"""An event is in the database so soon after its first snapshot; until then that is of an unknown event, and stays."""

log = logging.getLogger(__name__)


class EventFiles:
    """Keeps the database of events and the files in step. Thread-safe.

    Args:
        settings: The configuration.
        store: The database of events.
        storage: The recordings.
        snapshots: The best pictures.
        recorder: Knows which ended events have a recording.
        now: Unix time.
    """

    def __init__(
        self,
        settings: Settings,
        store: EventStore,
        storage: Storage,
        snapshots: SnapshotStore,
        recorder: EventRecorder,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._settings, self._store, self._storage, self._recorder = settings, store, storage, recorder
        self._keep = parse_keep(settings.keep)
        self._clock = ClockWatch()
        self._now = now
        self._is_new = True
        self._clips = Clips(storage, self._padding)
        self._snapshots = snapshots
        storage.snapshots = self._snapshots.bytes
        storage.is_starred = self._is_starred_time
        self._without: Deque[str] = collections.deque(maxlen=MOST_DELETED)  # events whose snapshot is gone
        self._deleted: Deque[Entry] = collections.deque(maxlen=MOST_DELETED)
        storage.deleted = self._deleted.append

    def make_clip(self, id: str) -> Clip:
        """Return the clip of an event. Raises Refused."""
        return self._clips.make(self._store.get(id).event)

    def snapshot(self, request: requests.GetSnapshot) -> Picture:
        """Return the snapshot of an event, as it is asked for. Raises Refused."""
        event = self._store.get(request.id).event
        jpeg = self._snapshots.read(event.id, event.stream)
        shown = jpeg and show_snapshot(
            jpeg,
            read_box(jpeg) or event.box,
            event.label,
            event.top_score,
            bool(request.bbox),
            bool(request.crop),
            request.height,
        )
        if not shown:
            raise Refused(NOT_FOUND, "There is no snapshot of this event, or no more.")
        return Picture(base64.b64encode(shown).decode("ascii"))

    def tidy(self) -> None:
        """Delete recordings and clips that are too old, or take too much room. Call every ten seconds or so."""
        self._store.mark_files(self._recorder.settle(), has_clip=True)
        self._clips.tidy(lacks_room=self._storage.excess() > 0)
        if not self._storage.tidy():
            deleted = self._snapshots.make_room(self._storage.excess(), self._is_starred)
            self._note_gone(deleted)
            self._without += deleted
        self._without += self._snapshots.take_lost()
        self._check_snapshots()
        if self._is_new:
            self._check_new()
        self._check_deleted()

    def expire(self) -> None:
        """Delete events and snapshots that are too old. Call every ten minutes or so."""
        keep = self._keep
        if self._clock.is_sure(time.time(), time.monotonic()):  # a wrong one could delete everything
            self._store.expire(time.time(), keep.alerts, keep.events)
        least = max(WRITTEN_SECONDS, min(keep.alerts, keep.events))
        self._note_gone(self._snapshots.tidy(keep.snapshots, least, self._is_starred, self._is_known))

    def _note_gone(self, ids: List[str]) -> None:
        if ids:
            log.info("Deleted %d snapshots: they are older than keep says, or there is no room", len(ids))
            self._store.mark_files(ids, has_snapshot=False)

    def _check_snapshots(self) -> None:
        """Note which events have no snapshot, once they have ended: one that goes on is stored again and again."""
        gone: List[str] = []
        for id in [self._without.popleft() for _ in range(len(self._without))]:
            try:
                known = self._store.end_of(id)
            except Refused:  # the database may be busy
                self._without.append(id)
                continue
            if known is None:
                continue
            stream, end = known
            if end is None:
                self._without.append(id)
            elif not self._snapshots.has(id, stream):
                gone.append(id)
        self._store.mark_files(gone, has_snapshot=False)

    def _is_known(self, id: str) -> bool:
        try:
            return self._store.end_of(id) is not None
        except Refused:  # the database may be busy
            return True

    def _is_starred(self, stream: str, time: float) -> bool:
        return self._store.is_starred(stream, time, time)

    def _is_starred_time(self, stream: str, start: float, end: float) -> bool:
        """Return whether a clip of a starred event has something of this time."""
        pre, post = self._padding(stream)
        return self._store.is_starred(stream, start - post, end + pre)

    def _padding(self, stream: str) -> Tuple[float, float]:
        settings = self._settings.for_stream(stream)
        return settings.pre, settings.post

    def _check_new(self) -> None:
        """At the start, look at the last day: what ended with the process before is not known to have a clip."""
        self._is_new = False
        for stream in {recording.stream for recording in self._storage.list()}:
            self._check_clips(stream, self._now() - LONGEST_EVENT, self._now())

    def _check_deleted(self) -> None:
        """Note of which events there is no recording any more."""
        spans: Dict[str, Tuple[float, float]] = {}
        while self._deleted:
            entry = self._deleted.popleft()
            began, ended = spans.get(entry.stream, (entry.began, entry.ended))
            spans[entry.stream] = min(began, entry.began), max(ended, entry.ended)
        for stream, (began, ended) in spans.items():
            self._check_clips(stream, began - LONGEST_EVENT, ended)

    def _check_clips(self, stream: str, after: float, before: float) -> None:
        """Hold what the database knows of clips against the recordings, for events that began in this time."""
        recordings = self._storage.overlapping(stream, after, before + LONGEST_EVENT)
        found: Dict[bool, List[str]] = {False: [], True: []}
        cursor: Optional[str] = None
        try:
            for _ in range(MOST_PAGES):
                page = self._store.search(
                    requests.ListEvents(
                        stream=stream, after=max(0.0, after), before=max(0.0, before), cursor=cursor, limit=MOST_EVENTS
                    )
                )
                for event in page.events:
                    end = event.end
                    if end is None:
                        continue
                    is_shown = any(one.began < end and event.start < one.ended for one in recordings)
                    if event.has_clip != is_shown:
                        found[is_shown].append(event.id)
                cursor = page.cursor
                if cursor is None:
                    break
        except Refused:
            pass  # whoever asks for the clip is told
        for is_shown, ids in found.items():
            self._store.mark_files(ids, has_clip=is_shown)
