"""Pictures from files and folders."""

import os
import shutil
import socket
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from appliance.core.errors import SourceError
from appliance.sources.open import open_images
from tests.command import ROOT

COLOUR = (10, 120, 250)


def write(path, image=None):
    path = Path(str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    if image is None:
        image = np.full((20, 30, 3), COLOUR, np.uint8)
    extension = ".jpg" if path.suffix.lower() in (".jpg", ".jpeg") else ".png"
    ready, data = cv2.imencode(extension, image)
    assert ready
    path.write_bytes(data.tobytes())
    return path


def read_all(source):
    with source:
        return list(iter(source.read, None))


def test_a_folder_is_read_with_its_subfolders_as_people_count(tmp_path, monkeypatch):
    monkeypatch.chdir(str(tmp_path))
    for name in ("10.jpg", "2.JPG", "b.Jpeg", "sub/1.png", "sub/deep/x10.png", "sub/deep/X9.PNG", "notes.txt", "a.gif"):
        if name.endswith((".txt", ".gif")):
            Path("images", name).write_text("no picture")
        else:
            write(Path("images") / name)
    source = open_images("images")
    frames = read_all(source)
    assert [frame.source for frame in frames] == [
        "images/2.JPG",
        "images/10.jpg",
        "images/b.Jpeg",
        "images/sub/1.png",
        "images/sub/deep/X9.PNG",
        "images/sub/deep/x10.png",
    ]
    assert [frame.index for frame in frames] == list(range(6))
    assert (source.frame_count, source.skipped, source.is_live, source.fps) == (6, 0, False, None)
    assert {frame.time for frame in frames} == {0.0}
    assert all(frame.capture_seconds >= 0 and frame.image.shape == (20, 30, 3) for frame in frames)


@pytest.mark.parametrize(
    "given, left_out, found",
    [
        (".", "./output_image", ["./a.jpg", "./deep/output_image/c.jpg"]),
        (".", "deep/output_image", ["./a.jpg", "./output_image/b.jpg"]),
        ("deep", "./deep/../deep/output_image", None),
        ("output_image", "output_image", ["output_image/b.jpg"]),  # asked for by name
        ("output_image/b.jpg", "output_image", ["output_image/b.jpg"]),
        (".", "./other", ["./a.jpg", "./deep/output_image/c.jpg", "./output_image/b.jpg"]),
    ],
)
def test_what_a_run_wrote_itself_is_no_input(tmp_path, monkeypatch, caplog, given, left_out, found):
    monkeypatch.chdir(str(tmp_path))
    caplog.set_level("INFO")
    for name in ("a.jpg", "output_image/b.jpg", "deep/output_image/c.jpg"):
        write(Path(name))
    if found is None:
        with pytest.raises(SourceError, match="deep holds no picture"):
            open_images(given, left_out)
    else:
        assert [frame.source for frame in read_all(open_images(given, left_out))] == found
    assert ("is left out" in caplog.text) == (found is None or len(found) == 2)


def test_an_address_is_no_picture_and_shown_without_its_password():
    with pytest.raises(SourceError) as caught:
        open_images("rtsp://bob:hunter2@camera/x")
    assert str(caught.value) == "rtsp://***@camera/x is an address, no picture; `stream` reads addresses"


def test_a_single_picture_keeps_the_path_as_it_was_given(tmp_path, monkeypatch):
    monkeypatch.chdir(str(tmp_path))
    write(Path("sub/a.jpg"))
    assert [frame.source for frame in read_all(open_images("./sub/a.jpg"))] == ["./sub/a.jpg"]


@pytest.mark.parametrize(
    "image, expected",
    [
        (np.full((5, 7), 200, np.uint8), (200, 200, 200)),
        (np.full((5, 7), 200 * 257, np.uint16), (200, 200, 200)),
        (np.full((5, 7, 3), np.array(COLOUR) * 257, np.uint16), COLOUR),
        (np.full((5, 7, 4), COLOUR + (128,), np.uint8), COLOUR),
    ],
    ids=["grey", "grey of 16 bits", "colour of 16 bits", "transparent"],
)
def test_every_png_becomes_bgr_of_8_bits(tmp_path, image, expected):
    (frame,) = read_all(open_images(str(write(tmp_path / "a.png", image))))
    assert frame.image.dtype == np.uint8 and frame.image.shape == (5, 7, 3)
    assert (frame.image == expected).all()


def test_a_png_with_a_bad_colour_profile_makes_no_noise(tmp_path, capfd):
    # As Photoshop and many web pages have them; libpng of old complains of each on standard error.
    image = np.random.RandomState(3).randint(0, 256, (20, 30, 3)).astype(np.uint8)
    data = cv2.imencode(".png", image)[1].tobytes()
    body = b"iCCP" + b"Photoshop ICC profile\0\0" + zlib.compress(b"no profile")
    chunk = (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
    (tmp_path / "a.png").write_bytes(data[:33] + chunk + data[33:])
    (frame,) = read_all(open_images(str(tmp_path / "a.png")))
    assert (frame.image == image).all()
    assert capfd.readouterr().err == ""


def halve(path):
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def forbid(path):
    path.unlink()
    os.symlink("/nowhere/at/all", str(path))


@pytest.mark.parametrize(
    "name, damage, complaint",
    [
        ("b.jpg", lambda path: path.write_bytes(b""), "b.jpg is empty"),
        ("b.png", lambda path: path.write_bytes(b""), "b.png is empty"),
        ("b.png", lambda path: path.write_text("hello"), "b.png is damaged or no picture"),
        ("b.jpg", halve, "b.jpg is damaged or no picture"),
        ("b.png", halve, "b.png is damaged or no picture"),
        ("b.jpg", forbid, "b.jpg cannot be read: No such file or directory"),
    ],
    ids=["empty jpg", "empty png", "text", "half a jpg", "half a png", "unreadable"],
)
def test_a_bad_picture_is_named_left_out_and_counted(tmp_path, samples, caplog, name, damage, complaint):
    shutil.copy(str(samples / "bus.jpg"), str(tmp_path / "a.jpg"))
    shutil.copy(str(samples / ("bus.jpg" if name.endswith("jpg") else "coffee.png")), str(tmp_path / name))
    shutil.copy(str(samples / "chelsea.png"), str(tmp_path / "c.png"))
    damage(tmp_path / name)
    source = open_images(str(tmp_path))
    frames = read_all(source)
    assert [os.path.basename(frame.source) for frame in frames] == ["a.jpg", "c.png"]
    assert [frame.index for frame in frames] == [0, 1]
    assert source.skipped == 1
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert complaint in caplog.text


def test_only_regular_files_are_opened(tmp_path, caplog):
    """A pipe would be waited for; a device does something when it is opened."""
    os.mkfifo(str(tmp_path / "a.jpg"))
    os.symlink("/dev/zero", str(tmp_path / "b.jpg"))
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "c.png"))
    (tmp_path / "d.jpg").mkdir()
    write(tmp_path / "e.jpg")
    source = open_images(str(tmp_path))
    assert [os.path.basename(frame.source) for frame in read_all(source)] == ["e.jpg"]
    assert source.skipped == 3
    assert "a.jpg cannot be read: it is a pipe, no file; left out" in caplog.text
    assert "b.jpg cannot be read: it is a device, no file; left out" in caplog.text
    assert "c.png cannot be read: it is a socket, no file; left out" in caplog.text
    server.close()
    with pytest.raises(SourceError, match="a.jpg is neither a file nor a folder"):
        open_images(str(tmp_path / "a.jpg"))


