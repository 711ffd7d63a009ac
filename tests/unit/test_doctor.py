"""The doctor says what is there, what is missing and what to do, and survives whatever is broken."""

import io
import os
import shutil
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from appliance import doctor
from appliance.board import Board
from appliance.doctor import MISSING, NOTE, OK, Finding, Probe

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


@pytest.mark.parametrize("probe, board, has_gpu, state, found, remedy", [
    (tensorflow(["NVIDIA T4"], cuda=True), PC, True, OK, "2.13.1 on NVIDIA T4", ""),
    (tensorflow(), PC, False, OK, "2.13.1 on the CPU; there is no NVIDIA GPU", ""),
    (tensorflow(), PC, True, NOTE, "built without CUDA", "make setup TENSORFLOW=gpu"),
    (tensorflow(), TX2, True, NOTE, "built without CUDA", "container image"),
    (tensorflow(cuda=True, stderr=DLOPEN), PC, True, NOTE, NO_DLOPEN, "nvidia-smi"),
    (tensorflow(cuda=True, stderr=DLOPEN), TX2, True, NOTE, NO_DLOPEN, "install"),
    (tensorflow(cuda=True), PC, True, NOTE, "it does not say why", "nvidia-smi"),
    (Probe(None, "ModuleNotFoundError: No module named 'tensorflow'"), PC, False, MISSING, "No module named",
     "make setup"),
    (Probe(None, "ImportError: libcudart.so.10.2: cannot open shared object file"), TX2, True, MISSING,
     "libcudart.so.10.2", "container image"),
])
def test_tensorflow_and_its_gpu(probe, board, has_gpu, state, found, remedy):
    finding = doctor.check_tensorflow(probe, board, has_gpu)
    assert finding.state == state
    assert found in finding.found
    assert remedy in finding.remedy
    assert bool(finding.remedy) == (state != OK)


@pytest.mark.parametrize("gui, ffmpeg, gstreamer, state, found", [
    ("NONE", "YES", "NO", OK, "4.6.0; FFmpeg: yes, GStreamer: no, windows: no"),
    ("GTK3", "NO", "YES (1.20.3)", OK, "4.6.0; FFmpeg: no, GStreamer: yes, windows: yes"),
    ("QT5", "NO", "NO", NOTE, "4.6.0; FFmpeg: no, GStreamer: no, windows: yes"),
])
def test_what_opencv_was_built_with(gui, ffmpeg, gstreamer, state, found):
    build = OPENCV_BUILD.format(gui=gui, ffmpeg=ffmpeg, gstreamer=gstreamer)
    finding = doctor.check_opencv(Probe({"version": "4.6.0", "build": build}, ""))
    assert (finding.state, finding.found) == (state, found)


def test_an_opencv_that_cannot_be_imported_is_missing_with_its_reason():
    finding = doctor.check_opencv(Probe(None, "ImportError: libGL.so.1: cannot open shared object file"))
    assert finding.state == MISSING
    assert "libGL.so.1" in finding.found
    assert "requirements/opencv.txt" in finding.remedy


@pytest.mark.parametrize("program, complaint", [
    ("import no_such_library", "No module named 'no_such_library'"),
    ("raise ImportError('libcudart.so.10.2: cannot open shared object file')", "libcudart.so.10.2"),
    ("import os; os.abort()", "importing it crashes Python (SIGABRT)"),
    ("import sys; sys.exit(3)", "importing it ends Python with 3"),
])
def test_a_broken_library_is_a_complaint_and_no_traceback(program, complaint):
    probe = doctor.probe(program)
    assert probe.facts is None
    assert complaint in probe.complaint
    assert "\n" not in probe.complaint


def test_a_library_that_never_ends_to_load_is_given_up(monkeypatch):
    monkeypatch.setattr(doctor, "PROBE_SECONDS", 0.3)
    probe = doctor.probe("import time; time.sleep(600)")
    assert probe == Probe(None, "importing it had not ended after 0 seconds")


def test_what_a_library_says_before_its_facts_does_not_disturb():
    probe = doctor.probe("import sys; print('hello'); sys.stderr.write('careful'); print('{\"gpus\": []}')")
    assert probe == Probe({"gpus": []}, "careful")


@pytest.mark.parametrize("libraries, state, found", [
    ({"json": "JSON", "os.path": "paths"}, OK, "JSON, paths"),
    ({"json": "JSON", "no_such": "NoSuch", "no_such.part": "Part"}, MISSING, "no NoSuch, Part"),
])
def test_libraries(libraries, state, found):
    finding = doctor.check_libraries(libraries)
    assert (finding.state, finding.found) == (state, found)


