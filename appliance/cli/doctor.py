"""`splitlens doctor`: what this machine has, what the appliance lacks, and how to fix it."""

import importlib.util
import logging
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence, TextIO, Tuple

from appliance.board import Board, board_root, detect_board, read_release, unknown_board_note
from appliance.board.power import Power
from appliance.board.telemetry import Telemetry
from appliance.cli.doctor_storage import check_disk, check_memory, check_models, check_output, read_text
from appliance.core import findings
from appliance.core.errors import ConfigError
from appliance.core.findings import MISSING, NOTE, OK, Finding, Probe, how_to_install
from appliance.core.gst import LAUNCHER
from appliance.core.hardware import Machine, has_nvidia_gpu, is_x86
from appliance.engines.registry import all_engines
from appliance.settings import LoadedSettings, Settings, chosen_model
from appliance.telemetry.console import describe_readings

log = logging.getLogger(__name__)

ENERGY_SECONDS = 0.2
"""Interval between two readings of an energy counter."""
LIBRARIES = {
    "numpy": "numpy",
    "yaml": "PyYAML",
    "google.protobuf": "protobuf",
    "psutil": "psutil",
    "tqdm": "tqdm",
}

OPENCV_PROBE = """
import json, cv2
print(json.dumps({"version": cv2.__version__, "build": cv2.getBuildInformation()}))
"""


def run(load: Callable[[], LoadedSettings], output: TextIO) -> int:
    """Write the findings.

    Args:
        load: Returns the settings of a run, or raises ConfigError.
        output: Where to write.

    Returns:
        The exit code: 0 if the appliance can run, 1 if it lacks something.
    """
    log.info("Looking at this machine; TensorFlow takes some seconds.")
    found = diagnose(load, tree=board_root())
    output.write(format_findings(found))
    return 1 if any(finding.state == MISSING for finding in found) else 0


def diagnose(load: Callable[[], LoadedSettings], root: Path = Path("/"), tree: Optional[Path] = None) -> List[Finding]:
    """Check everything. A broken library is a finding and raises nothing.

    Args:
        load: As in `run`.
        root: The root folder; another one in tests.
        tree: Where the board's files are, if elsewhere.
    """
    tree = tree or root
    board = detect_board(tree)
    loaded, about_settings = check_settings(load)
    settings = loaded.settings if loaded else Settings()
    model = chosen_model(loaded) if loaded else settings.model
    machine = Machine(is_x86(), has_nvidia_gpu(root), is_jetson=board.id != "pc")
    return [
        check_board(board, tree, settings.profile),
        check_power(board, tree),
        check_readings(tree),
        Finding(OK, "Python", f"{'.'.join(map(str, sys.version_info[:3]))}, {sys.executable}"),
        check_libraries(LIBRARIES),
        *check_engines(machine),
        check_opencv(findings.probe(OPENCV_PROBE)),
        check_gstreamer(gstreamer_version()),
        check_cameras(root),
        check_memory(root),
        check_disk(Path(settings.models_dir)),
        check_models(Path(settings.models_dir), model, settings.label_path),
        check_output(Path(settings.output_dir), settings.save_to_file),
        about_settings,
    ]


def check_board(board: Board, tree: Path, chosen: Optional[str]) -> Finding:
    """Return which board was detected, and why.

    Args:
        board: The board.
        tree: Where its files are.
        chosen: The setting `profile`.
    """
    release = read_release(tree)
    found = f"{board.name} (profile {chosen or board.id})" + (f"; {release}" if release else "")
    evidence = [f"{file} says {text[:100]}" for file, text in board.evidence]
    note = unknown_board_note(board)
    found = "\n".join([found] + (evidence or ["no file says that it is a Jetson, or has an NVIDIA card"]))
    return Finding(NOTE if note else OK, "board", found, note)


def check_power(board: Board, tree: Path) -> Finding:
    """Return the power mode, and whether it can be set from here."""
    power = Power(board, tree)
    power.refresh()
    found = power.as_message()
    if found is None:
        return Finding(OK, "power", "no power modes are known for this machine")
    lines = [
        f"{'*' if mode.id == found.current else '-'} {mode.id} {mode.name}{': ' + mode.detail if mode.detail else ''}"
        for mode in found.modes
    ]
    state = {True: "held at their highest", False: "free", None: "unknown"}[found.clocks]
    head = f"mode {'unknown' if found.current is None else found.current}; clocks {state}"
    return Finding(NOTE if found.problem else OK, "power", "\n".join([head] + lines), found.problem or "")


def check_readings(tree: Path) -> Finding:
    """Return the sensors' readings; sensors that need two readings are read twice."""
    readings = Telemetry(tree)
    first = readings.read()
    if "power" not in first:
        time.sleep(ENERGY_SECONDS)
        first = readings.read()
    text = describe_readings(first)
    if not text:
        return Finding(NOTE, "sensors", "none that can be read", "a container and a virtual machine may hide them")
    return Finding(OK, "sensors", text)


