"""The folder of recordings: what is in it, what may be deleted, and whether there is room for more."""

import logging
import os
import shutil
import threading
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Set, Tuple

from appliance.core.errors import OutputError
from appliance.core.files import is_held
from appliance.core.sink import cannot_write, make_writable_directory
from appliance.recording.files import NAME_TIME, RecordingFile, RecordingFiles
from appliance.recording.journal import Journal
from appliance.recording.playing_time import is_empty, read_seconds
from appliance.recording.retention import Candidate, ClockWatch, Limits, ages, choose, least_ages

GIGABYTE = 1000**3
DEFAULT_SHARE = 4
"""Where nobody says how much recordings may take, it is this part of the disk: a quarter."""

log = logging.getLogger(__name__)


class NoSuchRecording(OutputError):
    """The folder has no recording of this name."""


class StillRecording(OutputError):
    """The recording is being written just now."""


class Recording(NamedTuple):
    """One file. started: Unix time. seconds: playing time. format: "avi" or "mp4". recording: it is being written."""

    name: str
    stream: str
    started: float
    seconds: float
    bytes: int
    format: str
    recording: bool


class StorageStatus(NamedTuple):
    """free: bytes of the disk. floor: what has to stay free. used: bytes of all recordings.

    limit: bytes that all may take, 0 is any number. keep_days: 0 is for ever. alarm: why no recording is made.
    warning: what will be deleted soon, if nobody does anything.
    """

    free: int
    floor: int
    used: int
    limit: int
    keep_days: float
    alarm: Optional[str]
    warning: Optional[str]


