"""The database of events: what is put is found again, by everything that can be asked, also after a crash."""

import time

import pytest

from appliance.contract.errors import INVALID, NOT_FOUND, Refused
from appliance.contract.event_fields import LONGEST_TIME
from appliance.contract.event_messages import (
    ALERT,
    CROSSED,
    DETECTED,
    DETECTION,
    IN,
    LEFT,
    OUT,
    Crossing,
    Happening,
)
from appliance.contract.event_requests import GetCounts, GetHeatmap, ListEvents, ListReviews
from appliance.events.store import EventStore
from tests.stored_events import NOON, a_path, a_review, an_event


@pytest.fixture
def file(tmp_path):
    return tmp_path / "state" / "events.db"


@pytest.fixture
def store(file):
    made = EventStore(file, lambda: NOON + 3600)
    yield made
    made.close()


def put(store, *events):
    for event in events:
        store.put(event, a_path(event))
    store.flush()
    return [event.id for event in events]


def found(store, **wanted):
    return [event.id for event in store.search(ListEvents(**wanted)).events]


def test_an_event_comes_back_as_it_was_put_with_its_path_and_what_happened(store):
    event = an_event(
        zones=["yard", "door"], lines=[Crossing("gate", IN, NOON + 2)], speed=12.5, review="1.0-1", stationary=True
    )
    moments = [
        Happening(DETECTED, "main", NOON, event.id, "person"),
        Happening(CROSSED, "main", NOON + 2, event.id, "person", line="gate", direction=IN),
    ]
    store.put(event, a_path(event))
    for moment in reversed(moments):
        store.put_happening(moment)
    detail = store.get(event.id)  # it is not written yet
    assert detail.event == event
    assert [pytest.approx(point) for point in detail.path] == [
        (float(step), 0.1 + step / 50, 0.2, 0.3 + step / 50, 0.6) for step in range(5)
    ]
    assert detail.happenings == moments


def test_an_event_that_goes_on_is_updated_in_its_place(store):
    going_on = an_event(end=None, label="cat", score=0.5)
    put(store, going_on, an_event(NOON + 1, 2))
    ended = an_event(zones=["door"], score=0.9, severity=ALERT)
    put(store, ended)
    assert store.get(ended.id).event == ended
    assert found(store, label="person") == [an_event(NOON + 1, 2).id, ended.id] and found(store, label="cat") == []


@pytest.mark.parametrize(
    "wanted, numbers",
    [
        ({}, [4, 3, 2, 1]),
        ({"stream": "yard"}, [3]),
        ({"label": "car"}, [4, 2]),
        ({"zone": "door"}, [3, 1]),
        ({"zone": "doo"}, []),
        ({"line": "gate"}, [2]),
        ({"severity": ALERT}, [2]),
        ({"after": NOON + 2}, [4, 3, 2]),
        ({"before": NOON + 2}, [1]),
        ({"after": NOON + 2, "before": NOON + 3}, [2]),
        ({"min_score": 0.62}, [4, 2]),
        ({"min_score": 1.0}, []),
        ({"starred": True}, [3]),
        ({"starred": False}, [4, 2, 1]),
        ({"text": "OST-TÜR"}, [3]),
        ({"text": "tur yard"}, [3]),
        ({"text": "gate"}, [2]),
        ({"text": "car door"}, []),
        ({"text": "100% _"}, []),
        ({"text": "' OR 1=1 --"}, []),
        ({"text": "\ud800"}, []),
        ({"zone": "\ud800\x00\x1f"}, []),
        ({"label": "car", "line": "gate", "severity": ALERT, "text": "main", "min_score": 0.7}, [2]),
        ({"label": "car", "zone": "door"}, []),
    ],
)
def test_events_are_found_by_everything_that_can_be_asked(store, wanted, numbers):
    events = [
        an_event(NOON + 1, 1, zones=["door"], score=0.6),
        an_event(NOON + 2, 2, label="car", lines=[Crossing("gate", OUT, NOON + 3)], severity=ALERT, score=0.75),
        an_event(NOON + 3, 3, stream="yard", zones=["Ost-Tür", "door"], score=0.61),
        an_event(NOON + 4, 4, label="car", score=0.63),
    ]
    ids = put(store, *events)
    store.star(ids[2], True)
    assert found(store, **wanted) == [ids[number - 1] for number in numbers]


