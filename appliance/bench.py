"""Measure one model on this machine: the graph whole, the engine alone, and the loop, in one run.

Frames lie in memory, so that decoding is not measured. Machines are noisy: the three take turns, round after round,
and ratios are of the sums.
"""

import json
import logging
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

import cv2
import numpy as np

from appliance.app import load
from appliance.bench_table import markdown_table, text_table
from appliance.board import detect_board
from appliance.board.consumption import Consumption
from appliance.board.power_modes import current_mode, power_table
from appliance.board.readings import Readings
from appliance.detectors.base import Detector
from appliance.errors import OutputError, SplitlensError
from appliance.frame import Result
from appliance.pipeline.feed import Feed
from appliance.pipeline.loop import Loop
from appliance.pipeline.meter import Meter
from appliance.settings import Loaded, chosen_model
from appliance.sinks.base import Sink
from appliance.sinks.jsonlines import STANDARD_OUTPUT
from appliance.sources.memory import MemorySource
from appliance.sources.movie import MovieSource

log = logging.getLogger(__name__)

SIZES: Tuple[Tuple[int, int], ...] = ((160, 120), (544, 288), (1280, 720))
CLIP = Path("samples") / "bikes.mp4"
FRAMES = 50
ROUNDS = 3


class Rate(NamedTuple):
    """frames in seconds; cpu_seconds: processor time of this process meanwhile; latency: median seconds a frame.

    watts: of the whole board; None where it does not say.
    """

    frames: int
    seconds: float
    cpu_seconds: float
    latency: float
    watts: Optional[float] = None

    @property
    def fps(self) -> float:
        return self.frames / self.seconds


def run(
    loaded: Loaded, clip: Optional[str], seconds: float, json_path: Optional[str], force: bool = False,
    markdown: bool = False,
) -> None:
    """Measure and print a table; `seconds` for each of the three at each size. Raises SplitlensError.

    markdown: print the original project's table.
    """
    if seconds <= 0:
        raise SplitlensError("--seconds must be more than 0")
    pictures = _pictures(clip)
    whole = load(loaded._replace(settings=_replace(loaded, split_model=False, engine="tensorflow")), force)
    detector = load(loaded, force)
    readings = Readings()
    rows = []
    for width, height in SIZES:
        log.info("Measuring %dx%d", width, height)
        images = [cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA) for picture in pictures]
        rows.append(_row(width, height, *_measure(whole, detector, images, seconds, readings)))
    report = {"machine": _machine(detector), "sizes": rows, "alone": _measure_alone(loaded, pictures[0])}
    if json_path == STANDARD_OUTPUT:
        print(json.dumps(report))
        return
    print("\n".join(markdown_table(report) if markdown else text_table(report)))
    if json_path is not None:
        try:
            Path(json_path).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise OutputError("{}: cannot be written: {}".format(json_path, error.strerror)) from error


def _measure_alone(loaded: Loaded, picture: np.ndarray) -> Dict[str, Any]:
    """Seconds from the command to its first detections, and the most memory it took: a run in a process of its own."""
    settings = loaded.settings
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "picture.png")
        cv2.imwrite(path, picture)
        command = [sys.executable, "-m", "appliance", "image", path, "--json", "-", "--model", chosen_model(loaded)]
        command += ["--models-dir", settings.models_dir, "--exact" if settings.exact else "--no-exact"]
        began = time.monotonic()
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert child.stdout is not None
        line = child.stdout.readline()
        seconds = time.monotonic() - began
        child.stdout.close()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = status
    if not line:
        raise SplitlensError("`{}` found nothing to write; run it to see why".format(" ".join(command[1:])))
    return {"first_detection_s": round(seconds, 1), "peak_memory_mb": round(usage.ru_maxrss * 1024 / 1e6)}


def _replace(loaded: Loaded, **changes: Any) -> Any:
    import dataclasses

    return dataclasses.replace(loaded.settings, **changes)


def _pictures(clip: Optional[str]) -> List[np.ndarray]:
    path = Path(clip) if clip else CLIP
    if clip is None and not path.exists():
        log.warning("%s is not there (`make bench` fetches it): measuring on noise, in which nothing is found", path)
        return list(np.random.RandomState(1).randint(0, 256, (FRAMES, 120, 160, 3), np.uint8))
    pictures: List[np.ndarray] = []
    with MovieSource(str(path)) as movie:
        frame = movie.read()
        while frame is not None and len(pictures) < FRAMES:
            pictures.append(frame.image)
            frame = movie.read()
    return pictures