class Storage:
    """The recordings in `folder`, which is made where it is missing. Every method may be called from any thread.

    A recording is a file named STREAM_YYYYmmdd-HHMMSS.avi or .mp4, in local time, "_2" and so on behind it where that
    exists. Files of other names and links are left alone, and are never deleted.

    keep_days, keep_gb (10^9 bytes; 0 is no limit of either; None is a part of the disk), free_gb: what retention.py
    makes of them. Where the folder cannot be written to, `status` and `room` say so.
    """

    def __init__(
        self,
        folder: str,
        keep_days: float = 0.0,
        keep_gb: Optional[float] = 0.0,
        free_gb: float = 1.0,
        disk_usage: Callable[[str], Any] = shutil.disk_usage,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder = Path(folder).absolute()
        self._keep_days = keep_days
        self._keep_bytes = None if keep_gb is None else int(keep_gb * GIGABYTE)
        self._floor = int(free_gb * GIGABYTE)
        self._disk_usage = disk_usage
        self._now = now
        self._monotonic = monotonic
        self._clock = ClockWatch()
        self._ended: Dict[str, float] = {}  # monotonic, of what this process recorded
        self._journal: Optional[Journal] = None
        self._lock = threading.Lock()  # of what follows
        self._deleting = threading.Lock()  # may be held for long: large files take their time
        self._writing: Set[str] = set()
        self._files = RecordingFiles(self.folder, now)
        self._lengths: Dict[Tuple[str, int, float], float] = {}
        self._unusable: Optional[str] = None
        self._try_folder()

    def list(self) -> List[Recording]:
        """All recordings, the newest first. Raises OutputError if the folder cannot be read."""
        with self._lock:
            files, writing, known = self._files.read(self._writing), set(self._writing), self._lengths
        lengths: Dict[Tuple[str, int, float], float] = {}
        recordings: List[Recording] = []
        for file in files:
            key = (file.name, file.bytes, file.changed)
            lengths[key] = known[key] if key in known else read_seconds(self.folder / file.name)
            recordings.insert(
                0,
                Recording(
                    file.name, file.stream, file.started, lengths[key], file.bytes, file.format, file.name in writing
                ),
            )
        self._lengths = lengths
        return recordings

    def delete(self, name: str) -> None:
        """Raises NoSuchRecording, StillRecording, or OutputError if the file cannot be deleted."""
        with self._deleting:
            with self._lock:
                is_known = name in self._names()
                is_written = name in self._writing
            if not is_known:
                raise NoSuchRecording("There is no recording of this name; it may have been deleted.")
            if is_written:
                raise StillRecording(f"{name} is being recorded. Stop the recording first.")
            self._delete(name)

    def tidy(self) -> None:
        """Delete what retention.py chooses. To be called every ten seconds or so. What cannot be done is logged."""
        with self._deleting:
            self._remove_empty()
            self._tidy()
            self._tidy_journal()

    def room(self) -> Optional[str]:
        """None if recording may go on; else why not and what to do about it. Makes room where it can."""
        if self._unusable is not None:
            self._try_folder()
        if self._unusable is not None:
            return self._unusable
        try:
            if self._free() < self._floor:
                with self._deleting:
                    if self._tidy():
                        return None  # a part at a time
            return self._alarm(self._free())
        except OSError as problem:
            return str(cannot_write(str(self.folder), problem))

    def status(self) -> StorageStatus:
        try:
            with self._lock:
                used = sum(file.bytes for file in self._files.read(self._writing))
            free, limit = self._free(), self._limit()
        except (OSError, OutputError) as problem:
            said = problem if isinstance(problem, OutputError) else cannot_write(str(self.folder), problem)
            return StorageStatus(0, self._floor, 0, self._keep_bytes or 0, self._keep_days, str(said), None)
        alarm = self._unusable or self._alarm(free)
        warning = self._warning(free) if used and not alarm else None
        return StorageStatus(free, self._floor, used, limit, self._keep_days, alarm, warning)

    def _try_folder(self) -> None:
        try:
            make_writable_directory(str(self.folder))
            if self._journal is None:
                self._journal = Journal(self.folder)
                self._journal.keep_only(set(os.listdir(str(self.folder))))
                self._remove_empty()
            self._unusable = None
        except OutputError as problem:
            self._unusable = str(problem)
        except OSError as problem:
            self._unusable = str(cannot_write(str(self.folder), problem))

    def claim(self, stream: str, format: str) -> Path:
        """Where to write the recording that starts now: a file that does not exist. It counts as being written."""
        with self._lock:
            stem = f"{stream}_{time.strftime(NAME_TIME, time.localtime(self._now()))}"
            number = 1
            while True:
                name = f"{stem}{f'_{number}' if number > 1 else ''}.{format}"
                path = self.folder / name
                if name not in self._writing and not os.path.lexists(str(path)):
                    self._writing.add(name)
                    if self._journal is not None:
                        self._journal.began(name)
                    return path
                number += 1

    def release(self, path: Path) -> None:
        """The recording is finished, or was never begun."""
        with self._lock:
            self._writing.discard(path.name)
            self._ended[path.name] = self._monotonic()
            if self._journal is not None:
                self._journal.ended(path.name)
            self._files.read_again()

    def _names(self) -> Set[str]:
        return {file.name for file in self._files.read(self._writing)}

    def _free(self) -> int:
        return int(self._disk_usage(str(self.folder)).free)

    def _limit(self) -> int:
        """Bytes that all recordings may take; 0 is any number. Raises OSError."""
        if self._keep_bytes is not None:
            return self._keep_bytes
        return int(self._disk_usage(str(self.folder)).total) // DEFAULT_SHARE

    def _alarm(self, free: int) -> Optional[str]:
        if free >= self._floor:
            return None
        return (
            f"Only {free / GIGABYTE:.1f} GB are free for recordings in {self.folder}, {self._floor / GIGABYTE:.1f} GB"
            " have to stay free, and deleting old ones, all but the last hour, does not help. Free some space, choose"
            " another place, or lower free_gb."
        )

    def _warning(self, free: int) -> Optional[str]:
        """Said while there is still time to do something."""
        if free >= 2 * self._floor:
            return None
        return (
            f"Only {free / GIGABYTE:.1f} GB of the disk are free. Below {self._floor / GIGABYTE:.1f} GB (free_gb) the"
            " oldest recordings are deleted, all but the last hour: copy what you want to keep."
        )

    def _tidy(self) -> int:
        """Returns how many were deleted."""
        try:
            with self._lock:
                files = self._in_order(self._files.read(self._writing))
                writing, ended = set(self._writing), dict(self._ended)
            free, limits = self._free(), Limits(self._keep_days * 86400.0, self._limit(), self._floor)
        except (OSError, OutputError) as problem:
            log.warning("The recordings cannot be tidied: %s", problem)
            return 0
        now, monotonic = self._now(), self._monotonic()
        by_clock = least_ages(
            [file.stream for file in files],
            ages([file.changed for file in files], now),
            lambda number: read_seconds(self.folder / files[number].name),
        )
        candidates = [
            Candidate(
                file.name, file.bytes, monotonic - ended[file.name] if file.name in ended else age, file.name in writing
            )
            for file, age in zip(files, by_clock)
        ]
        deleted = 0
        for name, reason in choose(candidates, limits, free, self._clock.is_sure(now, monotonic)):
            try:
                self._delete(name)
            except OutputError as problem:
                log.warning("An old recording cannot be deleted: %s", problem)
                continue
            log.info("Deleted the recording %s: %s", name, reason)
            deleted += 1
        return deleted

    def _in_order(self, files: List[RecordingFile]) -> List[RecordingFile]:
        """In which they were written. Of those that the journal does not know, the files' times say it."""
        place = self._journal.place if self._journal is not None else lambda name: -1
        return sorted(
            files,
            key=lambda file: (
                place(file.name),
                file.changed if place(file.name) < 0 else 0.0,
                file.started,
                file.number,
                file.name,
            ),
        )

    def _tidy_journal(self) -> None:
        journal = self._journal
        if journal is None:
            return
        journal.sync()
        try:
            with self._lock:
                names = self._names()
                if journal.is_long(len(names)):
                    journal.keep_only(names, self._writing)
                    self._ended = {name: ended for name, ended in self._ended.items() if name in names}
        except OutputError as problem:
            log.warning("The journal of recordings cannot be tidied: %s", problem)

    def _remove_empty(self) -> None:
        """Delete what a killed process left before the first picture was whole: nobody could play it."""
        journal = self._journal
        if journal is None or not journal.unfinished:
            return
        with self._lock:
            names = self._names()
        for name in sorted(journal.unfinished):
            path = self.folder / name
            try:
                if name in names:  # else it is gone, or no recording, whoever wrote it into the journal
                    if is_held(path):
                        continue  # its encoder is about to finish it
                    if is_empty(path):
                        self._delete(name)
                        log.info("Deleted the recording %s: it holds no picture", name)
            except FileNotFoundError:
                pass
            except (OSError, OutputError) as problem:
                log.warning("An empty recording cannot be deleted: %s", problem)
            journal.unfinished.discard(name)

    def _delete(self, name: str) -> None:
        path = str(self.folder / name)
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass
        except OSError as problem:
            raise cannot_write(path, problem) from problem
        with self._lock:
            self._files.read_again()