def test_pages_follow_each_other_without_gap_or_overlap_also_of_events_that_began_at_once(store):
    events = [an_event(NOON + number // 4, number, label=("person", "car", "dog")[number % 3]) for number in range(50)]
    put(store, *events)
    for wanted in ({}, {"severity": DETECTION}, {"text": "main"}):
        pages, cursor = [], None
        while cursor is not None or not pages:
            page = store.search(ListEvents(cursor=cursor, limit=7, **wanted))
            pages.append(page.events)
            cursor = page.cursor
        assert [len(page) for page in pages] == [7] * 7 + [1]
        ids = [event.id for page in pages for event in page]
        assert sorted(ids) == sorted(event.id for event in events)
        starts = [event.start for page in pages for event in page]
        assert starts == sorted(starts, reverse=True)


@pytest.mark.parametrize("most", [LONGEST_TIME, 0.0])
def test_the_latest_and_the_earliest_time_that_can_be_asked_for_are_answered(store, most):
    """SQLite has no integer for every time."""
    put(store, an_event())
    expected = 1 if most == 0.0 else 0
    assert len(store.search(ListEvents(after=most)).events) == expected
    assert len(store.reviews(ListReviews(after=most, before=LONGEST_TIME)).reviews) == 0
    assert sum(len(group) for group in store.tracks("main", most, LONGEST_TIME)) == expected
    assert not store.search(ListEvents(cursor="999999999999.999999-a", after=LONGEST_TIME)).events


def test_a_cursor_whose_event_was_deleted_says_when_it_began(store):
    put(store, *(an_event(NOON + number, number) for number in range(4)))
    page = store.search(ListEvents(cursor=an_event(NOON + 2, 99).id))
    assert [event.start - NOON for event in page.events] == [1, 0]
    assert found(store, cursor="1.0-000001") == []


@pytest.mark.parametrize("cursor", ["x", "-1", "1.5", "1e3", "9" * 19, "1" * 200, "1.0-", "²"])
def test_a_cursor_of_nobody_is_refused(store, cursor):
    with pytest.raises(Refused, match="no `cursor`") as refused:
        store.search(ListEvents(cursor=cursor))
    assert refused.value.kind == INVALID


def test_what_is_not_there_is_said(store):
    for ask in (
        lambda: store.get("1.0-000001"),
        lambda: store.star("1.0-000001", True),
        lambda: store.mark_seen("1.0-000001", "olga", True),
    ):
        with pytest.raises(Refused, match=r"There is no (event|review) 1\.0-000001") as refused:
            ask()
        assert refused.value.kind == NOT_FOUND


def test_a_star_stays_when_the_event_goes_on(store):
    put(store, an_event(end=None))
    assert store.star(an_event().id, True).starred
    put(store, an_event())
    assert store.get(an_event().id).event.starred
    assert not store.star(an_event().id, False).starred


def test_each_user_has_seen_other_reviews(store):
    for number in (1, 2):
        store.put_review(a_review(NOON + number, number, zones=["door"], labels=["person", "car"]))
    first, second = a_review(NOON + 1, 1).id, a_review(NOON + 2, 2).id
    assert store.mark_seen(first, "olga", True).seen

    def seen_by(user, **wanted):
        return [(review.id, review.seen) for review in store.reviews(ListReviews(user=user, **wanted)).reviews]

    assert seen_by("olga") == [(second, False), (first, True)]
    assert seen_by("olga", unseen=True) == [(second, False)]
    assert seen_by("olga", unseen=False) == [(first, True)]
    assert seen_by("victor", unseen=True, label="car", zone="door") == [(second, False), (first, False)]
    assert seen_by("olg") == [(second, False), (first, False)]
    store.put_review(a_review(NOON + 1, 1, severity=ALERT, labels=["person"]))
    assert not store.mark_seen(second, "olga", False).seen
    assert seen_by("olga", severity=ALERT) == [(first, True)]
    assert seen_by("olga", label="car") == [(second, False)]


def test_what_is_counted_counts_once_however_often_an_event_is_put_and_over_restarts(store, file):
    first, second = Crossing("gate", IN, NOON + 1), Crossing("gate", OUT, NOON + 2)
    put(store, an_event(end=None, label="cat", zones=["door"], lines=[first]))
    put(store, an_event(end=None, zones=["door", "yard"], lines=[first, second]))
    store.close()
    again = EventStore(file, lambda: NOON + 60)
    try:
        put(again, an_event(zones=["door", "yard"], lines=[first, second]), an_event(NOON + 3700, 2))
        rows = again.counts(GetCounts(after=NOON - 3600, before=NOON + 7200)).counts
        assert [
            (row.time, row.label, row.zone, row.line, row.events, row.entered, row.left)
            for row in rows
            if row.events or row.entered or row.left
        ] == [
            (NOON, "cat", None, "gate", 0, 1, 0),
            (NOON, "cat", "door", None, 1, 0, 0),
            (NOON, "person", None, None, 1, 0, 0),
            (NOON, "person", None, "gate", 0, 0, 1),
            (NOON, "person", "yard", None, 1, 0, 0),
            (NOON + 3600, "person", None, None, 1, 0, 0),
        ]
        assert again.crossings_today() == {("main", "gate", IN): 1, ("main", "gate", OUT): 1}
    finally:
        again.close()


@pytest.fixture
def time_zone(monkeypatch):
    def set_to(name):
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield set_to
    monkeypatch.undo()
    time.tzset()


def test_hours_and_days_are_those_of_the_time_zone(store, time_zone):
    time_zone("IST-5:30")  # 11:00 UTC is 16:30 there
    put(store, an_event(NOON), an_event(NOON + 1700, 2), an_event(NOON + 1900, 3), an_event(NOON + 8 * 3600, 4))
    wanted = {"after": NOON - 86400, "before": NOON + 86400}
    hours = store.counts(GetCounts(**wanted)).counts
    assert [(row.time - NOON, row.events) for row in hours] == [(-1800, 2), (1800, 1), (7.5 * 3600, 1)]
    days = store.counts(GetCounts(group="day", **wanted)).counts
    assert [(row.time - NOON, row.events) for row in days] == [(-16.5 * 3600, 3), (7.5 * 3600, 1)]


def test_a_heat_map_shows_where_objects_were_and_a_parked_car_does_not_outshine_them(store):
    import cv2
    import numpy as np

    event = an_event(end=NOON + 8.0)
    parked = an_event(NOON + 1, 2, label="car", end=NOON + 3500)
    store.put(event, [(NOON, 0.2, 0.2, 0.3, 0.5), (NOON + 4.0, 0.7, 0.2, 0.8, 0.95)])
    store.put(parked, [(NOON + 1, 0.0, 0.0, 0.1, 0.1)])
    store.flush()

    def opacity(**wanted):
        image = cv2.imdecode(np.frombuffer(store.heatmap(GetHeatmap("main", **wanted)), np.uint8), cv2.IMREAD_UNCHANGED)
        assert image.shape == (360, 640, 4)
        return image[:, :, 3]

    shown = opacity(label="person", after=NOON, before=NOON + 1)
    assert shown[185, 165] > 150 and shown[345, 485] > 150 and shown[35, 35] == 0
    assert opacity(label="car")[35, 35] > 150 and opacity()[185, 165] > 100
    assert not opacity(after=NOON + 3700).any() and not opacity(label="cat").any()


def test_tracks_are_given_oldest_first_with_times(store):
    events = [an_event(NOON + number, number, stream=("main", "yard")[number % 2]) for number in range(10)]
    put(store, *events)
    tracks = [track for group in store.tracks("main", NOON + 2, NOON + 8) for track in group]
    assert [track.id for track in tracks] == [events[number].id for number in (2, 4, 6)]
    assert tracks[0].path[:, 0].tolist() == [NOON + 2 + step for step in range(5)]
    assert tracks[0].end == NOON + 12


def test_events_of_a_crash_end_where_they_were_last_seen_and_say_so(file, store):
    going_on = an_event(end=None)
    put(store, going_on, an_event(NOON + 1, 2))
    store.put_review(a_review(end=None))
    store.close()
    again = EventStore(file)
    try:
        first = again.get(going_on.id)
        assert first.event.interrupted and first.event.end >= NOON + 4
        assert [(moment.type, moment.time) for moment in first.happenings] == [(LEFT, first.event.end)]
        assert not again.get(an_event(NOON + 1, 2).id).event.interrupted
        assert again.reviews(ListReviews()).reviews[0].end is not None
    finally:
        again.close()


def test_files_that_come_and_go_are_marked(store):
    put(store, an_event(has_snapshot=True))
    store.mark_files([an_event().id, "1.0-000009"], has_clip=True)
    store.star(an_event().id, False)
    assert (store.get(an_event().id).event.has_snapshot, store.get(an_event().id).event.has_clip) == (True, True)
    store.mark_files([an_event().id], has_snapshot=False)
    store.star(an_event().id, False)
    assert (store.get(an_event().id).event.has_snapshot, store.get(an_event().id).event.has_clip) == (False, True)


def test_when_starred_events_were_is_known(store):
    put(store, an_event(), an_event(NOON + 100, 2), an_event(NOON + 200, 3, stream="yard", end=None))
    assert not store.is_starred("main", NOON, NOON + 50)
    store.star(an_event().id, True)
    store.star(an_event(NOON + 200, 3).id, True)
    asked = [("main", -9, -1), ("main", -9, 1), ("main", 9, 50), ("main", 11, 300), ("yard", 500, 600), ("none", 0, 9)]
    assert [store.is_starred(name, NOON + start, NOON + end) for name, start, end in asked] == [
        False, True, True, False, True, False,
    ]  # fmt: skip