def _measure(
    whole: Detector, detector: Detector, images: Sequence[np.ndarray], seconds: float, readings: Readings
) -> Tuple[Rate, Rate, Rate]:
    ways: Tuple[Callable[[float], Rate], ...] = (
        lambda duration: _run_whole(whole, images, duration),
        lambda duration: _run_engine(detector, images, duration),
        lambda duration: _run_loop(detector, images, duration),
    )
    for way in ways:
        way(0.5)
    totals: List[List[Rate]] = [[], [], []]
    for _ in range(ROUNDS):
        for rates, way in zip(totals, ways):
            with Consumption(readings) as consumption:
                rate = way(seconds / ROUNDS)
            rates.append(rate._replace(watts=consumption.watts))
    first, second, third = (_sum(rates) for rates in totals)
    return first, second, third


def _sum(rates: Sequence[Rate]) -> Rate:
    watts = [rate.watts for rate in rates if rate.watts is not None]
    return Rate(
        sum(rate.frames for rate in rates),
        sum(rate.seconds for rate in rates),
        sum(rate.cpu_seconds for rate in rates),
        float(np.median([rate.latency for rate in rates])),
        float(np.mean(watts)) if watts else None,
    )


def _run_whole(whole: Detector, images: Sequence[np.ndarray], duration: float) -> Rate:
    """The graph in one session, one frame after the other, as anybody would call it."""
    latencies: List[float] = []
    with _Clock() as clock:
        while clock.passed() < duration:
            began = time.monotonic()
            whole.detect(images[len(latencies) % len(images)])
            latencies.append(time.monotonic() - began)
    return Rate(len(latencies), clock.seconds, clock.cpu_seconds, float(np.median(latencies)))


def _run_engine(detector: Detector, images: Sequence[np.ndarray], duration: float) -> Rate:
    """Fronts only, by as many threads as the loop has, with nothing around them."""
    latencies: List[List[float]] = [[] for _ in range(detector.workers)]

    def work(own: List[float], clock: "_Clock") -> None:
        while clock.passed() < duration:
            began = time.monotonic()
            detector.front(images[len(own) % len(images)])
            own.append(time.monotonic() - began)

    with _Clock() as clock:
        threads = [threading.Thread(target=work, args=(own, clock)) for own in latencies]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    every = [latency for own in latencies for latency in own]
    return Rate(len(every), clock.seconds, clock.cpu_seconds, float(np.median(every)))


def _run_loop(detector: Detector, images: Sequence[np.ndarray], duration: float) -> Rate:
    """All of it: a source that always has a frame, front, back, and a sink that takes every result."""
    source, sink = MemorySource(images), _Latencies()
    with _Clock() as clock:
        with Loop(_Kept(detector), [Feed(source, [sink], Meter(5.0))]) as loop:
            timer = threading.Timer(duration, loop.stop)
            timer.start()
            loop.wait()
            timer.join()
    return Rate(len(sink.seconds), clock.seconds, clock.cpu_seconds, float(np.median(sink.seconds)))


class _Kept(Detector):
    """A detector that outlives the loop: `close` does nothing."""

    def __init__(self, detector: Detector) -> None:
        self.labels, self.workers = detector.labels, detector.workers
        self.front, self.back = detector.front, detector.back  # type: ignore[method-assign]


class _Latencies(Sink):
    name = "latencies"

    def __init__(self) -> None:
        self.seconds: List[float] = []

    def write(self, result: Result) -> None:
        self.seconds.append(result.timings.total)


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


def _row(width: int, height: int, whole: Rate, engine: Rate, loop: Rate) -> Dict[str, Any]:
    return {
        "width": width,
        "height": height,
        "whole_fps": round(whole.fps, 1),
        "engine_fps": round(engine.fps, 1),
        "loop_fps": round(loop.fps, 1),
        "loop_to_engine": round(loop.fps / engine.fps, 3),
        "loop_to_whole": round(loop.fps / whole.fps, 2),
        "whole_latency_ms": round(whole.latency * 1e3, 1),
        "loop_latency_ms": round(loop.latency * 1e3, 1),
        "whole_cpu_percent": round(100 * whole.cpu_seconds / whole.seconds),
        "loop_cpu_percent": round(100 * loop.cpu_seconds / loop.seconds),
        "whole_watts": None if whole.watts is None else round(whole.watts, 1),
        "loop_watts": None if loop.watts is None else round(loop.watts, 1),
    }


def _machine(detector: Detector) -> Dict[str, Any]:
    cpu = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            cpu = next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    board = detect_board()
    current = current_mode()
    mode = None if current is None else power_table(board).find(current)
    return {
        "board": board.name,
        "mode": mode.name if mode else None,
        "cpu": cpu,
        "cores": len(os.sched_getaffinity(0)),
        "device": detector.device,
        "python": platform.python_version(),
        "tensorflow": sys.modules["tensorflow"].__version__,
        "model": detector.name,
        "path": detector.path,
        "is_split": detector.path != "whole",
        "classes": max(detector.labels, default=0),
        "workers": detector.workers,
    }
