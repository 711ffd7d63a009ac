"""Segments of one stream: the newest, of which nobody knows yet whether an event wants them, and those it wants."""

import contextlib
import itertools
import threading
from pathlib import Path
from typing import List, Optional

from appliance.core.files import sync_path
from appliance.core.threads import start_thread
from appliance.recording.folder import RING, make_folder, remove
from appliance.recording.interest import Interest, highest
from appliance.recording.movie import Movie
from appliance.recording.playing_time import is_empty
from appliance.recording.storage import Storage

RING_SECONDS = 10.0
"""Duration of a segment that nobody wants yet."""
BELIEF_SECONDS = 10.0
"""An event is known at most so long after it began; segments wait for it, and for `pre` seconds more."""

_numbers = itertools.count(1)


class Segment:
    """One file, while it is written and after.

    Attributes:
        movie: What writes it.
        began, ended: Unix times of its first picture, and of what comes after its last; ended is None until then.
        kept_as: Its class; "" while nobody wants it.
        is_by_event: Whether it goes on only as long as an event wants it.
        is_closed: Whether nobody writes to the file any more.
        seconds: Its duration once it is closed; None if that is unknown.
    """

    def __init__(self, movie: Movie, began: float, kept_as: str, is_by_event: bool) -> None:
        self.movie = movie
        self.began = began
        self.ended: Optional[float] = None
        self.kept_as = kept_as
        self.is_by_event = is_by_event
        self.is_closed = False
        self.seconds: Optional[float] = None


class EventRing:
    """Keeps what an event wants, and deletes the rest when it is too old. Thread-safe.

    Args:
        stream: Name of the stream.
        storage: The folder of recordings.
        interest: What is wanted; None where all segments are recordings from the start.
    """

    def __init__(self, stream: str, storage: Storage, interest: Optional[Interest]) -> None:
        self._stream = stream
        self._storage = storage
        self._interest = interest
        self._lock = threading.Lock()
        self._waiting: List[Segment] = []  # over, and wanted by nobody yet

    def path(self, format: str) -> Path:
        """Return the path for a segment that nobody wants yet. Raises OSError."""
        return make_folder(self._storage.folder, RING) / f"{self._stream}_{next(_numbers)}.{format}"

    def add(self, segment: Segment) -> None:
        """A segment is over; its file may not be complete yet."""
        with self._lock:
            if not segment.kept_as:
                self._waiting.append(segment)

    def settle(self, current: Optional[Segment], now: float) -> None:
        """Keep what is wanted, the current segment too, and drop what is too old.

        Raises:
            OSError: Something cannot be kept.
        """
        if self._interest is None:
            return
        oldest = now - self._interest.pre - BELIEF_SECONDS
        most = 3 + int((self._interest.pre + BELIEF_SECONDS) / RING_SECONDS)
        with self._lock:
            for segment in list(self._waiting):
                ended = segment.began if segment.ended is None else segment.ended
                wanted = self._interest.class_of(segment.began, ended)
                if wanted:
                    self._keep(segment, wanted)
                    self._waiting.remove(segment)
            while self._waiting and ((self._waiting[0].ended or 0.0) < oldest or len(self._waiting) > most):
                remove(self._waiting.pop(0).movie.path)
            wanted = self._interest.class_of(current.began, now) if current is not None else None
            if current is not None and wanted:
                if not current.kept_as:
                    self._keep(current, wanted)
                elif highest(current.kept_as, wanted) != current.kept_as:
                    current.kept_as = wanted
                    self._storage.classify(self._stream, current.began, now, wanted)

    def finish(self, segment: Segment, seconds: Optional[float]) -> None:
        """Report that nobody writes to the file of a segment any more. seconds: its duration, None if unknown."""
        with self._lock:
            segment.is_closed, segment.seconds = True, seconds
            if segment.kept_as:
                self._release(segment)

    def clear(self) -> None:
        """Delete what nobody wanted."""
        with self._lock:
            for segment in self._waiting:
                remove(segment.movie.path)
            self._waiting = []

    def _keep(self, segment: Segment, kept_as: str) -> None:
        movie = segment.movie
        movie.path = self._storage.keep(movie.path, self._stream, movie.path.suffix[1:], segment.began, kept_as)
        segment.kept_as = kept_as
        if segment.is_closed:
            start_thread("flush recording", _flush, movie.path)
            self._release(segment)
        else:
            movie.set_durable(True)
            self._storage.grew(movie.path, movie.seconds)

    def _release(self, segment: Segment) -> None:
        path = segment.movie.path
        with contextlib.suppress(OSError):  # then it may hold something
            if is_empty(path):
                remove(path)
        self._storage.release(path, segment.seconds)


def _flush(path: Path) -> None:
    """Let what was not worth it before survive a power cut."""
    with contextlib.suppress(OSError):
        sync_path(path)
