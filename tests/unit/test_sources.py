"""What kind of source a setting means, and frames from memory."""

import os
import stat
import threading
import types

import cv2
import numpy as np
import pytest

from appliance.core.errors import SourceError
from appliance.sources import protocol
from appliance.sources.device import is_camera, why_unreadable
from appliance.sources.frame_sender import Ended, FrameSender
from appliance.sources.kind import camera_kind_of, kind_of
from appliance.sources.memory import MemorySource
from appliance.sources.open import open_camera, open_movie
from appliance.sources.opencv import ask_for_size
from appliance.sources.shared_frames import Layout

XAVIER = (
    "nvarguscamerasrc ! video/x-raw(memory:NVMM), width=1280, height=720,format=NV12, framerate=120/1 ! nvvidconv"
    " ! video/x-raw,format=I420 ! videoflip method=rotate-180 ! appsink"
)


@pytest.mark.parametrize(
    "written, kind",
    [
        (0, "index"),
        (12, "index"),
        ("0", "index"),
        ("/dev/video0", "device"),
        ("/dev/v4l/by-id/usb-046d_HD_Pro_Webcam_C920-video-index0", "device"),
        ("./clip.mp4", "device"),
        ("rtsp://10.0.0.2/cam", "address"),
        ("RTSPS://user:pass!@camera.local:322/a?b=c", "address"),
        ("http://camera/mjpeg.cgi", "address"),
        ("https://camera/live.m3u8", "address"),
        ("rtmp://camera/live", "address"),
        ("rtspsrc location=rtsp://10.0.0.2/cam ! rtph264depay ! decodebin ! appsink", "gstreamer"),
        ("filesrc location=/tmp/a.mp4\n! decodebin\n! appsink", "gstreamer"),
        (XAVIER, "gstreamer"),
    ],
)
def test_a_camera_setting_is_understood(written, kind):
    assert camera_kind_of(written).name == kind


@pytest.mark.parametrize(
    "written", ["", "  ", "ftp://camera/x", "file:///etc/passwd", "rtsp://", "camera", -1, True, 1.5]
)
def test_what_is_no_camera_is_refused_with_all_that_is(written):
    with pytest.raises(SourceError, match="is no camera; accepted are an index .* appsink"):
        camera_kind_of(written)


@pytest.mark.parametrize("written", ["clip.mp4", "street_2.avi", "garden camera.mkv"])
def test_a_movie_that_is_not_there_is_named_as_such(written):
    with pytest.raises(SourceError, match=f"{written}: there is no such file in /"):
        camera_kind_of(written)


@pytest.mark.parametrize("written", ["missing.mp4", "videos/missing.mp4", "/videos/missing.mp4"])
def test_a_movie_may_come_with_a_disk_that_is_mounted_later(written):
    assert kind_of(written).check(written) == f"there is no {written} now"


def test_a_refused_address_is_named_without_its_password():
    with pytest.raises(SourceError) as caught:
        open_camera("ftp://bob:secret@camera/x")
    assert "camera/x" in str(caught.value) and "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "pipeline, complaint",
    [
        ("videotestsrc ! autovideosink", 'it has to end in " ! appsink"'),
        ("videotestsrc ! appsink ! fakesink", 'it has to end in " ! appsink"'),
        ('videotestsrc ! "video/x-raw ! appsink', "a quote is opened and not closed"),
    ],
)
def test_a_pipeline_that_cannot_work_is_refused_before_it_starts(pipeline, complaint):
    with pytest.raises(SourceError) as caught:
        open_camera(pipeline)
    assert complaint in str(caught.value)


def test_a_missing_gst_launch_is_named_with_its_package(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match=r"gst-launch-1\.0, which is not installed; .* gstreamer1\.0-tools"):
        open_camera("videotestsrc ! appsink")


def test_an_address_is_no_movie():
    with pytest.raises(SourceError) as caught:
        open_movie("rtsp://bob:secret@camera/x")
    assert "`stream` reads addresses" in str(caught.value) and "secret" not in str(caught.value)


class Driver:
    """Notes what it is asked for, as a cv2.VideoCapture."""

    def __init__(self):
        self.asked = []

    def set(self, key, value):
        self.asked.append((key, value))


