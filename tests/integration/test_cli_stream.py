"""`stream`: GStreamer pipelines and an RTSP camera that comes and goes, in runs that last."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest

from tests.command import MODELS, STATISTICS, count_frames, count_lines, finish, read_json_lines, start
from tests.waiting import wait_until

SERVER = str(Path(__file__).resolve().parent.parent / "rtsp_server.py")
NEEDS = (
    "import gi; gi.require_version('Gst', '1.0'); gi.require_version('GstRtspServer', '1.0')\n"
    "from gi.repository import GstRtspServer"
)
PATTERN = (
    "videotestsrc is-live=true pattern=smpte ! video/x-raw,width=320,height=240,framerate=25/1 "
    "! videoconvert ! appsink drop=true"
)


@pytest.fixture()
def serve():
    """Starts the camera, gives it and its port; ends every one that is left."""
    for python in ("/usr/bin/python3", sys.executable):
        if os.path.exists(python) and not subprocess.call([python, "-c", NEEDS], stderr=subprocess.DEVNULL):
            break
    else:
        pytest.skip("no RTSP server: apt-get install python3-gi gir1.2-gst-rtsp-server-1.0")
    servers = []

    def serve(*options):
        server = subprocess.Popen([python, SERVER] + list(options), stdout=subprocess.PIPE, encoding="utf-8")
        servers.append(server)
        words = server.stdout.readline().split()
        assert words[:1] == ["ready"]
        return server, words[1]

    yield serve
    for server in servers:
        server.kill()
        server.wait()
        server.stdout.close()


@pytest.mark.skipif(shutil.which("gst-launch-1.0") is None, reason="no GStreamer: apt-get install gstreamer1.0-tools")
def test_so_many_frames_of_a_camera_are_so_many_lines(tmp_path, coco_model):
    process = start(tmp_path, "stream", PATTERN, "--json", "found.jsonl", "--max-frames", "10", *MODELS)
    ended = finish(process)
    assert ended.code == 0, ended.err
    assert len(read_json_lines((tmp_path / "found.jsonl").read_text())) == 10
    assert "frames: 10 in " in ended.out


@pytest.mark.skipif(shutil.which("gst-launch-1.0") is None, reason="no GStreamer: apt-get install gstreamer1.0-tools")
def test_a_pipeline_is_recorded_in_real_time_until_ctrl_c(tmp_path, coco_model):
    began = time.time()
    process = start(
        tmp_path,
        "stream",
        PATTERN,
        "--json",
        "found.jsonl",
        "--save-to-file",
        "--fps-interval",
        "0.5",
        "--det-interval",
        "5",
        *MODELS,
    )
    wait_until(lambda: count_lines(tmp_path / "found.jsonl") >= 30)
    process.send_signal(signal.SIGINT)
    ended = finish(process)
    assert ended.code == 0, ended.err
    assert "SIGINT: finishing the frames under way\n" in ended.out
    lines = read_json_lines((tmp_path / "found.jsonl").read_text())
    numbers, times = [line["frame"] for line in lines], [line["time"] for line in lines]
    assert numbers == sorted(set(numbers)) and times == sorted(set(times))
    assert {(line["source"], line["width"], line["height"]) for line in lines} == {(PATTERN, 320, 240)}
    # A live frame carries the time of its capture.
    assert began < times[0] < times[-1] < time.time()
    said = ended.out.splitlines()
    assert any(STATISTICS.match(line) for line in said)
    assert any(re.match(r"frame \d+: ", line) for line in said)
    # No end, so no progress.
    assert " %" not in ended.out and "source: " + PATTERN in said
    (path,) = (tmp_path / "output_movie").glob("output_*.avi")
    movie = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    fps = movie.get(cv2.CAP_PROP_FPS)
    assert fps == 25.0 and movie.read()[1].shape == (240, 320, 3)
    # A second of the camera is a second of the movie, however many frames were used.
    assert count_frames(path) / fps == pytest.approx(times[-1] - times[0], abs=0.5)


def test_a_camera_that_comes_back_is_picked_up_and_sigterm_ends_it(tmp_path, serve, coco_model):
    server, port = serve("--user", "bob:geheim")
    address = f"rtsp://bob:geheim@127.0.0.1:{port}/cam"
    process = start(tmp_path, "stream", address, "--json", "found.jsonl", "--live-timeout", "10", *MODELS)
    found = tmp_path / "found.jsonl"
    wait_until(lambda: count_lines(found) >= 10)
    server.kill()
    server.wait()
    gone = time.time()
    serve("--user", "bob:geheim", "--port", port)

    def has_come_back():
        whole = found.read_text().rpartition("\n")[0]
        return sum(line["time"] > gone for line in read_json_lines(whole)) >= 10

    wait_until(has_come_back)
    process.send_signal(signal.SIGTERM)
    ended = finish(process)
    assert ended.code == 0, ended.err
    lines = read_json_lines(found.read_text())
    assert [line["frame"] for line in lines] == sorted({line["frame"] for line in lines})
    shown = f"rtsp://***@127.0.0.1:{port}/cam"
    assert {line["source"] for line in lines} == {shown}
    notices = [line for line in ended.err.splitlines() if line.startswith("warning: camera " + shown)]
    assert "; reopening in " in notices[0] and " is back after " in notices[-1]
    assert "source: " + shown in ended.out
    assert "geheim" not in ended.out + ended.err + found.read_text()


def test_what_an_rtsp_camera_refuses_is_said(tmp_path, serve, coco_model):
    _, port = serve("--user", "bob:geheim")
    started = [
        start(tmp_path, "stream", f"rtsp://bob:{password}@127.0.0.1:{port}/{path}", *MODELS)
        for password, path in (("geheim", "nowhere"), ("falsch", "cam"))
    ]
    missing, wrong = (finish(process) for process in started)
    assert (missing.code, wrong.code) == (4, 4)
    for ended, complaint in (
        (missing, "the server answers 404 Not Found; there is no stream at this path of the address.\n"),
        (wrong, "the server answers 401 Unauthorized; user name or password is missing or wrong.\n"),
    ):
        assert ended.err.splitlines(True)[-1].startswith("error: camera rtsp://***@127.0.0.1:")
        assert ended.err.endswith(complaint)
        assert "geheim" not in ended.err and "falsch" not in ended.err and "bob" not in ended.err
