"""Connections that read the database of events, apart from the one that writes."""

import contextlib
import logging
import sqlite3
import threading
import time
from pathlib import Path
from typing import Callable, Iterator, List, Tuple

from appliance.contract.errors import CONFLICT, FAILED, Refused
from appliance.events.event_file import is_damage

QUERY_SECONDS = 3.0
"""What takes longer is interrupted."""
MOST_READERS = 3
"""Queries at once: the threads of commands have other things to do, too."""
_WAIT_SECONDS = 0.3
_STEPS = 2000
"""SQLite's own steps between two looks at the clock, some tens of microseconds."""

log = logging.getLogger(__name__)


class Readers:
    """A few connections, each for one query at a time.

    Args:
        path: The file.
        generation: Returns a number that changes when the file may be another one. Raises Refused if there is none.
        found_damage: Called when the file turns out to be damaged.
    """

    def __init__(self, path: Path, generation: Callable[[], int], found_damage: Callable[[], None]) -> None:
        self._path = path
        self._generation = generation
        self._found_damage = found_damage
        self._places = threading.BoundedSemaphore(MOST_READERS)
        self._lock = threading.Lock()
        self._free: List[Tuple[int, sqlite3.Connection]] = []

    @contextlib.contextmanager
    def reading(self, seconds: float = QUERY_SECONDS) -> Iterator[sqlite3.Connection]:
        """Lend a connection in one read transaction: what is read is of one moment.

        Args:
            seconds: How long the query may take.

        Raises:
            Refused: Too many queries at once, one that takes too long, or a database that cannot be read.
        """
        if not self._places.acquire(timeout=_WAIT_SECONDS):
            raise Refused(CONFLICT, "The database of events is busy; try again in a moment.")
        try:
            with self._translated():
                generation, connection = self._take()
                end = time.monotonic() + seconds
                connection.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
                try:
                    connection.execute("BEGIN")
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    connection.close()
                    raise
                with self._lock:
                    self._free.append((generation, connection))
        finally:
            self._places.release()

    def close(self) -> None:
        """Close the connections that are not in use."""
        with self._lock:
            while self._free:
                self._free.pop()[1].close()

    def _take(self) -> Tuple[int, sqlite3.Connection]:
        now = self._generation()
        with self._lock:
            while self._free:
                generation, connection = self._free.pop()
                if generation == now:
                    return generation, connection
                connection.close()
        connection = sqlite3.connect(str(self._path), timeout=1.0, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA query_only = 1")
        return now, connection

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if "interrupted" in str(error):
                raise Refused(
                    FAILED, "This takes too long; ask for a shorter time or fewer kinds of events."
                ) from error
            if is_damage(error):
                self._found_damage()
            raise Refused(FAILED, f"{self._path}: events cannot be read ({error}).") from error
        except (ValueError, KeyError, TypeError) as error:
            log.debug("", exc_info=True)
            raise Refused(FAILED, f"{self._path}: an event there cannot be read ({error}).") from error
