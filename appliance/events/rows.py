"""Records of the contract from and to the columns of the database."""

import json
import math
import time
from typing import Any, Dict, Sequence, Tuple

from appliance.contract.codec import encode_message
from appliance.contract.event_fields import LONGEST_TIME
from appliance.contract.event_messages import Crossing, EventRecord, Happening, Review
from appliance.contract.fields import JsonObject
from appliance.events.kinds import split_names
from appliance.events.schema import SEPARATOR, start_of

HOUR_SECONDS = 3600

EVENT_COLUMNS = (
    'e.key, e.id, k.stream, k.labels, e."end", e.score, k.severity, e.has_snapshot, e.has_clip, k.starred, e.data'
)
"""Of `event e` and its `kind k`, as `event_of` takes them."""
REVIEW_COLUMNS = 'r.key, r.id, k.stream, r."end", k.severity, k.users, r.data'
"""Of `review r` and its `kind k`, as `review_of` takes them."""

_OWN_COLUMNS = ("id", "stream", "label", "start", "end", "score", "severity", "has_snapshot", "has_clip", "starred")


def event_data(record: EventRecord) -> str:
    """Return the fields of an event that have no column, as JSON. Raises ValueError if the record is wrong."""
    times = [
        record.start,
        *(crossing.time for crossing in record.lines),
        record.start if record.end is None else record.end,
    ]
    check_times(times)
    if not math.isfinite(record.score):
        raise ValueError("an event's score is no number")
    fields = encode_message(record)
    return _to_json({name: value for name, value in fields.items() if name not in _OWN_COLUMNS})


def event_of(row: Sequence[Any]) -> EventRecord:
    """Return the event of EVENT_COLUMNS. Raises ValueError, TypeError, KeyError if they are damaged."""
    key, id, stream, labels, end, score, severity, has_snapshot, has_clip, starred, data = row
    fields = json.loads(data)
    fields.update(
        id=id,
        stream=stream,
        label=labels.strip(SEPARATOR),
        start=start_of(key),
        end=end,
        score=score,
        severity=severity,
        has_snapshot=bool(has_snapshot),
        has_clip=bool(has_clip),
        starred=bool(starred),
        box=tuple(fields["box"]),
        lines=[Crossing(**crossing) for crossing in fields["lines"]],
    )
    return EventRecord(**fields)


def review_data(review: Review) -> str:
    """Return the fields of a review that have no column, as JSON. Raises ValueError if the review is wrong."""
    check_times([review.start, review.start if review.end is None else review.end])
    return _to_json({"labels": review.labels, "zones": review.zones, "events": review.events})


def review_of(row: Sequence[Any], user: str) -> Review:
    """Return the review of REVIEW_COLUMNS, as a user sees it. Raises ValueError, KeyError if they are damaged."""
    key, id, stream, end, severity, users, data = row
    fields: JsonObject = json.loads(data)
    return Review(
        id=id,
        stream=stream,
        start=start_of(key),
        end=end,
        severity=severity,
        labels=fields["labels"],
        zones=fields["zones"],
        events=fields["events"],
        seen=user in split_names(users),
    )


def happening_of(row: Sequence[Any], event: EventRecord) -> Happening:
    """Return the happening of an event from its columns time, type, zone, line and direction."""
    time_, type, zone, line, direction = row
    return Happening(type, event.stream, time_, event.id, event.label, zone or None, line or None, direction or None)


def hour_of(time_: float) -> int:
    """Return the Unix time at which a full hour of the appliance's time zone began."""
    offset = time.localtime(time_).tm_gmtoff  # some time zones are half an hour apart from the others
    return int((time_ + offset) // HOUR_SECONDS * HOUR_SECONDS - offset)


def check_times(times: Sequence[float]) -> None:
    """Raise ValueError if one is no Unix time."""
    for one in times:
        if not 0 <= one <= LONGEST_TIME:  # not a number is neither
            raise ValueError(f"{one} is no Unix time")


CountKey = Tuple[int, str, str, str, str]
"""Hour, stream, label, zone and line; "" for none."""


class CountChanges:
    """What is to be added to the counts: events, entered and left of each key."""

    def __init__(self) -> None:
        self.changes: Dict[CountKey, Tuple[int, int, int]] = {}

    def add(self, key: CountKey, events: int = 0, entered: int = 0, left: int = 0) -> None:
        """Add to the counts of a key."""
        before = self.changes.get(key, (0, 0, 0))
        self.changes[key] = (before[0] + events, before[1] + entered, before[2] + left)


def _to_json(fields: JsonObject) -> str:
    return json.dumps(fields, separators=(",", ":"), allow_nan=False)
