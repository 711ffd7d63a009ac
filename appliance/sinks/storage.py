"""The folder of recordings: what is in it, what may be deleted, and whether there is room for more."""

import logging
import os
import re
import shutil
import stat
import threading
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Set, Tuple

from appliance.errors import OutputError
from appliance.sinks.base import cannot_write, make_writable_directory
from appliance.sinks.playing_time import read_seconds

GIGABYTE = 1000 ** 3
SPARE = 200 * 1000 ** 2
"""So much more than the floor `tidy` keeps free, so that a recording seldom has to wait for a deletion."""

_NAME = re.compile(r"(?P<stream>[a-z0-9_-]{1,32})_(?P<time>\d{8}-\d{6})(?:_(?P<number>\d{1,6}))?\.(?P<format>avi|mp4)")
_TIME = "%Y%m%d-%H%M%S"
# A folder's time is only this exact (FAT: two seconds): one that changed just now may change again unseen.
_COARSEST_CLOCK = 3.0

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
    """free: bytes of the disk. floor: what has to stay free. used: bytes of all recordings. alarm: why none is made."""

    free: int
    floor: int
    used: int
    alarm: Optional[str]


class _File(NamedTuple):
    name: str
    stream: str
    started: float
    number: int
    format: str
    bytes: int
    changed: float


