"""What is known of each recording: a table in the database, held against the files in the folder."""

import logging
import os
import re
import sqlite3
import stat
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Collection, Dict, List, Optional, Set, Tuple

from appliance.contract.state import Recording
from appliance.core.database import Database
from appliance.core.names import STREAM_NAME
from appliance.core.sink import cannot_write

NAME_TIME = "%Y%m%d-%H%M%S"
_NAME = re.compile(
    r"(?P<stream>" + STREAM_NAME + r")_(?P<time>\d{8}-\d{6})(?:_(?P<number>\d{1,6}))?\.(?P<format>avi|mp4)"
)
_STEPS = [
    """CREATE TABLE recordings (
        name TEXT PRIMARY KEY, stream TEXT NOT NULL, format TEXT NOT NULL, started REAL NOT NULL,
        position INTEGER NOT NULL, bytes INTEGER NOT NULL, changed REAL NOT NULL, seconds REAL,
        finished INTEGER NOT NULL);
    CREATE INDEX recordings_by_start ON recordings (stream, started)""",
    # A table of its own: an earlier version writes rows of the first by the number of its columns.
    "CREATE TABLE recording_spans (name TEXT PRIMARY KEY, kept_as TEXT NOT NULL, began REAL NOT NULL)",
]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """One recording.

    Attributes:
        name: Of its file, in the folder of recordings.
        stream: Whose pictures it has.
        format: "avi" or "mp4".
        started: When it was begun, Unix time in whole seconds.
        position: Its place in the order of writing, which no clock can change; the higher the later.
        bytes: Of its file.
        changed: When its file was last written to, Unix time.
        seconds: Playing time; None where it has not been measured since the file changed.
        is_finished: Whether whoever wrote it has closed it.
        kept_as: Its class, "continuous", "events" or "alerts"; "" where that is unknown.
        began: When its first picture was captured, Unix time; `started` where that is unknown.
    """

    name: str
    stream: str
    format: str
    started: float
    position: int
    bytes: int
    changed: float
    seconds: Optional[float]
    is_finished: bool
    kept_as: str = ""
    began: float = 0.0

    @property
    def ended(self) -> float:
        """When its last picture was captured, Unix time; the file's time where its duration is unknown."""
        return self.changed if self.seconds is None else self.began + self.seconds

    def as_message(self, seconds: float, is_written: bool) -> Recording:
        return Recording(
            self.name, self.stream, round(self.began, 3), seconds, self.bytes, self.format, is_written, self.kept_as
        )


