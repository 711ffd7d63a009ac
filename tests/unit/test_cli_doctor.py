"""The doctor says what is there, what is missing and what to do, and survives whatever is broken."""

import io
import os
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from appliance.board import Board
from appliance.cli import doctor
from appliance.core import findings as checks
from appliance.core.findings import MISSING, NOTE, OK, Finding, Probe
from appliance.core.hardware import Machine, is_x86
from appliance.engines import openvino as openvino_engine
from appliance.engines import tensorflow as tensorflow_engine
from appliance.settings import load_settings

ROOT = Path(__file__).resolve().parents[2]
DEFAULT = "ssdlite_mobilenet_v2_coco_2018_05_09"
PC = Board("pc", "PC", "")
TX2 = Board("tx2", "NVIDIA Jetson TX2", "")

OPENCV_BUILD = """
General configuration for OpenCV 4.6.0 =====================================
  GUI:                           {gui}
  Video I/O:
    FFMPEG:                      {ffmpeg}
      avcodec:                   YES (58.134.100)
    GStreamer:                   {gstreamer}
"""

DLOPEN = """
2026-01-01 00:00:00.0: I tensorflow/core/cpu_feature_guard.cc:210] This TensorFlow binary is optimized
2026-01-01 00:00:00.0: W tensorflow/core/gpu_device.cc:2343] Cannot dlopen some GPU libraries.
"""
NO_DLOPEN = "there is an NVIDIA GPU: Cannot dlopen some GPU libraries."


def tensorflow(gpus=(), cuda=False, stderr=""):
    return Probe({"version": "2.13.1", "cuda": cuda, "gpus": list(gpus)}, stderr)


@pytest.mark.parametrize(
    "probe, board, has_gpu, state, found, remedy",
    [
        (tensorflow(["NVIDIA T4"], cuda=True), PC, True, OK, "2.13.1 on NVIDIA T4", ""),
        (tensorflow(), PC, False, OK, "2.13.1 on the CPU; there is no NVIDIA GPU", ""),
        (tensorflow(), PC, True, NOTE, "built without CUDA", "make setup TENSORFLOW=gpu"),
        (tensorflow(), TX2, True, NOTE, "built without CUDA", "container image"),
        (tensorflow(cuda=True, stderr=DLOPEN), PC, True, NOTE, NO_DLOPEN, "nvidia-smi"),
        (tensorflow(cuda=True, stderr=DLOPEN), TX2, True, NOTE, NO_DLOPEN, "install"),
        (tensorflow(cuda=True), PC, True, NOTE, "it does not say why", "nvidia-smi"),
        (
            Probe(None, "ModuleNotFoundError: No module named 'tensorflow'"),
            PC,
            False,
            MISSING,
            "No module named",
            "make setup",
        ),
        (
            Probe(None, "ImportError: libcudart.so.10.2: cannot open shared object file"),
            TX2,
            True,
            MISSING,
            "libcudart.so.10.2",
            "container image",
        ),
    ],
)
def test_tensorflow_and_its_gpu(probe, board, has_gpu, state, found, remedy):
    finding = tensorflow_engine.check(probe, Machine(True, has_gpu, is_jetson=board is TX2))
    assert finding.state == state
    assert found in finding.found
    assert remedy in finding.remedy
    assert bool(finding.remedy) == (state != OK)


@pytest.mark.parametrize(
    "gui, ffmpeg, gstreamer, state, found",
    [
        ("NONE", "YES", "NO", OK, "4.6.0; FFmpeg: yes, GStreamer: no, windows: no"),
        ("GTK3", "NO", "YES (1.20.3)", OK, "4.6.0; FFmpeg: no, GStreamer: yes, windows: yes"),
        ("QT5", "NO", "NO", NOTE, "4.6.0; FFmpeg: no, GStreamer: no, windows: yes"),
    ],
)
def test_what_opencv_was_built_with(gui, ffmpeg, gstreamer, state, found):
    build = OPENCV_BUILD.format(gui=gui, ffmpeg=ffmpeg, gstreamer=gstreamer)
    finding = doctor.check_opencv(Probe({"version": "4.6.0", "build": build}, ""))
    assert (finding.state, finding.found) == (state, found)


def test_an_opencv_that_cannot_be_imported_is_missing_with_its_reason():
    finding = doctor.check_opencv(Probe(None, "ImportError: libGL.so.1: cannot open shared object file"))
    assert finding.state == MISSING
    assert "libGL.so.1" in finding.found
    assert "requirements/opencv.txt" in finding.remedy