class Storage:
    """The recordings in `folder`, which is made where it is missing. Every method may be called from any thread.

    A recording is a file named STREAM_YYYYmmdd-HHMMSS.avi or .mp4, in local time, "_2" and so on behind it where that
    exists. Files of other names and links are left alone, and are never deleted.

    keep_days: recordings that ended longer ago are deleted. keep_gb: so much may all of them take (10^9 bytes);
    0 is no limit of either. free_gb: so much of the disk has to stay free.
    The oldest go first; one that is being written is never deleted. Where even the deletion of all recordings would not
    leave `free_gb` free, none is deleted for it.
    Where the folder cannot be written to, `status` and `room` say so.
    """

    def __init__(
        self,
        folder: str,
        keep_days: float = 0.0,
        keep_gb: float = 0.0,
        free_gb: float = 1.0,
        disk_usage: Callable[[str], Any] = shutil.disk_usage,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.folder = Path(folder).absolute()
        self._keep_seconds = keep_days * 86400.0
        self._keep_bytes = int(keep_gb * GIGABYTE)
        self._floor = int(free_gb * GIGABYTE)
        self._disk_usage = disk_usage
        self._now = now
        self._lock = threading.Lock()  # of what follows
        self._deleting = threading.Lock()  # may be held for long: large files take their time
        self._writing: Set[str] = set()
        self._files: Dict[str, _File] = {}
        self._files_of: Optional[float] = None  # the folder's time when `_files` was read; None: read it again
        self._lengths: Dict[Tuple[str, int, float], float] = {}
        self._unusable: Optional[str] = None
        self._try_folder()

    def list(self) -> List[Recording]:
        """All recordings, the newest first. Raises OutputError if the folder cannot be read."""
        with self._lock:
            files, writing, known = self._read_folder(), set(self._writing), self._lengths
        lengths: Dict[Tuple[str, int, float], float] = {}
        recordings: List[Recording] = []
        for file in files:
            key = (file.name, file.bytes, file.changed)
            lengths[key] = known[key] if key in known else read_seconds(self.folder / file.name)
            recordings.insert(0, Recording(
                file.name, file.stream, file.started, lengths[key], file.bytes, file.format, file.name in writing))
        self._lengths = lengths
        return recordings

    def delete(self, name: str) -> None:
        """Raises NoSuchRecording, StillRecording, or OutputError if the file cannot be deleted."""
        with self._deleting:
            with self._lock:
                is_known = name in [file.name for file in self._read_folder()]
                is_written = name in self._writing
            if not is_known:
                raise NoSuchRecording("There is no recording of this name; it may have been deleted.")
            if is_written:
                raise StillRecording("{} is being recorded. Stop the recording first.".format(name))
            self._delete(name)

    def tidy(self) -> None:
        """Delete what is too old, too much, or in the way of the floor. To be called every ten seconds or so.

        What cannot be done is logged.
        """
        with self._deleting:
            self._tidy(SPARE)

    def room(self) -> Optional[str]:
        """None if recording may go on; else why not and what to do about it. Makes room where it can."""
        if self._unusable is not None:
            self._try_folder()
        if self._unusable is not None:
            return self._unusable
        try:
            if self._free() < self._floor:
                with self._deleting:
                    self._tidy(0)
            return self._alarm(self._free())
        except OSError as problem:
            return str(cannot_write(str(self.folder), problem))

    def status(self) -> StorageStatus:
        try:
            with self._lock:
                used = sum(file.bytes for file in self._read_folder())
            free = self._free()
        except (OSError, OutputError) as problem:
            said = problem if isinstance(problem, OutputError) else cannot_write(str(self.folder), problem)
            return StorageStatus(0, self._floor, 0, str(said))
        return StorageStatus(free, self._floor, used, self._unusable or self._alarm(free))

    def _try_folder(self) -> None:
        try:
            make_writable_directory(str(self.folder))
            self._unusable = None
        except OutputError as problem:
            self._unusable = str(problem)

    def claim(self, stream: str, format: str) -> Path:
        """Where to write the recording that starts now: a file that does not exist. It counts as being written."""
        with self._lock:
            stem = "{}_{}".format(stream, time.strftime(_TIME, time.localtime(self._now())))
            number = 1
            while True:
                name = "{}{}.{}".format(stem, "_{}".format(number) if number > 1 else "", format)
                path = self.folder / name
                if name not in self._writing and not os.path.lexists(str(path)):
                    self._writing.add(name)
                    return path
                number += 1

    def release(self, path: Path) -> None:
        """The recording is finished, or was never begun."""
        with self._lock:
            self._writing.discard(path.name)
            self._files_of = None

    def _free(self) -> int:
        return int(self._disk_usage(str(self.folder)).free)

    def _alarm(self, free: int) -> Optional[str]:
        if free >= self._floor:
            return None
        return (
            "Only {:.1f} GB are free for recordings in {}, {:.1f} GB have to stay free, and deleting old ones does not "
            "help. Free some space, choose another place, or lower free_gb.".format(
                free / GIGABYTE, self.folder, self._floor / GIGABYTE)
        )

    def _tidy(self, spare: int) -> None:
        try:
            with self._lock:
                files = self._read_folder()
                idle = [file for file in files if file.name not in self._writing]
            free = self._free()
        except (OSError, OutputError) as problem:
            log.warning("The recordings cannot be tidied: %s", problem)
            return
        used = sum(file.bytes for file in files)
        lacking = self._floor - free
        # Where all of them would not be enough, none is deleted for it.
        lacking = lacking + spare if lacking <= sum(file.bytes for file in idle) else 0
        for file in idle:
            if self._keep_seconds > 0 and self._now() - file.changed > self._keep_seconds:
                reason = "too old"
            elif 0 < self._keep_bytes < used:
                reason = "too much"
            elif lacking > 0:
                reason = "the disk is nearly full"
            else:
                continue
            try:
                self._delete(file.name)
            except OutputError as problem:
                log.warning("An old recording cannot be deleted: %s", problem)
                continue
            log.info("Deleted the recording %s: %s", file.name, reason)
            used -= file.bytes
            lacking -= file.bytes

    def _delete(self, name: str) -> None:
        path = str(self.folder / name)
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass
        except OSError as problem:
            raise cannot_write(path, problem) from problem
        with self._lock:
            self._files_of = None

    def _read_folder(self) -> List[_File]:
        """The recordings, the oldest first. A folder that did not change is not read again."""
        try:
            changed = os.stat(str(self.folder)).st_mtime
            if changed == self._files_of:
                names = list(self._writing)
            else:
                self._files_of = changed if self._now() - changed > _COARSEST_CLOCK else None
                self._files, names = {}, os.listdir(str(self.folder))
        except OSError as problem:
            raise cannot_write(str(self.folder), problem) from problem
        for name in names:
            file = self._look_at(name)
            if file is not None:
                self._files[name] = file
        return sorted(self._files.values(), key=lambda file: (file.started, file.number, file.name))

    def _look_at(self, name: str) -> Optional[_File]:
        match = _NAME.fullmatch(name)
        if match is None:
            return None
        try:
            started = time.mktime(time.strptime(match.group("time"), _TIME))
            facts = os.lstat(str(self.folder / name))
        except (ValueError, OverflowError, OSError):
            return None
        if not stat.S_ISREG(facts.st_mode):
            return None
        return _File(name, match.group("stream"), started, int(match.group("number") or 1), match.group("format"),
                     facts.st_size, facts.st_mtime)
