"""What this machine has, what the appliance lacks, and what to do about it: `splitlens doctor`."""

import contextlib
import importlib.util
import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, TextIO, Tuple

from appliance.board import Board, board_root, detect_board, read_release, unknown_board_note
from appliance.board.power import Power
from appliance.board.telemetry import Telemetry
from appliance.core.errors import ConfigError, ModelError
from appliance.core.hardware import has_nvidia_gpu
from appliance.engines.choose import is_x86
from appliance.settings import LoadedSettings, Settings, chosen_model
from appliance.settings.messages import size_text
from appliance.telemetry.console import describe_readings
from appliance.zoo.store import installed, resolve_model

log = logging.getLogger(__name__)

OK, NOTE, MISSING = "ok", "note", "missing"

RUN_BYTES = 10**9
"""Memory that a run with the default model takes on TensorFlow: 0.8 GB, and some for the pictures."""
DISK_BYTES = 10**9
"""Free space below which a large model or a long recording will not fit."""

PROBE_SECONDS = 120.0
ENERGY_SECONDS = 0.2
"""Between two looks at counters of energy."""
LIBRARIES = {
    "numpy": "numpy",
    "yaml": "PyYAML",
    "google.protobuf": "protobuf",
    "psutil": "psutil",
    "tqdm": "tqdm",
}

TENSORFLOW_PROBE = """
import json, tensorflow as tf
gpus = [tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name)
        for gpu in tf.config.list_physical_devices("GPU")]
print(json.dumps({"version": tf.__version__, "cuda": tf.test.is_built_with_cuda(), "gpus": gpus}))
"""
OPENVINO_PROBE = """
import json, openvino
print(json.dumps({"version": openvino.__version__.split("-")[0]}))
"""
OPENCV_PROBE = """
import json, cv2
print(json.dumps({"version": cv2.__version__, "build": cv2.getBuildInformation()}))
"""


class Finding(NamedTuple):
    """One thing that was looked at.

    state: ok; missing (the appliance cannot run so); note (it can, without something that a user may want).
    remedy: what to do about it; "" where there is nothing to do.
    """

    state: str
    subject: str
    found: str
    remedy: str = ""


class Probe(NamedTuple):
    """What a library said of itself in a process of its own.

    facts: None if it cannot be imported. complaint: why, or what it said on stderr.
    """

    facts: Optional[Dict[str, Any]]
    complaint: str


def run(load: Callable[[], LoadedSettings], output: TextIO) -> int:
    """Write what was found. Returns the exit code: 0 if the appliance can run, 1 if it lacks something.

    load: gives the settings that a run would have, or raises ConfigError.
    """
    log.info("Looking at this machine; TensorFlow takes some seconds.")
    findings = diagnose(load, tree=board_root())
    output.write(format_findings(findings))
    return 1 if any(finding.state == MISSING for finding in findings) else 0


def diagnose(load: Callable[[], LoadedSettings], root: Path = Path("/"), tree: Optional[Path] = None) -> List[Finding]:
    """Look at everything. A library that is broken is a finding and raises nothing.

    load: as in `run`. root: another folder in tests. tree: where the board's files are, if that is elsewhere.
    """
    tree = tree or root
    board = detect_board(tree)
    loaded, about_settings = check_settings(load)
    settings = loaded.settings if loaded else Settings()
    model = chosen_model(loaded) if loaded else settings.model
    has_gpu = has_nvidia_gpu(root)
    # Elsewhere it is never taken by itself.
    for_openvino = is_x86() and not has_gpu and sys.version_info >= (3, 9)
    return [
        check_board(board, tree, settings.profile),
        check_power(board, tree),
        check_readings(tree),
        Finding(OK, "Python", f"{'.'.join(map(str, sys.version_info[:3]))}, {sys.executable}"),
        check_libraries(LIBRARIES),
        check_tensorflow(probe(TENSORFLOW_PROBE), board, has_gpu),
        *([check_openvino(probe(OPENVINO_PROBE))] if for_openvino else []),
        check_opencv(probe(OPENCV_PROBE)),
        check_gstreamer(gstreamer_version()),
        check_cameras(root),
        check_memory(root),
        check_disk(Path(settings.models_dir)),
        check_models(Path(settings.models_dir), model, settings.label_path),
        check_output(Path(settings.output_dir), settings.save_to_file),
        about_settings,
    ]


