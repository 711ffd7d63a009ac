"""The best picture of each event: stored without boxes, in a folder for each stream and day."""

import collections
import contextlib
import logging
import os
import re
import threading
import time
from collections import OrderedDict
from pathlib import Path
from typing import Callable, Deque, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from appliance.core.files import replacing
from appliance.core.names import STREAM_NAME
from appliance.core.sink import cannot_write
from appliance.core.threads import start_thread
from appliance.recording.folder import SNAPSHOTS
from appliance.recording.retention import EARLIEST, ClockWatch
from appliance.recording.snapshot_pictures import encode_snapshot

MOST_WAITING = 32
MOST_BYTES = 128 * 1000**2
"""Of the pictures that wait to be encoded, uncompressed."""

MOST_LOST = 10000
"""Number of lost pictures that are remembered."""

MOST_ASKED = 5000
"""Number of events that are asked for in one `tidy`."""

IsStarred = Callable[[str, float], bool]
"""Takes the name of a stream and a Unix time; returns whether something starred was there."""

_ID = re.compile(r"(?P<time>\d{1,12}\.\d{1,6})-[a-z0-9]{1,12}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_ENDING = ".jpg"
_LARGEST = 64 << 20

log = logging.getLogger(__name__)


class _Picture(NamedTuple):
    stream: str
    image: np.ndarray
    box: Tuple[float, ...]


class _File(NamedTuple):
    """One stored snapshot. time: of the event's beginning, Unix time."""

    id: str
    stream: str
    time: float
    path: Path


class SnapshotStore:
    """Encodes and writes in a thread of its own. Thread-safe.

    Where the disk refuses, that is said once, and pictures are lost until it takes them again.

    Args:
        folder: The folder of recordings; snapshots are in `snapshots/STREAM/DAY/EVENT.jpg` below it, by days in UTC.
        now: Unix time.
        monotonic: A clock that never jumps, in seconds.
    """

    def __init__(
        self, folder: Path, now: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._folder = folder / SNAPSHOTS
        self._now = now
        self._monotonic = monotonic
        self._clock = ClockWatch()
        self._changed = threading.Condition()
        self._waiting: OrderedDict[str, _Picture] = OrderedDict()
        self._writing = ""  # id of the event whose picture is being written
        self._is_closed = False
        self._has_failed = False
        self._lost: Deque[str] = collections.deque(maxlen=MOST_LOST)
        self._bytes: Dict[str, int] = {}
        self._thread = start_thread("snapshots", self._run)

    def keep(self, id: str, stream: str, image: np.ndarray, box: Union[Sequence[float], np.ndarray]) -> bool:
        """Store the picture of an event, in the place of an earlier one. Never waits.

        Args:
            id: The event's.
            stream: Name of the stream.
            image: uint8 BGR, which is not written to any more.
            box: Where the object is, x_min, y_min, x_max, y_max in pixels.

        Returns:
            Whether it will be stored: not if too many wait.
        """
        if not _ID.fullmatch(id) or not re.fullmatch(STREAM_NAME, stream):
            return False
        with self._changed:
            waiting = sum({id_of: size for id_of, size in map(_size, self._waiting.values())}.values())
            is_full = len(self._waiting) >= MOST_WAITING or waiting + image.nbytes > MOST_BYTES
            if self._is_closed or (is_full and id not in self._waiting):
                return False
            self._waiting[id] = _Picture(stream, image, tuple(float(side) for side in box))
            self._changed.notify_all()
        return True

    def read(self, id: str, stream: str) -> Optional[bytes]:
        """Return the JPEG of an event's snapshot, after those that wait were written; None if there is none."""
        with self._changed:
            self._changed.wait_for(lambda: id not in self._waiting and id != self._writing, 5.0)
        try:
            with self._path(id, stream).open("rb") as file:
                return file.read(_LARGEST) or None
        except (OSError, ValueError):
            return None

    def has(self, id: str, stream: str) -> bool:
        """Return whether there is a snapshot of an event."""
        try:
            return self._path(id, stream).exists()
        except (OSError, ValueError):
            return False

    def take_lost(self) -> List[str]:
        """Return the ids of events whose picture could not be written, since the last call, and that have no other."""
        lost: List[str] = []
        while self._lost:
            lost.append(self._lost.popleft())
        return lost

    def bytes(self) -> Dict[str, int]:
        """Return how much the snapshots of each stream take."""
        with self._changed:
            return {stream: size for stream, size in self._bytes.items() if size > 0}

    def tidy(self, longest: float, least: float, is_starred: IsStarred, is_known: Callable[[str], bool]) -> List[str]:
        """Delete what is too old, or of an event that is deleted. Call every ten minutes or so.

        Args:
            longest: How long snapshots are kept, in seconds.
            least: How long every event is kept, in seconds.
            is_starred: Its snapshot stays.
            is_known: Returns whether there is still an event of this id.

        Returns:
            Ids of the events whose snapshot was deleted.
        """
        now = self._now()
        if not self._clock.is_sure(now, self._monotonic()):
            return []
        gone, asked = [], 0
        for one in self._files(now - min(longest, least)):
            age = now - one.time
            if one.time < EARLIEST or age <= min(longest, least) or is_starred(one.stream, one.time):
                continue
            asked += age <= longest
            if (age > longest or (asked <= MOST_ASKED and not is_known(one.id))) and self._delete(one):
                gone.append(one.id)
        return gone

    def make_room(self, bytes: int, is_starred: IsStarred) -> List[str]:
        """Delete the oldest until so many bytes are free, the starred ones last; returns the ids of their events."""
        deleted: List[str] = []
        if bytes <= 0:
            return deleted
        files = sorted(self._files(float("inf")), key=lambda one: (is_starred(one.stream, one.time), one.time))
        for one in files:
            if bytes <= 0:
                break
            with contextlib.suppress(OSError):
                bytes -= one.path.stat().st_size
            if self._delete(one):
                deleted.append(one.id)
        return deleted

    def close(self) -> None:
        """Write what waits."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._thread.join()

    def _path(self, id: str, stream: str) -> Path:
        match = _ID.fullmatch(id)
        if not match or not re.fullmatch(STREAM_NAME, stream):
            raise ValueError(id)
        day = time.strftime("%Y-%m-%d", time.gmtime(float(match.group("time"))))
        return self._folder / stream / day / (id + _ENDING)

    def _run(self) -> None:
        sizes: Dict[str, int] = {}
        for one in self._files(float("inf")):
            with contextlib.suppress(OSError):
                sizes[one.stream] = sizes.get(one.stream, 0) + one.path.stat().st_size
        with self._changed:
            for stream, size in sizes.items():
                self._bytes[stream] = self._bytes.get(stream, 0) + size
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._is_closed)
                if not self._waiting:
                    return
                id, picture = self._waiting.popitem(last=False)
                self._writing = id
            try:
                self._write(id, picture)
            finally:
                with self._changed:
                    self._writing = ""
                    self._changed.notify_all()

    def _write(self, id: str, picture: _Picture) -> None:
        path = self._path(id, picture.stream)
        before = 0
        try:
            before = path.stat().st_size if path.exists() else 0
            jpeg = encode_snapshot(picture.image, picture.box)
            with replacing(path) as file:
                file.write(jpeg)
            self._add(picture.stream, len(jpeg) - before)
            if self._has_failed:
                log.info("Snapshots are stored again")
            self._has_failed = False
        except Exception as error:  # the other pictures are stored
            if not self._has_failed:
                said = cannot_write(str(self._folder), error) if isinstance(error, OSError) else error
                log.error("%s Snapshots are lost until then; detection goes on", said)
            self._has_failed = True
            if not before:
                self._lost.append(id)

    def _add(self, stream: str, bytes: int) -> None:
        with self._changed:
            self._bytes[stream] = self._bytes.get(stream, 0) + bytes

    def _delete(self, one: _File) -> bool:
        try:
            size = one.path.stat().st_size
            one.path.unlink()
        except OSError:
            return False
        self._add(one.stream, -size)
        with contextlib.suppress(OSError):  # another snapshot is in it
            os.rmdir(str(one.path.parent))
        return True

    def _files(self, before: float) -> Iterator[_File]:
        """Yield the stored snapshots of all days that began before a Unix time."""
        last = time.strftime("%Y-%m-%d", time.gmtime(min(max(before, 0.0), 1e11)))
        for stream in _folders(self._folder):
            if not re.fullmatch(STREAM_NAME, stream.name):
                continue
            for day in _folders(stream):
                if not _DAY.fullmatch(day.name) or day.name > last:
                    continue
                for name in _names(day):
                    match = _ID.fullmatch(name[: -len(_ENDING)]) if name.endswith(_ENDING) else None
                    if match:
                        yield _File(match.group(), stream.name, float(match.group("time")), day / name)


def _size(picture: _Picture) -> Tuple[int, int]:
    """Return which frame a picture is, and its bytes: several objects may share one."""
    return id(picture.image), picture.image.nbytes


def _names(folder: Path) -> List[str]:
    try:
        return sorted(os.listdir(str(folder)))
    except OSError:
        return []


def _folders(folder: Path) -> List[Path]:
    try:
        with os.scandir(str(folder)) as entries:
            return sorted(folder / entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []
