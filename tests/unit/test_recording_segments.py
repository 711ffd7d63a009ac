"""Recording in segments: which frame is in which file, and what happens when the disk is full."""

import collections
import errno
import os
import threading

import cv2
import numpy as np
import pytest

from appliance.contract.state import RunningRecording
from appliance.core.errors import OutputError
from appliance.core.frame import Detections, Frame, Result, Statistics, Timings
from appliance.drawing.overlay import Overlay
from appliance.recording import segments
from appliance.recording.avi import AviWriter
from appliance.recording.mp4 import EncoderError
from appliance.recording.retention import GIGABYTE
from appliance.recording.segments import RETRY_SECONDS, SegmentRecorder
from appliance.recording.storage import Storage

Usage = collections.namedtuple("Usage", "total used free")
NOTHING = Statistics(0.0, 0, 0.0, None, 0.0, 0, 0, 0)
OVERLAY = Overlay(False, lambda: NOTHING)
STEP = 4  # the brightness of frame n is n * STEP, so that a movie tells which of the first 64 frames are in it
FPS = 10.0


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class Bench:
    """A folder, a disk, a clock and a recorder. A frame comes when it was captured."""

    def __init__(self, folder, stream="main", **options):
        self.clock = Clock()
        self.free = 100 * GIGABYTE
        self.storage = Storage(
            str(folder), free_gb=1.0, disk_usage=lambda path: Usage(10**12, 0, self.free), now=lambda: 1790000000.0
        )
        self.recorder = SegmentRecorder(
            stream, self.storage, OVERLAY, lambda: FPS, clock=self.clock, now=self.now, **options
        )

    def now(self):
        return 1790000000.0 + self.clock.now - 1000.0

    def feed(self, numbers, size=(64, 48), fps=FPS):
        for number in numbers:
            self.clock.now = 1000.0 + number / fps
            image = np.full((size[1], size[0], 3), number * STEP % 256, np.uint8)
            frame = Frame(image, number, "camera", 0.0, self.clock.now, 0.0)
            self.recorder.write(Result(frame, Detections.empty(), Timings(0, 0, 0, 0, 0, 0), {}))

    def played(self):
        """The frames of each recording, the oldest first."""
        return [play(self.storage.folder / recording.name) for recording in reversed(self.storage.list())]


def play(path):
    movie = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    numbers = []
    while True:
        is_read, image = movie.read()
        if not is_read:
            movie.release()
            return numbers
        numbers.append(round(float(image.mean()) / STEP))


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path / "recordings")


def test_nothing_is_recorded_until_it_is_started_and_after_it_is_stopped(bench):
    recorder = bench.recorder
    bench.feed(range(5))
    assert not recorder.wanted and recorder.status() is None and bench.played() == []
    recorder.start()
    assert recorder.wanted and recorder.status() == RunningRecording(recorder.status().since, 0.0, "", 0)
    bench.feed(range(5, 15))
    name = bench.storage.list()[0].name
    status = recorder.status()
    assert (status.seconds, status.name) == (1.0, name) and status.bytes == (bench.storage.folder / name).stat().st_size
    assert bench.storage.list()[0].recording
    recorder.stop()
    assert bench.played() == [list(range(5, 15))] and not bench.storage.list()[0].recording
    assert not recorder.wanted and recorder.status() is None and recorder.problem is None
    bench.feed(range(15, 20))
    recorder.stop()
    recorder.close()
    assert bench.played() == [list(range(5, 15))]


def test_it_can_be_started_again(bench):
    for first in (0, 20):
        bench.recorder.start()
        bench.recorder.start()
        bench.feed(range(first, first + 10))
        assert bench.recorder.status().seconds == 1.0
        bench.recorder.stop()
    assert bench.played() == [list(range(10)), list(range(20, 30))]


def test_without_a_frame_there_is_no_file(bench):
    bench.recorder.start()
    bench.recorder.stop()
    assert os.listdir(str(bench.storage.folder)) == []


@pytest.mark.parametrize(
    "options, lengths",
    [
        ({"segment_minutes": 1 / 60}, [10, 10, 10, 10, 10]),
        ({"segment_minutes": 1.45 / 60}, [15, 15, 15, 5]),
        ({"segment_minutes": 0}, [50]),
        ({"segment_minutes": 0, "segment_mb": 0.015}, None),
        ({"segment_minutes": 0, "segment_mb": 1e-6}, [1] * 50),
    ],
)
def test_a_segment_follows_the_other_and_no_frame_is_lost(tmp_path, options, lengths):
    bench = Bench(tmp_path, **options)
    bench.recorder.start()
    bench.feed(range(50))
    assert bench.recorder.status().seconds == pytest.approx(5.0)
    bench.recorder.stop()
    played = bench.played()
    assert [number for numbers in played for number in numbers] == list(range(50))
    if lengths:
        assert [len(numbers) for numbers in played] == lengths
    else:
        sizes = [recording.bytes for recording in bench.storage.list()][1:]
        assert len(sizes) > 1 and all(15000 <= size < 20000 for size in sizes)