MJPG = (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))


@pytest.mark.parametrize(
    "width, height, asked",
    [
        (640, 480, [(cv2.CAP_PROP_FRAME_WIDTH, 640), (cv2.CAP_PROP_FRAME_HEIGHT, 480)]),
        (1280, 720, [MJPG, (cv2.CAP_PROP_FRAME_WIDTH, 1280), (cv2.CAP_PROP_FRAME_HEIGHT, 720)]),
        (None, None, []),
        (320, None, [(cv2.CAP_PROP_FRAME_WIDTH, 320)]),
    ],
)
def test_a_large_picture_is_asked_for_compressed(width, height, asked):
    driver = Driver()
    ask_for_size(driver, width, height)
    assert driver.asked == asked


def pictures(count):
    return [np.full((4, 6, 3), number, np.uint8) for number in range(count)]


def test_memory_hands_on_its_images_over_and_over():
    images = pictures(3)
    with MemorySource(images, frames=7) as source:
        frames = [source.read() for _ in range(8)]
    assert frames[7] is None
    assert [frame.index for frame in frames[:7]] == list(range(7))
    assert all(frame.image.base is images[number % 3] for number, frame in enumerate(frames[:7]))
    assert (source.frame_count, source.fps, source.is_live) == (7, None, False)


class Clock:
    """Stands for `time` in the module: sleeping is what makes it advance."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now

    def time(self):
        return self.now + 1e9


class Condition(type(threading.Condition())):  # type: ignore[misc]
    clock = None

    def wait(self, timeout=None):
        Condition.clock.now += timeout
        return False


@pytest.fixture()
def clock(monkeypatch):
    clock = Clock()
    Condition.clock = clock
    monkeypatch.setattr("appliance.sources.memory.time", clock)
    monkeypatch.setattr("threading.Condition", Condition)
    return clock


def test_memory_with_a_rate_waits_for_each_turn_and_loses_none(clock):
    source = MemorySource(pictures(2), frames=4, fps=10)
    at = []
    for _ in range(4):
        frame = source.read()
        at.append((round(clock.now - 1000, 3), round(frame.time, 3)))
        clock.now += 0.25 if len(at) == 1 else 0
    assert at == [(0.0, 0.0), (0.25, 0.1), (0.25, 0.2), (0.3, 0.3)]
    assert source.drops == 0


def test_live_memory_drops_what_nobody_read_in_time(clock):
    images = pictures(10)
    source = MemorySource(images, fps=10, is_live=True)
    first = source.read()
    clock.now += 0.45
    second, third = source.read(), source.read()
    assert [frame.index for frame in (first, second, third)] == [0, 1, 2]
    assert [int(frame.image[0, 0, 0]) for frame in (first, second, third)] == [0, 4, 5]
    assert source.drops == 3
    assert third.time == pytest.approx(clock.time())


def test_closing_wakes_a_read_that_waits():
    source = MemorySource(pictures(1), fps=1e-6)
    assert source.read() is not None
    got = []
    reader = threading.Thread(target=lambda: got.append(source.read()))
    reader.start()
    source.close()
    source.close()
    reader.join(30)
    assert got == [None]


@pytest.mark.parametrize(
    "kind, major, expected",
    [(stat.S_IFCHR, 81, True), (stat.S_IFCHR, 10, False), (stat.S_IFBLK, 81, False), (stat.S_IFREG, 81, False)],
)
def test_a_camera_is_known_by_the_numbers_of_its_node(kind, major, expected):
    """Not by its name: to open a watchdog, or a tape, does something."""
    status = types.SimpleNamespace(st_mode=kind | 0o660, st_rdev=os.makedev(major, 0))
    assert is_camera(status) is expected
    assert (why_unreadable("/dev/x", status) is None) is (expected or kind == stat.S_IFREG)


def test_a_picture_that_a_server_says_is_huge_takes_no_memory():
    ours, theirs = protocol.make_pair()
    with ours, theirs, pytest.raises(Ended, match="pictures of 60000x60000 are larger than 40 megapixels"):
        FrameSender(ours).claim(Layout(60000, 60000, 180000))
