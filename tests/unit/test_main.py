"""What the program writes to standard error, and that nothing depends on its being read."""

import logging
import os
import re
import signal
import subprocess
import sys

import cv2
import numpy as np
import pytest

from appliance.bus import read_exit_reason
from tests.command import ROOT

READ = """
import logging, sys, time
from appliance.cli import main as program
from appliance.sources import live
from appliance.sources.open import open_camera

live.FIRST_PAUSE = 0.05
program._prepare_output()
log = logging.getLogger("appliance")
with open_camera(sys.argv[1]) as source:
    for _ in range(30):
        log.info("a frame")
        print(source.read().index, flush=True)
print("by hand", file=sys.stderr, flush=True)
"""


@pytest.fixture(params=["gone", "full"])
def lost(request):
    """A standard error that takes nothing: a pipe without a reader, a file on a full disk."""
    if request.param == "full":
        with open("/dev/full", "wb") as file:
            yield file
        return
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


def run(words, stderr=subprocess.PIPE):
    return subprocess.run(
        [sys.executable] + words,
        cwd=str(ROOT),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        universal_newlines=True,
    )


def test_a_camera_is_reopened_though_nobody_reads_the_log(tmp_path, lost):
    path = str(tmp_path / "video9.avi")
    writer = cv2.VideoWriter(path, cv2.CAP_FFMPEG, int.from_bytes(b"MJPG", "little"), 50, (64, 48))
    for _ in range(10):  # after which the camera is lost and opened again, with a warning
        writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.release()
    done = run(["-c", READ, path], lost)
    assert (done.returncode, done.stdout.split()) == (0, [str(number) for number in range(30)])


def test_an_error_that_nobody_reads_keeps_its_exit_code(lost):
    assert run(["-m", "appliance", "config", "show", "--config", "nowhere.yml"], lost).returncode == 2


def test_no_error_shows_a_password():
    done = run(["-m", "appliance", "config", "show", "rtsp://bob:hunter2@camera/x"])
    assert done.returncode == 2
    assert "camera/x" in done.stderr and "hunter2" not in done.stderr and "bob" not in done.stderr


def test_no_log_line_shows_a_password(capsys):
    from appliance.cli.main import _LogHandler

    record = logging.LogRecord("x", logging.WARNING, "x.py", 1, "lost %s", ("rtsp://bob:hunter2@camera/x",), None)
    _LogHandler().emit(record)
    assert capsys.readouterr().err == "warning: lost rtsp://***@camera/x.\n"


FAIL = """
import sys
from appliance.cli import main as program
from appliance.core import errors
from appliance.daemon import run as daemon

def run(loaded, run_dir, heartbeat):
    raise {}

daemon.run = run
sys.exit(program.main(["daemon", "daemon.json"]))
"""


@pytest.mark.parametrize(
    "error, code, words",
    [
        ("errors.SourceError('The driver of the camera is gone.')", 4, "The driver of the camera is gone."),
        (
            "ValueError('rtsp://user:secret@camera/1 is odd')",
            1,
            "The daemon failed (ValueError: rtsp://***@camera/1 is odd). This is a mistake in Splitlens.",
        ),
        ("MemoryError()", 1, "The daemon failed (MemoryError). This is a mistake in Splitlens."),
    ],
)
def test_whatever_ends_the_daemon_leaves_its_reason_for_the_page(tmp_path, error, code, words):
    (tmp_path / "daemon.json").write_text('{"arguments": []}')
    done = subprocess.run(
        [sys.executable, "-c", FAIL.format(error)],
        cwd=str(tmp_path),
        env=dict(os.environ, PYTHONPATH=str(ROOT)),
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    assert (done.returncode, read_exit_reason(tmp_path)) == (code, words)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]{8}[+-]\d{4} ERROR daemon: .+\n", done.stderr), done.stderr


FAIL_LATER = """
import sys
from appliance.cli import main as program
from appliance.daemon.state import StateReporter

def statistics(self):
    raise ValueError("a mistake")

StateReporter.statistics = statistics
sys.exit(program.main(["daemon", "daemon.json"]))
"""


def test_a_thread_of_the_daemon_that_fails_later_ends_it_with_the_reason(tmp_path):
    (tmp_path / "daemon.json").write_text('{"arguments": ["missing.mp4", "--models-dir", "."]}')
    done = subprocess.run(
        [sys.executable, "-c", FAIL_LATER],
        cwd=str(tmp_path),
        env=dict(os.environ, PYTHONPATH=str(ROOT)),
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    assert done.returncode == 1, done.stderr
    assert "ValueError: a mistake" in read_exit_reason(tmp_path)


def test_the_installed_command_is_the_same_program():
    toml = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    module, function = re.search(r'^splitlens = "([\w.]+):(\w+)"$', toml, re.MULTILINE).groups()
    script = f"import sys\nfrom {module} import {function}\nsys.exit({function}())"  # as pip writes it
    for words in (["--version"], ["imgae"]):
        done = [run(["-c", script, *words]), run(["-m", "appliance", *words])]
        assert (done[0].returncode, done[0].stdout, done[0].stderr) == (
            done[1].returncode,
            done[1].stdout,
            done[1].stderr,
        )
        assert done[0].returncode == (0 if words == ["--version"] else 2)


def test_ctrl_c_ends_the_installed_command_as_it_ends_the_module():
    script = (
        "import signal\nfrom appliance import __main__ as entry\nfrom appliance.cli import main as program\n"
        "program.main = lambda: print(int(signal.getsignal(signal.SIGINT)))\nentry.start()"
    )
    assert run(["-c", script]).stdout == f"{int(signal.SIG_DFL)}\n"