def test_the_segments_of_a_slow_detector_are_as_long_as_the_time_they_show(tmp_path):
    bench = Bench(tmp_path, segment_minutes=1 / 60)
    bench.recorder.start()
    bench.feed(range(13), fps=4.0)  # 3.25 s
    bench.recorder.stop()
    assert bench.played() == [
        [0, 0, 0, 1, 1, 2, 2, 2, 3, 3],
        [4, 4, 4, 5, 5, 6, 6, 6, 7, 7],
        [8, 8, 8, 9, 9, 10, 10, 10, 11, 11],
        [12],
    ]


def test_a_faster_camera_is_left_out_where_the_movie_has_no_place(bench):
    bench.recorder.start()
    bench.feed(range(40), fps=20.0)
    bench.recorder.stop()
    (numbers,) = bench.played()
    assert len(numbers) in (20, 21) and numbers == sorted(set(numbers))


def test_another_size_and_a_long_silence_begin_a_new_segment(bench):
    bench.recorder.start()
    bench.feed(range(5))
    bench.feed(range(5, 8), size=(80, 60))
    bench.feed(range(120 + 8, 120 + 10), size=(80, 60))
    bench.recorder.stop()
    played = bench.played()
    assert [len(numbers) for numbers in played] == [5, 3, 2]
    assert played[:2] == [list(range(5)), list(range(5, 8))]


def test_what_somebody_deletes_while_it_is_written_is_followed_by_a_new_segment(bench):
    bench.recorder.start()
    bench.feed(range(3))
    first = bench.recorder.status().name
    (bench.storage.folder / first).unlink()
    bench.feed(range(3, 6))
    second = bench.recorder.status().name
    bench.recorder.stop()
    assert [recording.name for recording in bench.storage.list()] == [second]
    assert bench.played() == [[3, 4, 5]]


def test_a_segment_that_cannot_be_read_just_now_is_not_deleted(bench, monkeypatch):
    def refuse(path):
        raise OSError(24, "Too many open files")

    bench.recorder.start()
    bench.feed(range(3))
    monkeypatch.setattr("appliance.recording.playing_time._read_seconds", refuse)
    bench.recorder.stop()
    assert len(list(bench.storage.folder.glob("*.avi"))) == 1


