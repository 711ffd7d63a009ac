"""The recorded movie: which pictures are in it, and in which file."""

import errno
import os
import re
import struct

import cv2
import numpy as np
import pytest

from appliance.core.errors import OutputError
from appliance.core.frame import Detections, Frame, Result, Statistics, Timings
from appliance.drawing.overlay import Overlay
from appliance.recording import flusher
from appliance.recording.avi import MAX_PARTS, AviWriter
from appliance.recording.recorder import MovieRecorder, movie_path
from tests.waiting import wait_until

NOTHING = Statistics(0.0, 0, 0.0, None, 0.0, 0, 0, 0)
OVERLAY = Overlay(False, lambda: NOTHING)
STEP = 10  # the brightness of frame n is n * STEP, so that a movie tells which frames are in it


def make_result(index, size=(64, 48), captured_at=0.0):
    image = np.full((size[1], size[0], 3), index * STEP, np.uint8)
    frame = Frame(image, index, "camera", 0.0, captured_at, 0.0)
    return Result(frame, Detections.empty(), Timings(0, 0, 0, 0, 0, 0), {})


def play(path):
    """The frames' numbers, and the movie's fps, width, height and count."""
    movie = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    facts = [movie.get(key) for key in (cv2.CAP_PROP_FPS, cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)]
    count = int(movie.get(cv2.CAP_PROP_FRAME_COUNT))
    numbers = []
    while True:
        is_read, image = movie.read()
        if not is_read:
            movie.release()
            return numbers, facts, count
        numbers.append(round(float(image.mean()) / STEP))


def jpeg(index, size=(64, 48)):
    return cv2.imencode(".jpg", make_result(index, size).frame.image)[1].tobytes()


def test_a_movie_is_named_by_the_time_it_starts():
    assert movie_path("./output_movie", 1700000000.9) == "./output_movie/output_1700000000.avi"


@pytest.mark.parametrize("fps", [25.0, 30000 / 1001.0, 12.5, 1.0, 0.5, 240.0])
def test_of_a_movie_every_frame_is_kept_at_its_rate_and_size(tmp_path, fps):
    path = tmp_path / "new" / "output_1.avi"
    recorder = MovieRecorder(str(path), lambda: fps, OVERLAY)
    for index in range(20):
        recorder.write(make_result(index, size=(322, 181)))
    recorder.close()
    recorder.close()
    numbers, facts, count = play(path)
    assert numbers == list(range(20)) and count == 20
    assert facts == [pytest.approx(fps, abs=1e-4), 322, 181]
    assert recorder.paths == [str(path)] and recorder.frames == 20


@pytest.mark.parametrize(
    "captured_at, numbers",
    [
        ([0.0, 0.1, 0.2, 0.3], [0, 1, 2, 3]),
        ([7.0, 7.12, 7.19, 7.31], [0, 1, 2, 3]),  # uneven, but within half a frame
        ([0.0, 0.2, 0.4], [0, 0, 1, 1, 2]),  # a slow detector: pictures stand longer
        ([0.0, 0.04, 0.08, 0.12, 0.16, 0.2], [0, 2, 4]),  # more frames than the movie has
        ([0.0, 0.1, 0.6, 0.7], [0, 1, 1, 1, 1, 1, 2, 3]),  # the camera was away for a moment
    ],
)
def test_a_live_recording_runs_in_real_time(tmp_path, captured_at, numbers):
    recorder = MovieRecorder(str(tmp_path / "a.avi"), lambda: 10.0, OVERLAY, is_live=True)
    for index, seconds in enumerate(captured_at):
        recorder.write(make_result(index, captured_at=1000.0 + seconds))
    recorder.close()
    assert play(tmp_path / "a.avi")[0] == numbers
    assert recorder.frames == len(numbers)


def test_an_hour_without_a_camera_is_not_recorded(tmp_path):
    recorder = MovieRecorder(str(tmp_path / "a.avi"), lambda: 10.0, OVERLAY, is_live=True)
    for index, seconds in enumerate([0.0, 0.1, 9.9, 3600.0, 3600.1, 3600.3]):
        recorder.write(make_result(index, captured_at=seconds))
    recorder.close()
    assert recorder.paths == [str(tmp_path / "a.avi"), str(tmp_path / "a_2.avi")]
    assert play(recorder.paths[0])[0] == [0] + [1] * 98 + [2]
    assert play(recorder.paths[1])[0] == [3, 4, 4, 5]


