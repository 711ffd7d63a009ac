"""RTSP from a real server on loopback, and GStreamer pipelines in a real gst-launch-1.0."""

import fcntl
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import termios
from pathlib import Path

import numpy as np
import psutil
import pytest

from appliance.core.errors import SourceError
from appliance.sources import gstreamer, live
from appliance.sources.gst_command import launch_words
from appliance.sources.open import open_camera, open_movie
from tests.waiting import wait_until

SERVER = str(Path(__file__).resolve().parent.parent / "rtsp_server.py")
NEEDS = (
    "import gi; gi.require_version('Gst', '1.0'); gi.require_version('GstRtspServer', '1.0')\n"
    "from gi.repository import GstRtspServer"
)
PLUGINS = ("videotestsrc", "x264enc", "rtph264pay", "h264parse")


def has_plugin(name):
    return (
        subprocess.run(["gst-inspect-1.0", name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    )


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(live, "FIRST_PAUSE", 0.2)
    monkeypatch.setattr(live, "LONGEST_PAUSE", 1.0)


@pytest.fixture(scope="module")
def rtsp_python():
    """A Python that has GstRtspServer: Debian's own, mostly."""
    for python in ("/usr/bin/python3", sys.executable):
        if os.path.exists(python) and subprocess.run([python, "-c", NEEDS], stderr=subprocess.DEVNULL).returncode == 0:
            break
    else:
        pytest.skip("no RTSP server: apt-get install python3-gi gir1.2-gst-rtsp-server-1.0")
    for plugin in PLUGINS:
        if not has_plugin(plugin):
            pytest.skip(f"GStreamer lacks {plugin}: apt-get install gstreamer1.0-plugins-base and -good, -bad, -ugly")
    return python


@pytest.fixture()
def serve(rtsp_python):
    """Starts the server, gives it and its port; ends every one that is left."""
    servers = []

    def start(*options):
        server = subprocess.Popen(
            [rtsp_python, SERVER] + list(options), stdout=subprocess.PIPE, universal_newlines=True
        )
        servers.append(server)
        words = server.stdout.readline().split()
        assert words[:1] == ["ready"]
        return server, int(words[1])

    yield start
    for server in servers:
        server.kill()
        server.wait()
        server.stdout.close()


def test_an_rtsp_camera_is_read(serve):
    _, port = serve("--size", "320x240", "--fps", "25")
    with open_camera(f"rtsp://127.0.0.1:{port}/cam") as source:
        frames = [source.read() for _ in range(50)]
    assert source.fps == 25.0
    assert {frame.image.shape for frame in frames} == {(240, 320, 3)}
    # SMPTE bars: grey or white on the left, blue on the right, BGR.
    for frame in frames:
        left, right = frame.image[40, 10].astype(int), frame.image[40, 310].astype(int)
        assert left.min() > 150 and left.max() - left.min() < 30
        assert right[0] > 150 and right[1] < 60 and right[2] < 60
    ages = [frame.captured_at for frame in frames]
    assert ages == sorted(set(ages))


def test_an_rtsp_camera_plays_the_street_clip(serve, samples, tmp_path):
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed: apt-get install ffmpeg")
    clip = tmp_path / "clip.h264"
    subprocess.run(
        [
            "ffmpeg",
            "-loglevel",
            "error",
            "-i",
            str(samples / "bikes.mp4"),
            "-c",
            "copy",
            "-bsf:v",
            "h264_mp4toannexb",
            "-f",
            "h264",
            str(clip),
        ],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    _, port = serve("--clip", str(clip))
    with open_movie(str(samples / "bikes.mp4")) as movie:
        originals = np.array([frame.image[::8, ::8] for frame in iter(movie.read, None)], np.int16)
    with open_camera(f"rtsp://127.0.0.1:{port}/cam") as source:
        for _ in range(10):
            small = source.read().image[::8, ::8].astype(np.int16)
            assert abs(originals - small).mean(axis=(1, 2, 3)).min() < 3


def test_an_rtsp_camera_that_restarts_is_picked_up_by_itself(serve):
    notices = []
    server, port = serve()
    address = f"rtsp://127.0.0.1:{port}/cam"
    with open_camera(address, live_timeout=10.0, on_notice=notices.append) as source:
        before = source.read()
        server.kill()
        server.wait()
        wait_until(lambda: any("connection refused" in text for text in notices))
        serve("--port", str(port))
        wait_until(lambda: "is back after" in notices[-1])
        after = source.read()
    assert before is not None and after is not None and after.index > before.index
    assert notices[0].startswith(f"camera {address}: ")
    # Each event is said once: lost, refused, back.
    assert len(notices) == 3 and len(set(notices)) == 3


def test_a_frozen_rtsp_camera_is_opened_again(serve):
    notices = []
    server, port = serve()
    with open_camera(f"rtsp://127.0.0.1:{port}/cam", live_timeout=4.0, on_notice=notices.append) as source:
        source.read()
        server.send_signal(signal.SIGSTOP)
        wait_until(lambda: notices)
        server.send_signal(signal.SIGCONT)
        wait_until(lambda: "is back after" in notices[-1])
        assert source.read() is not None
    assert "no frame for 4 s; reopening in 0.2 s" in notices[0]


@pytest.mark.parametrize(
    "user, path, complaint",
    [
        ("bob:geheim@", "/nowhere", "the server answers 404 Not Found; there is no stream at this path of the address"),
        ("", "/cam", "the server answers 401 Unauthorized; user name or password is missing or wrong"),
        ("bob:wrong@", "/cam", "the server answers 401 Unauthorized; user name or password is missing or wrong"),
    ],
)
@pytest.mark.parametrize("form", ["{}", "rtspsrc location={} ! decodebin ! appsink"])
def test_what_an_rtsp_camera_refuses_is_said(serve, user, path, complaint, form):
    _, port = serve("--user", "bob:geheim")
    with open_camera(form.format(f"rtsp://{user}127.0.0.1:{port}{path}")) as source:
        with pytest.raises(SourceError) as caught:
            source.read()
    assert complaint in str(caught.value)
    assert "wrong@" not in str(caught.value) and "geheim" not in str(caught.value) and "bob" not in str(caught.value)


def test_the_right_password_opens(serve):
    _, port = serve("--user", "bob:geheim")
    with open_camera(f"rtsp://bob:geheim@127.0.0.1:{port}/cam") as source:
        frame = source.read()
    assert "geheim" not in frame.source and "bob" not in frame.source and frame.source.endswith("/cam")


@pytest.mark.parametrize("password", ["pa/ss", "pa#ss", "pa?s:s", "p@ss", "50%ss", "pa/s@s"])
def test_a_password_may_be_written_as_it_is(serve, password):
    _, port = serve("--user", "bob:" + password)
    with open_camera(f"rtsp://bob:{password}@127.0.0.1:{port}/cam") as source:
        frame = source.read()
    assert frame.source == f"rtsp://***@127.0.0.1:{port}/cam"


def test_a_camera_that_sends_over_udp_only_is_read(serve):
    _, port = serve("--udp-only")
    with open_camera(f"rtsp://127.0.0.1:{port}/cam") as source:
        assert source.read().image.shape == (240, 320, 3)
    with open_camera(f"rtsp://127.0.0.1:{port}/cam", rtsp_transport="tcp") as source:
        with pytest.raises(SourceError, match="461 Unsupported transport; it refuses TCP or UDP"):
            source.read()


@pytest.fixture()
def gst():
    if shutil.which("gst-launch-1.0") is None:
        pytest.skip("gst-launch-1.0 is not installed: apt-get install gstreamer1.0-tools")


def launchers():
    return [child for reader in psutil.Process().children() for child in reader.children()]


@pytest.mark.parametrize("live_or_not", ["is-live=true", "is-live=false"])
@pytest.mark.parametrize("width", [320, 321, 322, 323])
def test_a_gstreamer_pipeline_is_read(gst, width, live_or_not):
    # A black edge on the left: a row that is shifted would show.
    pipeline = (
        f"videotestsrc {live_or_not} pattern=solid-color foreground-color=0xff40ff20 !"
        f" video/x-raw,format=BGR,width={width}, height=99, framerate=50/1 ! videobox fill=black left=-5 border-alpha=1"
        " ! appsink drop=true"
    )
    with open_camera(pipeline) as source:
        frames = [source.read() for _ in range(20)]
    assert source.fps == 50.0 and source.name == pipeline
    assert [frame.index for frame in frames] == list(range(20))
    for frame in frames:
        assert frame.image.shape == (99, width + 5, 3)
        assert (frame.image[:, :5] == 0).all()
        assert (frame.image[:, 5:] == (0x20, 0xFF, 0x40)).all()


def test_a_pipeline_of_a_movie_gives_the_movies_pictures(gst, samples):
    with open_movie(str(samples / "bikes.mp4")) as movie:
        originals = np.array([frame.image[::8, ::8] for frame in iter(movie.read, None)], np.int16)
    pipeline = f'filesrc location="{samples / "bikes.mp4"}" ! decodebin ! appsink'
    place = 0
    with open_camera(pipeline) as source:
        for _ in range(30):
            small = source.read().image[::8, ::8].astype(np.int16)
            difference = abs(originals - small).mean(axis=(1, 2, 3))
            found = int(difference.argmin())
            assert difference[found] < 4 and found >= place
            place = found


def test_a_pipeline_that_ends_or_is_killed_begins_again(gst):
    notices = []
    pipeline = "videotestsrc is-live=true num-buffers=30 ! video/x-raw,width=64,height=48,framerate=50/1 ! appsink"
    with open_camera(pipeline, on_notice=notices.append) as source:
        source.read()
        wait_until(lambda: len(notices) >= 2)
        wait_until(launchers)
        launchers()[0].kill()
        wait_until(lambda: len(notices) >= 4)
        assert source.read() is not None
    assert "the pipeline ended; reopening in 0.2 s" in notices[0] and "is back after" in notices[1]


def test_closing_ends_the_pipeline_too(gst):
    with open_camera("videotestsrc is-live=true ! video/x-raw,width=64,height=48 ! appsink") as source:
        source.read()
        launched = launchers()
        assert [os.path.basename(process.exe()) for process in launched] == ["gst-launch-1.0"]
    wait_until(lambda: not any(process.is_running() for process in launched))


def test_a_pipeline_ends_in_order_though_the_pipe_is_full(gst):
    frames, write_end = os.pipe()
    pipeline = "videotestsrc is-live=true ! video/x-raw,width=1920,height=1080 ! appsink"
    process = subprocess.Popen(
        ["gst-launch-1.0"] + launch_words(pipeline, write_end), stdout=subprocess.DEVNULL, pass_fds=[write_end]
    )
    os.close(write_end)
    try:
        # A frame is far larger than the pipe: it is in the middle of the first one.
        wait_until(lambda: struct.unpack("i", fcntl.ioctl(frames, termios.FIONREAD, bytes(4)))[0] > 60000)
        gstreamer.stop(process, frames)
        assert process.returncode == 0  # -9 if it had to be killed
    finally:
        process.kill()
        process.wait()
        os.close(frames)


# Takes its time to release its camera, as nvarguscamerasrc may, and says when it has.
SLOW_LAUNCHER = """#!{python}
import os, signal, sys, time

def release(*_):
    time.sleep(1.5)
    with open({note!r}, "w") as file:
        file.write("released")
    os._exit(0)

signal.signal(signal.SIGINT, release)
descriptor = next(int(word[3:]) for word in sys.argv if word.startswith("fd="))
print("/GstPipeline:pipeline0/GstFdSink:splitlens.GstPad:sink: caps = video/x-raw, width=(int)64, height=(int)48",
      flush=True)
while True:
    os.write(descriptor, bytes(64 * 48 * 3))
    time.sleep(0.02)
"""


def test_a_pipeline_that_is_slow_to_release_its_camera_gets_the_time(tmp_path, monkeypatch):
    note = tmp_path / "note"
    launcher = tmp_path / "gst-launch-1.0"
    launcher.write_text(SLOW_LAUNCHER.format(python=sys.executable, note=str(note)))
    launcher.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with open_camera("nvarguscamerasrc ! appsink") as source:
        assert source.read().image.shape == (48, 64, 3)
    assert note.exists() and note.read_text() == "released"


@pytest.mark.parametrize("is_stopped", [False, True])
def test_a_killed_reader_takes_its_pipeline_along(gst, is_stopped):
    notices = []
    with open_camera(
        "videotestsrc is-live=true ! video/x-raw,width=64,height=48 ! appsink", on_notice=notices.append
    ) as source:
        source.read()
        launched = launchers()
        reader = launched[0].parent()
        if is_stopped:  # it does not notice that nobody reads on
            launched[0].suspend()
        reader.kill()
        wait_until(lambda: len(notices) == 2)
        assert source.read() is not None
        wait_until(lambda: not any(process.is_running() for process in launched))


XAVIER = (
    "nvarguscamerasrc ! video/x-raw(memory:NVMM), width=1280, height=720,format=NV12, framerate=120/1 ! nvvidconv"
    " ! video/x-raw,format=I420 ! videoflip method=rotate-180 ! appsink"
)
TX2 = (
    "nvcamerasrc ! video/x-raw(memory:NVMM), width=(int)1280, height=(int)720,format=(string)I420,"
    " framerate=(fraction)30/1 ! nvvidconv flip-method=0 ! video/x-raw, format=(string)BGRx ! videoconvert"
    " ! video/x-raw, format=(string)BGR ! appsink"
)


@pytest.mark.parametrize(
    "pipeline, complaint",
    [
        (XAVIER, 'GStreamer has no element "nvarguscamerasrc": it exists on Jetson boards only'),
        (TX2, 'GStreamer has no element "nvcamerasrc": it exists on Jetson boards only'),
        ("videotstsrc ! appsink", 'GStreamer has no element "videotstsrc": is its name right'),
        (
            "videotestsrc no-such=1 ! appsink",
            'GStreamer cannot build the pipeline: no property "no-such" in element "videotestsrc"',
        ),
        ("videotestsrc ! audioconvert ! appsink", "GStreamer cannot build the pipeline: could not link"),
        ("videotestsrc ! video/x-raw,, ! appsink", "GStreamer cannot build the pipeline: could not parse caps"),
        ("videotestsrc ! ! appsink", "GStreamer"),
        (
            "filesrc location=/no/such/file ! decodebin ! appsink",
            'GStreamer: Resource not found (No such file "/no/such/file")',
        ),
        (f"filesrc location={__file__} ! decodebin ! appsink", "GStreamer: "),
    ],
)
def test_a_pipeline_that_cannot_run_is_one_clear_error(gst, pipeline, complaint):
    if pipeline.startswith("nv") and has_plugin(pipeline.split()[0]):
        pytest.skip("this board has NVIDIA's camera elements")
    with open_camera(pipeline) as source:
        with pytest.raises(SourceError) as caught:
            source.read()
    assert complaint in str(caught.value)


def test_a_pipeline_without_pictures_is_given_up(gst):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(5)
        pipeline = f"tcpclientsrc host=127.0.0.1 port={server.getsockname()[1]} ! decodebin ! appsink"
        with open_camera(pipeline, live_timeout=1.0, open_timeout=1.0) as source:
            with pytest.raises(SourceError, match="no frame for 1 s"):
                source.read()
