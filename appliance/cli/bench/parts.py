"""Parts of the bench: each measures in turns what is compared, and returns it as data for JSON."""

import functools
from typing import List, Optional, Sequence, Tuple

import numpy as np

from appliance.board.telemetry import Telemetry
from appliance.cli.bench.benchmarking import (
    Rate,
    Way,
    interleave,
    measure_engine,
    measure_loop,
    measure_paced,
    measure_whole,
    resize,
)
from appliance.cli.bench.report import CameraRow, Measurement, SizeRow, StreamRow
from appliance.core.detector import Detector

SIZES: Tuple[Tuple[int, int], ...] = ((160, 120), (544, 288), (1280, 720))
LARGEST = SIZES[-1]
STREAMS = (1, 2, 4, 8)
CAMERA_FPS = 30.0


def figures(rate: Rate) -> Measurement:
    """Return a rate's rounded values."""
    return Measurement(
        fps=round(rate.fps, 1),
        latency_ms=milliseconds(rate.latency()),
        latency_p90_ms=milliseconds(rate.latency(90)),
        latency_p99_ms=milliseconds(rate.latency(99)),
        cpu_percent=round(rate.cpu_percent),
        cpu_ms=round(1e3 * rate.cpu_seconds / rate.frames, 1) if rate.frames else None,
        watts=None if rate.watts is None else round(rate.watts, 1),
    )


def milliseconds(seconds: float) -> Optional[float]:
    """Return milliseconds; None for NaN (never measured), which JSON does not have."""
    return None if seconds != seconds else round(seconds * 1e3, 1)


def measure_sizes(
    whole: Detector, detector: Detector, pictures: Sequence[np.ndarray], seconds: float, readings: Telemetry
) -> List[SizeRow]:
    """Measure the whole graph, the engine alone and the loop, for each camera size."""
    ways: List[Way] = []
    for width, height in SIZES:
        images = resize(pictures, width, height)
        ways += [
            functools.partial(measure_whole, whole, images),
            functools.partial(measure_engine, detector, images),
            functools.partial(measure_loop, detector, images),
        ]
    rates = iter(interleave(ways, seconds, readings))  # all sizes in turns, as they are compared with each other too
    rows = []
    for (width, height), (graph, engine, loop) in zip(SIZES, zip(rates, rates, rates)):
        rows.append(
            SizeRow(
                width=width,
                height=height,
                whole=figures(graph),
                engine=figures(engine),
                loop=figures(loop),
                loop_to_engine=round(loop.fps / engine.fps, 3),
                loop_to_whole=round(loop.fps / graph.fps, 2),
            )
        )
    return rows


def measure_streams(
    detector: Detector, pictures: Sequence[np.ndarray], seconds: float, readings: Telemetry
) -> List[StreamRow]:
    """Measure one and several streams in a loop; the rates are of all streams together."""
    images = resize(pictures, *LARGEST)
    rates = interleave(
        [
            lambda duration, streams=streams: measure_loop(detector, images, duration, streams)  # type: ignore[misc]
            for streams in STREAMS
        ],
        seconds,
        readings,
    )
    return [
        StreamRow(
            **vars(figures(rate)),
            streams=streams,
            width=LARGEST[0],
            height=LARGEST[1],
            to_one=round(rate.fps / rates[0].fps, 3),
        )
        for streams, rate in zip(STREAMS, rates)
    ]


def measure_camera(
    detector: Detector, pictures: Sequence[np.ndarray], seconds: float, readings: Telemetry
) -> CameraRow:
    """Measure a camera of 30 frames per second, from capture to result, and the engine alone at the same rate.

    A processor that pauses between frames is slower at each of them than a busy one.
    """
    images = resize(pictures, *LARGEST)
    engine, loop = interleave(
        [
            lambda duration: measure_paced(detector, images, duration, CAMERA_FPS),
            lambda duration: measure_loop(detector, images, duration, fps=CAMERA_FPS),
        ],
        seconds,
        readings,
    )
    return CameraRow(
        **vars(figures(loop)),
        camera_fps=CAMERA_FPS,
        width=LARGEST[0],
        height=LARGEST[1],
        engine_ms=milliseconds(engine.latency()),
    )