def test_a_picture_of_any_size_is_not_read_into_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("appliance.sources.images.MOST_BYTES", 2 * 10**6)
    with open(str(tmp_path / "a.jpg"), "wb") as file:
        file.truncate(10**9)  # a hole: it takes no room
    with pytest.raises(SourceError, match="a.jpg is larger than 2 MB"):
        read_all(open_images(str(tmp_path / "a.jpg")))


def test_a_jpeg_with_a_thumbnail_and_something_behind_it_is_whole(tmp_path):
    picture = write(tmp_path / "a.jpg").read_bytes()
    thumbnail = b"Exif\0\0" + picture
    segment = b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail
    whole = picture[:2] + segment + picture[2:]
    (tmp_path / "a.jpg").write_bytes(whole + b"\xff\xd8 a second picture")
    assert len(read_all(open_images(str(tmp_path / "a.jpg")))) == 1
    (tmp_path / "a.jpg").write_bytes(whole[:-40])
    with pytest.raises(SourceError, match="is damaged"):
        read_all(open_images(str(tmp_path / "a.jpg")))


@pytest.mark.parametrize(
    "name, complaint",
    [
        ("missing", "missing does not exist; jpg, jpeg and png files are accepted"),
        ("missing.jpg", "missing.jpg does not exist; jpg, jpeg and png files are accepted"),
        ("empty", "empty holds no picture; jpg, jpeg and png files are accepted"),
        ("a.gif", "a.gif is no picture that can be read; jpg, jpeg and png files are accepted"),
        ("bad.jpg", "bad.jpg is damaged or no picture; jpg, jpeg and png files are accepted"),
        ("one", "one/bad.jpg is damaged or no picture; jpg, jpeg and png files are accepted"),
        ("two", "two: none of its 2 pictures can be read"),
    ],
)
def test_nothing_to_read_is_an_error_that_says_what_is_accepted(tmp_path, name, complaint):
    for folder in ("empty/sub", "one", "two"):
        (tmp_path / folder).mkdir(parents=True)
    for bad in ("a.gif", "bad.jpg", "one/bad.jpg", "two/bad.jpg", "two/bad2.jpg"):
        (tmp_path / bad).write_text("no picture")
    with pytest.raises(SourceError) as caught:
        read_all(open_images(str(tmp_path / name)))
    assert complaint in str(caught.value)


def test_nothing_is_read_after_closing(tmp_path):
    write(tmp_path / "a.jpg")
    write(tmp_path / "b.jpg")
    source = open_images(str(tmp_path))
    assert source.read() is not None
    source.close()
    source.close()
    assert source.read() is None


def test_a_small_file_that_would_unpack_to_gigabytes_is_refused(tmp_path):
    """In a process of its own: OpenCV reads its limit when it is first imported."""
    size = (20000).to_bytes(4, "big")
    picture = zlib.compress(bytes(20000 * 2501))  # one bit a pixel, and a byte a row
    chunks = ((b"IHDR", size + size + b"\1\0\0\0\0"), (b"IDAT", picture), (b"IEND", b""))
    (tmp_path / "bomb.png").write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")
            for kind, body in chunks
        )
    )
    words = "import sys; from appliance.sources.images import read_picture; read_picture(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", words, str(tmp_path / "bomb.png")],
        cwd=str(ROOT),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=60,
    )
    assert b"bomb.png has more than 200 megapixels" in done.stderr
