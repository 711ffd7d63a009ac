"""The folder of recordings: what is in it, what may be deleted, and whether there is room for more."""

import logging
import os
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Set

from appliance.contract.state import Recording, StorageStatus
from appliance.core.database import Database
from appliance.core.errors import OutputError
from appliance.core.sink import cannot_write, make_writable_directory
from appliance.recording.cleaning import Cleaner
from appliance.recording.disk import Disk
from appliance.recording.folder import RING, empty_folder
from appliance.recording.index import NAME_TIME, Entry, RecordingIndex
from appliance.recording.interest import CLASSES, highest
from appliance.recording.leftovers import settle
from appliance.recording.playing_time import read_seconds
from appliance.schema.keep import Keep

log = logging.getLogger(__name__)


class NoSuchRecording(OutputError):
    """The folder has no recording of this name."""


class StillRecording(OutputError):
    """The recording is being written."""


class Storage:
    """The recordings in `folder`, which is created if missing. Thread-safe.

    A recording is a file named STREAM_YYYYmmdd-HHMMSS.avi or .mp4, in local time, with "_2" and so on appended if that
    exists. Files with other names, and links, are left alone and never deleted. If the folder cannot be written to,
    `status` and `room` say so.

    Args:
        folder: Path of the folder.
        keep_days, keep_gb, free_gb: Limits, see retention.py; in days and 10^9 bytes. 0 is no limit for the first two;
            None for `keep_gb` is a part of the disk.
        database: Where the index is kept.
        keep: How long each class is kept.

    Attributes:
        is_starred: Returns whether something in a stream from one Unix time to another is starred.
        snapshots: Returns the bytes of the snapshots of each stream.
        deleted: Called with every recording that was deleted; must be quick.
    """

    def __init__(
        self,
        folder: str,
        keep_days: float = 0.0,
        keep_gb: Optional[float] = 0.0,
        free_gb: float = 1.0,
        database: Optional[Database] = None,
        disk_usage: Callable[[str], Any] = shutil.disk_usage,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        keep: Optional[Keep] = None,
    ) -> None:
        self.is_starred: Callable[[str, float, float], bool] = lambda stream, start, end: False
        self.deleted: Callable[[Entry], None] = lambda entry: None
        self.snapshots: Callable[[], Mapping[str, int]] = dict
        self.folder = Path(folder).absolute()
        self._disk = Disk(self.folder, Keep() if keep is None else keep, keep_days, keep_gb, free_gb, disk_usage)
        self._now = now
        self._monotonic = monotonic
        self._lock = threading.Lock()  # of what follows
        self._deleting = threading.Lock()  # taken before the other; may be held for long: large files take their time
        self._cleaner = Cleaner()
        self._writing: Dict[str, Optional[float]] = {}  # names, and seconds so far
        self._index = RecordingIndex(self.folder, database or Database())
        self._unfinished: Optional[Set[str]] = None  # left by an earlier process; None: not looked yet
        self._unusable: Optional[str] = None
        self._try_folder()

    def list(self) -> List[Recording]:
        """Return all recordings, the newest first. Raises OutputError if the folder cannot be read."""
        with self._lock:
            self._index.refresh(self._writing)
            entries, writing = self._index.entries(), dict(self._writing)
        entries.sort(key=lambda entry: (entry.started, entry.position), reverse=True)
        return [
            entry.as_message(self._seconds(entry, writing), entry.name in writing)
            for entry in entries
            if entry.bytes or entry.name not in writing  # else there is no file yet
        ]

    def _seconds(self, entry: Entry, writing: Dict[str, Optional[float]]) -> float:
        """Return the duration: as the recorder reported it, or else measured once from the file."""
        told = writing[entry.name] if entry.name in writing else entry.seconds
        if told is not None:
            return told
        seconds = read_seconds(self.folder / entry.name)
        if entry.name not in writing:
            with self._lock:
                if self._index.get(entry.name) == entry:
                    self._index.measured(entry.name, seconds)
        return seconds

    def delete(self, name: str) -> None:
        """Delete a recording. Raises NoSuchRecording, StillRecording, or OutputError if it cannot be deleted."""
        with self._deleting:
            with self._lock:
                self._index.refresh(self._writing)
                is_known = self._index.get(name) is not None
                is_written = name in self._writing
            if not is_known:
                raise NoSuchRecording("There is no recording of this name; it may have been deleted.")
            if is_written:
                raise StillRecording(f"{name} is being recorded. Stop the recording first.")
            self._delete(name)

    def tidy(self) -> int:
        """Delete what retention.py chooses; returns how many. Call every ten seconds or so. Failures are logged."""
        with self._deleting:
            self._remove_empty()
            return self._tidy()

    def excess(self) -> int:
        """Return how many bytes are used too many, or free too few."""
        status = self.status()
        return max(0, status.used - status.limit if status.limit else 0, status.floor - status.free)

    def room(self) -> Optional[str]:
        """Return None if recording may continue, else why not and the remedy. Makes room if it can."""
        if self._unusable is not None:
            self._try_folder()
        if self._unusable is not None:
            return self._unusable
        try:
            if self._disk.free() < self._disk.floor:
                with self._deleting:
                    if self._tidy():
                        return None  # a part at a time
            return self._disk.lack()
        except OSError as problem:
            return str(cannot_write(str(self.folder), problem))

    def status(self) -> StorageStatus:
        """Return how much space is used and free, and what is wrong."""
        try:
            with self._lock:
                self._index.grow(self._writing)
                entries = self._index.unordered()
            return self._disk.status(entries, self.snapshots(), self._unusable, self._now())
        except (OSError, OutputError) as problem:
            said = problem if isinstance(problem, OutputError) else cannot_write(str(self.folder), problem)
            return self._disk.unknown(str(said))

    def _try_folder(self) -> None:
        try:
            make_writable_directory(str(self.folder))
            if self._unfinished is None:
                empty_folder(self.folder, RING)
                with self._lock:
                    self._index.refresh(self._writing)
                    self._unfinished = self._index.unfinished()
                self._remove_empty()
            self._unusable = None
        except OutputError as problem:
            self._unusable = str(problem)
        except OSError as problem:
            self._unusable = str(cannot_write(str(self.folder), problem))

    def claim(self, stream: str, format: str, began: Optional[float] = None, kept_as: str = CLASSES[0]) -> Path:
        """Return the path for a recording, a file that does not exist. It counts as being written.

        Args:
            stream: Whose it is.
            format: AVI or MP4.
            began: Unix time of its first picture; None is now.
            kept_as: Its class.
        """
        with self._lock:
            began = self._now() if began is None else began
            stem = f"{stream}_{time.strftime(NAME_TIME, time.localtime(began))}"
            number = 1
            while True:
                name = f"{stem}{f'_{number}' if number > 1 else ''}.{format}"
                path = self.folder / name
                if name not in self._writing and not os.path.lexists(str(path)):
                    self._writing[name] = None
                    self._index.begin(name, stream, format, began, kept_as)
                    return path
                number += 1

    def keep(self, path: Path, stream: str, format: str, began: float, kept_as: str) -> Path:
        """Make a recording of a file, as `claim`; returns its new path. Raises OSError: it is where it was."""
        target = self.claim(stream, format, began, kept_as)
        try:
            os.rename(str(path), str(target))
        except OSError:
            self.release(target)
            raise
        return target

    def overlapping(self, stream: str, start: float, end: float) -> List[Entry]:
        """Return the recordings of a stream from one Unix time to another, the first first."""
        with self._lock:
            writing = dict(self._writing)
            found = [one for one in self._index.unordered() if one.stream == stream and one.began <= end]
        near = [one for one in found if one.ended > start or one.name in writing]
        known = [replace(one, seconds=self._seconds(one, writing)) for one in near]
        return sorted((one for one in known if one.ended > start), key=lambda entry: entry.began)

    def classify(self, stream: str, start: float, end: float, kept_as: str) -> None:
        """Let the recordings of a stream from one Unix time to another be of this class, if theirs is lower."""
        found = [one for one in self.overlapping(stream, start, end) if one.kept_as and one.kept_as != kept_as]
        names = [one.name for one in found if highest(one.kept_as, kept_as) == kept_as]
        with self._lock:
            self._index.classify([name for name in names if self._index.get(name)], kept_as)

    def grew(self, path: Path, seconds: float) -> None:
        """Report the duration, in seconds, of a recording that is being written."""
        self._writing[path.name] = seconds

    def release(self, path: Path, seconds: Optional[float] = None) -> None:
        """Report that a recording is finished, or was never started. seconds: its duration, None if unknown."""
        with self._lock:
            self._writing.pop(path.name, None)
            self._cleaner.ended[path.name] = self._monotonic()
            self._index.finish(path.name, seconds)

    def _tidy(self) -> int:
        """Return how many were deleted."""
        try:
            with self._lock:
                self._index.refresh(self._writing)
                files, writing = self._index.entries(), dict(self._writing)
            limits = self._disk.limits(sum(self.snapshots().values()))
            deletions = self._cleaner.choose(
                self.folder,
                files,
                list(writing),
                lambda entry: self._seconds(entry, writing),
                lambda entry: self.is_starred(entry.stream, entry.began, entry.ended),
                limits,
                self._disk.free(),
                self._now(),
                self._monotonic(),
            )
        except (OSError, OutputError) as problem:
            log.warning("The recordings cannot be tidied: %s", problem)
            return 0
        deleted = 0
        for deletion in deletions:
            try:
                self._delete(deletion.name)
            except OutputError as problem:
                log.warning("An old recording cannot be deleted: %s", problem)
                continue
            log.info("Deleted the recording %s: %s", deletion.name, deletion.reason)
            deleted += 1
        return deleted

    def _remove_empty(self) -> None:
        """Delete files that a killed process left without a complete picture: they cannot be played."""
        for name in sorted(self._unfinished or ()):
            with self._lock:
                is_known = self._index.get(name) is not None
            if is_known and not settle(self.folder / name):
                continue
            with self._lock:
                self._index.finish(name)
            if self._unfinished is not None:
                self._unfinished.discard(name)

    def _delete(self, name: str) -> None:
        path = str(self.folder / name)
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass
        except OSError as problem:
            raise cannot_write(path, problem) from problem
        with self._lock:
            entry = self._index.get(name)
            self._index.remove([name])
        if entry is not None:
            self.deleted(entry)