@pytest.mark.parametrize(
    "program, complaint",
    [
        ("import no_such_library", "No module named 'no_such_library'"),
        ("raise ImportError('libcudart.so.10.2: cannot open shared object file')", "libcudart.so.10.2"),
        ("import os; os.abort()", "importing it crashes Python (SIGABRT)"),
        ("import sys; sys.exit(3)", "importing it ends Python with 3"),
    ],
)
def test_a_broken_library_is_a_complaint_and_no_traceback(program, complaint):
    probe = checks.probe(program)
    assert probe.facts is None
    assert complaint in probe.complaint
    assert "\n" not in probe.complaint


def test_a_library_that_never_ends_to_load_is_given_up(monkeypatch):
    monkeypatch.setattr(checks, "PROBE_SECONDS", 0.3)
    probe = checks.probe("import time; time.sleep(600)")
    assert probe == Probe(None, "importing it had not ended after 0 seconds")


def test_what_a_library_says_before_its_facts_does_not_disturb():
    probe = checks.probe("import sys; print('hello'); sys.stderr.write('careful'); print('{\"gpus\": []}')")
    assert probe == Probe({"gpus": []}, "careful")


@pytest.mark.parametrize(
    "printed, facts",
    [
        (['{"gpus": []}', "bye"], {"gpus": []}),
        (['{"gpus": []}', "3"], {"gpus": []}),
        (["bye"], None),
        ([], None),
    ],
)
def test_what_a_library_says_after_its_facts_does_not_disturb(printed, facts):
    probe = checks.probe("print({!r})".format("\n".join(printed)))
    assert probe.facts == facts
    assert bool(probe.complaint) == (facts is None)


# A locale of ASCII, as Python 3.6 takes it where none is set (`env -i`, cron, systemd); newer ones when told so.
ASCII_LOCALE = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONPATH": str(ROOT)}
ASK_IN_ASCII = """
from pathlib import Path
from appliance.cli import doctor
from appliance.core import findings as checks
from appliance.core.errors import ModelError
from appliance.zoo import packages
from appliance.zoo.catalogue import find_entry

print(ascii(checks.probe("import os; os.system('cat facts')").facts))
print(doctor.gstreamer_version())
try:
    packages.get_graph(find_entry("%s").origins[1], Path.cwd())
except ModelError as error:
    print(ascii(str(error)))
"""


