"""The files in the folder of recordings, by their names."""

import os
import re
import stat
import time
from pathlib import Path
from typing import Callable, Collection, Dict, List, NamedTuple, Optional

from appliance.core.names import STREAM_NAME
from appliance.core.sink import cannot_write

NAME_TIME = "%Y%m%d-%H%M%S"
_NAME = re.compile(
    r"(?P<stream>" + STREAM_NAME + r")_(?P<time>\d{8}-\d{6})(?:_(?P<number>\d{1,6}))?\.(?P<format>avi|mp4)"
)
# A folder's time is only this exact (FAT: two seconds): one that changed just now may change again unseen.
_COARSEST_CLOCK = 3.0


class RecordingFile(NamedTuple):
    """started, changed: Unix time. number: of those that began in the same second, from 1."""

    name: str
    stream: str
    started: float
    number: int
    format: str
    bytes: int
    changed: float


class RecordingFiles:
    """Not for several threads at once. now: Unix time."""

    def __init__(self, folder: Path, now: Callable[[], float]) -> None:
        self._folder = folder
        self._now = now
        self._files: Dict[str, RecordingFile] = {}
        self._files_of: Optional[float] = None  # the folder's time when `_files` was read; None: read it again

    def read_again(self) -> None:
        self._files_of = None

    def read(self, growing: Collection[str]) -> List[RecordingFile]:
        """The recordings, by when they started, the oldest first. A folder that did not change is not read again.

        growing: names of those whose size changes. Raises OutputError if the folder cannot be read.
        """
        try:
            changed = os.stat(str(self._folder)).st_mtime
            if changed == self._files_of:
                names = list(growing)
            else:
                self._files_of = changed if self._now() - changed > _COARSEST_CLOCK else None
                self._files, names = {}, os.listdir(str(self._folder))
        except OSError as problem:
            raise cannot_write(str(self._folder), problem) from problem
        for name in names:
            file = self._look_at(name)
            if file is not None:
                self._files[name] = file
        return sorted(self._files.values(), key=lambda file: (file.started, file.number, file.name))

    def _look_at(self, name: str) -> Optional[RecordingFile]:
        match = _NAME.fullmatch(name)
        if match is None:
            return None
        try:
            started = time.mktime(time.strptime(match.group("time"), NAME_TIME))
            facts = os.lstat(str(self._folder / name))
        except (ValueError, OverflowError, OSError):
            return None
        if not stat.S_ISREG(facts.st_mode):
            return None
        return RecordingFile(
            name,
            match.group("stream"),
            started,
            int(match.group("number") or 1),
            match.group("format"),
            facts.st_size,
            facts.st_mtime,
        )