def check_board(board: Board, tree: Path, chosen: Optional[str]) -> Finding:
    """Which board it was taken for, and why. chosen: the setting `profile`."""
    release = read_release(tree)
    found = f"{board.name} (profile {chosen or board.id})" + (f"; {release}" if release else "")
    evidence = [f"{file} says {text[:100]}" for file, text in board.evidence]
    note = unknown_board_note(board)
    found = "\n".join([found] + (evidence or ["no file says that it is a Jetson, or has an NVIDIA card"]))
    return Finding(NOTE if note else OK, "board", found, note)


def check_power(board: Board, tree: Path) -> Finding:
    """The power mode, and whether it can be set from here."""
    power = Power(board, tree)
    power.refresh()
    facts = power.facts()
    if facts is None:
        return Finding(OK, "power", "no power modes are known for this machine")
    lines = [
        f"{'*' if mode['id'] == facts['current'] else '-'} {mode['id']}"
        f" {mode['name']}{': ' + mode['detail'] if mode['detail'] else ''}"
        for mode in facts["modes"]
    ]
    state = {True: "held at their highest", False: "free", None: "unknown"}[facts["clocks"]]
    head = f"mode {'unknown' if facts['current'] is None else facts['current']}; clocks {state}"
    return Finding(NOTE if facts["problem"] else OK, "power", "\n".join([head] + lines), facts["problem"] or "")


def check_readings(tree: Path) -> Finding:
    """What the sensors say; what needs two looks has them."""
    readings = Telemetry(tree)
    first = readings.read()
    if "power" not in first:
        time.sleep(ENERGY_SECONDS)
        first = readings.read()
    text = describe_readings(first)
    if not text:
        return Finding(NOTE, "sensors", "none that can be read", "a container and a virtual machine may hide them")
    return Finding(OK, "sensors", text)


def format_findings(findings: Sequence[Finding]) -> str:
    """One line a finding, its remedy below it, and what it comes to."""
    width = max([len(finding.subject) for finding in findings], default=0)
    lines = []
    for finding in findings:
        found = finding.found.splitlines() or [""]
        lines.append(f"{finding.state:<7}  {finding.subject:<{width}}  {found[0]}")
        lines += [" " * (width + 11) + line for line in found[1:]]
        lines += [" " * (width + 11) + "-> " + line for line in finding.remedy.splitlines()]
    missing = [finding.subject for finding in findings if finding.state == MISSING]
    if missing:
        lines.append(f"The appliance cannot run yet: see to {', '.join(missing)}.")
    else:
        lines.append("The appliance can run.")
    return "\n".join(lines) + "\n"