def test_other_programs_may_say_more_than_ascii_where_no_locale_is_set(tmp_path):
    text = "GStreamer 1.22.0 öffnet".encode() + b"\xff errors\n"
    for name, code in (("gst-launch-1.0", 0), ("npm", 1)):
        (tmp_path / name).write_bytes(b"#!/bin/sh\nprintf '" + text + b"'\nexit %d\n" % code)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "facts").write_bytes(b'{"gpus": "\xc3\xb6\xff"}\n')
    done = subprocess.run(
        [sys.executable, "-c", ASK_IN_ASCII % DEFAULT],
        cwd=str(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        env=dict(ASCII_LOCALE, PATH=f"{tmp_path}:/usr/bin:/bin"),
    )
    lines = done.stdout.splitlines()
    assert lines[:2] == ["{'gpus': '\\xf6\\ufffd'}", "1.22.0"], done.stdout
    assert "\\xf6ffnet\\ufffd errors" in lines[2]


@pytest.mark.parametrize(
    "libraries, state, found",
    [
        ({"json": "JSON", "os.path": "paths"}, OK, "JSON, paths"),
        ({"json": "JSON", "no_such": "NoSuch", "no_such.part": "Part"}, MISSING, "no NoSuch, Part"),
    ],
)
def test_libraries(libraries, state, found):
    finding = doctor.check_libraries(libraries)
    assert (finding.state, finding.found) == (state, found)


@pytest.mark.parametrize(
    "script, version",
    [
        ("echo 'gst-launch-1.0 version 1.22.0'; echo 'GStreamer 1.22.0'", "1.22.0"),
        ("exit 127", ""),
        (None, ""),
    ],
)
def test_the_version_of_gstreamer(tmp_path, monkeypatch, script, version):
    if script is not None:
        command = tmp_path / "gst-launch-1.0"
        command.write_text("#!/bin/sh\n" + script + "\n")
        command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert doctor.gstreamer_version() == version


def test_openvino_is_missed_where_it_would_be_faster():
    assert openvino_engine.check(Probe({"version": "2026.4.1"}, "")).found == "2026.4.1; SSD models run on it"
    finding = openvino_engine.check(Probe(None, "ModuleNotFoundError: No module named 'openvino'"))
    assert finding.state == NOTE and finding.found.endswith("No module named 'openvino'")
    assert "requirements/openvino.txt" in finding.remedy


def test_gstreamer_is_no_must():
    assert doctor.check_gstreamer("1.22.0") == Finding(OK, "GStreamer", "gst-launch-1.0 1.22.0")
    finding = doctor.check_gstreamer("")
    assert finding.state == NOTE
    assert "tools/debian_packages.sh run" in finding.remedy


def add_camera(root: Path, number: int, name: str = "") -> Path:
    device = root / "dev" / f"video{number}"
    device.parent.mkdir(exist_ok=True)
    device.write_text("")
    if name:
        described = root / "sys/class/video4linux" / device.name
        described.mkdir(parents=True)
        (described / "name").write_text(name + "\n")
    return device


def test_cameras_are_listed_by_number_with_their_names(tmp_path):
    add_camera(tmp_path, 10)
    add_camera(tmp_path, 2, "HD Webcam")
    assert doctor.check_cameras(tmp_path) == Finding(OK, "cameras", "/dev/video2 (HD Webcam), /dev/video10")


def test_no_camera_is_a_note(tmp_path):
    finding = doctor.check_cameras(tmp_path)
    assert (finding.state, finding.found) == (NOTE, "no /dev/video*")
    assert "plug one in" in finding.remedy


def test_a_camera_that_may_not_be_opened_is_a_note(tmp_path, monkeypatch):
    add_camera(tmp_path, 0)
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may open everything
    finding = doctor.check_cameras(tmp_path)
    assert (finding.state, finding.found) == (NOTE, "/dev/video0: no permission")
    assert "usermod -aG video" in finding.remedy


@pytest.mark.parametrize(
    "meminfo, state, found",
    [
        ("MemTotal: 8000000 kB\nMemFree: 1 kB\nMemAvailable: 6000000 kB\n", OK, "6.1 GB of 8.2 GB free"),
        ("MemTotal: 4000000 kB\nMemAvailable: 500000 kB\n", NOTE, "512 MB of 4.1 GB free"),
        (None, NOTE, "unknown: /proc/meminfo does not say"),
    ],
)
def test_memory(tmp_path, meminfo, state, found):
    if meminfo:
        (tmp_path / "proc").mkdir()
        (tmp_path / "proc/meminfo").write_text(meminfo)
    finding = doctor.check_memory(tmp_path)
    assert (finding.state, finding.found) == (state, found)


@pytest.mark.parametrize("free, state", [(50 * 10**9, OK), (10**8, NOTE)])
def test_free_disk_is_that_of_the_nearest_folder_there_is(tmp_path, monkeypatch, free, state):
    asked = []
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: asked.append(path) or usage(0, 0, free))
    finding = doctor.check_disk(tmp_path / "not" / "yet")
    assert finding.state == state
    assert asked == [str(tmp_path)]


def settings(tmp_path, monkeypatch, text="", config=None):
    """What a run would load in a folder with this config.yml."""
    monkeypatch.chdir(str(tmp_path))
    if text:
        Path("config.yml").write_text(text)
    return lambda: load_settings(config, os.environ, {})


def put_model(folder: Path) -> None:
    folder.mkdir()
    (folder / "frozen_inference_graph.pb").write_bytes(b"")


def test_models_are_named_and_none_is_missing(tmp_path):
    finding = doctor.check_models(tmp_path, DEFAULT, None)
    assert finding.state == MISSING
    assert "models get " + DEFAULT in finding.remedy
    put_model(tmp_path / "mine")
    assert doctor.check_models(tmp_path, "mine", None) == Finding(OK, "models", "mine; a run takes mine")


def test_the_model_that_a_run_would_take_must_be_there(tmp_path):
    put_model(tmp_path / "mine")
    finding = doctor.check_models(tmp_path, DEFAULT, None)
    assert (finding.state, finding.found) == (MISSING, "mine; a run takes " + DEFAULT)
    assert "models get " + DEFAULT in finding.remedy
    finding = doctor.check_models(tmp_path, "mine", str(tmp_path / "gone.pbtxt"))
    assert finding.state == MISSING and "gone.pbtxt cannot be read" in finding.remedy


