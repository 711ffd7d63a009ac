"""What is too old is deleted from the database of events, a little at a time; what has a star stays."""

import math

import pytest

from appliance.contract.errors import Refused
from appliance.contract.event_messages import ALERT, DETECTED, Happening
from appliance.contract.event_requests import GetCounts, GetHeatmap, ListEvents, ListReviews
from appliance.events import expiry, writer
from appliance.events.store import EventStore
from tests.stored_events import NOON, a_path, a_review, an_event
from tests.waiting import wait_until

DAY = 86400.0
KEEP = {"alerts": 30 * DAY, "events": 10 * DAY}


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setattr(writer, "BATCH_SECONDS", 0.02)
    monkeypatch.setattr(writer, "_TIDY_SECONDS", 0.0)
    monkeypatch.setattr(expiry, "ROWS_AT_ONCE", 2)
    made = EventStore(tmp_path / "events.db", lambda: NOON)
    yield made
    made.close()


def put(store, days_ago, number, **fields):
    """Put an event and a review of it."""
    start = NOON - days_ago * DAY
    event = an_event(start, number, **fields)
    store.put(event, a_path(event))
    store.put_happening(Happening(DETECTED, event.stream, start, event.id, event.label))
    store.put_review(a_review(start, number, severity=event.severity, end=event.end))
    return event.id


def numbers(items):
    return sorted(int(item.id[-6:]) for item in items)


def rows(store, table):
    with store._readers.reading() as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def expire(store, now=NOON, **keep):
    store.expire(now, **dict(KEEP, **keep))
    wait_until(lambda: store._expiry._wanted is None)


def test_old_events_go_with_all_that_is_known_of_them_alerts_later_and_those_with_a_star_never(store):
    for number in range(5):
        put(store, 11, number, label="dog")
    put(store, 9, 10)
    put(store, 11, 11, severity=ALERT)
    put(store, 31, 12, severity=ALERT)
    starred = put(store, 50, 13)
    put(store, 40, 14, end=None)
    store.star(starred, True)
    expire(store)
    assert numbers(store.search(ListEvents()).events) == [10, 11, 13, 14]
    assert numbers(store.reviews(ListReviews()).reviews) == [10, 11, 14]
    assert (rows(store, "path"), rows(store, "happening")) == (4, 4)
    assert store.search(ListEvents(label="dog")).events == []
    with pytest.raises(Refused, match="no event"):
        store.get(an_event(NOON - 11 * DAY, 1).id)


def test_counts_and_heat_maps_outlive_events_by_a_year(store):
    put(store, 11, 1)
    store.flush()
    expire(store)
    since = {"after": NOON - 12 * DAY}
    assert store.search(ListEvents()).events == []
    assert [row.events for row in store.counts(GetCounts(**since)).counts] == [1]
    seen = store.heatmap(GetHeatmap("main", **since))
    expire(store, NOON + 360 * DAY)
    assert store.counts(GetCounts(**since)).counts == []
    assert store.heatmap(GetHeatmap("main", **since)) != seen


def test_what_is_kept_for_ever_stays(store):
    put(store, 10000, 1)
    store.flush()
    expire(store, alerts=math.inf, events=math.inf)
    assert numbers(store.search(ListEvents()).events) == [1]
    expire(store, events=0.0)
    assert store.search(ListEvents()).events == []


def test_kinds_that_nothing_has_any_more_go_and_can_come_back(store):
    put(store, 11, 1, label="unicorn", zones=["door"])
    put(store, 1, 2)
    store.flush()
    before = rows(store, "kind")
    expire(store)
    assert rows(store, "kind") == before - 1  # that of the event; the review has the kind of the other one
    put(store, 0, 3, label="unicorn", zones=["door"])
    store.flush()
    assert numbers(store.search(ListEvents(label="unicorn", zone="door")).events) == [3]


def test_too_many_events_are_too_many_though_none_is_old(store, monkeypatch):
    monkeypatch.setattr(expiry, "MOST_ROWS", 4)
    ids = [put(store, 9 - number, number, severity=ALERT if number == 1 else "detection") for number in range(8)]
    store.star(ids[0], True)
    expire(store)
    assert numbers(store.search(ListEvents()).events) == [0, 5, 6, 7]