@pytest.mark.parametrize("is_live", [True, False])
def test_frames_of_another_size_go_into_another_file(tmp_path, is_live):
    recorder = MovieRecorder(str(tmp_path / "a.avi"), lambda: 10.0, OVERLAY, is_live)
    sizes = [(64, 48), (64, 48), (80, 60), (80, 60), (64, 48)]
    for index, size in enumerate(sizes):
        recorder.write(make_result(index, size=size, captured_at=index / 10.0))
    recorder.close()
    assert [os.path.basename(path) for path in recorder.paths] == ["a.avi", "a_2.avi", "a_3.avi"]
    played = [play(path) for path in recorder.paths]
    assert [numbers for numbers, _, _ in played] == [[0, 1], [2, 3], [4]]
    assert [facts[1:] for _, facts, _ in played] == [[64, 48], [80, 60], [64, 48]]


def test_a_file_that_is_there_is_kept(tmp_path):
    (tmp_path / "a.avi").write_text("precious")
    (tmp_path / "a_2.avi").write_text("too")
    recorder = MovieRecorder(str(tmp_path / "a.avi"), lambda: 10.0, OVERLAY)
    recorder.write(make_result(0))
    recorder.close()
    assert recorder.paths == [str(tmp_path / "a_3.avi")]
    assert (tmp_path / "a.avi").read_text() + (tmp_path / "a_2.avi").read_text() == "precioustoo"


def test_without_a_frame_there_is_no_file(tmp_path):
    recorder = MovieRecorder(str(tmp_path / "a.avi"), lambda: 10.0, OVERLAY)
    recorder.close()
    assert recorder.paths == [] and os.listdir(str(tmp_path)) == []


def test_a_place_that_cannot_be_written_to_is_named_at_once(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"/file/movies: .*Choose another place"):
        MovieRecorder(str(tmp_path / "file" / "movies" / "a.avi"), lambda: 10.0, OVERLAY)


@pytest.mark.parametrize("is_closed", [True, False], ids=["closed", "as a killed process leaves it"])
@pytest.mark.parametrize("part_bytes", [1 << 30, 3000], ids=["one part", "many parts"])
def test_a_file_plays_and_seeks_at_every_moment_and_beyond_its_first_part(tmp_path, part_bytes, is_closed):
    path = tmp_path / "a.avi"
    writer = AviWriter(str(path), 64, 48, 25.0, part_bytes)
    for index in range(25):
        writer.write(jpeg(index))
    if is_closed:
        writer.close()
    assert (path.read_bytes().count(b"AVIX") > 3) == (part_bytes == 3000)
    assert play(path)[0] == list(range(25)) and play(path)[2] == 25
    movie = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    for index in (20, 3, 24):
        movie.set(cv2.CAP_PROP_POS_FRAMES, index)
        is_read, image = movie.read()
        assert is_read and round(float(image.mean()) / STEP) == index
    movie.release()
    writer.close()


def test_a_file_says_when_a_new_one_is_due(tmp_path):
    writer = AviWriter(str(tmp_path / "a.avi"), 64, 48, 25.0, part_bytes=1)  # a part for every picture
    picture, count = jpeg(3), 0
    while not writer.is_full:
        writer.write(picture)
        count += 1
    writer.close()
    assert count == MAX_PARTS
    assert play(tmp_path / "a.avi")[0] == [3] * MAX_PARTS


class Disk:
    """Stands for the kernel's way to the disk: notes what a file holds when it is flushed. May fail."""

    def __init__(self, monkeypatch):
        self.states = []  # of the file, flush by flush
        self.directories = 0
        self.failure = None
        monkeypatch.setattr(flusher, "INTERVAL", 0.01)
        monkeypatch.setattr("os.fdatasync", self.flush)
        monkeypatch.setattr("os.fsync", self.flush)

    def flush(self, descriptor):
        path = os.readlink(f"/proc/self/fd/{descriptor}")
        if os.path.isdir(path):
            self.directories += 1
            return
        if self.failure:
            raise OSError(self.failure, os.strerror(self.failure))
        with open(path, "rb") as file:
            self.states.append(file.read())


@pytest.fixture
def disk(monkeypatch):
    return Disk(monkeypatch)


