"""What the bench counts while somebody looks: that of the time that it gives rates for."""

import numpy as np
import pytest

from appliance.bus import BusServer, make_run_dir
from appliance.cli.bench import visualize
from appliance.cli.bench.benchmarking import LEAST_ROUNDS, Rate, interleave
from appliance.cli.bench.viewer import Viewer
from appliance.cli.bench.visualize import WATCHED, WAYS
from appliance.core.frame import Detections, Frame, Result, Timings
from appliance.pipeline.meter import Meter
from tests.waiting import wait_until

FRAMES, SECONDS = 4, 2.0
WARMING = 100
RESULT = Result(
    Frame(np.zeros((48, 64, 3), np.uint8), 0, "x", 0.0, 0.0, 0.0), Detections.empty(), Timings(0, 0, 0, 0, 0, 0), {}
)


class FakeServer:
    """A picture that is published has been seen."""

    def __init__(self):
        self.sent = 0

    def is_watched(self, stream):
        return stream == WATCHED

    def publish(self, event):
        pass

    def publish_frame(self, stream, jpeg):
        self.sent += 1

    def pictures(self):
        return self.sent


@pytest.mark.parametrize("way, pictures", [("off", 0), ("all", FRAMES)])
def test_what_is_drawn_while_it_gets_warm_does_not_count(monkeypatch, way, pictures):
    turns = []

    def measure_loop(detector, images, seconds, sinks):
        publisher = sinks(Meter(5.0))[0]
        turns.append(WARMING if not turns else FRAMES)
        for _ in range(turns[-1]):
            publisher.write(RESULT)
        return Rate(turns[-1], SECONDS, 1.0, [0.1])

    monkeypatch.setattr(visualize, "measure_loop", measure_loop)
    server = FakeServer()
    counts = visualize._Counts(server, {one.name: one for one in WAYS}[way], server, 64, False)
    (rate,) = interleave([lambda seconds: counts.measure(None, [], seconds)], 3.0)
    assert turns == [WARMING] + [FRAMES] * LEAST_ROUNDS and rate.fps == FRAMES / SECONDS
    figures = counts.figures()
    assert figures["drawn_fps"] == figures["seen_fps"] == pictures / SECONDS
    assert (figures["draw_ms"] is None) == (figures["encode_ms"] is None) == (pictures == 0)


def test_the_viewer_counts_the_pictures_that_come(tmp_path):
    def has_seen_one():
        server.publish_frame(WATCHED, b"a picture")
        return viewer.pictures() > 0

    run_dir = make_run_dir(tmp_path / "run")
    server = BusServer(run_dir)
    try:
        with Viewer(server, str(run_dir), WATCHED) as viewer:
            wait_until(has_seen_one)
    finally:
        server.close()
