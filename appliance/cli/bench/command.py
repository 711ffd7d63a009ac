"""The command `bench`: what to measure, in which order, and how to show it.

Frames are in memory, so decoding is not measured.
"""

import contextlib
import logging
import platform
from typing import Dict, List, Optional, Sequence

import numpy as np

from appliance.board import detect_board
from appliance.board.machine import cpu_name
from appliance.board.power_modes import current_mode, power_table
from appliance.board.root import board_root
from appliance.board.telemetry import Telemetry
from appliance.cli.bench.bars import list_bars
from appliance.cli.bench.benchmarking import read_pictures
from appliance.cli.bench.engines import engine_names, measure_engines, start_alone, with_engine
from appliance.cli.bench.parts import measure_camera, measure_sizes, measure_streams
from appliance.cli.bench.report import EngineStart, MachineRow, Report, ViewerRow
from appliance.cli.bench.table import markdown_table, text_table
from appliance.cli.report import show_report
from appliance.core.detector import Detector
from appliance.core.errors import ConfigError, SplitlensError
from appliance.core.hardware import available_cores
from appliance.core.sink import check_writable_file
from appliance.detectors.from_settings import load
from appliance.engines.registry import all_engines, loaded_versions, reference_engine
from appliance.outputs.lines_file import STANDARD_OUTPUT
from appliance.settings import LoadedSettings

log = logging.getLogger(__name__)

PARTS = ("sizes", "streams", "visualize", "camera", "engines")
OF_THE_ORIGINAL = ("sizes", "visualize")
"""The parts that the original project's table has rows for."""


def run(
    loaded: LoadedSettings,
    clip: Optional[str],
    seconds: float,
    json_path: Optional[str],
    force: bool = False,
    markdown: bool = False,
    only: Optional[Sequence[str]] = None,
) -> None:
    """Measure and print a table. Raises SplitlensError.

    Args:
        loaded: The settings.
        clip: A movie; None for the sample clip.
        seconds: Per measurement.
        json_path: As in `show_report`.
        force: Load the model even if this board is known to have too little memory for it.
        markdown: Print the original project's table.
        only: The parts to measure; None for all that are shown.
    """
    if seconds <= 0:
        raise SplitlensError("--seconds must be more than 0")
    unknown = [part for part in only or () if part not in PARTS]
    if unknown:
        raise ConfigError(f"--only: {unknown[0]} is no part of the bench; there are {', '.join(PARTS)}.")
    if json_path not in (None, STANDARD_OUTPUT):
        check_writable_file(json_path)
    parts = only or (OF_THE_ORIGINAL if markdown else PARTS)
    with contextlib.ExitStack() as opened:
        report = _measure(loaded, clip, seconds, force, parts, opened)
    bars = list_bars(report)
    lines = markdown_table(report) if markdown else text_table(report, bars)
    show_report(lines, report.as_json(bars), json_path)


def _measure(
    loaded: LoadedSettings,
    clip: Optional[str],
    seconds: float,
    force: bool,
    parts: Sequence[str],
    opened: contextlib.ExitStack,
) -> Report:
    """Measure the parts.

    Args:
        loaded: The settings.
        clip, seconds, force: As in `run`.
        parts: Names of the parts.
        opened: Closes what was opened: TensorFlow complains about sessions that are open at the interpreter's end.
    """

    def kept(detector: Detector) -> Detector:
        opened.callback(detector.close)
        return detector

    # First, while this process is small and nothing else uses the accelerator; see `start_alone`.
    starts = _starts(loaded, read_pictures(clip, 1)[0]) if "engines" in parts else {}
    pictures, readings = read_pictures(clip), Telemetry()
    whole: Optional[Detector] = None
    if "sizes" in parts or "engines" in parts:
        whole = kept(load_other(with_engine(loaded, reference_engine().name, split_model=False), force))
    detector = kept(load(loaded, force))
    sizes, streams, visualize, camera, engines = None, None, None, None, None
    if "sizes" in parts and whole is not None:
        log.info("Measuring sizes")
        sizes = measure_sizes(whole, detector, pictures, seconds, readings)
    if "streams" in parts:
        log.info("Measuring streams")
        streams = measure_streams(detector, pictures, seconds, readings)
    if "visualize" in parts:
        log.info("Measuring what a viewer costs")
        visualize = _visualize(loaded, detector, pictures, seconds, readings)
    if "camera" in parts:
        log.info("Measuring a camera")
        camera = measure_camera(detector, pictures, seconds, readings)
    if "engines" in parts and whole is not None:
        log.info("Measuring engines")
        detectors = {
            name: detector if detector.engine == name else kept(load_other(with_engine(loaded, name), force))
            for name in starts
        }
        engines = measure_engines(starts, detectors, whole, pictures, seconds)
    return Report(_machine(detector), sizes, streams, visualize, camera, engines)


def load_other(loaded: LoadedSettings, force: bool) -> Detector:
    """Load a detector to compare with. No note if the tuned settings are for another engine."""
    tuned = logging.getLogger("appliance.board.tuned")
    level = tuned.level
    tuned.setLevel(logging.WARNING)
    try:
        return load(loaded, force)
    finally:
        tuned.setLevel(level)


def _starts(loaded: LoadedSettings, picture: np.ndarray) -> Dict[str, EngineStart]:
    starts: Dict[str, EngineStart] = {}
    problems: List[str] = []
    for name in engine_names(loaded):
        log.info("Starting %s in a process of its own", name)
        try:
            starts[name] = start_alone(loaded, name, picture)
        except SplitlensError as error:
            problems.append(f"{name}: {error}")
    if not starts:
        raise SplitlensError("no engine runs the model: " + "; ".join(problems))
    for problem in problems:
        log.warning("left out: %s", problem)
    return starts


def _visualize(
    loaded: LoadedSettings, detector: Detector, pictures: Sequence[np.ndarray], seconds: float, readings: Telemetry
) -> Optional[List[ViewerRow]]:
    try:
        from appliance.cli.bench.visualize import measure_visualize
    except ImportError as error:
        log.warning("visualize is left out: %s", error)
        return None
    settings = loaded.settings
    return measure_visualize(detector, pictures, seconds, readings, settings.live_width, settings.vis_text)


def _machine(detector: Detector) -> MachineRow:
    board = detect_board()
    current = current_mode()
    versions = loaded_versions()
    mode = None if current is None else power_table(board).find(current)
    return MachineRow(
        board=board.name,
        mode=mode.name if mode else None,
        cpu=cpu_name(board_root()),
        cores=available_cores(),
        device=detector.device,
        python=platform.python_version(),
        versions={name: versions.get(name) for name in all_engines()},
        model=detector.name,
        engine=detector.engine,
        path=detector.path,
        is_split=detector.path != "whole",
        classes=max(detector.labels, default=0),
        workers=detector.workers,
        batch=detector.batch,
    )
