"""The file of the database of events: opened, found damaged or replaced, and opened again."""

import logging
import os
import sqlite3
import threading
from pathlib import Path
from typing import Any, Optional, Tuple

from appliance.contract.errors import FAILED, Refused
from appliance.core.database import Database, move_aside
from appliance.events.records import RecordWriter
from appliance.events.schema import STEPS

MOST_CHECKED = 16 * 1000**2
"""Bytes of a file that is read from start to end before it is used; a larger one only once damage was met."""
_OPEN_SECONDS = 1.0
_REOPENED = 10
_CORRUPTION = ("malformed", "not a database")

log = logging.getLogger(__name__)


class EventFile:
    """Opens the file for the one thread that writes; only `generation` and `suspect` may be called by others.

    A damaged file is moved aside and a new one begun, at the start as well as later.

    Attributes:
        problem: Why it cannot be written at present, in a sentence; "" if it can.
        failures: How often in succession it could not be.
    """

    def __init__(self, path: Path) -> None:
        self.problem = ""
        self.failures = 0
        self._path = path
        self._opened = threading.Event()
        self._generation = 0
        self._open_now: Optional[Tuple[Database, RecordWriter]] = None
        self._inode: Any = None
        self._is_suspected = False
        # How often damage was met since a new file was begun: by readers; by the writer, since it last could write.
        self._suspicions = 0
        self._damages = 0
        self._must_check = False

    def generation(self) -> int:
        """Return a number that grows when the file is opened again, as it may be another one.

        Raises:
            Refused: It was never opened.
        """
        if not self._opened.wait(0.0 if self.problem else _OPEN_SECONDS):
            raise Refused(FAILED, self.problem or "The database of events is being opened; try again in a moment.")
        return self._generation

    def suspect(self) -> None:
        """A reader met damage: have the whole file looked at."""
        self._is_suspected = True

    def open(self) -> Tuple[Database, RecordWriter]:
        """Open the file unless it is open, and is the one that the path names. Raises OSError, sqlite3.Error."""
        if self._is_suspected:
            self._is_suspected, self._must_check = False, True
            self._suspicions += 1
            self.close()
        if self._open_now is not None and self._inode != _inode(self._path):
            log.warning("%s was replaced or deleted; it is opened again", self._path)
            self.close()
        if self._open_now is None:
            if max(self._suspicions, self._damages) > 1:  # looking through it found nothing, and it cannot be used
                move_aside(self._path, "it cannot be used")
                self._suspicions, self._must_check = 0, False
            self._open_now = self._open_new()
            self._inode, self._must_check = _inode(self._path), False
            self._generation += 1
            self._opened.set()
        return self._open_now

    def _open_new(self) -> Tuple[Database, RecordWriter]:
        database = Database(self._path, needs_file=True, most_checked=None if self._must_check else MOST_CHECKED)
        try:
            database.migrate("events", STEPS)
            records = RecordWriter(database)
            if not self._opened.is_set():
                with database.transaction():
                    interrupted = records.close_open()
                if interrupted:
                    log.warning("%d events were interrupted; each ends where it was last seen", interrupted)
        except BaseException:
            database.close()
            raise
        return database, records

    def succeeded(self) -> bool:
        """It was written; returns whether it could not be before."""
        is_healed = bool(self.problem)
        self.problem, self.failures, self._damages = "", 0, 0
        return is_healed

    def failed(self, error: Exception) -> None:
        """It could not be opened or written; logged once.

        It stays open if it is locked or the disk full: readers could not open it on a full disk. After other errors,
        and now and then, it is opened again.
        """
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        self.failures += 1
        if is_damage(error):
            self._damages += 1
            self._must_check = True
        problem = f"{self._path}: events cannot be stored ({reason}); the newest wait in memory until they can"
        if not self.problem:
            log.error("%s", problem)
        self.problem = problem
        if not isinstance(error, sqlite3.OperationalError) or is_damage(error) or self.failures % _REOPENED == 0:
            self.close()

    def close(self) -> None:
        """Close the file; `open` opens it again."""
        if self._open_now is not None:
            self._open_now[0].close()
        self._open_now = None


def is_damage(error: Exception) -> bool:
    """Return whether an error means that a database file is damaged."""
    return isinstance(error, sqlite3.DatabaseError) and any(one in str(error) for one in _CORRUPTION)


def is_file_trouble(error: Exception) -> bool:
    """Return whether an error comes from the file or the disk, not from what was to be written."""
    return isinstance(error, (OSError, sqlite3.OperationalError)) or is_damage(error)


def _inode(path: Path) -> Any:
    try:
        facts = os.stat(str(path))
    except FileNotFoundError:
        return None
    return facts.st_dev, facts.st_ino