def probe(program: str) -> Probe:
    """Run a program that prints JSON, in a process of its own: a broken library may well crash it."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", program],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            timeout=PROBE_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return Probe(None, f"importing it had not ended after {PROBE_SECONDS:.0f} seconds")
    said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    if done.returncode < 0:
        return Probe(None, f"importing it crashes Python ({signal.Signals(-done.returncode).name})")
    if done.returncode > 0:
        return Probe(None, said[-1] if said else f"importing it ends Python with {done.returncode}")
    for line in reversed(done.stdout.splitlines()):  # a library may print something before and after
        with contextlib.suppress(ValueError):
            facts = json.loads(line)
            if isinstance(facts, dict):
                return Probe(facts, "\n".join(said))
    return Probe(None, "it does not say what it is")


def check_libraries(libraries: Dict[str, str]) -> Finding:
    """libraries: module to the package that brings it."""
    lacking = [package for module, package in libraries.items() if not _can_find(module)]
    if lacking:
        return Finding(MISSING, "libraries", "no " + ", ".join(lacking), _install("run"))
    return Finding(OK, "libraries", ", ".join(libraries.values()))


def _can_find(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ImportError:  # the package around it is missing
        return False


def _install(part: str) -> str:
    return f"make setup, or: {sys.executable} -m pip install -r requirements/{part}.txt"


def check_tensorflow(tensorflow: Probe, board: Board, has_gpu: bool) -> Finding:
    """Without a GPU that TensorFlow can use, the appliance runs on the CPU: that is a note at most."""
    is_jetson = board.id != "pc"
    nvidia_build = "use the container image for this JetPack, or NVIDIA's TensorFlow wheel for it"
    if tensorflow.facts is None:
        remedy = nvidia_build if is_jetson else _install("tensorflow")
        return Finding(MISSING, "TensorFlow", tensorflow.complaint, remedy)
    version, gpus = tensorflow.facts["version"], tensorflow.facts["gpus"]
    if gpus:
        return Finding(OK, "TensorFlow", f"{version} on {', '.join(gpus)}")
    if not has_gpu:
        return Finding(OK, "TensorFlow", f"{version} on the CPU; there is no NVIDIA GPU")
    found = f"{version} on the CPU only, though there is an NVIDIA GPU: "
    if not tensorflow.facts["cuda"]:
        remedy = nvidia_build if is_jetson else "make clean; make setup TENSORFLOW=gpu"
        return Finding(NOTE, "TensorFlow", found + "it was built without CUDA", remedy)
    remedy = (
        "install what it names"
        if is_jetson
        else (
            "check that nvidia-smi lists the card, and in a container that it was started with --gpus all;\n"
            f"the CUDA libraries come with: {sys.executable} -m pip install -r requirements/gpu.txt"
        )
    )
    return Finding(NOTE, "TensorFlow", found + cuda_complaint(tensorflow.complaint), remedy)


def check_openvino(openvino: Probe) -> Finding:
    """For a PC without an NVIDIA GPU: without it TensorFlow runs everything."""
    if openvino.facts is None:
        return Finding(
            NOTE,
            "OpenVINO",
            "SSD models run on TensorFlow, which is slower here: " + openvino.complaint,
            _install("openvino"),
        )
    return Finding(OK, "OpenVINO", f"{openvino.facts['version']}; SSD models run on it")


def cuda_complaint(stderr: str) -> str:
    """The line of TensorFlow's start that says why it uses no GPU."""
    for line in stderr.splitlines():
        if re.search(r"dlopen|dynamic library|libcud|cuInit|CUDA_ERROR|cuda drivers", line, re.IGNORECASE):
            return re.sub(r"^.*?\.cc:\d+\]\s*", "", line)
    return "it does not say why"


def check_opencv(opencv: Probe) -> Finding:
    """A build that can read no movie at all is a note: pictures, cameras and gst-launch-1.0 do without."""
    if opencv.facts is None:
        return Finding(MISSING, "OpenCV", opencv.complaint, _install("opencv"))
    has = {name: _has(opencv.facts["build"], name) for name in ("FFMPEG", "GStreamer", "GUI")}
    found = "{}; FFmpeg: {}, GStreamer: {}, windows: {}".format(
        opencv.facts["version"], *("yes" if has[name] else "no" for name in ("FFMPEG", "GStreamer", "GUI"))
    )
    if not has["FFMPEG"] and not has["GStreamer"]:
        remedy = "to read movies and network cameras: " + _install("opencv")
        return Finding(NOTE, "OpenCV", found, remedy)
    return Finding(OK, "OpenCV", found)


def _has(build: str, name: str) -> bool:
    """Whether a line of OpenCV's build information names a feature with anything but NO or NONE."""
    line = re.search(rf"^[ \t]*{name}:[ \t]*(\S+)", build, re.MULTILINE)
    return line is not None and line.group(1) not in ("NO", "NONE")


