"""Recording by event: which frames are kept before, during and after it, and what is left of the others."""

import os

import pytest

from appliance.contract.event_messages import EventRecord
from appliance.recording import interest as interest_module
from appliance.recording.event_recorder import EventRecorder
from appliance.recording.interest import CLASSES, MEMORY, Interest, Span, highest
from appliance.recording.segments import SegmentRecorder
from tests.unit.test_recording_segments import FPS, OVERLAY, Bench

UNIX = 1790000000.0  # when the bench's clock shows 1000


class EventBench(Bench):
    """A bench whose recorder asks what events want. Times of events are seconds since frame 0."""

    def __init__(self, folder, pre=1.0, post=2.0, is_by_event=True, **options):
        super().__init__(folder)
        self.storage._now = self.now
        self.events = EventRecorder(self.storage, self.now)
        self.interest = self.events.interest("main", pre, post)
        self.make_recorder(is_by_event, **options)

    def make_recorder(self, is_by_event=True, **options):
        self.recorder = SegmentRecorder(
            "main",
            self.storage,
            OVERLAY,
            lambda: FPS,
            clock=self.clock,
            interest=self.interest,
            is_by_event=is_by_event,
            now=self.now,
            **options,
        )

    def now(self):
        return UNIX + self.clock.now - 1000.0

    def touch(self, start, end=None, severity="detection", key="1"):
        self.events.touch("main", UNIX + start, None if end is None else UNIX + end, severity, key)

    def ring(self):
        folder = self.storage.folder / ".ring"
        return sorted(os.listdir(str(folder))) if folder.exists() else []

    def classes(self):
        return [recording.kept_as for recording in reversed(self.storage.list())]

    def close(self):
        self.recorder.close()
        assert self.ring() == []


@pytest.fixture
def bench(tmp_path):
    return EventBench(tmp_path / "recordings")


def test_without_an_event_nothing_is_kept_and_little_waits(bench):
    most = 0
    for number in range(1200):  # two minutes
        bench.feed([number])
        most = max(most, len(bench.ring()))
    assert bench.storage.list() == [] and 2 <= most <= 4
    assert bench.recorder.status() is None and bench.recorder.problem is None
    bench.close()
    assert bench.storage.list() == []


def test_what_an_event_shows_is_kept_with_what_was_before_and_what_comes_after(bench):
    bench.feed(range(0, 350))
    bench.touch(start=34.0)
    bench.feed(range(350, 400))
    assert bench.recorder.status().name == bench.storage.list()[0].name
    bench.touch(start=34.0, end=39.0)
    bench.feed(range(400, 1000))
    bench.close()
    # The segment that was written when it was noticed begins at 30 s, and goes on until 2 s after its end.
    (numbers,) = bench.played()
    assert numbers[0] == 300 % 64 and 410 <= 300 + len(numbers) <= 416
    assert bench.classes() == ["events"]


def test_segments_that_were_over_before_the_event_was_noticed_are_kept_too_and_no_frame_between(bench):
    bench.feed(range(0, 305))
    bench.touch(start=29.5)  # 1 s before it: 28.5, in the segment from 20 to 30 s
    bench.feed(range(305, 310))
    bench.touch(start=29.5, end=30.9)
    bench.feed(range(310, 400))
    bench.close()
    first, second = bench.played()
    assert [number for number in first + second] == [n % 64 for n in range(200, 200 + len(first) + len(second))]
    assert len(first) == 100
    entries = bench.storage.overlapping("main", UNIX + 25, UNIX + 31)
    assert [entry.began - UNIX for entry in entries] == pytest.approx([20.0, 30.0])
    assert entries[0].ended == pytest.approx(entries[1].began)


def test_the_same_holds_at_the_moment_between_two_events(bench):
    bench.feed(range(0, 20))
    bench.touch(start=1.0, end=1.5, key="1")
    bench.feed(range(20, 50))  # it is over at 3.5 s
    bench.touch(start=4.9, key="2")
    bench.feed(range(50, 60))
    bench.touch(start=4.9, end=5.5, key="2")
    bench.feed(range(60, 120))
    bench.close()
    numbers = [number for part in bench.played() for number in part]
    assert numbers == [number % 64 for number in range(len(numbers))]


def test_an_alert_raises_the_class_of_what_is_being_recorded(bench):
    bench.feed(range(0, 20))
    bench.touch(start=1.0)
    bench.feed(range(20, 40))
    assert bench.classes() == ["events"]
    bench.touch(start=1.0, severity="alert")
    bench.feed(range(40, 60))
    assert bench.classes() == ["alerts"]
    bench.touch(start=1.0, end=6.0)
    bench.feed(range(60, 120))
    bench.close()
    assert bench.classes() == ["alerts"]


def test_an_event_that_goes_on_is_recorded_in_segments_of_the_usual_length(tmp_path):
    bench = EventBench(tmp_path, segment_minutes=0.5)
    bench.feed(range(0, 5))
    bench.touch(start=0.2)
    bench.feed(range(5, 700))
    bench.close()
    assert [len(numbers) for numbers in bench.played()] == [300, 300, 100]


def test_continuous_recordings_take_the_class_of_the_events_they_show(tmp_path):
    bench = EventBench(tmp_path, is_by_event=False, segment_minutes=1 / 6)
    bench.recorder.start()
    bench.feed(range(0, 105))
    bench.touch(start=9.5, end=10.2)
    bench.feed(range(105, 305))
    assert bench.classes() == ["continuous", "events", "continuous", "continuous"]
    assert bench.events.settle() == []
    assert bench.classes() == ["events", "events", "continuous", "continuous"]
    bench.touch(start=25.0, severity="alert", key="2")
    bench.events.settle()
    assert bench.classes() == ["events", "events", "alerts", "alerts"]
    bench.close()