def test_the_model_of_the_settings_is_looked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(checks, "probe", lambda program: Probe(None, "ImportError: broken"))
    put_model(tmp_path / "mine")
    for model, state in (("mine", OK), ("other", MISSING)):
        load = settings(tmp_path, monkeypatch, f"models_dir: .\nmodel: {model}\n")
        findings = {finding.subject: finding for finding in doctor.diagnose(load, root=tmp_path)}
        assert findings["models"].state == state
        assert findings["models"].found == "mine; a run takes " + model


def test_a_models_folder_that_cannot_be_read_is_missing(tmp_path):
    file = tmp_path / "models"
    file.write_text("")
    finding = doctor.check_models(file, DEFAULT, None)
    assert finding.state == MISSING
    assert str(file) in finding.found


@pytest.mark.parametrize("is_needed, state", [(False, NOTE), (True, MISSING)])
def test_an_output_folder_that_cannot_be_written_is_found(tmp_path, monkeypatch, is_needed, state):
    assert doctor.check_output(tmp_path / "not" / "yet", is_needed).state == OK
    (tmp_path / "file").write_text("")
    assert doctor.check_output(tmp_path / "file", is_needed).state == state
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write everywhere
    finding = doctor.check_output(tmp_path / "not" / "yet", is_needed)
    assert (finding.state, finding.found) == (state, f"no permission to write to {tmp_path}")
    assert not (tmp_path / "not").exists()


def test_the_config_file_is_read_as_a_run_would(tmp_path, monkeypatch):
    _, finding = doctor.check_settings(settings(tmp_path, monkeypatch))
    assert finding == Finding(OK, "settings", "no config.yml here: the defaults are used")
    _, finding = doctor.check_settings(settings(tmp_path, monkeypatch, "det_th: 0.5\nwidth: 640\n"))
    assert finding == Finding(OK, "settings", "config.yml: 2 settings")
    Path("mine.yml").write_text("det_treshold: 0.5\n")
    loaded, finding = doctor.check_settings(settings(tmp_path, monkeypatch, config=Path("mine.yml")))
    assert loaded is None and finding.state == MISSING
    assert "mine.yml line 1" in finding.remedy


def test_a_wrong_environment_variable_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("SPLITLENS_DET_TH", "high")
    _, finding = doctor.check_settings(settings(tmp_path, monkeypatch))
    assert finding.state == MISSING
    assert "SPLITLENS_DET_TH" in finding.remedy


FINDINGS = [
    Finding(OK, "board", "PC"),
    Finding(NOTE, "cameras", "none", "plug one in"),
    Finding(MISSING, "OpenCV", "ImportError: no", "first this\nthen that"),
]


def test_a_remedy_stands_below_what_it_is_for():
    assert doctor.format_findings(FINDINGS) == (
        "ok       board    PC\n"
        "note     cameras  none\n"
        "                  -> plug one in\n"
        "missing  OpenCV   ImportError: no\n"
        "                  -> first this\n"
        "                  -> then that\n"
        "The appliance cannot run yet: see to OpenCV.\n"
    )


@pytest.mark.parametrize(
    "findings, code, last",
    [
        (FINDINGS, 1, "The appliance cannot run yet: see to OpenCV."),
        (FINDINGS[:2], 0, "The appliance can run."),
    ],
)
def test_the_exit_code_tells_whether_it_can_run(monkeypatch, findings, code, last):
    monkeypatch.setattr(doctor, "diagnose", lambda load, tree: findings)
    output = io.StringIO()
    assert doctor.run(lambda: None, output) == code
    assert output.getvalue().splitlines()[-1] == last


def test_a_bare_machine_gets_a_finding_for_everything(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(checks, "probe", lambda program: Probe(None, "ImportError: broken"))
    findings = doctor.diagnose(settings(tmp_path, monkeypatch), root=tmp_path)
    states = {finding.subject: finding.state for finding in findings}
    expected = {
        "board": OK,
        "power": OK,
        "sensors": states["sensors"],
        "Python": OK,
        "libraries": OK,
        "settings": OK,
        "output": OK,
        "disk": states["disk"],
        "GStreamer": NOTE,
        "cameras": NOTE,
        "memory": NOTE,
        "TensorFlow": MISSING,
        "OpenCV": MISSING,
        "models": MISSING,
        **({"OpenVINO": NOTE} if is_x86() and sys.version_info >= (3, 9) else {}),
    }
    assert {subject: states.get(subject) for subject in expected} == expected
    assert all(finding.remedy for finding in findings if finding.state != OK)
    assert sys.executable in next(finding.found for finding in findings if finding.subject == "Python")
