"""What is counted of zones and lines, and what of events is sent to pages."""

import calendar
import time

from appliance.contract.event_messages import EventMessage, Happening, ReviewMessage
from appliance.contract.events import LineTotals
from appliance.core.events import EventBus
from appliance.daemon.event_publisher import OTHERS_A_SECOND, UPDATES_A_SECOND, EventPublisher
from appliance.daemon.event_services import EventServices
from appliance.events.engine import EventEngine
from appliance.events.store import EventStore
from appliance.events.totals import Totals
from appliance.recording.snapshots import SnapshotStore
from tests.events import OFFSET, a_report

NOON = calendar.timegm((2026, 6, 1, 12, 0, 0, 0, 1, -1))
DAY = 86400.0


def happened(kind, label="person", stream="main", **names):
    return Happening(kind, stream, NOON, "1.000000-000001", label, **names)


def test_events_zones_and_lines_are_counted_by_stream_and_class():
    totals = Totals({}, lambda: NOON)
    for happening in (
        happened("detected"),
        happened("detected", "car"),
        happened("detected", stream="garden"),
        happened("entered", zone="door"),
        happened("exited", zone="door"),
        happened("crossed", line="A", direction="in"),
        happened("crossed", line="A", direction="in"),
        happened("crossed", "car", line="A", direction="out"),
        happened("crossed", stream="garden", line="A", direction="out"),
    ):
        totals.take(happening)
    found = totals.of("main", {"door": {"person": 1}, "yard": {}}, ["A", "B"])
    assert found.events == {"person": 1, "car": 1}
    assert found.zones == {"door": {"person": 1}, "yard": {}}
    assert found.entries == {"door": {"person": 1}, "yard": {}}
    assert found.lines == {"A": LineTotals(2, 1), "B": LineTotals(0, 0)}
    assert found.crossings == {"A": {"person": LineTotals(2, 0), "car": LineTotals(0, 1)}, "B": {}}


def test_zones_and_lines_that_were_removed_are_not_shown():
    totals = Totals({}, lambda: NOON)
    totals.take(happened("entered", zone="door"))
    totals.take(happened("crossed", line="A", direction="in"))
    found = totals.of("main", {}, [])
    assert (found.entries, found.lines, found.crossings) == ({}, {}, {})


def test_lines_are_counted_on_from_what_was_counted_today_and_anew_tomorrow():
    now = [NOON]
    totals = Totals({("main", "A", "in"): 40}, lambda: now[0])
    totals.take(happened("crossed", line="A", direction="in"))
    assert totals.of("main", {}, ["A"]).lines == {"A": LineTotals(41, 0)}
    now[0] += DAY
    assert totals.of("main", {}, ["A"]).lines == {"A": LineTotals(0, 0)}
    totals.take(happened("crossed", line="A", direction="out"))
    found = totals.of("main", {}, ["A"])
    assert found.lines == {"A": LineTotals(0, 1)} and found.crossings == {"A": {"person": LineTotals(1, 1)}}


def test_pages_get_an_event_and_its_review_from_begin_to_end():
    bus, sent = EventBus(), []
    EventPublisher(bus, sent.append, lambda: 0.0)
    engine = EventEngine(bus.publish)
    for last in (1.0, 2.0):
        engine.take(a_report(1, last=last, score=last / 4))
    engine.take(a_report(1, last=3.0, has_ended=True))
    engine.close()
    assert [(type(message), message.type) for message in sent] == [
        (EventMessage, "new"),
        (ReviewMessage, "new"),
        (EventMessage, "update"),
        (EventMessage, "end"),
        (ReviewMessage, "end"),
    ]
    assert sent[0].event.review == sent[1].review.id


def test_a_flood_of_events_is_not_passed_on_to_pages():
    bus, sent, now = EventBus(), [], [0.0]
    EventPublisher(bus, sent.append, lambda: now[0])
    engine = EventEngine(bus.publish)
    for number in range(100):
        engine.take(a_report(number))
        engine.take(a_report(number, last=2.0, score=0.95))
    assert len([message for message in sent if message.type == "update"]) == UPDATES_A_SECOND
    assert len(sent) == UPDATES_A_SECOND + OTHERS_A_SECOND
    now[0] = 1.0
    engine.take(a_report(1, has_ended=True))
    assert sent[-1].type == "end"


def test_what_crossed_lines_today_is_known_after_a_restart(tmp_path):
    now, snapshots = time.time(), SnapshotStore(tmp_path)

    def start():
        store = EventStore(tmp_path / "events.db")
        bus = EventBus()
        store.listen(bus)
        return store, EventServices(store, lambda message: None, bus, snapshots)

    store, services = start()
    crossings = [("crossed", now - OFFSET, {"line": "A", "direction": way}) for way in ("in", "in", "out")]
    for number, crossing in enumerate(crossings):
        assert services.report(a_report(number, now - OFFSET, now - OFFSET, [("detected", now - OFFSET, {}), crossing]))
    services.close()
    store.close()
    store, services = start()
    try:
        found = services.totals.of("main", {}, ["A"])
        assert found.lines == {"A": LineTotals(2, 1)} and found.crossings == {"A": {}}
    finally:
        services.close()
        store.close()
        snapshots.close()
