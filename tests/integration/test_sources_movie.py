"""Movies: real files, whole, cut off and wrong."""

import os
import shutil
import subprocess

import cv2
import numpy as np
import pytest

from appliance.core.errors import SourceError
from appliance.sources.open import open_movie

pytestmark = pytest.mark.boards


def read_all(source):
    with source:
        return list(iter(source.read, None))


def make_movie(path, frames=100, fps=20.0, codec="MJPG"):
    """Frame n holds n in bars of black and white, one for each bit."""
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, int.from_bytes(codec.encode(), "little"), fps, (64, 48))
    assert writer.isOpened()
    for number in range(frames):
        bits = [255 * (number >> bit & 1) for bit in range(8)]
        writer.write(np.repeat(np.repeat(np.array(bits, np.uint8), 8)[None, :, None], 48, axis=0).repeat(3, axis=2))
    writer.release()
    return path


def read_bars(image):
    return sum(int(image[:, 8 * bit : 8 * bit + 8].mean() > 128) << bit for bit in range(8))


def cut(path):
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def test_every_frame_of_the_street_clip_comes_in_order(samples, caplog):
    source = open_movie(str(samples / "bikes.mp4"))
    assert (source.fps, source.frame_count, source.is_live) == (25.0, 250, False)
    frames = read_all(source)
    assert [frame.index for frame in frames] == list(range(250))
    assert [frame.time for frame in frames] == pytest.approx([number / 25 for number in range(250)], abs=1e-3)
    assert {frame.image.shape for frame in frames} == {(272, 640, 3)}
    assert all(frame.captured_at >= frame.capture_seconds > 0 for frame in frames)
    assert not caplog.records


@pytest.mark.parametrize("name", ["café.avi".encode(), "café.avi".encode("latin-1")])
def test_a_movie_may_have_any_name(tmp_path, name):
    path = os.path.join(os.fsencode(str(tmp_path)), name)
    os.rename(str(make_movie(tmp_path / "a.avi", frames=5)), path)
    frames = read_all(open_movie(os.fsdecode(path)))
    assert [read_bars(frame.image) for frame in frames] == list(range(5))
    assert os.fsencode(frames[0].source) == path


@pytest.mark.parametrize("name, codec", [("a.avi", "MJPG"), ("a.mkv", "MJPG"), ("a.mp4", "mp4v")])
def test_every_container_gives_what_was_written(tmp_path, caplog, name, codec):
    source = open_movie(str(make_movie(tmp_path / name, codec=codec)))
    frames = read_all(source)
    assert len(frames) == 100 and source.frame_count == 100 and source.fps == 20.0
    assert [read_bars(frame.image) for frame in frames] == list(range(100))
    for number, frame in enumerate(frames):
        assert frame.time == pytest.approx(number / 20, abs=2e-3)
        assert frame.source == str(tmp_path / name)
    assert not caplog.records


@pytest.mark.parametrize("name", ["a.avi", "a.mkv"])
def test_a_movie_that_was_cut_off_is_played_as_far_as_it_goes(tmp_path, caplog, name):
    path = make_movie(tmp_path / name)
    cut(path)
    frames = read_all(open_movie(str(path)))
    assert 30 < len(frames) < 70
    assert [read_bars(frame.image) for frame in frames] == list(range(len(frames)))
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert record.getMessage().startswith(f"{path} is cut off or damaged: it ends after frame {len(frames) - 1} (")
    assert "declares 100 frames (5.0 s)" in record.getMessage()


def test_a_rate_that_varies_is_not_taken_for_a_cut(samples, tmp_path, caplog):
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed: apt-get install ffmpeg")
    path = tmp_path / "varies.mkv"
    subprocess.run(
        [
            "ffmpeg",
            "-loglevel",
            "error",
            "-i",
            str(samples / "bikes.mp4"),
            "-vf",
            "select='not(between(n,50,150))'",
            "-vsync",
            "vfr",
            str(path),
        ],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    source = open_movie(str(path))
    frames = read_all(source)
    assert len(frames) == 149 < source.frame_count
    assert frames[50].time - frames[49].time == pytest.approx(102 / 25, abs=2e-3)
    assert not caplog.records


@pytest.mark.parametrize(
    "name, content, complaint",
    [
        ("missing.mp4", None, "missing.mp4 does not exist; mp4, avi and mkv files are accepted"),
        ("empty.mp4", b"", "empty.mp4 is empty; mp4, avi and mkv files are accepted"),
        ("text.avi", b"hello\n" * 1000, "text.avi is no movie"),
        ("text.txt", b"hello\n" * 1000, "text.txt is no movie"),
        ("noise.mkv", bytes(range(7, 256)) * 500, "noise.mkv is no movie"),
        (".", None, "is a folder; mp4, avi and mkv files are accepted; `image` reads folders of pictures"),
    ],
)
def test_what_is_no_movie_is_named(tmp_path, name, content, complaint):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError) as caught:
        open_movie(str(tmp_path) + "/" + name)
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    "path, complaint",
    [
        ("/dev/zero", "/dev/zero cannot be read: it is a device, no file; mp4, avi and mkv files are accepted"),
        ("pipe.mp4", "pipe.mp4 cannot be read: it is a pipe, no file"),
    ],
)
def test_a_device_or_a_pipe_is_no_movie(tmp_path, path, complaint):
    os.mkfifo(str(tmp_path / "pipe.mp4"))
    with pytest.raises(SourceError) as caught:
        open_movie(str(tmp_path / path))
    assert complaint in str(caught.value)


def test_a_movie_without_its_index_says_what_happened(samples, tmp_path):
    shutil.copy(str(samples / "bikes.mp4"), str(tmp_path / "a.mp4"))
    cut(tmp_path / "a.mp4")
    with pytest.raises(SourceError, match="cut off while it was recorded"):
        open_movie(str(tmp_path / "a.mp4"))


def test_nothing_is_read_after_closing(tmp_path):
    source = open_movie(str(make_movie(tmp_path / "a.avi")))
    assert source.read() is not None
    source.close()
    source.close()
    assert source.read() is None
