"""Runs `python -m appliance` for the tests as a user would: a process of its own, in a directory of its own."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, NamedTuple

import cv2

from tests.waiting import LIMIT

ROOT = Path(__file__).resolve().parent.parent
MODELS = ("--models-dir", str(ROOT / "models"))

STATISTICS = re.compile(
    r"FPS:[ \d]*\d\.\d +Frames: *\d+ +Seconds: *\d+\.\d{5} +\| 1FRAME total: *\d+\.\d{5} +cap: *\d+\.\d{5}"
    r" +gpu: *\d+\.\d{5} +cpu: *\d+\.\d{5} +lost: *\d+\.\d{5} +send: *\d+\.\d{5}"
    r" +\| VFPS:[ \d]*\d\.\d +VFrames: *\d+ +VDrops: *\d+"
)


class Ended(NamedTuple):
    """code: the exit code, or minus the signal. out, err: standard output and error."""

    code: int
    out: str
    err: str


def start(folder: Path, *words: str, module: str = "appliance", **environ: str) -> "subprocess.Popen[str]":
    """Start the command in `folder`. No setting of the tester's environment reaches it, and no display."""
    own = ("SPLITLENS_", "DISPLAY", "WAYLAND_DISPLAY", "OPENCV_", "TF_CPP")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(own)}
    own_paths = [environ["PYTHONPATH"]] if "PYTHONPATH" in environ else []
    environment.update(environ, PYTHONPATH=os.pathsep.join([str(ROOT)] + own_paths))
    return subprocess.Popen(
        [sys.executable, "-m", module] + list(words),
        cwd=str(folder),
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def finish(process: "subprocess.Popen[str]") -> Ended:
    """Wait for its end. Whatever it was asked, a traceback is no answer."""
    try:
        out, err = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"it did not end; it said\n{out}\n{err}") from None
    out = out or ""  # None where the test closed it
    assert "Traceback" not in out + err, err
    return Ended(process.returncode, out, err)


def run(folder: Path, *words: str, **environ: str) -> Ended:
    return finish(start(folder, *words, **environ))


def count_lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def read_json_lines(text: str) -> List[Dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def count_frames(path: Path) -> int:
    """How many frames of a movie can be decoded."""
    movie = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    count = 0
    while movie.read()[0]:
        count += 1
    movie.release()
    return count
