"""Measure a detector's speed: the whole graph, its engine alone, and the loop around it, with frames in memory.

Machines are noisy, so what is compared is measured in turns, round by round, and ratios are those of the sums.
"""

import dataclasses
import logging
import threading
import time
from pathlib import Path
from typing import Any, Callable, List, Optional, Sequence

import cv2
import numpy as np

from appliance.board.consumption import Consumption
from appliance.board.telemetry import Telemetry
from appliance.core.detector import Detector
from appliance.core.frame import Result
from appliance.core.sink import Sink
from appliance.core.threads import start_thread
from appliance.pipeline.loop import Loop
from appliance.pipeline.meter import Meter
from appliance.pipeline.stream_pipeline import StreamPipeline
from appliance.sources.memory import MemorySource
from appliance.sources.movie import MovieSource

log = logging.getLogger(__name__)

CLIP = Path("samples") / "bikes.mp4"
FRAMES = 50
LEAST_ROUNDS = 3
WARM_SECONDS = 0.5
STATISTICS_SECONDS = 5.0


@dataclasses.dataclass(frozen=True)
class Rate:
    """A measurement.

    Attributes:
        frames: Number of frames.
        seconds: The time that they took.
        cpu_seconds: Processor time of this process meanwhile.
        latencies: Seconds of each frame.
        watts: Power of the whole board; None if unknown.
    """

    frames: int
    seconds: float
    cpu_seconds: float
    latencies: Sequence[float]
    watts: Optional[float] = None

    @property
    def fps(self) -> float:
        """Frames per second."""
        return self.frames / self.seconds

    @property
    def cpu_percent(self) -> float:
        """Percent of one core."""
        return 100 * self.cpu_seconds / self.seconds

    def latency(self, percent: float = 50) -> float:
        """Return this percentile of the latencies in seconds; NaN if there are none."""
        return float(np.percentile(self.latencies, percent)) if len(self.latencies) else float("nan")


Way = Callable[[float], Rate]
"""A workload: called with the seconds to run, approximately; it measures at least one frame."""


def read_pictures(clip: Optional[str] = None, count: int = FRAMES) -> List[np.ndarray]:
    """Return frames to measure on, from a movie or the sample clip. Raises SourceError."""
    path = Path(clip) if clip else CLIP
    if clip is None and not path.exists():
        log.warning("%s is not there (`make bench` fetches it): measuring on noise, in which nothing is found", path)
        return list(np.random.RandomState(1).randint(0, 256, (count, 120, 160, 3), np.uint8))
    pictures: List[np.ndarray] = []
    with MovieSource(str(path)) as movie:
        frame = movie.read()
        while frame is not None and len(pictures) < count:
            pictures.append(frame.image)
            frame = movie.read()
    return pictures


def resize(pictures: Sequence[np.ndarray], width: int, height: int) -> List[np.ndarray]:
    """Return the images in a camera's size."""
    return [cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA) for picture in pictures]


def interleave(ways: Sequence[Way], seconds: float, readings: Optional[Telemetry] = None) -> List[Rate]:
    """Measure each workload for so many seconds in total, in turns of about one second, after a warm-up.

    Args:
        ways: The workloads.
        seconds: Per workload.
        readings: Source of watts.
    """
    rounds = max(LEAST_ROUNDS, round(seconds))
    for way in ways:
        way(min(WARM_SECONDS, seconds))
    turns: List[List[Rate]] = [[] for _ in ways]
    for _ in range(rounds):
        for rates, way in zip(turns, ways):
            if readings is None:
                rates.append(way(seconds / rounds))
                continue
            with Consumption(readings) as consumption:
                rate = way(seconds / rounds)
            rates.append(dataclasses.replace(rate, watts=consumption.watts))
    return [_sum(rates) for rates in turns]


def _sum(rates: Sequence[Rate]) -> Rate:
    watts = [rate.watts for rate in rates if rate.watts is not None]
    return Rate(
        sum(rate.frames for rate in rates),
        sum(rate.seconds for rate in rates),
        sum(rate.cpu_seconds for rate in rates),
        [latency for rate in rates for latency in rate.latencies],
        float(np.mean(watts)) if watts else None,
    )