def format_findings(every: Sequence[Finding]) -> str:
    """Return a line per finding with its remedy below, and a summary."""
    width = max([len(finding.subject) for finding in every], default=0)
    lines = []
    for finding in every:
        found = finding.found.splitlines() or [""]
        lines.append(f"{finding.state:<7}  {finding.subject:<{width}}  {found[0]}")
        lines += [" " * (width + 11) + line for line in found[1:]]
        lines += [" " * (width + 11) + "-> " + line for line in finding.remedy.splitlines()]
    missing = [finding.subject for finding in every if finding.state == MISSING]
    if missing:
        lines.append(f"The appliance cannot run yet: see to {', '.join(missing)}.")
    else:
        lines.append("The appliance can run.")
    return "\n".join(lines) + "\n"


def check_libraries(libraries: Dict[str, str]) -> Finding:
    """Return which libraries are missing.

    Args:
        libraries: Module name to the package that has it.
    """
    lacking = [package for module, package in libraries.items() if not _can_find(module)]
    if lacking:
        return Finding(MISSING, "libraries", "no " + ", ".join(lacking), how_to_install("run"))
    return Finding(OK, "libraries", ", ".join(libraries.values()))


def _can_find(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ImportError:  # its parent package is missing
        return False


def check_engines(machine: Machine) -> List[Finding]:
    """Return the findings of the engines that have any on this machine."""
    checks = [engine.check(machine) for engine in all_engines().values() if engine.check is not None]
    return [finding for finding in checks if finding is not None]


def check_opencv(opencv: Probe) -> Finding:
    """Return OpenCV's findings.

    A build without any movie support is only a note: images, cameras and gst-launch-1.0 work without it.
    """
    if opencv.facts is None:
        return Finding(MISSING, "OpenCV", opencv.complaint, how_to_install("opencv"))
    has = {name: _has(opencv.facts["build"], name) for name in ("FFMPEG", "GStreamer", "GUI")}
    titles = {"FFMPEG": "FFmpeg", "GStreamer": "GStreamer", "GUI": "windows"}
    features = [f"{titles[name]}: {'yes' if there else 'no'}" for name, there in has.items()]
    found = f"{opencv.facts['version']}; {', '.join(features)}"
    if not has["FFMPEG"] and not has["GStreamer"]:
        remedy = "to read movies and network cameras: " + how_to_install("opencv")
        return Finding(NOTE, "OpenCV", found, remedy)
    return Finding(OK, "OpenCV", found)


def _has(build: str, name: str) -> bool:
    """Return whether OpenCV's build information lists a feature with anything but NO or NONE."""
    line = re.search(rf"^[ \t]*{name}:[ \t]*(\S+)", build, re.MULTILINE)
    return line is not None and line.group(1) not in ("NO", "NONE")


def gstreamer_version() -> str:
    """Return the version of gst-launch-1.0; "" if none works."""
    command = shutil.which(LAUNCHER)
    if command is None:
        return ""
    done = subprocess.run(
        [command, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8", errors="replace"
    )
    version = re.search(r"GStreamer (\S+)", done.stdout)
    return version.group(1) if version and done.returncode == 0 else ""


def check_gstreamer(version: str) -> Finding:
    """Return the finding about GStreamer.

    Args:
        version: From `gstreamer_version`.
    """
    if version:
        return Finding(OK, "GStreamer", f"{LAUNCHER} {version}")
    remedy = "only GStreamer sources need it: tools/debian_packages.sh run"
    return Finding(NOTE, "GStreamer", f"no {LAUNCHER}", remedy)


def check_cameras(root: Path) -> Finding:
    """Return the video devices with their drivers' names for them."""
    devices = sorted((root / "dev").glob("video[0-9]*"), key=lambda path: (len(path.name), path.name))
    if not devices:
        remedy = "plug one in (a container also needs --device /dev/video0); files and addresses need none"
        return Finding(NOTE, "cameras", "no /dev/video*", remedy)
    names = []
    for device in devices:
        name = read_text(root / "sys/class/video4linux" / device.name / "name").strip()
        names.append(f"/dev/{device.name} ({name})" if name else "/dev/" + device.name)
    locked = [device for device in devices if not os.access(str(device), os.R_OK | os.W_OK)]
    if locked:
        remedy = "sudo usermod -aG video $USER, then sign in again"
        return Finding(NOTE, "cameras", ", ".join(names) + ": no permission", remedy)
    return Finding(OK, "cameras", ", ".join(names))


def check_settings(load: Callable[[], LoadedSettings]) -> Tuple[Optional[LoadedSettings], Finding]:
    """Return the settings as a run would read them; None if they have a mistake."""
    try:
        loaded = load()
    except ConfigError as error:
        return None, Finding(MISSING, "settings", "cannot be used", str(error))
    if loaded.config is None:
        return loaded, Finding(OK, "settings", "no config.yml here: the defaults are used")
    return loaded, Finding(OK, "settings", f"{loaded.config}: {loaded.config_entries} settings")
