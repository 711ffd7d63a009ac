"""Counts by hour and day."""

import sqlite3
import time
from typing import Any, Iterator, List, Optional, Tuple

from appliance.contract.errors import INVALID, Refused
from appliance.contract.event_fields import DAY
from appliance.contract.event_messages import CountRow, Counts
from appliance.contract.event_requests import GetCounts
from appliance.events.kinds import clean

MOST_ROWS = 10000
DAY_SECONDS = 86400.0


def read_counts(connection: sqlite3.Connection, query: GetCounts, now: float) -> Counts:
    """Return counts, oldest first.

    Args:
        connection: Where they are read.
        query: What is asked for. An hour counts if it begins in the time asked for.
        now: Unix time.

    Raises:
        Refused: There are too many.
        sqlite3.Error: They cannot be read.
    """
    after = now - DAY_SECONDS if query.after is None else query.after
    before = now + DAY_SECONDS if query.before is None else query.before
    conditions = ["hour >= ?", "hour < ?"]
    values: List[Any] = []
    for column in ("stream", "label", "zone", "line"):
        value = getattr(query, column)
        if value is not None:
            conditions.append(f"{column} = ?")
            values.append(clean(value))
    counts: List[CountRow] = []
    for begin, first, end in _days(connection, after, before) if query.group == DAY else [(None, after, before)]:
        rows = connection.execute(
            f"SELECT {'?' if begin is not None else 'hour'}, stream, label, zone, line, sum(events), sum(entered),"
            f' sum("left") FROM hourly WHERE {" AND ".join(conditions)} GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5'
            " LIMIT ?",
            (*([] if begin is None else [begin]), first, end, *values, MOST_ROWS + 1 - len(counts)),
        )
        counts += [_row(*row) for row in rows]
        if len(counts) > MOST_ROWS:
            raise Refused(
                INVALID, f"These are more than {MOST_ROWS} counts; ask for a shorter time, for days or for one stream."
            )
    return Counts(counts)


def _days(
    connection: sqlite3.Connection, after: float, before: float
) -> Iterator[Tuple[Optional[float], float, float]]:
    """Yield the days that have counts: when each began in the appliance's time zone, and the part that is asked for."""
    at = after
    while at < before:
        hour = connection.execute("SELECT min(hour) FROM hourly WHERE hour >= ?", (at,)).fetchone()[0]
        if hour is None or hour >= before:
            return
        year, month, day = time.localtime(hour)[:3]
        begin = time.mktime((year, month, day, 0, 0, 0, 0, 0, -1))
        end = time.mktime((year, month, day + 1, 0, 0, 0, 0, 0, -1))
        yield begin, max(at, begin), min(end, before)
        at = max(end, hour + 1.0)


def _row(begin: float, stream: str, label: str, zone: str, line: str, events: int, entered: int, left: int) -> CountRow:
    return CountRow(float(begin), stream, label, zone or None, line or None, max(0, events), entered, left)
