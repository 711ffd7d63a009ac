"""The clips of events: made when somebody asks, kept for a while in a folder of their own."""

import contextlib
import os
import threading
import time
from pathlib import Path
from typing import Callable, Dict, List, Optional, Tuple

from appliance.contract.errors import CONFLICT, FAILED, NOT_FOUND, Refused
from appliance.contract.event_messages import CLIPS, Clip, EventRecord
from appliance.core.errors import OutputError
from appliance.core.files import note_access
from appliance.core.sink import cannot_write
from appliance.recording.cutting import NothingToCut, TooSlow, cut
from appliance.recording.folder import access_time, empty_folder, make_folder, remove
from appliance.recording.retention import WATCHED_SECONDS
from appliance.recording.storage import Storage

MOST_AT_ONCE = 2
PATIENCE = 45.0
"""Seconds after which whoever waits for a clip is told that it takes too long."""
UNUSED_SECONDS = 3600.0
MOST_BYTES = 2 * 1000**3
"""Of all clips; those that were watched last stay."""
GOING_ON_SECONDS = 20.0
"""So long the clip of an event that goes on is not made anew: a player may be seeking in it."""
FINAL_SECONDS = 3.0
"""So long after its last picture an event's recording may still grow."""


class _Job:
    """One clip that is being made."""

    def __init__(self) -> None:
        self.is_done = threading.Event()
        self.clip: Optional[Clip] = None
        self.refusal: Optional[Refused] = None


class Clips:
    """Thread-safe. A clip that several ask for is made once.

    Args:
        storage: The folder of recordings.
        padding: Returns how many seconds before and after an event of a stream belong to its clip.
        now: Unix time.
    """

    def __init__(
        self, storage: Storage, padding: Callable[[str], Tuple[float, float]], now: Callable[[], float] = time.time
    ) -> None:
        self._storage = storage
        self._padding = padding
        self._now = now
        self._lock = threading.Lock()
        self._jobs: Dict[str, _Job] = {}
        self._made: Dict[str, Tuple[Clip, List[str]]] = {}  # by what is wanted: the clip, and its recordings
        self._places = threading.BoundedSemaphore(MOST_AT_ONCE)
        empty_folder(storage.folder, CLIPS)

    @property
    def folder(self) -> Path:
        return self._storage.folder / CLIPS

    def make(self, event: EventRecord) -> Clip:
        """Return the clip of an event; of one that goes on, what there is of it. Takes some seconds. Raises Refused."""
        pre, post = self._padding(event.stream)
        end = event.end if event.end is not None else self._now()
        is_final = event.end is not None and self._now() > event.end + post + FINAL_SECONDS
        wanted = event.id if is_final else f"{event.id}_{int(self._now() // GOING_ON_SECONDS)}"
        with self._lock:
            made = self._made.get(wanted)
            if made is not None and self._is_there(*made):
                note_access(str(self.folder / made[0].name))
                return made[0]
            job = self._jobs.get(wanted)
            is_mine = job is None
            if job is None:
                job = self._jobs[wanted] = _Job()
        if is_mine:
            self._run(job, wanted, event.stream, event.start - pre, end + post)
        elif not job.is_done.wait(PATIENCE):
            raise _too_slow()
        if job.clip is not None:
            return job.clip
        raise job.refusal or _too_slow()

    def tidy(self, lacks_room: bool = False) -> None:
        """Delete what nobody watched for an hour; for lack of room, or if all take too much, more. Never raises.

        Nor does a clip stay when a recording that it was cut from is deleted.
        """
        files: List[Tuple[float, int, Path]] = []
        with contextlib.suppress(OSError):
            for path in self.folder.iterdir():
                files.append((access_time(path), path.stat().st_size, path))
        total = sum(size for _, size, _ in files)
        for accessed, size, path in sorted(files):
            age = self._now() - accessed
            if abs(age) > UNUSED_SECONDS or ((lacks_room or total > MOST_BYTES) and age > WATCHED_SECONDS):
                remove(path)
                total -= size
        with self._lock:
            gone = [key for key, made in self._made.items() if not self._is_there(*made)]
            for clip, _ in [self._made.pop(key) for key in gone]:
                remove(self.folder / clip.name)

    def _is_there(self, clip: Clip, recordings: List[str]) -> bool:
        return (self.folder / clip.name).exists() and all((self._storage.folder / one).exists() for one in recordings)

    def _run(self, job: _Job, wanted: str, stream: str, start: float, end: float) -> None:
        deadline = time.monotonic() + PATIENCE
        recordings: List[str] = []
        try:
            if not self._places.acquire(timeout=PATIENCE):
                raise Refused(CONFLICT, "Other clips are being made; try again in a moment.")
            try:
                job.clip, recordings = self._cut(wanted, stream, start, end, deadline)
            finally:
                self._places.release()
        except Refused as refusal:
            job.refusal = refusal
        except (NothingToCut, OutputError) as error:
            job.refusal = Refused(NOT_FOUND, str(error) or "There is no recording of this event, or no more.")
        except TooSlow:
            job.refusal = _too_slow()
        except OSError as error:
            job.refusal = Refused(FAILED, str(cannot_write(str(self.folder), error)))
        finally:
            with self._lock:
                if job.clip is not None:
                    self._made[wanted] = job.clip, recordings
                del self._jobs[wanted]
            job.is_done.set()

    def _cut(self, wanted: str, stream: str, start: float, end: float, deadline: float) -> Tuple[Clip, List[str]]:
        entries = self._storage.overlapping(stream, start, end)
        entries = [entry for entry in entries if entry.format == entries[0].format]
        if not entries:
            raise NothingToCut
        if self._storage.room() is not None:
            raise Refused(FAILED, "The disk has no room for a clip.")
        name = f"{wanted}.{entries[0].format}"
        part = make_folder(self._storage.folder, CLIPS) / f".{name}"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(str(part))
        began = cut(self._storage.folder, entries, start, end, str(part), deadline)
        os.rename(str(part), str(part.with_name(name)))
        return Clip(name, began), [entry.name for entry in entries]


def _too_slow() -> Refused:
    return Refused(FAILED, f"Making the clip takes more than {PATIENCE:g} seconds: the disk is slow, or busy.")