def gstreamer_version() -> str:
    """The version of gst-launch-1.0, or "" where there is none that works."""
    command = shutil.which("gst-launch-1.0")
    if command is None:
        return ""
    done = subprocess.run(
        [command, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8", errors="replace"
    )
    version = re.search(r"GStreamer (\S+)", done.stdout)
    return version.group(1) if version and done.returncode == 0 else ""


def check_gstreamer(version: str) -> Finding:
    """version: as `gstreamer_version` gives it."""
    if version:
        return Finding(OK, "GStreamer", "gst-launch-1.0 " + version)
    remedy = "only GStreamer sources need it: tools/debian_packages.sh run"
    return Finding(NOTE, "GStreamer", "no gst-launch-1.0", remedy)


def check_cameras(root: Path) -> Finding:
    """The video devices with the names that their drivers give them."""
    devices = sorted((root / "dev").glob("video[0-9]*"), key=lambda path: (len(path.name), path.name))
    if not devices:
        remedy = "plug one in (a container also needs --device /dev/video0); files and addresses need none"
        return Finding(NOTE, "cameras", "no /dev/video*", remedy)
    names = []
    for device in devices:
        name = _read(root / "sys/class/video4linux" / device.name / "name").strip()
        names.append(f"/dev/{device.name} ({name})" if name else "/dev/" + device.name)
    locked = [device for device in devices if not os.access(str(device), os.R_OK | os.W_OK)]
    if locked:
        remedy = "sudo usermod -aG video $USER, then sign in again"
        return Finding(NOTE, "cameras", ", ".join(names) + ": no permission", remedy)
    return Finding(OK, "cameras", ", ".join(names))


def check_memory(root: Path) -> Finding:
    """What is free, as Linux counts it: caches are."""
    sizes = dict(re.findall(r"^(\w+):\s+(\d+) kB", _read(root / "proc/meminfo"), re.MULTILINE))
    remedy = f"a run takes about {size_text(RUN_BYTES)}: end other programs, or add swap"
    if "MemAvailable" not in sizes:
        return Finding(NOTE, "memory", "unknown: /proc/meminfo does not say", remedy)
    free, total = (int(sizes[name]) * 1024 for name in ("MemAvailable", "MemTotal"))
    found = f"{size_text(free)} of {size_text(total)} free"
    if free < RUN_BYTES:
        return Finding(NOTE, "memory", found, remedy)
    return Finding(OK, "memory", found)


def check_disk(models_dir: Path) -> Finding:
    """Free space where the models are, or will be."""
    folder = _nearest_there_is(models_dir)
    free = shutil.disk_usage(str(folder)).free
    found = f"{size_text(free)} free in {folder}"
    if free < DISK_BYTES:
        remedy = "models take up to 1.1 GB, movies 1 GB an hour and more: make room, or move models_dir"
        return Finding(NOTE, "disk", found, remedy)
    return Finding(OK, "disk", found)


def check_models(models_dir: Path, wanted: str, label_path: Optional[str]) -> Finding:
    """The models that are installed, and whether the one that a run would take is there.

    wanted: its name or path. label_path: a label map to use with it.
    """
    try:
        names = ", ".join(model.name for model in installed(models_dir)) or f"none in {models_dir}"
    except ModelError as error:
        return Finding(MISSING, "models", str(error), "give yourself the right to read it, or set models_dir")
    found = f"{names}; a run takes {wanted}"
    try:
        resolve_model(wanted, models_dir, Path(label_path) if label_path else None)
    except ModelError as error:
        return Finding(MISSING, "models", found, str(error))
    return Finding(OK, "models", found)


def check_output(output_dir: Path, is_needed: bool) -> Finding:
    """Whether movies and pictures can be saved. is_needed: whether a run would (`save_to_file`)."""
    folder = _nearest_there_is(output_dir)
    # Not even root may write to a file system that is mounted to be read only; os.access knows.
    if folder.is_dir() and os.access(str(folder), os.W_OK | os.X_OK):
        return Finding(OK, "output", f"can be written to {output_dir.absolute()}")
    remedy = "movies and pictures are saved below output_dir: give yourself the right to write there, or set another"
    return Finding(MISSING if is_needed else NOTE, "output", f"no permission to write to {folder}", remedy)


def check_settings(load: Callable[[], LoadedSettings]) -> Tuple[Optional[LoadedSettings], Finding]:
    """The settings as a run would read them, None where there is a mistake in them."""
    try:
        loaded = load()
    except ConfigError as error:
        return None, Finding(MISSING, "settings", "cannot be used", str(error))
    if loaded.config is None:
        return loaded, Finding(OK, "settings", "no config.yml here: the defaults are used")
    return loaded, Finding(OK, "settings", f"{loaded.config}: {loaded.config_entries} settings")


def _nearest_there_is(path: Path) -> Path:
    """The path, or the folder on the way to it that is there."""
    path = path.absolute()
    while not path.exists():
        path = path.parent
    return path


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
