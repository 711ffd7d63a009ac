"""How a detector's rates are taken: with a detector that costs nothing."""

import math
import threading
from types import SimpleNamespace

import numpy as np
import pytest

from appliance.cli.bench import benchmarking as measure
from appliance.core.detector import Detector
from appliance.core.frame import Detections
from appliance.core.sink import Sink

IMAGES = [np.full((4, 6, 3), number, np.uint8) for number in range(3)]


class Counting(Detector):
    """Notes what its front is given."""

    labels = {1: "person"}
    workers = 2

    def __init__(self, batch=1):
        self.batch = batch
        self.calls, self.backs, self.is_closed = [], 0, False
        self.lock = threading.Lock()

    def front(self, image):
        return self.infer([image])[0]

    def infer(self, images):
        with self.lock:
            self.calls.append([int(image[0, 0, 0]) for image in images])
        return [[image] for image in images]

    def back(self, raw, width, height):
        assert (width, height) == (6, 4)
        self.backs += 1
        return Detections.empty()

    def close(self):
        self.is_closed = True


class Ends(Sink):
    """has_enough: told how many frames came so far."""

    def __init__(self, has_enough=lambda frames: None):
        self.frames, self.ends, self.has_enough = [], 0, has_enough

    def write(self, result):
        self.frames.append(result.frame.stream)
        self.has_enough(len(self.frames))

    def close(self):
        self.ends += 1


@pytest.fixture
def seconds_are_calls(monkeypatch):
    """A clock by which each call of a front takes a second and nothing else takes any."""

    def infer(detector, images):
        found = of_counting(detector, images)
        with detector.lock:
            clock.append(clock[-1] + 1.0)
        return found

    clock, of_counting = [0.0], Counting.infer
    monkeypatch.setattr(Counting, "infer", infer)
    monkeypatch.setattr(measure, "time", SimpleNamespace(monotonic=lambda: clock[-1], process_time=lambda: 0.0))


@pytest.fixture
def enough(monkeypatch):
    """Set it, and whatever runs for some seconds has run for as long."""

    class Timer:
        def __init__(self, seconds, function):
            self.thread = threading.Thread(target=lambda: (event.wait(60), function()))

        def start(self):
            self.thread.start()

        def cancel(self):
            event.set()
            self.thread.join()

    event = threading.Event()
    monkeypatch.setattr(measure, "threading", SimpleNamespace(Timer=Timer, Event=threading.Event))
    return event


def test_the_whole_runs_both_parts(seconds_are_calls):
    detector = Counting()
    rate = measure.measure_whole(detector, IMAGES, 4)
    assert rate.frames == len(rate.latencies) == detector.backs == 4 and rate.fps == 1
    assert detector.calls == [[0], [1], [2], [0]]


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_the_engine_gets_as_many_at_once_as_it_takes(seconds_are_calls, batch):
    detector = Counting(batch)
    rate = measure.measure_engine(detector, IMAGES, 4)
    # The second of the two threads may have begun one when time is up.
    assert detector.backs == 0 and [len(call) for call in detector.calls] in ([batch] * 4, [batch] * 5)
    assert rate.frames == len(rate.latencies) == batch * len(detector.calls)
    assert detector.calls[0] == [number % 3 for number in range(batch)]


@pytest.mark.parametrize("batch, streams", [(1, 1), (1, 3), (4, 2)])
def test_the_loop_serves_every_stream_and_leaves_the_detector_open(enough, batch, streams):
    detector, sinks = Counting(batch), []

    def has_enough(frames):
        if len(sinks) == streams and all(len(sink.frames) > 1 for sink in sinks):
            enough.set()

    def further(meter):
        sinks.append(Ends(has_enough))
        return [sinks[-1]]

    rate = measure.measure_loop(detector, IMAGES, 600, streams, sinks=further)
    assert not detector.is_closed
    assert rate.frames == detector.backs == sum(len(sink.frames) for sink in sinks) > streams
    assert {name for sink in sinks for name in sink.frames} == {f"stream {n}" for n in range(streams)}
    assert [sink.ends for sink in sinks] == [1] * streams
    assert 0 < rate.latency(50) <= rate.latency(99)


def test_a_camera_gives_no_more_than_it_has(enough):
    fps = 20.0
    taken = Ends(lambda frames: enough.set() if frames == 5 else None)
    for rate in (
        measure.measure_paced(Counting(), IMAGES, 0.3, fps),
        measure.measure_loop(Counting(), IMAGES, 600, fps=fps, sinks=lambda meter: [taken]),
    ):
        assert 0 < rate.frames <= rate.seconds * fps + 1
    assert len(taken.frames) >= 5


@pytest.mark.parametrize(
    "way",
    [
        measure.measure_whole,
        measure.measure_engine,
        measure.measure_loop,
        lambda detector, images, seconds: measure.measure_paced(detector, images, seconds, 1000.0),
    ],
)
def test_one_frame_is_measured_even_where_the_time_is_over_at_once(way):
    assert way(Counting(), IMAGES, 0.0).frames > 0


@pytest.mark.parametrize("seconds, rounds", [(0.3, 3), (3.0, 3), (6.4, 6)])
def test_turns_of_about_a_second_are_summed(seconds, rounds):
    asked = []

    def way(seconds):
        asked.append(seconds)
        return measure.Rate(10, 2.0, 1.0, [0.1, 0.2, 0.3])

    (rate,) = measure.interleave([way], seconds)
    assert asked == [min(measure.WARM_SECONDS, seconds)] + [seconds / rounds] * rounds
    assert rate.fps == 5.0 and rate.cpu_percent == 50.0 and rate.latency() == pytest.approx(0.2)
    assert rate.frames == 10 * rounds and rate.watts is None
    assert math.isnan(measure.Rate(0, 1.0, 1.0, []).latency())
