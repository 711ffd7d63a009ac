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
    in memory until the process ends, so that its users can continue; or it is an error.

    Args:
        path: The file; missing folders are created. None for a database in memory.
        needs_file: Whether it is an error if no file can be created.
        most_checked: Files of more bytes are not read from start to end to find damage, only opened: of a gigabyte
            that would take seconds. Damage elsewhere shows as sqlite3.DatabaseError when it is reached.

    Raises:
        OSError, sqlite3.Error: The file cannot be opened and written, and `needs_file` is set.
    """

    def __init__(
        self, path: Optional[Path] = None, needs_file: bool = False, most_checked: Optional[int] = None
    ) -> None:
        self._lock = threading.RLock()
        if path is None:
            self._connection = _connect_to_memory()
        elif needs_file:
            self._connection = _open_file(path, most_checked)
        else:
            self._connection = _open(path)

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
        return _open_file(path, None)
    except (OSError, sqlite3.Error) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else problem
        log.warning("%s: %s; what belongs there is not remembered after a restart", path, reason)
        return _connect_to_memory()


def _open_file(path: Path, most_checked: Optional[int]) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    why = _damage(path, most_checked)
    if why:
        move_aside(path, why)
    os.close(os.open(str(path), os.O_RDWR | os.O_CREAT, PRIVATE))
    connection = _connect(str(path))
    with contextlib.ExitStack() as undo:
        undo.callback(connection.close)
        _prepare(connection)
        undo.pop_all()
    return connection


def move_aside(path: Path, why: str) -> None:
    """Keep a damaged database under another name, and log it. Raises OSError.

    Args:
        path: The file; nobody has it open.
        why: What is wrong with it.
    """
    log.warning("%s. A new one is begun", keep_damaged(path, why))
    for end in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(str(path) + end)


def _prepare(connection: sqlite3.Connection) -> None:
    """Create the table of versions and set the modes. Raises sqlite3.Error, as when the disk is full."""
    # A power cut loses the last changes at most, never the file (sqlite.org/wal.html).
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(_VERSIONS)
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS_LATER}")


def _damage(path: Path, most_checked: Optional[int]) -> str:
    """Return what is wrong with a database file; "" if nothing is, or it does not exist. Raises OSError."""
    try:
        with open_regular(path) as file:
            is_large = most_checked is not None and os.fstat(file.fileno()).st_size > most_checked
    except FileNotFoundError:
        return ""
    except ValueError as error:
        return str(error)
    try:
        with contextlib.closing(_connect(str(path))) as connection:
            if is_large:  # header, schema and length: SQLite compares that with the header
                connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
                return ""
            found = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:  # locked, or no permission: the file itself may be whole
        raise OSError(0, str(error)) from error
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if found == ("ok",) else str(found[0]).split("\n")[0]
