"""The thread that writes into the database of events, and goes on when it cannot be written."""

import logging
import threading
import time
from pathlib import Path
from typing import Any, Callable, List, Optional, Sequence

from appliance.contract.errors import CONFLICT, FAILED, Refused
from appliance.contract.event_messages import EventRecord, Happening, Review
from appliance.core.database import Database
from appliance.core.threads import start_thread
from appliance.events.bus_events import PathPoint
from appliance.events.event_file import EventFile, is_damage, is_file_trouble
from appliance.events.expiry import Expiry
from appliance.events.pending import Batch, Files, Pending, prepare
from appliance.events.records import RecordWriter

BATCH_SECONDS = 1.0
ALIVE_SECONDS = 30.0
_TIDY_SECONDS = 0.1
"""Between two steps of deleting what is too old."""
_RETRY_SECONDS = (1.0, 2.0, 5.0)
"""Pauses after the first failures, and the last one after all others."""
_ANSWER_SECONDS = 3.0
_MOST_CALLS = 4
"""Of those who wait at once: the threads of commands have other things to do, too."""
_TURN_SECONDS = 0.5
"""How long one more waits for its turn."""

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

    def refuse(self, why: str) -> None:
        self.error = Refused(FAILED, why)
        self.done.set()


class Writer:
    """Writes in batches of a second. Any thread may call the methods; only `call` and `close` wait.

    Attributes:
        file: What it writes to.

    Args:
        path: The file.
        expiry: What is to be deleted; a little of it after each batch.
    """

    def __init__(self, path: Path, expiry: Expiry) -> None:
        self.file = EventFile(path)
        self._expiry = expiry
        self._condition = threading.Condition()
        self._pending = Pending()
        self._calls: List[_Call] = []
        self._turns = threading.BoundedSemaphore(_MOST_CALLS)
        self._closing = False
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
        if not self._turns.acquire(timeout=_TURN_SECONDS):
            raise Refused(CONFLICT, "The database of events is busy; try again in a moment.")
        try:
            with self._condition:
                if self._closing:
                    raise Refused(CONFLICT, "The appliance is being stopped.")
                self._calls.append(call)
                self._condition.notify()
            if not call.done.wait(_ANSWER_SECONDS):
                raise Refused(FAILED, self.file.problem or "The database of events is slow; try again in a moment.")
        finally:
            self._turns.release()
        if call.error is not None:
            raise call.error
        return call.answer

    def close(self) -> None:
        """Write what is left and end the thread."""
        with self._condition:
            self._closing = True
            self._condition.notify()
        self._thread.join()

    # What the thread does

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
            if closing:
                break
            has_more = is_written and self._expiry.is_wanted and self._delete_some()
            pause = _TIDY_SECONDS if has_more else self._pause()
        if len(self._pending):
            log.error("%d changes of events are lost: %s", len(self._pending), self.file.problem)
        self.file.close()

    def _pause(self) -> float:
        failures = self.file.failures
        return _RETRY_SECONDS[min(failures, len(_RETRY_SECONDS)) - 1] if failures else BATCH_SECONDS

    def _write(self) -> bool:
        """Write all that is pending; returns whether that worked."""
        try:
            database, records = self.file.open()
            with self._condition:
                batch = self._pending.take()
            self._write_batch(database, records, batch)
        except Exception as error:
            self._take_failure(error)
            return False
        if self.file.succeeded():
            log.info("Events are stored again%s", f"; {batch.dropped} are lost" if batch.dropped else "")
        return True

    def _write_batch(self, database: Database, records: RecordWriter, batch: Batch) -> None:
        for sentence in prepare(batch):
            log.error("%s. This is a mistake in Splitlens", sentence)
        now = time.time()
        must_keep_alive = not 0 <= now - self._kept_alive < ALIVE_SECONDS
        try:
            if must_keep_alive or len(batch):
                with database.transaction():
                    records.write(batch.events.values(), batch.reviews.values(), batch.happenings, batch.files)
                    if must_keep_alive:
                        records.keep_alive(now)
        except BaseException as error:
            records.kinds.forget()
            if isinstance(error, Exception) and is_file_trouble(error):  # anything else would come again
                with self._condition:
                    self._pending.put_back(batch)
            raise
        if must_keep_alive:
            self._kept_alive = now

    def _answer(self, call: _Call) -> None:
        if self.file.problem:
            call.refuse(self.file.problem)
            return
        database, records = self.file.open()
        try:
            with database.transaction():
                call.answer = call.work(database, records)
            call.done.set()
        except Refused as error:
            call.error = error
            call.done.set()
        except Exception as error:
            records.kinds.forget()
            self._take_failure(error)
            call.refuse(self.file.problem or f"The database of events failed ({type(error).__name__}: {error}).")

    def _delete_some(self) -> bool:
        """Delete a little; returns whether there may be more. What fails is tried again after the next batch."""
        database, records = self.file.open()
        try:
            with database.transaction():
                return self._expiry.delete_some(database)
        except Exception as error:
            log.debug("", exc_info=True)
            if is_damage(error):
                self.file.suspect()
            return False
        finally:
            records.kinds.forget()  # some may have been deleted

    def _take_failure(self, error: Exception) -> None:
        if is_file_trouble(error):
            self.file.failed(error)
        else:
            log.error(
                "Events could not be stored (%s: %s). This is a mistake in Splitlens", type(error).__name__, error
            )
            log.debug("", exc_info=True)
