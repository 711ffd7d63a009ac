"""Every search finds what a look at all events finds, whichever way it takes."""

import random

import pytest

from appliance.contract.event_messages import ALERT, DETECTION, IN, Crossing
from appliance.contract.event_requests import ListEvents, ListReviews
from appliance.events import search
from appliance.events.store import EventStore
from tests.stored_events import NOON, a_review, an_event

STREAMS, LABELS, ZONES, LINES = ("main", "yard"), ("person", "car", "dog"), ("door", "Drive", "gate"), ("A", "B")
USERS = ("olga", "victor")


def some(rnd, names):
    return [name for name in names if rnd.random() < 0.4]


def random_event(rnd, number):
    start = NOON + number // 3  # some begin at once
    return an_event(
        start,
        number,
        stream=rnd.choice(STREAMS),
        label=rnd.choice(LABELS),
        zones=some(rnd, ZONES),
        lines=[Crossing(name, IN, start) for name in some(rnd, LINES)],
        severity=rnd.choice((ALERT, DETECTION)),
        score=round(rnd.random(), 3),
        starred=rnd.random() < 0.1,
    )


def random_query(rnd):
    def maybe(*values):
        return rnd.choice(values) if rnd.random() < 0.3 else None

    return {
        "stream": maybe(*STREAMS),
        "label": maybe(*LABELS, "cat"),
        "zone": maybe(*ZONES, "none"),
        "line": maybe(*LINES),
        "severity": maybe(ALERT, DETECTION),
        "after": maybe(NOON + 20, NOON + 60),
        "before": maybe(NOON + 30, NOON + 90),
        "min_score": maybe(0.0, 0.3, 0.55, 0.9, 1.0),
        "text": maybe("door", "DRIVE main", "o", "a b"),
        "starred": maybe(True, False),
    }


def fits(event, query):
    names = " ".join([event.stream, event.label, *event.zones, *(one.line for one in event.lines)]).lower()
    tests = {
        "stream": lambda value: event.stream == value,
        "label": lambda value: event.label == value,
        "zone": lambda value: value in event.zones,
        "line": lambda value: value in [one.line for one in event.lines],
        "severity": lambda value: event.severity == value,
        "after": lambda value: event.start >= value,
        "before": lambda value: event.start < value,
        "min_score": lambda value: event.score >= value,
        "text": lambda value: all(word in names for word in value.lower().split()),
        "starred": lambda value: event.starred == value,
    }
    return all(test(query[name]) for name, test in tests.items() if query[name] is not None)


def pages(find, limit):
    """All that the pages have, and how many they are."""
    found, cursor, count = [], None, 0
    while count == 0 or cursor is not None:
        page = find(cursor, limit)
        items, cursor, count = page[0], page[1], count + 1
        assert len(items) == limit or cursor is None
        found += items
    return found


@pytest.fixture
def store(tmp_path):
    made = EventStore(tmp_path / "events.db")
    yield made
    made.close()


@pytest.mark.parametrize("scanned", [0, 1, 7, 10000])
def test_events_are_those_that_fit(store, monkeypatch, scanned):
    monkeypatch.setattr(search, "SCANNED", scanned)
    rnd = random.Random(scanned)
    events = [random_event(rnd, number) for number in range(300)]
    for event in events:
        store.put(event, [])
    store.flush()
    for event in events:
        if event.starred:
            store.star(event.id, True)
    newest_first = sorted(events, key=lambda event: event.start, reverse=True)
    for _ in range(150):
        query = random_query(rnd)

        def find(cursor, limit, query=query):
            page = store.search(ListEvents(cursor=cursor, limit=limit, **query))
            return page.events, page.cursor

        found = pages(find, rnd.choice((1, 3, 10, 200)) if rnd.random() < 0.5 else 50)
        wanted = [event for event in newest_first if fits(event, query)]
        assert [event.start for event in found] == [event.start for event in wanted], query
        assert sorted(event.id for event in found) == sorted(event.id for event in wanted), query


@pytest.mark.parametrize("scanned", [0, 3])
def test_reviews_are_those_that_fit(store, monkeypatch, scanned):
    monkeypatch.setattr(search, "SCANNED", scanned)
    rnd = random.Random(scanned)
    reviews, seen = [], set()
    for number in range(120):
        review = a_review(
            NOON + number // 3,
            number,
            stream=rnd.choice(STREAMS),
            labels=some(rnd, LABELS) or ["person"],
            zones=some(rnd, ZONES),
            severity=rnd.choice((ALERT, DETECTION)),
        )
        reviews.append(review)
        store.put_review(review)
    store.flush()
    for review in reviews:
        for user in some(rnd, USERS):
            store.mark_seen(review.id, user, True)
            seen.add((review.id, user))
    for _ in range(60):
        query = {
            name: value if rnd.random() < 0.4 else None
            for name, value in (
                ("stream", "main"), ("label", rnd.choice(LABELS)), ("zone", rnd.choice(ZONES)), ("severity", ALERT),
                ("unseen", rnd.random() < 0.5), ("after", NOON + 10), ("before", NOON + 30),
            )
        }  # fmt: skip
        user = rnd.choice(USERS)

        def find(cursor, limit, query=query, user=user):
            page = store.reviews(ListReviews(cursor=cursor, limit=limit, user=user, **query))
            return page.reviews, page.cursor

        found = pages(find, rnd.choice((1, 7, 50)))
        wanted = [
            review.id
            for review in reviews
            if query["stream"] in (None, review.stream)
            and (query["label"] is None or query["label"] in review.labels)
            and (query["zone"] is None or query["zone"] in review.zones)
            and query["severity"] in (None, review.severity)
            and query["unseen"] in (None, (review.id, user) not in seen)
            and (query["after"] is None or review.start >= query["after"])
            and (query["before"] is None or review.start < query["before"])
        ]
        assert sorted(review.id for review in found) == sorted(wanted), query
        assert all(review.seen == ((review.id, user) in seen) for review in found)
        assert [one.start for one in found] == sorted((one.start for one in found), reverse=True)