def test_a_recording_is_flushed_to_the_disk_again_and_again_and_at_its_end(tmp_path, disk):
    path = tmp_path / "a.avi"
    recorder = MovieRecorder(str(path), lambda: 10.0, OVERLAY)
    for index in range(6):
        recorder.write(make_result(index))
        wait_until(lambda: disk.states and disk.states[-1] == path.read_bytes())
    recorder.close()
    assert disk.directories == 1  # the file's name is on the disk too
    assert disk.states[-1] == path.read_bytes()
    # A power cut: some blocks, of the headers for example, are newer than the last flush.
    whole = [state for state in disk.states if len(state) < path.stat().st_size]
    flushed, later = whole[len(whole) // 2], whole[-1]
    (tmp_path / "cut.avi").write_bytes(later[:4096] + flushed[4096:])
    (tmp_path / "flushed.avi").write_bytes(flushed)
    numbers = play(tmp_path / "flushed.avi")[0]
    assert numbers and play(tmp_path / "cut.avi")[0] == numbers


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
@pytest.mark.parametrize("at_close", [False, True])
def test_a_disk_that_fails_when_it_is_flushed_is_named(tmp_path, disk, number, at_close):
    recorder = MovieRecorder(str(tmp_path / "a.avi"), lambda: 10.0, OVERLAY)
    recorder.write(make_result(0))
    disk.failure = number
    with pytest.raises(OutputError, match=r"a\.avi: .* Of the [0-9.]+ seconds recorded before it the last may be lost"):
        if not at_close:
            wait_until(lambda: recorder.write(make_result(1)))  # it raises
        recorder.close()
    recorder.close()


def test_a_file_system_that_cannot_flush_is_recorded_to_all_the_same(tmp_path, disk):
    disk.failure = errno.EINVAL
    recorder = MovieRecorder(str(tmp_path / "a.avi"), lambda: 10.0, OVERLAY)
    recorder.write(make_result(3))
    recorder.close()
    assert play(tmp_path / "a.avi")[0] == [3]


def test_a_disk_that_fails_ends_a_live_recording_and_nothing_else(tmp_path, disk, caplog):
    recorder = MovieRecorder(str(tmp_path / "a.avi"), lambda: 10.0, OVERLAY, is_live=True)
    disk.failure = errno.EIO

    def it_has_ended():
        recorder.write(make_result(1))
        return "The recording ends here" in caplog.text

    wait_until(it_has_ended)
    for _ in range(5):
        recorder.write(make_result(1))
    recorder.close()
    (message,) = [record.getMessage() for record in caplog.records]
    assert "a.avi: Input/output error." in message and message.endswith("The recording ends here; detection goes on")


def chunks(data, start, end):
    """The chunks between two places: kind, start and end of what is in them."""
    while start < end:
        kind, size = struct.unpack_from("<4sI", data, start)
        yield kind, start + 8, start + 8 + size
        start += 8 + size + size % 2
    assert start == end


def test_every_index_leads_to_every_picture(tmp_path):
    """FFmpeg finds its way without any of them; other players do not."""
    path = tmp_path / "a.avi"
    pictures = [jpeg(index) for index in range(20)]
    writer = AviWriter(str(path), 64, 48, 25.0, part_bytes=5000)
    for picture in pictures:
        writer.write(picture)
    writer.close()
    data = path.read_bytes()
    parts = list(chunks(data, 0, len(data)))
    assert len(parts) > 2 and all(kind == b"RIFF" for kind, _, _ in parts)

    stored, by_old_index, by_new_index = [], [], []
    for _, part_start, part_end in parts:
        for kind, start, end in chunks(data, part_start + 4, part_end):
            if data[start : start + 4] == b"movi":
                movi = start
                stored += [data[a:b] for name, a, b in chunks(data, start + 4, end) if name == b"00dc"]
            elif kind == b"idx1":
                for name, _, offset, size in struct.iter_unpack("<4s3I", data[start:end]):
                    assert name == b"00dc" == data[movi + offset : movi + offset + 4]
                    by_old_index.append(data[movi + offset + 8 : movi + offset + 8 + size])
    (indx,) = re.finditer(b"indx", data)
    (count,) = struct.unpack_from("<I", data, indx.end() + 8)
    for place, size, frames in struct.iter_unpack("<QII", data[indx.end() + 28 :][: 16 * count]):
        assert data[place : place + 4] == b"ix00" and size == 32 + 8 * frames
        (base,) = struct.unpack_from("<Q", data, place + 20)
        for offset, length in struct.iter_unpack("<II", data[place + 32 : place + size]):
            by_new_index.append(data[base + offset : base + offset + length])
    assert stored == by_new_index == pictures
    assert 0 < len(by_old_index) and by_old_index == pictures[: len(by_old_index)]  # of the first part alone
