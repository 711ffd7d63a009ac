"""The thread that writes into the database of events, and goes on when it cannot be written."""

import logging
import os
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any, Callable, List, Optional, Sequence

from appliance.contract.errors import CONFLICT, FAILED, Refused
from appliance.contract.event_messages import EventRecord, Happening, Review
from appliance.core.database import Database, move_aside
from appliance.core.threads import start_thread
from appliance.events.bus_events import PathPoint
from appliance.events.pending import Files, Pending
from appliance.events.records import RecordWriter
from appliance.events.schema import STEPS

BATCH_SECONDS = 1.0
ALIVE_SECONDS = 30.0
MOST_CHECKED = 16 * 1000**2
"""Bytes of a file that is read from start to end before it is used."""
_RETRY_SECONDS = (1.0, 2.0, 5.0)
"""Pauses after the first failures, and the last one after all others."""
_ANSWER_SECONDS = 5.0
_OPEN_SECONDS = 1.0
_MOST_CALLS = 50
_CORRUPTION = ("malformed", "not a database")

log = logging.getLogger(__name__)

Work = Callable[[Database, RecordWriter], Any]
"""What the thread does in a transaction of its own. Raises Refused, sqlite3.Error."""


class _Call:
    """A piece of work that somebody waits for."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.done = threading.Event()
        self.answer: Any = None
        self.error: Optional[Refused] = None


class Writer:
    """Writes in batches of a second. Any thread may call the methods; only `call` and `close` wait.

    Attributes:
        problem: Why nothing can be written at present, in a sentence; "" if it can.

    Args:
        path: The file.
        tidy: Called after each batch, in a transaction; deletes a little of what is too old, and returns whether
            there is more.
    """

    def __init__(self, path: Path, tidy: Callable[[Database], bool]) -> None:
        self.problem = ""
        self._path = path
        self._tidy = tidy
        self._condition = threading.Condition()
        self._pending = Pending()
        self._calls: List[_Call] = []
        self._closing = False
        self._suspect = False
        self._generation = 0
        self._opened = threading.Event()
        # Of the thread alone. How often readers found damage, and up to which of these the file was looked through:
        self._suspicions = self._checks = 0
        self._database: Optional[Database] = None
        self._records: Optional[RecordWriter] = None
        self._inode: Any = None
        self._was_opened = False
        self._failures = 0
        self._corruptions = 0
        self._kept_alive = 0.0
        self._thread = start_thread("events database", self._run)

    def put(self, record: EventRecord, path: Sequence[PathPoint]) -> None:
        """Write an event."""
        with self._condition:
            self._pending.put(record, path)

    def put_review(self, review: Review) -> None:
        """Write a review."""
        with self._condition:
            self._pending.put_review(review)

    def put_happening(self, happening: Happening) -> None:
        """Write a happening."""
        with self._condition:
            self._pending.put_happening(happening)

    def put_files(self, id: str, files: Files) -> None:
        """Write what changed about an event's files."""
        with self._condition:
            self._pending.put_files(id, files)

    def call(self, work: Work) -> Any:
        """Write what is pending, do a piece of work, and return what it returns. Raises Refused."""
        call = _Call(work)
        with self._condition:
            if self._closing or len(self._calls) >= _MOST_CALLS:
                raise Refused(CONFLICT, "The database of events is closing, or busy; try again in a moment.")
            self._calls.append(call)
            self._condition.notify()
        if not call.done.wait(_ANSWER_SECONDS):
            raise Refused(FAILED, self.problem or "The database of events is slow at present; try again in a moment.")
        if call.error is not None:
            raise call.error
        return call.answer

    def generation(self) -> int:
        """Return a number that grows when the file is opened again, as it may be another one.

        Raises:
            Refused: It was never opened.
        """
        if not self._opened.wait(_OPEN_SECONDS):
            raise Refused(FAILED, self.problem or "The database of events is being opened; try again in a moment.")
        return self._generation

    def suspect(self) -> None:
        """A reader found damage: look at the whole file soon."""
        self._suspect = True

    def close(self) -> None:
        """Write what is left and end the thread."""
        with self._condition:
            self._closing = True
            self._condition.notify()
        self._thread.join()

    def _run(self) -> None:
        pause = 0.0
        while True:
            with self._condition:
                self._condition.wait_for(lambda: bool(self._calls) or self._closing, pause)
                calls, self._calls = self._calls, []
                closing = self._closing
            is_written = self._write()
            for call in calls:
                self._answer(call)
            has_more = is_written and not closing and self._tidy_some()
            if closing:
                break
            last = len(_RETRY_SECONDS) - 1
            pause = _RETRY_SECONDS[min(self._failures - 1, last)] if self._failures else BATCH_SECONDS
            if has_more:
                pause = BATCH_SECONDS / 10
        with self._condition:
            calls, lost = self._calls, len(self._pending)
        for call in calls:
            self._refuse(call, "The appliance is being stopped.")
        if lost:
            log.error("%d changes of events are lost: %s", lost, self.problem)
        self._close_database()

    # What the thread does: returns whether it worked, or what it returned

    def _write(self) -> bool:
        try:
            self._write_batch()
            return True
        except (OSError, sqlite3.Error) as error:
            self._fail(error)
        except Exception as error:
            log.error(
                "Events could not be stored (%s: %s). This is a mistake in Splitlens", type(error).__name__, error
            )
            log.debug("", exc_info=True)
        return False

    def _write_batch(self) -> None:
        self._open()
        assert self._database is not None and self._records is not None
        with self._condition:
            batch, wrong = self._pending.take()
            dropped, self._pending.dropped = self._pending.dropped, 0
        for sentence in wrong:
            log.error("%s. This is a mistake in Splitlens", sentence)
        now = time.time()
        must_keep_alive = not 0 <= now - self._kept_alive < ALIVE_SECONDS
        try:
            if must_keep_alive or any(batch):
                with self._database.transaction():
                    self._records.write(batch.events.values(), batch.reviews.values(), batch.happenings)
                    for id, files in batch.files.items():
                        self._records.mark_files(id, *files)
                    if must_keep_alive:
                        self._records.keep_alive(now)
        except BaseException as error:
            self._records.kinds.forget()
            if isinstance(error, sqlite3.Error):  # another one would come again
                with self._condition:
                    self._pending.put_back(batch)
                    self._pending.dropped += dropped
            raise
        if must_keep_alive:
            self._kept_alive = now
        if self.problem:
            log.info("Events are stored again%s", f"; {dropped} are lost" if dropped else "")
        self.problem, self._failures, self._corruptions = "", 0, 0

    def _tidy_some(self) -> bool:
        assert self._database is not None and self._records is not None
        try:
            with self._database.transaction():
                has_more = self._tidy(self._database)
        except sqlite3.Error as error:
            log.warning("%s: old events cannot be deleted (%s)", self._path, error)
            self._suspect = self._suspect or is_damage(error)
            return False
        if has_more:
            self._records.kinds.forget()  # some may have been deleted
        return has_more

    def _answer(self, call: _Call) -> None:
        try:
            if self._database is None or self._records is None or self._failures:
                raise Refused(FAILED, self.problem)
            with self._database.transaction():
                call.answer = call.work(self._database, self._records)
            call.done.set()
        except Refused as error:
            self._refuse(call, error)
        except Exception as error:
            if self._records is not None:
                self._records.kinds.forget()
            if isinstance(error, sqlite3.Error):
                self._fail(error)
            else:
                log.debug("", exc_info=True)
            self._refuse(call, self.problem or f"The database of events failed ({type(error).__name__}: {error}).")

    @staticmethod
    def _refuse(call: _Call, why: Any) -> None:
        call.error = why if isinstance(why, Refused) else Refused(FAILED, why)
        call.done.set()

    # The file

    def _open(self) -> None:
        if self._suspect:
            self._suspect = False
            self._close_database()
            self._suspicions += 1
        if self._database is not None and self._inode != _inode(self._path):
            log.warning("%s was replaced or deleted; it is opened again", self._path)
            self._close_database()
        if self._database is None:
            is_checked = self._suspicions > self._checks or self._corruptions > 0
            if max(self._suspicions, self._corruptions) > 1:  # looking through it finds nothing, and it cannot be used
                move_aside(self._path, "it cannot be used")
                self._suspicions = self._checks = 0
            self._checks = self._suspicions
            database = Database(self._path, needs_file=True, most_checked=None if is_checked else MOST_CHECKED)
            try:
                database.migrate("events", STEPS)
                records = RecordWriter(database)
                if not self._was_opened:
                    with database.transaction():
                        events, _ = records.close_open()
                    if events:
                        log.warning("%d events were interrupted; each ends where it was last seen", events)
            except BaseException:
                database.close()
                raise
            self._database, self._records, self._inode = database, records, _inode(self._path)
            self._was_opened = True
            self._generation += 1
            self._opened.set()

    def _close_database(self) -> None:
        if self._database is not None:
            self._database.close()
        self._database = self._records = None

    def _fail(self, error: Exception) -> None:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        self._failures += 1
        self._corruptions += is_damage(error)
        problem = f"{self._path}: events cannot be stored ({reason}); the newest wait in memory until they can"
        if not self.problem:
            log.error("%s", problem)
        self.problem = problem
        self._close_database()  # a damaged file is looked at when it is opened; others may have been replaced


def is_damage(error: Exception) -> bool:
    """Return whether an error means that a database file is damaged."""
    return isinstance(error, sqlite3.DatabaseError) and any(one in str(error) for one in _CORRUPTION)


def _inode(path: Path) -> Any:
    try:
        facts = os.stat(str(path))
    except FileNotFoundError:
        return None
    return facts.st_dev, facts.st_ino