def measure_whole(detector: Detector, images: Sequence[np.ndarray], seconds: float) -> Rate:
    """Measure both parts, one frame after the other, as one would call a graph in one session."""
    latencies: List[float] = []
    with _Clock() as clock:
        while not latencies or clock.passed() < seconds:
            began = time.monotonic()
            detector.detect(images[len(latencies) % len(images)])
            latencies.append(time.monotonic() - began)
    return Rate(len(latencies), clock.seconds, clock.cpu_seconds, latencies)


def measure_engine(
    detector: Detector, images: Sequence[np.ndarray], seconds: float, workers: Optional[int] = None
) -> Rate:
    """Measure fronts only, in the detector's batches.

    Args:
        detector: The detector.
        images: uint8 [height, width, 3], BGR.
        seconds: How long to measure.
        workers: Number of threads; None for as many as the loop has.
    """
    batch = detector.batch
    latencies: List[List[float]] = [[] for _ in range(workers or detector.workers)]
    endless = list(images) * (2 + batch // len(images))

    def work(own: List[float], clock: "_Clock") -> None:
        while not own or clock.passed() < seconds:
            first = len(own) % len(images)
            began = time.monotonic()
            if batch > 1:
                detector.infer(endless[first : first + batch])
            else:
                detector.front(images[first])
            own.extend([time.monotonic() - began] * batch)

    with _Clock() as clock:
        threads = [start_thread("front", work, own, clock) for own in latencies]
        for thread in threads:
            thread.join()
    every = [latency for own in latencies for latency in own]
    return Rate(len(every), clock.seconds, clock.cpu_seconds, every)


def measure_paced(detector: Detector, images: Sequence[np.ndarray], seconds: float, fps: float) -> Rate:
    """Measure fronts only, one at a time, for a camera of `fps` frames per second."""
    source = MemorySource(images, fps=fps, is_live=True)
    latencies: List[float] = []
    with _Clock() as clock:
        while not latencies or clock.passed() < seconds:
            frame = source.read()
            assert frame is not None
            began = time.monotonic()
            detector.front(frame.image)
            latencies.append(time.monotonic() - began)
    return Rate(len(latencies), clock.seconds, clock.cpu_seconds, latencies)


def measure_loop(
    detector: Detector,
    images: Sequence[np.ndarray],
    seconds: float,
    streams: int = 1,
    fps: Optional[float] = None,
    sinks: Callable[[Meter], List[Sink]] = lambda meter: [],
) -> Rate:
    """Measure the whole loop: sources that always have a frame, front, back, and a sink for every result.

    Latency is from capture to result.

    Args:
        detector: The detector.
        images: uint8 [height, width, 3], BGR.
        seconds: How long to measure.
        streams: Number of streams.
        fps: Frame rate of the sources, which are then cameras that drop frames that are not read; None for no limit.
        sinks: Makes the further sinks of a stream; each is closed at its end.
    """
    pipelines: List[StreamPipeline] = []
    latencies: List[List[float]] = []
    one_came = threading.Event()
    for number in range(streams):
        meter, own = Meter(STATISTICS_SECONDS), _Latencies(one_came)
        source = MemorySource(images, fps=fps, is_live=fps is not None)
        taking: List[Sink] = [own]
        pipelines.append(StreamPipeline(source, taking + sinks(meter), meter, f"stream {number}"))
        latencies.append(own.seconds)
    with _Clock() as clock:
        with Loop(detector, pipelines) as loop:

            def stop() -> None:
                one_came.wait()  # on a busy machine the time may be over before the first frame is read
                loop.stop()

            timer = threading.Timer(seconds, stop)
            timer.start()
            try:
                loop.wait()
            finally:
                one_came.set()
                timer.cancel()
    every = [latency for own in latencies for latency in own]
    return Rate(len(every), clock.seconds, clock.cpu_seconds, every)


class _Latencies(Sink):
    name = "latencies"

    def __init__(self, one_came: threading.Event) -> None:
        self.seconds: List[float] = []
        self._one_came = one_came

    def write(self, result: Result) -> None:
        self.seconds.append(result.timings.total)
        self._one_came.set()


class _Clock:
    """Wall and processor time of a block."""

    def __enter__(self) -> "_Clock":
        self._began, self._cpu_began = time.monotonic(), time.process_time()
        return self

    def passed(self) -> float:
        return time.monotonic() - self._began

    def __exit__(self, *error: Any) -> None:
        self.seconds = time.monotonic() - self._began
        self.cpu_seconds = time.process_time() - self._cpu_began
