"""Compare engines: speed, time to start, memory, and whether they find the same."""

import os
import subprocess
import sys
import tempfile
import time
from typing import Any, Dict, List, Sequence

import cv2
import numpy as np

from appliance.cli.bench.benchmarking import interleave, measure_engine, measure_loop, resize
from appliance.cli.bench.parity import compare, detect_all
from appliance.cli.bench.parts import SIZES
from appliance.cli.bench.report import EngineRow, EngineStart
from appliance.core.detector import Detector
from appliance.core.engine_facts import AUTO
from appliance.core.errors import SplitlensError
from appliance.core.frame import Prediction
from appliance.engines.registry import all_engines, find_engine
from appliance.settings import Layer, LoadedSettings, chosen_engine, chosen_model

SIZE = SIZES[1]
COMPARED = 10
"""Number of images of each size to compare."""


def engine_names(loaded: LoadedSettings) -> List[str]:
    """Return the engines that can be tried here, the requested one first."""
    wanted = chosen_engine(loaded)
    measured = [engine for engine in all_engines().values() if engine.bench.is_measured]
    found = [engine.name for engine in measured if engine.build_part is None and engine.is_installed()]
    found += [engine.name for engine in measured if engine.build_part is not None]
    return found if wanted in [*found, AUTO] else [wanted, *found]


def with_engine(loaded: LoadedSettings, name: str, **changes: Any) -> LoadedSettings:
    """Return the settings as if the user had requested the engine; profile and tuned values do not override it."""
    changes["engine"] = name
    return loaded.with_values(changes, Layer.COMMAND_LINE, "bench")


def start_alone(loaded: LoadedSettings, name: str, picture: np.ndarray) -> EngineStart:
    """Start an engine, built before, in a process of its own.

    Call it while this process is small, as a child inherits its memory.

    Returns:
        Seconds from the command to the first detections, and the peak memory.
    """
    if find_engine(name).bench.is_built_first:
        _start(loaded, name, picture)  # it may compile what the next start loads
    return _start(loaded, name, picture)


def _start(loaded: LoadedSettings, name: str, picture: np.ndarray) -> EngineStart:
    settings = loaded.settings
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "picture.png")
        cv2.imwrite(path, picture)
        command = [sys.executable, "-m", "appliance", "image", path, "--json", "-", "--model", chosen_model(loaded)]
        command += ["--models-dir", settings.models_dir, "--exact" if settings.exact else "--no-exact"]
        command += ["--engine", name]
        with tempfile.TemporaryFile() as log_file:
            began = time.monotonic()
            child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log_file)
            assert child.stdout is not None
            line = child.stdout.readline()
            seconds = time.monotonic() - began
            child.stdout.close()
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = status
            log_file.seek(0)
            said = log_file.read().decode(errors="replace").split("error: ")
    if not line:
        raise SplitlensError(said[1].strip() if len(said) > 1 else f"`{' '.join(command[1:])}` found nothing to write")
    return EngineStart(round(seconds, 2), round(usage.ru_maxrss * 1024 / 1e6))


def measure_engines(
    starts: Dict[str, EngineStart],
    detectors: Dict[str, Detector],
    whole: Detector,
    pictures: Sequence[np.ndarray],
    seconds: float,
) -> List[EngineRow]:
    """Return a row for each engine.

    Args:
        starts: From `start_alone`, by engine.
        detectors: By engine.
        whole: The whole graph, to compare with.
        pictures: uint8 [height, width, 3], BGR.
        seconds: Per measurement.
    """
    images = resize(pictures, *SIZE)
    ways = []
    for detector in detectors.values():
        ways.append(lambda duration, detector=detector: measure_engine(detector, images, duration))
        ways.append(lambda duration, detector=detector: measure_loop(detector, images, duration))
    rates = interleave(ways, seconds)
    some = [image for size in SIZES for image in resize(pictures[:: max(1, len(pictures) // COMPARED)], *size)]
    expected: List[Prediction] = detect_all(whole, some)
    rows = []
    for index, (name, detector) in enumerate(detectors.items()):
        engine, loop = rates[2 * index], rates[2 * index + 1]
        agreement = compare(expected, detect_all(detector, some), some, detector.threshold)
        rows.append(
            EngineRow(
                **vars(starts[name]),
                engine=name,
                device=detector.device,
                workers=detector.workers,
                batch=detector.batch,
                width=SIZE[0],
                height=SIZE[1],
                engine_fps=round(engine.fps, 1),
                loop_fps=round(loop.fps, 1),
                loop_to_engine=round(loop.fps / engine.fps, 3),
                compared=agreement.detections,
                unmatched=agreement.unmatched,
                score_difference=agreement.score,
                box_difference=agreement.box,
                is_equal=agreement.detections > 0 and agreement.is_same,
            )
        )
    return rows
