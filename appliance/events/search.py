"""Pages of events and reviews, newest first.

What is frequent is found among the newest. For the rest the kinds are found (see schema.py), then the newest event of
each; only those with the newest ones can stand on the page. So a page needs one look into an index for each kind, and
one row for each event on it.
"""

import sqlite3
from typing import Any, List, Optional, Sequence, Tuple

from appliance.contract.errors import NOT_FOUND, Refused
from appliance.contract.event_fields import CURSOR
from appliance.contract.event_messages import EventDetail, EventPage, ReviewPage
from appliance.contract.event_requests import ListEvents, ListReviews
from appliance.events.kinds import KindFilter
from appliance.events.packing import unpack_path
from appliance.events.rows import EVENT_COLUMNS, REVIEW_COLUMNS, event_of, happening_of, review_of
from appliance.events.schema import first_key

SCANNED = 1500
"""The newest events, which are looked at one by one: what is frequent is among them."""
MOST_HAPPENINGS = 2000
"""Of one event, the newest: something may sway at the border of a zone for days."""
SCORE_STEPS = 20
"""Of the index of scores."""
_HIGHEST_KEY = 2**63 - 1


def find_events(connection: sqlite3.Connection, query: ListEvents) -> EventPage:
    """Return a page of events. Raises Refused, sqlite3.Error."""
    kinds = KindFilter(is_review=False)
    kinds.equal("stream", query.stream)
    kinds.equal("severity", query.severity)
    kinds.equal("starred", query.starred)
    kinds.has_name("labels", query.label)
    kinds.has_name("zones", query.zone)
    kinds.has_name("lines", query.line)
    kinds.has_words(query.text)
    span = _span(connection, "event", query.after, query.before, query.cursor)
    keys = _newest_keys(connection, "event", kinds, span, query.limit + 1, query.min_score)
    select = f"SELECT {EVENT_COLUMNS} FROM event e CROSS JOIN kind k ON k.id = e.kind"
    events = [event_of(row) for row in _rows(connection, select, "e", keys[: query.limit])]
    return EventPage(events, events[-1].id if len(keys) > query.limit else None)


def find_reviews(connection: sqlite3.Connection, query: ListReviews) -> ReviewPage:
    """Return a page of reviews. Raises Refused, sqlite3.Error."""
    kinds = KindFilter(is_review=True)
    kinds.equal("stream", query.stream)
    kinds.equal("severity", query.severity)
    kinds.has_name("labels", query.label)
    kinds.has_name("zones", query.zone)
    if query.unseen is not None:
        kinds.has_name("users", query.user, is_in=not query.unseen)
    span = _span(connection, "review", query.after, query.before, query.cursor)
    keys = _newest_keys(connection, "review", kinds, span, query.limit + 1, None)
    select = f"SELECT {REVIEW_COLUMNS} FROM review r CROSS JOIN kind k ON k.id = r.kind"
    reviews = [review_of(row, query.user) for row in _rows(connection, select, "r", keys[: query.limit])]
    return ReviewPage(reviews, reviews[-1].id if len(keys) > query.limit else None)


def end_of_event(connection: sqlite3.Connection, id: str) -> Optional[Tuple[str, Optional[float]]]:
    """Return the stream of an event and its end, None while it goes on; None if there is no such event."""
    found: Optional[Tuple[str, Optional[float]]] = connection.execute(
        'SELECT k.stream, e."end" FROM event e CROSS JOIN kind k ON k.id = e.kind WHERE e.id = ?', (id,)
    ).fetchone()
    return found


def get_event(connection: sqlite3.Connection, id: str) -> EventDetail:
    """Return one event with all that is known of it. Raises Refused, sqlite3.Error."""
    rows = connection.execute(
        f"SELECT {EVENT_COLUMNS} FROM event e CROSS JOIN kind k ON k.id = e.kind WHERE e.id = ?", (id,)
    ).fetchall()
    if not rows:
        raise no_event(id)
    key, event = rows[0][0], event_of(rows[0])
    packed = connection.execute("SELECT points FROM path WHERE event = ?", (key,)).fetchone()
    path = [tuple(point) for point in unpack_path(packed[0]).round(4).tolist()] if packed else []
    happenings = connection.execute(
        "SELECT time, type, zone, line, direction FROM happening WHERE event = ? ORDER BY time DESC LIMIT ?",
        (key, MOST_HAPPENINGS),
    )
    return EventDetail(event, path, [happening_of(row, event) for row in happenings][::-1])


def no_event(id: str) -> Refused:
    """Make the error that there is no such event."""
    return Refused(NOT_FOUND, f"There is no event {id[:40]}; it may have been deleted.")


