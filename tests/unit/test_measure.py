"""How a detector's rates are taken: with a detector that costs nothing."""

import math
import threading

import numpy as np
import pytest

from appliance import measure
from appliance.detectors.base import Detector
from appliance.frame import Detections
from appliance.sinks.base import Sink

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
        return self.front_many([image])[0]

    def front_many(self, images):
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
    def __init__(self):
        self.frames, self.ends = [], 0

    def write(self, result):
        self.frames.append(result.frame.stream)

    def close(self):
        self.ends += 1


def test_the_whole_runs_both_parts():
    detector = Counting()
    rate = measure.measure_whole(detector, IMAGES, 0.05)
    assert rate.frames == len(rate.latencies) == len(detector.calls) == detector.backs > 3
    assert detector.calls[:4] == [[0], [1], [2], [0]]


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_the_engine_gets_as_many_at_once_as_it_takes(batch):
    detector = Counting(batch)
    rate = measure.measure_engine(detector, IMAGES, 0.05)
    assert detector.backs == 0 and {len(call) for call in detector.calls} == {batch}
    assert rate.frames == len(rate.latencies) == batch * len(detector.calls) > 0
    assert detector.calls[0] == [number % 3 for number in range(batch)]


@pytest.mark.parametrize("batch, streams", [(1, 1), (1, 3), (4, 2)])
def test_the_loop_serves_every_stream_and_leaves_the_detector_open(batch, streams):
    detector, sinks = Counting(batch), []

    def further(meter):
        sinks.append(Ends())
        return [sinks[-1]]

    rate = measure.measure_loop(detector, IMAGES, 0.6, streams, sinks=further)
    assert not detector.is_closed
    assert rate.frames == detector.backs == sum(len(sink.frames) for sink in sinks) > streams
    assert {name for sink in sinks for name in sink.frames} == {"stream {}".format(n) for n in range(streams)}
    assert [sink.ends for sink in sinks] == [1] * streams
    assert 0 < rate.latency(50) <= rate.latency(99)


def test_a_camera_gives_no_more_than_it_has():
    seconds, fps = 0.5, 20.0
    for rate in (measure.measure_paced(Counting(), IMAGES, seconds, fps),
                 measure.measure_loop(Counting(), IMAGES, seconds, fps=fps)):
        assert 0 < rate.frames <= rate.seconds * fps + 1


def test_turns_are_summed():
    asked = []

    def way(seconds):
        asked.append(seconds)
        return measure.Rate(10, 2.0, 1.0, [0.1, 0.2, 0.3])

    (rate,) = measure.take_turns([way], 6.0)
    assert asked == [measure.WARM_SECONDS] + [2.0] * measure.ROUNDS
    assert rate.fps == 5.0 and rate.cpu_percent == 50.0 and rate.latency() == pytest.approx(0.2)
    assert rate.frames == 10 * measure.ROUNDS and rate.watts is None
    assert math.isnan(measure.Rate(0, 1.0, 1.0, []).latency())
