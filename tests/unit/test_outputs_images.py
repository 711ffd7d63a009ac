"""Annotated pictures on disk."""

import dataclasses
import os

import cv2
import numpy as np
import pytest

from appliance.core.errors import OutputError
from appliance.core.frame import Detections, Frame, Result, Statistics, Timings
from appliance.drawing.overlay import Overlay
from appliance.outputs.images import ImageWriter, output_path

NOTHING = Statistics(0.0, 0, 0.0, None, 0.0, 0, 0, 0)
OVERLAY = Overlay(False, lambda: NOTHING)


def make_result(source, size=(64, 48), image=None):
    if image is None:
        image = np.random.RandomState(1).randint(0, 255, (size[1], size[0], 3)).astype(np.uint8)
    frame = Frame(image, 0, str(source), 0.0, 0.0, 0.0)
    return Result(frame, Detections.empty(), Timings(0, 0, 0, 0, 0, 0), {})


@pytest.mark.parametrize(
    "source, path",
    [
        ("pics/a.jpg", "out/pics/a.jpg"),
        ("./pics/day 1/a.jpg", "out/pics/day 1/a.jpg"),
        ("/data/pics/a.jpg", "out/data/pics/a.jpg"),
        ("//data//a.jpg", "out/data/a.jpg"),
        ("../pics/a.jpg", "out/pics/a.jpg"),
        ("../../../etc/a.jpg", "out/etc/a.jpg"),
        ("pics/../other/a.jpg", "out/other/a.jpg"),
        ("/../../a.jpg", "out/a.jpg"),
        ("a.jpg", "out/a.jpg"),
        ("..a/.b.jpg", "out/..a/.b.jpg"),
    ],
)
def test_an_output_has_the_inputs_path_and_stays_in_its_directory(source, path):
    assert output_path("out", source) == path


@pytest.mark.parametrize(
    "name, start",
    [
        ("a.jpg", b"\xff\xd8"),
        ("a.jpeg", b"\xff\xd8"),
        ("a.JPG", b"\xff\xd8"),
        ("a.png", b"\x89PNG"),
        ("a.PnG", b"\x89PNG"),
    ],
)
def test_an_output_has_the_inputs_format_and_size(tmp_path, name, start):
    writer = ImageWriter(str(tmp_path / "out"), OVERLAY)
    result = make_result("pics/" + name, size=(97, 31))
    writer.write(result)
    writer.close()
    path = tmp_path / "out" / "pics" / name
    assert path.read_bytes().startswith(start)
    image = cv2.imread(str(path))
    assert image.shape == (31, 97, 3)
    if name.lower().endswith("png"):
        assert (image == result.frame.image).all()
    assert writer.written == 1
    assert os.listdir(str(tmp_path / "out" / "pics")) == [name]


def test_what_was_found_is_drawn(tmp_path):
    image = np.zeros((120, 160, 3), np.uint8)
    found = Detections(np.array([[40, 40, 90, 90]], np.float32), np.ones(1, np.float32), np.ones(1, np.int32))
    ImageWriter(str(tmp_path), OVERLAY).write(dataclasses.replace(make_result("a.png", image=image), detections=found))
    assert cv2.imread(str(tmp_path / "a.png"))[90, 40:90].any(axis=1).all()


def test_the_output_of_an_earlier_run_is_replaced(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"old" * 100000)
    ImageWriter(str(tmp_path), OVERLAY).write(make_result("a.png"))
    assert cv2.imread(str(path)).shape == (48, 64, 3)


def test_an_output_never_replaces_its_input(tmp_path):
    path = tmp_path / "data" / "a.png"
    path.parent.mkdir()
    cv2.imwrite(str(path), make_result(path).frame.image)
    before = path.read_bytes()
    with pytest.raises(OutputError, match=r"a.png: the output would replace its own input"):
        ImageWriter("/", OVERLAY).write(make_result(path))
    assert path.read_bytes() == before


def test_a_place_that_is_no_directory_is_named_at_once(tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OutputError, match=r"/out: .*Choose another place"):
        ImageWriter(str(tmp_path / "out"), OVERLAY)


def test_a_picture_that_cannot_be_written_is_named_and_leaves_nothing_behind(tmp_path):
    writer = ImageWriter(str(tmp_path), OVERLAY)
    writer.write(make_result("b.png"))
    (tmp_path / "a.png").mkdir()
    with pytest.raises(OutputError, match=r"a.png: Is a directory. Pictures written before it: 1."):
        writer.write(make_result("a.png"))
    assert sorted(os.listdir(str(tmp_path))) == ["a.png", "b.png"]


def test_another_format_is_refused(tmp_path):
    with pytest.raises(OutputError, match=r"a.bmp: pictures are written as jpg, jpeg or png only"):
        ImageWriter(str(tmp_path), OVERLAY).write(make_result("a.bmp"))
