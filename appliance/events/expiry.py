"""Deletes what is too old from the database of events, a little at a time."""

import threading
from typing import List, Optional, Tuple

from appliance.contract.event_messages import ALERT, DETECTION
from appliance.core.database import Database
from appliance.events.schema import first_key

ROWS_AT_ONCE = 200
"""Deleted in one transaction; it takes some milliseconds."""
MOST_ROWS = 2000 * 1000
"""Events that are kept at most."""
COUNTS_SECONDS = 366 * 86400.0
"""How long counts and heat maps are kept."""

_OF_EVENT = ("path", "happening")


class Expiry:
    """What is to be deleted. `want` may be called by any thread, `delete_some` by the one that writes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted: Optional[Tuple[float, float, float]] = None

    def want(self, now: float, alerts: float, events: float) -> None:
        """Have deleted what is older: alerts, and other events, each with their reviews, in seconds."""
        with self._lock:
            self._wanted = (now, alerts, events)

    @property
    def is_wanted(self) -> bool:
        """Whether anything is to be deleted."""
        return self._wanted is not None

    def delete_some(self, database: Database) -> bool:
        """Delete a few rows, in a transaction; returns whether there may be more. Raises sqlite3.Error."""
        with self._lock:
            wanted = self._wanted
        if wanted is None:
            return False
        if self._delete(database, *wanted):
            return True
        with self._lock:
            if self._wanted == wanted:
                self._wanted = None
        return False

    def _delete(self, database: Database, now: float, alerts: float, events: float) -> bool:
        for severity, seconds in ((DETECTION, events), (ALERT, alerts)):
            least = 0 if seconds > now else first_key(now - seconds)  # kept for ever, it may be infinite
            for table in ("event", "review"):
                keys = _oldest(database, table, severity, least)
                if keys:
                    _delete_rows(database, table, keys)
                    return True
        keys = _surplus(database)
        if keys:
            _delete_rows(database, "event", keys)
            return True
        oldest = int(now - COUNTS_SECONDS)
        database.read("DELETE FROM hourly WHERE hour < ?", oldest)
        database.read("DELETE FROM heat WHERE hour < ?", oldest)
        for table, is_review in (("event", 0), ("review", 1)):
            database.read(
                f"DELETE FROM kind WHERE is_review = ? AND NOT EXISTS (SELECT 1 FROM {table} WHERE kind = kind.id)",
                is_review,
            )
        return False


def _oldest(database: Database, table: str, severity: str, end: int) -> List[int]:
    """Return keys of finished ones below `end` without a star."""
    rows = database.read(
        f"SELECT x.key FROM kind k CROSS JOIN {table} x INDEXED BY {table}_by_kind ON x.kind = k.id AND x.key < ?"
        f' WHERE k.is_review = ? AND k.starred = 0 AND k.severity = ? AND x."end" IS NOT NULL LIMIT ?',
        end,
        int(table == "review"),
        severity,
        ROWS_AT_ONCE,
    )
    return [row[0] for row in rows]


def _surplus(database: Database) -> List[int]:
    """Return keys of the oldest events if there are too many; the others first, then alerts, none with a star."""
    surplus = database.read("SELECT count(*) FROM event")[0][0] - MOST_ROWS
    if surplus <= 0:
        return []
    starred = database.read(
        "SELECT count(*) FROM kind k CROSS JOIN event x INDEXED BY event_by_kind ON x.kind = k.id"
        " WHERE k.is_review = 0 AND k.starred = 1"
    )[0][0]
    cut = database.read("SELECT key FROM event ORDER BY key LIMIT 1 OFFSET ?", surplus + starred)
    if not cut:
        return []
    return (_oldest(database, "event", DETECTION, cut[0][0]) or _oldest(database, "event", ALERT, cut[0][0]))[:surplus]


def _delete_rows(database: Database, table: str, keys: List[int]) -> None:
    marks = ", ".join("?" * len(keys))
    database.read(f"DELETE FROM {table} WHERE key IN ({marks})", *keys)
    if table == "event":
        for part in _OF_EVENT:
            database.read(f"DELETE FROM {part} WHERE event IN ({marks})", *keys)
