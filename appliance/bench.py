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
import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

import cv2
import numpy as np

from appliance.app import load
from appliance.bench_table import markdown_table, text_table
from appliance.board import detect_board
from appliance.board.power_modes import current_mode, power_table
from appliance.board.readings import Readings
from appliance.detectors.base import Detector
from appliance.errors import OutputError, SplitlensError
from appliance.measure import Rate, measure_engine, measure_loop, measure_whole, read_pictures, resize, take_turns
from appliance.settings import Loaded, chosen_model
from appliance.sinks.jsonlines import STANDARD_OUTPUT

log = logging.getLogger(__name__)

SIZES: Tuple[Tuple[int, int], ...] = ((160, 120), (544, 288), (1280, 720))


def run(
    loaded: Loaded, clip: Optional[str], seconds: float, json_path: Optional[str], force: bool = False,
    markdown: bool = False,
) -> None:
    """Measure and print a table; `seconds` for each of the three at each size. Raises SplitlensError.

    markdown: print the original project's table.
    """
    if seconds <= 0:
        raise SplitlensError("--seconds must be more than 0")
    pictures = read_pictures(clip)
    whole = load(loaded._replace(settings=_replace(loaded, split_model=False, engine="tensorflow")), force)
    detector = load(loaded, force)
    readings = Readings()
    rows = []
    for width, height in SIZES:
        log.info("Measuring %dx%d", width, height)
        images = resize(pictures, width, height)
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


def _measure(
    whole: Detector, detector: Detector, images: Sequence[np.ndarray], seconds: float, readings: Readings
) -> List[Rate]:
    return take_turns([
        lambda duration: measure_whole(whole, images, duration),
        lambda duration: measure_engine(detector, images, duration),
        lambda duration: measure_loop(detector, images, duration),
    ], seconds, readings)


def _row(width: int, height: int, whole: Rate, engine: Rate, loop: Rate) -> Dict[str, Any]:
    return {
        "width": width,
        "height": height,
        "whole_fps": round(whole.fps, 1),
        "engine_fps": round(engine.fps, 1),
        "loop_fps": round(loop.fps, 1),
        "loop_to_engine": round(loop.fps / engine.fps, 3),
        "loop_to_whole": round(loop.fps / whole.fps, 2),
        "whole_latency_ms": round(whole.latency() * 1e3, 1),
        "loop_latency_ms": round(loop.latency() * 1e3, 1),
        "whole_cpu_percent": round(whole.cpu_percent),
        "loop_cpu_percent": round(loop.cpu_percent),
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