def test_the_record_button_records_all_and_then_events_again(bench):
    bench.feed(range(0, 30))
    bench.recorder.start()
    bench.feed(range(30, 60))
    assert bench.recorder.status().seconds == 3.0
    bench.recorder.stop()
    bench.feed(range(60, 80))
    assert bench.recorder.status() is None and len(bench.ring()) == 2
    bench.close()
    assert bench.played() == [list(range(30, 60))] and bench.classes() == ["continuous"]


def test_what_is_wanted_when_the_source_is_closed_is_kept(bench):
    bench.feed(range(0, 20))
    bench.touch(start=1.0)
    bench.close()
    assert bench.played() == [list(range(20))]
    bench.make_recorder()
    bench.feed(range(20, 40))
    bench.close()
    assert bench.played() == [list(range(20)), list(range(20, 40))]


def test_what_a_killed_process_left_in_the_ring_is_deleted_at_the_next_start(tmp_path):
    bench = EventBench(tmp_path)
    bench.feed(range(0, 150))
    assert len(bench.ring()) == 2
    EventBench(tmp_path)
    assert bench.ring() == []
    bench.close()


def test_a_clock_that_jumps_fills_no_disk(bench):
    for number, hours in enumerate((0, -5, 7, -400)):
        bench.recorder._now = lambda hours=hours: bench.now() + hours * 3600
        for part in range(600 * number, 600 * (number + 1), 50):
            bench.feed(range(part, part + 50))
            assert len(bench.ring()) <= 6
    bench.close()


def test_what_follows_when_the_clock_is_set_is_found_at_its_time(tmp_path):
    """A board without a battery boots in the past, and gets the time from the network while it records."""
    bench = EventBench(tmp_path, is_by_event=False)
    bench.recorder.start()
    bench.feed(range(0, 30))
    bench.recorder._now = lambda: bench.now() + 3600.0
    bench.feed(range(30, 60))
    bench.close()
    assert bench.played() == [list(range(30)), list(range(30, 60))]
    assert len(bench.storage.overlapping("main", UNIX + 3600.0 + 4.0, UNIX + 3600.0 + 5.0)) == 1
    assert len(bench.storage.overlapping("main", UNIX + 1.0, UNIX + 2.0)) == 1


def test_a_full_disk_pauses_it_and_it_goes_on_by_itself(bench):
    bench.feed(range(0, 20))
    bench.free = 0
    bench.feed(range(20, 40))
    assert "have to stay free" in bench.recorder.problem
    bench.free = 10**12
    bench.feed(range(400, 420))
    assert bench.recorder.problem is None
    bench.touch(start=40.5, end=41.0)
    bench.feed(range(420, 450))
    bench.close()
    assert len(bench.played()) == 1


def record(id="1.5-000001", stationary=False, end=None, severity="detection", start=1.0):
    return EventRecord(
        id, "main", "person", UNIX + start, None if end is None else UNIX + end, 0.9, 0.9, (0, 0, 1, 1), 1.0,
        None, [], [], stationary, severity, None, False, False, False,
    )  # fmt: skip


def test_what_stands_still_is_recorded_only_while_it_comes_and_goes(bench):
    bench.feed(range(0, 20))
    bench.events.take(record())
    bench.feed(range(20, 100))
    bench.events.take(record(stationary=True))
    bench.feed(range(100, 1000))
    bench.events.take(record(stationary=False))
    bench.feed(range(1000, 1050))
    bench.events.take(record(end=104.0))
    assert bench.events.settle() == []  # its last seconds are not recorded yet
    bench.feed(range(1050, 1200))
    assert bench.events.settle() == ["1.5-000001"] and bench.events.settle() == []
    bench.close()
    lengths = [len(numbers) for numbers in bench.played()]
    assert len(lengths) == 2 and 118 <= lengths[0] <= 128 and lengths[1] < 200


def test_an_event_of_which_there_is_no_recording_has_no_clip(tmp_path):
    bench = EventBench(tmp_path, is_by_event=False)
    bench.events.take(record())
    bench.events.take(record(end=4.0))
    bench.clock.now += 100
    assert bench.events.settle() == []


def test_touches_of_an_unknown_stream_are_no_failure(bench):
    bench.events.touch("other", UNIX, None, "alert", "1")


def test_interests_of_one_class_melt_together_and_others_do_not():
    interest = Interest(1.0, 2.0)
    interest.touch("1", 10.0, 12.0, "detection")
    interest.touch("2", 14.0, 15.0, "detection")
    interest.touch("3", 14.0, 15.0, "alert")
    assert interest.spans() == [Span(9.0, 17.0, "events"), Span(13.0, 17.0, "alerts")]
    assert [interest.class_of(time, time) for time in (8.9, 9.0, 13.0, 17.1)] == [None, "events", "alerts", None]
    version = interest.version
    interest.touch("4", 100.0, None, "detection")
    interest.touch("4", 100.0, None, "detection")
    assert interest.version == version + 1
    assert interest.class_of(99.5, 99.5) == interest.class_of(1e9, 1e9) == "events"


def test_old_and_many_interests_are_forgotten(monkeypatch):
    monkeypatch.setattr(interest_module, "MOST_SPANS", 100)
    interest = Interest(0.0, 0.0)
    for number in range(300):
        interest.touch(str(number), number * 0.5, number * 0.5, "detection")
    assert len(interest.spans()) == 100
    interest.touch("late", 1e6, 1e6 + MEMORY, "detection")
    assert len(interest.spans()) == 1


def test_classes_are_in_order():
    assert highest("", "continuous") == highest("continuous", "") == "continuous"
    assert highest("alerts", "events") == "alerts" and CLASSES == ("continuous", "events", "alerts")
