"""From reports about tracks to events: in the engine, through its queue and its thread."""

from appliance.contract.event_messages import ALERT, DETECTION, Crossing
from appliance.core.events import EventBus
from appliance.events.bus_events import EventChanged, EventEnded, EventStarted, Happened
from appliance.events.engine import EventEngine
from appliance.events.report_queue import MOST_HAPPENINGS, ReportQueue
from appliance.events.service import EventService
from tests.events import OFFSET, a_report
from tests.waiting import wait_until

EVENTS = (EventStarted, EventChanged, EventEnded)


def published(*reports):
    """What an engine publishes of these reports, reviews aside."""
    news = []
    engine = EventEngine(news.append)
    for report in reports:
        engine.take(report)
    return [event for event in news if isinstance(event, (*EVENTS, Happened))]


def test_an_event_begins_with_the_first_sight_of_its_track_and_ends_with_the_last():
    started, changed, ended = published(
        a_report(7, 10.0, 10.5), a_report(7, 10.0, 12.0, score=0.9), a_report(7, 10.0, 13.0, has_ended=True)
    )
    assert [type(event) for event in (started, changed, ended)] == [EventStarted, EventChanged, EventEnded]
    assert started.record.id == f"{OFFSET + 10:.6f}-000007"
    assert (started.record.start, started.record.end) == (OFFSET + 10.0, None)
    assert (changed.record.end, ended.record.end) == (None, OFFSET + 13.0)
    assert started.path[0][0] == OFFSET + 10.0 and ended.path[-1][0] == OFFSET + 13.0
    assert started.record.review and started.record.review == ended.record.review


def test_an_event_that_does_not_change_is_not_published_again():
    still = {"is_stationary": True, "path": [(0.0, 0.1, 0.2, 0.3, 0.6)]}
    kinds = [type(event) for event in published(*[a_report(1, 0.0, float(last), **still) for last in range(10)])]
    assert kinds == [EventStarted]


def test_zones_and_lines_are_in_the_record_and_happenings_come_after_its_begin():
    news = published(
        a_report(1, happenings=[("detected", 0.0, {}), ("entered", 0.5, {"zone": "door"})]),
        a_report(1, last=2.0, happenings=[("crossed", 1.5, {"line": "A", "direction": "in"})]),
        a_report(1, last=3.0, happenings=[("exited", 2.5, {"zone": "door"}), ("entered", 3.0, {"zone": "door"})]),
        a_report(1, last=4.0, happenings=[("left", 4.0, {})], has_ended=True),
    )
    assert [event.happening.type if isinstance(event, Happened) else type(event) for event in news] == [
        EventStarted,
        *["detected", "entered", EventChanged, "crossed", "exited", "entered", "left"],
        EventEnded,
    ]
    assert news[-1].record.zones == ["door"]
    assert news[-1].record.lines == [Crossing("A", "in", OFFSET + 1.5)]


def test_an_alert_stays_one():
    news = published(a_report(1), a_report(1, last=2.0, is_alert=True), a_report(1, last=3.0, label="dog"))
    assert [event.record.severity for event in news] == [DETECTION, ALERT, ALERT]
    assert news[-1].record.label == "dog"


class TestReportQueue:
    def test_reports_of_one_track_become_one_with_all_that_happened(self):
        queue = ReportQueue()
        for number in range(3):
            assert queue.put(a_report(1, last=float(number), happenings=[("active", float(number), {})]))
        (report,) = queue.take(0.0)
        assert report.last == 2.0 and [happening.time - OFFSET for happening in report.happenings] == [0, 1, 2]

    def test_a_full_queue_refuses_new_tracks_says_so_once_and_takes_the_end_of_those_it_knows(self, caplog):
        queue = ReportQueue(most_tracks=2)
        assert queue.put(a_report(1)) and queue.put(a_report(2))
        assert not queue.put(a_report(3)) and not queue.put(a_report(4))
        assert queue.put(a_report(1, last=9.0, has_ended=True))
        wait_until(lambda: caplog.records)
        assert {report.id[-1]: report.has_ended for report in queue.take(0.0)} == {"1": True, "2": False}
        assert queue.put(a_report(5))
        assert queue.put(a_report(2, has_ended=True))
        (message,) = [record.getMessage() for record in caplog.records]
        assert message.startswith("Events do not keep up")

    def test_what_happens_to_one_waiting_track_is_bounded_and_its_last_moment_is_kept(self):
        queue = ReportQueue()
        for number in range(MOST_HAPPENINGS + 50):
            queue.put(a_report(1, happenings=[("active", float(number), {})]))
        queue.put(a_report(1, happenings=[("left", 999.0, {})], has_ended=True))
        (report,) = queue.take(0.0)
        assert len(report.happenings) == MOST_HAPPENINGS and report.happenings[-1].type == "left"

    def test_a_closed_queue_takes_ends_only(self):
        queue = ReportQueue()
        queue.put(a_report(1))
        queue.close()
        assert not queue.put(a_report(2)) and queue.put(a_report(1, has_ended=True))
        assert len(queue.take(0.0)) == 1 and queue.take(0.0) is None


class TestEventService:
    def test_everything_that_began_has_ended_when_it_is_closed(self):
        bus, begun, ended = EventBus(), [], []
        bus.subscribe(EventStarted, lambda event: begun.append(event.record.id))
        bus.subscribe(EventEnded, lambda event: ended.append(event.record.id))
        service = EventService(bus.publish, clock=lambda: 0.0)
        for number in range(500):
            assert service.put(a_report(number, float(number), number + 1.0))
        for number in range(500):
            assert service.put(a_report(number, float(number), number + 2.0, has_ended=True))
        service.close()
        assert sorted(begun) == sorted(ended) and len(set(begun)) == 500

    def test_an_event_that_cannot_be_made_is_said_once_and_the_next_is_made(self, caplog):
        begun = []

        def publish(event):
            if isinstance(event, EventStarted):
                if event.record.label == "unicorn":
                    raise RuntimeError("no such thing")
                begun.append(event.record.label)

        service = EventService(publish, clock=lambda: 0.0)
        for number, label in enumerate(["unicorn", "unicorn", "person"]):
            service.put(a_report(number, label=label))
        service.close()
        assert begun == ["person"]
        assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == [
            "An event could not be made (RuntimeError: no such thing)"
        ]