def test_two_streams_are_recorded_at_once(tmp_path):
    benches = [Bench(tmp_path, stream, segment_minutes=0.5 / 60) for stream in ("front", "back")]
    for bench in benches:
        bench.storage = benches[0].storage
        bench.recorder._storage = bench.storage
        bench.recorder.start()
    threads = [threading.Thread(target=bench.feed, args=(range(30),)) for bench in benches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for bench in benches:
        bench.recorder.stop()
    for stream in ("front", "back"):
        recordings = [one for one in reversed(benches[0].storage.list()) if one.stream == stream]
        assert len(recordings) == 6
        assert [number for one in recordings for number in play(tmp_path / one.name)] == list(range(30))


def test_recording_pauses_before_the_disk_is_full_and_goes_on_when_there_is_room(bench, caplog):
    caplog.set_level("INFO")
    recorder = bench.recorder
    recorder.start()
    bench.feed(range(10))
    bench.free = GIGABYTE // 2
    bench.feed(range(10, 25))  # within a second it is noticed
    assert recorder.wanted and recorder.status() is None
    assert "Only 0.5 GB are free" in recorder.problem and "Free some space" in recorder.problem
    bench.free = 100 * GIGABYTE
    retry = round(RETRY_SECONDS * FPS)
    bench.feed(range(25, retry + 10, 10))
    assert recorder.problem and recorder.status() is None  # it is not tried again so soon
    bench.feed(range(retry + 25, retry + 30))
    assert recorder.problem is None and recorder.status().seconds >= 1.5
    recorder.stop()
    first, second = bench.played()
    assert first == list(range(len(first))) and 10 <= len(first) <= 20 and len(second) == 5
    said = [record.getMessage() for record in caplog.records if record.name == segments.__name__]
    assert len(said) == 2 and "pauses; detection goes on" in said[0] and "goes on" in said[1]


def test_what_cannot_be_started_says_so_at_once_and_starts_when_it_can(bench):
    bench.free = 0
    bench.recorder.start()
    assert "Only 0.0 GB are free" in bench.recorder.problem
    assert bench.recorder.wanted and bench.recorder.status() is None
    bench.feed(range(5))
    assert bench.played() == []
    bench.free = 100 * GIGABYTE
    bench.feed(range(300, 305))
    bench.recorder.stop()
    assert [len(numbers) for numbers in bench.played()] == [5] and bench.recorder.problem is None


@pytest.mark.parametrize("number, words", [(errno.ENOSPC, "no space left"), (errno.EIO, "Input/output error")])
def test_a_disk_that_fails_pauses_the_recording_and_keeps_what_is_there(bench, monkeypatch, caplog, number, words):
    write, is_broken = AviWriter.write, []

    def fail(self, jpeg):
        if is_broken:
            raise OSError(number, os.strerror(number))
        write(self, jpeg)

    monkeypatch.setattr(AviWriter, "write", fail)
    bench.recorder.start()
    bench.feed(range(10))
    is_broken.append(True)
    bench.feed(range(10, 20))
    assert "main_2026" in bench.recorder.problem and words in bench.recorder.problem
    assert "The 1.0 seconds recorded before it are kept and can be played." in bench.recorder.problem
    bench.feed(range(400, 405))  # tried again, in vain; it leaves no empty file
    assert words in bench.recorder.problem
    is_broken.clear()
    bench.feed(range(800, 805))
    assert bench.recorder.problem is None
    bench.recorder.stop()
    assert [len(numbers) for numbers in bench.played()] == [10, 5]
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 1


def test_a_folder_that_goes_away_pauses_the_recording(bench):
    bench.recorder.start()
    bench.storage.folder.rename(bench.storage.folder.with_name("elsewhere"))
    bench.storage._disk_usage = os.statvfs
    bench.feed(range(3))
    assert "no such directory" in bench.recorder.problem


def test_a_segment_that_cannot_be_finished_is_said(bench, monkeypatch):
    bench.recorder.start()
    bench.feed(range(5))
    close = AviWriter.close

    def fail(self):
        close(self)
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(AviWriter, "close", fail)
    bench.recorder.stop()
    assert "Input/output error" in bench.recorder.problem
    assert bench.played() == [list(range(5))]


def test_the_finishing_of_a_segment_holds_up_neither_the_next_nor_whoever_asks(tmp_path, monkeypatch):
    may_close, close = threading.Event(), AviWriter.close

    def wait(self):
        may_close.wait()
        close(self)

    monkeypatch.setattr(AviWriter, "close", wait)
    bench = Bench(tmp_path, segment_minutes=1 / 60)
    bench.recorder.start()
    bench.feed(range(25))
    assert bench.recorder.status().seconds == pytest.approx(2.5)
    assert [one.recording for one in bench.storage.list()] == [True, True, True]
    stopping = threading.Thread(target=bench.recorder.stop)
    stopping.start()
    may_close.set()
    stopping.join()
    assert [number for numbers in bench.played() for number in numbers] == list(range(25))
    assert [one.recording for one in bench.storage.list()] == [False, False, False]


def test_mp4_without_an_encoder_says_what_to_install(tmp_path, monkeypatch):
    def find_none():
        raise OutputError("MP4 needs an H.264 encoder")

    monkeypatch.setattr(segments, "find_encoder", find_none)
    bench = Bench(tmp_path, format="mp4")
    bench.recorder.start()
    assert bench.recorder.problem == "MP4 needs an H.264 encoder"
    bench.feed(range(0, 700, 100))
    bench.recorder.stop()
    assert os.listdir(str(tmp_path)) == []


def test_where_the_encoder_fails_auto_goes_on_as_avi(tmp_path, monkeypatch):
    def fail(*arguments):
        raise EncoderError("the encoder hangs.")

    monkeypatch.setattr(segments, "resolve_format", lambda wanted: "mp4" if wanted == "auto" else wanted)
    monkeypatch.setattr(segments, "Mp4Movie", fail)
    monkeypatch.setattr(segments, "find_encoder", object)
    bench = Bench(tmp_path, format="auto")
    bench.recorder.start()
    bench.feed(range(5))
    assert bench.recorder.problem == "the encoder hangs." and bench.played() == []
    bench.feed(range(int(RETRY_SECONDS * FPS) + 5, int(RETRY_SECONDS * FPS) + 10))
    bench.recorder.stop()
    (recording,) = bench.storage.list()
    assert bench.recorder.problem is None and recording.format == "avi"