class RecordingIndex:
    """The recordings of one folder. Not for several threads at once.

    Held in memory; every change is written through to the database. Where that fails it is logged once, and all is
    written as soon as that is possible again; until then a restart finds it from the files.

    A file that the index does not know, of an earlier version or copied there, is taken in by its name: as one that
    was written before all that it knows, or after it where the file was changed later than all of them.
    """

    def __init__(self, folder: Path, database: Database) -> None:
        self._folder = folder
        self._database = database
        self._entries: Dict[str, Entry] = {}
        self._has_failed = False
        try:
            database.migrate("recordings", _STEPS)
            rows = database.read(
                "SELECT recordings.name, stream, format, started, position, bytes, changed, seconds, finished,"
                " IFNULL(kept_as, ''), IFNULL(began, started)"
                " FROM recordings LEFT JOIN recording_spans ON recordings.name = recording_spans.name"
            )
        except sqlite3.Error as problem:
            self._complain(problem)
            rows = []
        self._entries.update((row[0], Entry(*row)) for row in rows if _is_entry(row))

    def entries(self) -> List[Entry]:
        """All, in the order in which they were written."""
        return sorted(self._entries.values(), key=lambda entry: entry.position)

    def unordered(self) -> List[Entry]:
        """All, in any order."""
        return list(self._entries.values())

    def get(self, name: str) -> Optional[Entry]:
        return self._entries.get(name)

    def unfinished(self) -> Set[str]:
        """Names of those that were begun and not finished."""
        return {entry.name for entry in self._entries.values() if not entry.is_finished}

    def begin(self, name: str, stream: str, format: str, began: float, kept_as: str = "") -> None:
        """A recording that is written from now on; its file need not be there yet. began: Unix time."""
        position = max((entry.position for entry in self._entries.values()), default=0) + 1
        started = float(int(began))
        self._store([Entry(name, stream, format, started, position, 0, began, None, False, kept_as, began)])

    def classify(self, names: Collection[str], kept_as: str) -> None:
        """These recordings are of this class from now on."""
        self._store([replace(self._entries[name], kept_as=kept_as) for name in names])

    def finish(self, name: str, seconds: Optional[float] = None) -> None:
        """Nobody writes it any more. seconds: playing time, None where it has to be measured."""
        entry, facts = self._entries.get(name), self._look_at(name)
        if entry is not None:
            if facts is not None:
                entry = replace(entry, bytes=facts.st_size, changed=facts.st_mtime)
            self._store([replace(entry, seconds=seconds, is_finished=True)])

    def measured(self, name: str, seconds: float) -> None:
        """The playing time of a finished recording was read from its file."""
        entry = self._entries.get(name)
        if entry is not None:
            self._store([replace(entry, seconds=seconds)])

    def grow(self, written: Collection[str]) -> None:
        """Look at the sizes of those that are being written; the database is told when they are finished."""
        for name in written:
            entry, facts = self._entries.get(name), self._look_at(name)
            if entry is not None and facts is not None:
                self._entries[name] = replace(entry, bytes=facts.st_size, changed=facts.st_mtime)

    def refresh(self, written: Collection[str]) -> None:
        """Hold the index against the folder: files may have come, changed and gone.

        Args:
            written: Names of the recordings that are being written.

        Raises:
            OutputError: The folder cannot be read.
        """
        try:
            names = os.listdir(str(self._folder))
        except OSError as problem:
            raise cannot_write(str(self._folder), problem) from problem
        found = {}
        for name in names:
            if name in self._entries or _NAME.fullmatch(name):
                facts = self._look_at(name)
                if facts is not None:
                    found[name] = facts
        self.remove([name for name in self._entries if name not in found and name not in written])
        self.grow(written)
        changed = []
        for name, facts in found.items():
            entry = self._entries.get(name)
            if entry and name not in written and (entry.bytes, entry.changed) != (facts.st_size, facts.st_mtime):
                changed.append(replace(entry, bytes=facts.st_size, changed=facts.st_mtime, seconds=None))
        self._store(changed)
        self._adopt({name: facts for name, facts in found.items() if name not in self._entries})

    def _adopt(self, files: Dict[str, os.stat_result]) -> None:
        """Take in files by their names, the one that was changed last as the newest of them."""
        adopted = []
        for name, facts in files.items():
            match = _NAME.fullmatch(name)
            try:
                started = time.mktime(time.strptime(match.group("time"), NAME_TIME)) if match else None
            except (ValueError, OverflowError):
                started = None
            if match and started is not None:
                entry = Entry(
                    name,
                    match["stream"],
                    match["format"],
                    started,
                    0,
                    facts.st_size,
                    facts.st_mtime,
                    None,
                    True,
                    began=started,
                )
                adopted.append((facts.st_mtime, started, int(match["number"] or 1), name, entry))
        entries = [row[-1] for row in sorted(adopted, key=lambda row: row[:-1])]
        newest = max((entry.changed for entry in self._entries.values()), default=float("inf"))
        before = [one for one in entries if one.changed <= newest]
        after = [one for one in entries if one.changed > newest]
        positions = [entry.position for entry in self._entries.values()]
        first, last = min(positions, default=1), max(positions, default=0)
        self._store(
            [replace(one, position=first - len(before) + n) for n, one in enumerate(before)]
            + [replace(one, position=last + 1 + n) for n, one in enumerate(after)]
        )

    def _look_at(self, name: str) -> Optional[os.stat_result]:
        """None where this is no regular file; links are none."""
        try:
            facts = os.lstat(str(self._folder / name))
        except OSError:
            return None
        return facts if stat.S_ISREG(facts.st_mode) else None

    def _store(self, entries: List[Entry]) -> None:
        self._entries.update((entry.name, entry) for entry in entries)
        self._write(entries, [])

    def remove(self, names: List[str]) -> None:
        """These recordings are gone."""
        for name in names:
            self._entries.pop(name, None)
        self._write([], names)

    def _write(self, changed: Collection[Entry], removed: List[str]) -> None:
        if not changed and not removed:
            return
        try:
            if self._has_failed:
                self._database.migrate("recordings", _STEPS)
            with self._database.transaction():
                if self._has_failed:
                    self._database.read("DELETE FROM recordings")
                    self._database.read("DELETE FROM recording_spans")
                    changed = self._entries.values()
                for name in removed:
                    self._database.read("DELETE FROM recordings WHERE name = ?", name)
                    self._database.read("DELETE FROM recording_spans WHERE name = ?", name)
                for one in changed:
                    self._database.read(
                        "INSERT OR REPLACE INTO recordings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        *(one.name, one.stream, one.format, one.started, one.position),
                        *(one.bytes, one.changed, one.seconds, int(one.is_finished)),
                    )
                    self._database.read(
                        "INSERT OR REPLACE INTO recording_spans VALUES (?, ?, ?)", one.name, one.kept_as, one.began
                    )
            self._has_failed = False
        except sqlite3.Error as problem:
            self._complain(problem)

    def _complain(self, problem: sqlite3.Error) -> None:
        if not self._has_failed:
            log.warning(
                "The index of recordings cannot be kept (%s): until it can, a restart makes it from the files", problem
            )
        self._has_failed = True


def _is_entry(row: Tuple[Any, ...]) -> bool:
    """Whether a row has what it should: SQLite takes anything in any column."""
    return all(isinstance(value, kind) for value, kind in zip(row[:7], (str, str, str, float, int, int, float))) and (
        isinstance(row[7], (float, type(None)))
        and isinstance(row[8], int)
        and isinstance(row[9], str)
        and isinstance(row[10], float)
    )
