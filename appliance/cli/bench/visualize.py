"""Measure the cost of a viewer: the loop with the sinks of a stream, watched by a separate process."""

import dataclasses
import tempfile
from typing import List, Sequence

import numpy as np

from appliance.board.telemetry import Telemetry
from appliance.bus import BusServer, make_run_dir
from appliance.cli.bench.benchmarking import Rate, interleave, measure_loop, resize
from appliance.cli.bench.parts import LARGEST, figures
from appliance.cli.bench.report import ViewerRow
from appliance.cli.bench.viewer import Viewer
from appliance.contract.fields import JsonObject
from appliance.core.detector import Detector
from appliance.core.sink import Sink
from appliance.drawing.overlay import Overlay
from appliance.outputs.publisher import Publisher
from appliance.outputs.statistics import StreamStatistics
from appliance.pipeline.meter import Meter

WATCHED, UNWATCHED = "watched", "unwatched"


@dataclasses.dataclass(frozen=True)
class Workload:
    """What to measure.

    Attributes:
        name: As in the tables.
        stream: The stream that the frames are sent as.
        limit: Frames per second; 0 for all.
    """

    name: str
    stream: str
    limit: float


WAYS = (Workload("off", UNWATCHED, 0.0), Workload("30 fps", WATCHED, 30.0), Workload("all", WATCHED, 0.0))


def measure_visualize(
    detector: Detector,
    pictures: Sequence[np.ndarray],
    seconds: float,
    readings: Telemetry,
    live_width: int,
    vis_text: bool,
) -> List[ViewerRow]:
    """Measure with nothing drawn, at most 30 frames per second drawn, and all drawn.

    The source waits, so that all frames are drawn.
    """
    images = resize(pictures, *LARGEST)
    with tempfile.TemporaryDirectory() as folder:
        run_dir = make_run_dir(folder)
        server = BusServer(run_dir)
        try:
            with Viewer(server, str(run_dir), WATCHED) as viewer:
                counts = [_Counts(server, way, viewer, live_width, vis_text) for way in WAYS]
                rates = interleave(
                    [
                        lambda duration, count=count: count.measure(detector, images, duration)  # type: ignore[misc]
                        for count in counts
                    ],
                    seconds,
                    readings,
                )
        finally:
            server.close()
    return [
        ViewerRow(
            **vars(figures(rate)),
            visualize=way.name,
            width=LARGEST[0],
            height=LARGEST[1],
            to_off=round(rate.fps / rates[0].fps, 3),
            **count.figures(),
        )
        for way, rate, count in zip(WAYS, rates, counts)
    ]


class _Counts:
    """One workload, and the frames that were drawn, sent and received in the turns that count.

    The first turn is the warm-up, which `interleave` ignores too.
    """

    def __init__(self, server: BusServer, way: Workload, viewer: Viewer, live_width: int, vis_text: bool) -> None:
        self._server, self._way, self._viewer = server, way, viewer
        self._live_width, self._vis_text = live_width, vis_text
        self._turns = 0
        self._begin()

    def _begin(self) -> None:
        self._drawn, self._seen = 0, 0
        self._seconds, self._drawing, self._encoding = 0.0, 0.0, 0.0

    def measure(self, detector: Detector, images: Sequence[np.ndarray], seconds: float) -> Rate:
        if self._turns == 1:
            self._begin()
        self._turns += 1
        before = self._viewer.pictures()
        rate = measure_loop(detector, images, seconds, sinks=self._sinks)
        self._seen += self._viewer.pictures() - before
        self._seconds += rate.seconds
        return rate

    def figures(self) -> JsonObject:
        """Return `drawn_fps` and `seen_fps`: frames per second that were drawn and that the viewer received.

        And `draw_ms` and `encode_ms`: the time for each.
        """
        return {
            "drawn_fps": round(self._drawn / self._seconds, 1),
            "seen_fps": round(self._seen / self._seconds, 1),
            "draw_ms": round(1e3 * self._drawing / self._drawn, 2) if self._drawn else None,
            "encode_ms": round(1e3 * self._encoding / self._drawn, 2) if self._drawn else None,
        }

    def _sinks(self, meter: Meter) -> List[Sink]:
        def count(drawing: float, encoding: float) -> None:
            meter.sent(drawing, encoding)
            self._drawn += 1
            self._drawing += drawing
            self._encoding += encoding

        stream = self._way.stream
        return [
            Publisher(
                Overlay(self._vis_text, meter.statistics, max_width=self._live_width, drawn=meter.drawn),
                lambda: self._server.is_watched(stream),
                lambda jpeg: self._server.publish_frame(stream, jpeg),
                count,
                self._way.limit,
            ),
            StreamStatistics(self._server.publish),
        ]