def no_review(id: str) -> Refused:
    """Make the error that there is no such review."""
    return Refused(NOT_FOUND, f"There is no review {id[:40]}; it may have been deleted.")


Span = Tuple[int, int]
"""The least key, and the least one that is too high."""


def _span(
    connection: sqlite3.Connection, table: str, after: Optional[float], before: Optional[float], cursor: Optional[str]
) -> Span:
    end = _HIGHEST_KEY if before is None else first_key(before)
    if cursor is not None:
        CURSOR.check("cursor", cursor)
        known = _column(connection, f"SELECT key FROM {table} WHERE id = ?", (cursor,))
        # One that was deleted meanwhile still says when it began.
        end = min(end, known[0] if known else first_key(float(cursor.partition("-")[0])))
    return 0 if after is None else first_key(after), end


def _newest_keys(
    connection: sqlite3.Connection, table: str, kinds: KindFilter, span: Span, count: int, score: Optional[float]
) -> List[int]:
    """Return the highest keys of what is asked for, descending."""
    if kinds.is_for_all and score is None:
        return _column(
            connection,
            f"SELECT key FROM {table} WHERE key >= ? AND key < ? ORDER BY key DESC LIMIT ?",
            (*span, count),
        )
    rest = _column(
        connection,
        f"SELECT key FROM {table} WHERE key >= ? AND key < ? ORDER BY key DESC LIMIT 1 OFFSET ?",
        (*span, SCANNED),
    )
    has_score, values = ("", []) if score is None else ("AND x.score >= ?", [score])
    found = _column(
        connection,
        f"SELECT x.key FROM {table} x CROSS JOIN kind ON kind.id = x.kind WHERE x.key >= ? AND x.key < ? {has_score}"
        f" AND {kinds.condition} ORDER BY x.key DESC LIMIT ?",
        (rest[0] + 1 if rest else span[0], span[1], *values, *kinds.values, count),
    )
    if rest and len(found) < count:
        span = (span[0], rest[0] + 1)
        if kinds.is_for_all and score is not None:
            found += _newest_by_score(connection, span, count - len(found), score)
        else:
            found += _newest_by_kind(connection, table, kinds, span, count - len(found), score)
    return found


def _newest_by_kind(
    connection: sqlite3.Connection, table: str, kinds: KindFilter, span: Span, count: int, score: Optional[float]
) -> List[int]:
    of_kind = f"FROM {table} x INDEXED BY {table}_by_kind WHERE x.kind = {{}} AND x.key >= ? AND x.key < ?"
    values: List[Any] = list(span)
    if score is not None:
        of_kind += " AND x.score >= ?"
        values.append(score)
    newest_of_each = connection.execute(
        f"SELECT id, (SELECT x.key {of_kind.format('kind.id')} ORDER BY x.key DESC LIMIT 1) AS newest"
        f" FROM kind WHERE {kinds.condition} ORDER BY newest DESC LIMIT ?",
        (*values, *kinds.values, count),
    ).fetchall()
    keys: List[int] = []
    for id, newest in newest_of_each:
        if newest is None or (len(keys) == count and newest < keys[-1]):
            break  # this kind and the following ones have nothing that is new enough
        if len(keys) == count:
            values[0] = keys[-1] + 1
        rows = _column(
            connection, f"SELECT x.key {of_kind.format('?')} ORDER BY x.key DESC LIMIT ?", (id, *values, count)
        )
        keys = sorted(keys + rows, reverse=True)[:count]
    return keys


def _newest_by_score(connection: sqlite3.Connection, span: Span, count: int, score: float) -> List[int]:
    keys: List[int] = []
    for step in range(int(score * SCORE_STEPS), SCORE_STEPS + 1):
        rows = _column(
            connection,
            "SELECT key FROM event INDEXED BY event_by_score WHERE CAST(score * 20 AS INTEGER) = ? AND key >= ?"
            " AND key < ? AND score >= ? ORDER BY key DESC LIMIT ?",
            (step, *span, score, count),
        )
        keys = sorted(keys + rows, reverse=True)[:count]
    return keys


def _column(connection: sqlite3.Connection, statement: str, values: Sequence[Any]) -> List[int]:
    return [row[0] for row in connection.execute(statement, values)]


def _rows(connection: sqlite3.Connection, select: str, table: str, keys: List[int]) -> List[Tuple[Any, ...]]:
    """Return the rows of these keys, newest first."""
    if not keys:
        return []
    marks = ", ".join("?" * len(keys))
    return connection.execute(f"{select} WHERE {table}.key IN ({marks}) ORDER BY {table}.key DESC", keys).fetchall()