@pytest.mark.parametrize("script, version", [
    ("echo 'gst-launch-1.0 version 1.22.0'; echo 'GStreamer 1.22.0'", "1.22.0"),
    ("exit 127", ""),
    (None, ""),
])
def test_the_version_of_gstreamer(tmp_path, monkeypatch, script, version):
    if script is not None:
        command = tmp_path / "gst-launch-1.0"
        command.write_text("#!/bin/sh\n" + script + "\n")
        command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert doctor.gstreamer_version() == version


def test_gstreamer_is_no_must():
    assert doctor.check_gstreamer("1.22.0") == Finding(OK, "GStreamer", "gst-launch-1.0 1.22.0")
    finding = doctor.check_gstreamer("")
    assert finding.state == NOTE
    assert "tools/debian_packages.sh run" in finding.remedy


def add_camera(root: Path, number: int, name: str = "") -> Path:
    device = root / "dev" / "video{}".format(number)
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


@pytest.mark.parametrize("meminfo, state, found", [
    ("MemTotal: 8000000 kB\nMemFree: 1 kB\nMemAvailable: 6000000 kB\n", OK, "6.1 GB of 8.2 GB free"),
    ("MemTotal: 4000000 kB\nMemAvailable: 500000 kB\n", NOTE, "0.5 GB of 4.1 GB free"),
    (None, NOTE, "unknown: /proc/meminfo does not say"),
])
def test_memory(tmp_path, meminfo, state, found):
    if meminfo:
        (tmp_path / "proc").mkdir()
        (tmp_path / "proc/meminfo").write_text(meminfo)
    finding = doctor.check_memory(tmp_path)
    assert (finding.state, finding.found) == (state, found)


@pytest.mark.parametrize("free, state", [(50 * 10 ** 9, OK), (10 ** 8, NOTE)])
def test_free_disk_is_that_of_the_nearest_folder_there_is(tmp_path, monkeypatch, free, state):
    asked = []
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: asked.append(path) or usage(0, 0, free))
    finding = doctor.check_disk(tmp_path / "not" / "yet")
    assert finding.state == state
    assert asked == [str(tmp_path)]


def test_models_are_named_and_none_is_missing(tmp_path):
    finding = doctor.check_models(tmp_path)
    assert finding.state == MISSING
    assert "models get ssdlite_mobilenet_v2_coco_2018_05_09" in finding.remedy
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "frozen_inference_graph.pb").write_bytes(b"")
    assert doctor.check_models(tmp_path) == Finding(OK, "models", "mine")


def test_a_models_folder_that_cannot_be_read_is_missing(tmp_path):
    file = tmp_path / "models"
    file.write_text("")
    finding = doctor.check_models(file)
    assert finding.state == MISSING
    assert str(file) in finding.found


def test_the_config_file_is_read_as_a_run_would(tmp_path, monkeypatch):
    monkeypatch.chdir(str(tmp_path))
    assert doctor.check_settings(None) == Finding(OK, "settings", "no config.yml here: the defaults are used")
    Path("config.yml").write_text("det_th: 0.5\nwidth: 640\n")
    assert doctor.check_settings(None) == Finding(OK, "settings", "config.yml: 2 settings")
    Path("mine.yml").write_text("det_treshold: 0.5\n")
    finding = doctor.check_settings(Path("mine.yml"))
    assert finding.state == MISSING
    assert "mine.yml line 1" in finding.remedy


def test_a_wrong_environment_variable_is_found(tmp_path, monkeypatch):
    monkeypatch.chdir(str(tmp_path))
    monkeypatch.setenv("SPLITLENS_DET_TH", "high")
    finding = doctor.check_settings(None)
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


@pytest.mark.parametrize("findings, code, last", [
    (FINDINGS, 1, "The appliance cannot run yet: see to OpenCV."),
    (FINDINGS[:2], 0, "The appliance can run."),
])
def test_the_exit_code_tells_whether_it_can_run(monkeypatch, findings, code, last):
    monkeypatch.setattr(doctor, "diagnose", lambda models_dir, config: findings)
    output = io.StringIO()
    assert doctor.run(Path("models"), None, output) == code
    assert output.getvalue().splitlines()[-1] == last


def test_a_bare_machine_gets_a_finding_for_everything(tmp_path, monkeypatch):
    monkeypatch.chdir(str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(doctor, "probe", lambda program: Probe(None, "ImportError: broken"))
    findings = doctor.diagnose(tmp_path / "models", None, root=tmp_path)
    states = {finding.subject: finding.state for finding in findings}
    assert states == {
        "board": OK, "Python": OK, "libraries": OK, "settings": OK, "disk": states["disk"],
        "GStreamer": NOTE, "cameras": NOTE, "memory": NOTE,
        "TensorFlow": MISSING, "OpenCV": MISSING, "models": MISSING,
    }
    assert all(finding.remedy for finding in findings if finding.state != OK)
    assert sys.executable in findings[1].found
