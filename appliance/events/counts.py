"""Counts by hour and day."""

import sqlite3
import time
from typing import Any, List

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
        query: What is asked for. An hour or day counts if it begins in the time asked for.
        now: Unix time.

    Raises:
        Refused: There are too many.
        sqlite3.Error: They cannot be read.
    """
    after = now - DAY_SECONDS if query.after is None else query.after
    before = now + DAY_SECONDS if query.before is None else query.before
    conditions = ["hour >= ?", "hour < ?"]
    values: List[Any] = [after, before]
    for column in ("stream", "label", "zone", "line"):
        value = getattr(query, column)
        if value is not None:
            conditions.append(f"{column} = ?")
            values.append(clean(value))
    # The day of an hour is that of the appliance's time zone.
    time_column = "strftime('%Y-%m-%d', hour, 'unixepoch', 'localtime')" if query.group == DAY else "hour"
    rows = connection.execute(
        f'SELECT {time_column} AS time, stream, label, zone, line, sum(events), sum(entered), sum("left") FROM hourly'
        f" WHERE {' AND '.join(conditions)} GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5 LIMIT ?",
        (*values, MOST_ROWS + 1),
    ).fetchall()
    if len(rows) > MOST_ROWS:
        raise Refused(INVALID, f"These are more than {MOST_ROWS} counts; ask for a shorter time, days or one stream.")
    return Counts([_row(*row) for row in rows])


def _row(begin: Any, stream: str, label: str, zone: str, line: str, events: int, entered: int, left: int) -> CountRow:
    if isinstance(begin, str):
        begin = time.mktime(time.strptime(begin, "%Y-%m-%d"))
    return CountRow(float(begin), stream, label, zone or None, line or None, max(0, events), entered, left)
