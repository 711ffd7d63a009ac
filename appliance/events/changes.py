"""What users change about stored events and reviews, inside a transaction of the writing thread."""

import dataclasses
from typing import Any

from appliance.contract.event_messages import EventRecord, Review
from appliance.core.database import Database
from appliance.events.kinds import Kind, clean, join_names, split_names
from appliance.events.records import RecordWriter
from appliance.events.rows import EVENT_COLUMNS, REVIEW_COLUMNS, event_of, review_of
from appliance.events.search import no_event, no_review

MOST_USERS = 100
"""Of whom it is known who saw a review."""

_KIND_COLUMNS = ", ".join("k." + field.name for field in dataclasses.fields(Kind))


def star(database: Database, records: RecordWriter, id: str, on: bool) -> EventRecord:
    """Star an event or take its star away; returns it. Raises Refused, sqlite3.Error."""
    rows = database.read(
        f"SELECT e.key, {_KIND_COLUMNS} FROM event e CROSS JOIN kind k ON k.id = e.kind WHERE e.id = ?", id
    )
    if not rows:
        raise no_event(id)
    kind = dataclasses.replace(_kind(rows[0][1:]), starred=on)
    database.read("UPDATE event SET kind = ? WHERE key = ?", records.kinds.id_of(kind), rows[0][0])
    return event_of(
        database.read(
            f"SELECT {EVENT_COLUMNS} FROM event e CROSS JOIN kind k ON k.id = e.kind WHERE e.key = ?", rows[0][0]
        )[0]
    )


def mark_seen(database: Database, records: RecordWriter, id: str, user: str, on: bool) -> Review:
    """Mark a review as seen by a user, or not seen; returns it. Raises Refused, sqlite3.Error."""
    rows = database.read(
        f"SELECT r.key, {_KIND_COLUMNS} FROM review r CROSS JOIN kind k ON k.id = r.kind WHERE r.id = ?", id
    )
    if not rows:
        raise no_review(id)
    kind = _kind(rows[0][1:])
    others = [name for name in split_names(kind.users) if name != clean(user)]
    users = others[-(MOST_USERS - 1) :] + [user] * on
    kind = dataclasses.replace(kind, users=join_names(users))
    database.read("UPDATE review SET kind = ? WHERE key = ?", records.kinds.id_of(kind), rows[0][0])
    return review_of(
        database.read(
            f"SELECT {REVIEW_COLUMNS} FROM review r CROSS JOIN kind k ON k.id = r.kind WHERE r.key = ?", rows[0][0]
        )[0],
        user,
    )


def _kind(columns: Any) -> Kind:
    is_review, stream, labels, severity, starred, *rest = columns
    return Kind(bool(is_review), stream, labels, severity, bool(starred), *rest)
