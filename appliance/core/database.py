"""The SQLite database of the appliance's persistent data."""

import contextlib
import logging
import os
import sqlite3
import threading
from pathlib import Path
from typing import Any, Iterator, List, Optional, Sequence, Tuple

from appliance.core.files import PRIVATE, keep_damaged, open_regular

DATABASE_FILE = "splitlens.db"
_BUSY_SECONDS = 5.0
"""At startup, when a process that was killed may not have ended yet."""
_BUSY_MILLISECONDS_LATER = 200
"""Later: no other process writes to it then, and a waiting thread delays recordings."""
_VERSIONS = "CREATE TABLE IF NOT EXISTS versions (component TEXT PRIMARY KEY, version INTEGER NOT NULL)"

log = logging.getLogger(__name__)


class Database:
    """A database that any thread may use, one statement at a time.

    A damaged file is moved aside and a new one created. If no file can be created, that is logged and the database is
    in memory until the process ends, so that its users can continue.

    Args:
        path: The file; missing folders are created. None for a database in memory.
    """

    def __init__(self, path: Optional[Path] = None) -> None:
        self._lock = threading.RLock()
        self._connection = _open(path) if path is not None else _connect_to_memory()

    def migrate(self, component: str, steps: Sequence[str]) -> None:
        """Migrate the tables of one component to their newest version.

        Args:
            component: The name under which the version is stored.
            steps: SQL scripts, oldest first. New ones are appended, and only add tables, columns with defaults, and
                indexes, so that an older program still works with the tables after a rollback.

        Raises:
            sqlite3.Error: The database cannot be written.
        """
        with self.transaction():
            rows = self.read("SELECT version FROM versions WHERE component = ?", component)
            version = rows[0][0] if rows else 0
            for step in steps[version:]:
                for statement in step.split(";"):
                    self.read(statement)
            if version < len(steps):
                self.read("INSERT OR REPLACE INTO versions VALUES (?, ?)", component, len(steps))

    def read(self, statement: str, *values: Any) -> List[Tuple[Any, ...]]:
        """Execute one SQL statement and return its rows. Raises sqlite3.Error."""
        with self._lock:
            return self._connection.execute(statement, values).fetchall()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Execute all statements of the block, or none if it raises. Other threads wait. Raises sqlite3.Error."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # rolled back already, because of a full disk
                    self._connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        with self._lock:
            self._connection.close()


def _connect(path: str) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)


def _connect_to_memory() -> sqlite3.Connection:
    connection = _connect(":memory:")
    connection.execute(_VERSIONS)
    return connection


def _open(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        why = _damage(path)
        if why:
            log.warning("%s. A new one is begun", keep_damaged(path, why))
            for end in ("", "-wal", "-shm"):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(str(path) + end)
        os.close(os.open(str(path), os.O_RDWR | os.O_CREAT, PRIVATE))
        connection = _connect(str(path))
        with contextlib.ExitStack() as undo:
            undo.callback(connection.close)
            _prepare(connection)
            undo.pop_all()
        return connection
    except (OSError, sqlite3.Error) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else problem
        log.warning("%s: %s; what belongs there is not remembered after a restart", path, reason)
        return _connect_to_memory()


def _prepare(connection: sqlite3.Connection) -> None:
    """Create the table of versions and set the modes. Raises sqlite3.Error, as when the disk is full."""
    # A power cut loses the last changes at most, never the file (sqlite.org/wal.html).
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(_VERSIONS)
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS_LATER}")


def _damage(path: Path) -> str:
    """Return what is wrong with a database file; "" if nothing is, or it does not exist. Raises OSError."""
    try:
        open_regular(path).close()
    except FileNotFoundError:
        return ""
    except ValueError as error:
        return str(error)
    try:
        with contextlib.closing(_connect(str(path))) as connection:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:  # locked, or no permission: the file itself may be whole
        raise OSError(0, str(error)) from error
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if found == ("ok",) else str(found[0]).split("\n")[0]
