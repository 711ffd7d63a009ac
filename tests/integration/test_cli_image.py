"""`image`: what is found in photos, where it is written, what is said."""

import os
import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.command import MODELS, STATISTICS, read_json_lines, run

pytestmark = pytest.mark.boards

# What the COCO model finds above 0.3: label, its id, score, and the box as (y_min, x_min, y_max, x_max), 0 to 1.
FOUND = {
    "bus.jpg": [
        ("person", 1, 0.992, (0.366, 0.058, 0.829, 0.283)),
        ("bus", 6, 0.886, (0.217, 0.011, 0.677, 0.993)),
        ("person", 1, 0.754, (0.364, 0.273, 0.794, 0.426)),
        ("person", 1, 0.356, (0.293, 0.853, 0.825, 0.999)),
    ],
    "people/astronaut.PNG": [("person", 1, 0.686, (0.016, 0.047, 0.959, 0.719))],
    "people/zidane.jpeg": [
        ("person", 1, 0.906, (0.056, 0.585, 0.991, 0.904)),
        ("person", 1, 0.796, (0.264, 0.092, 0.991, 0.862)),
    ],
    "things/coffee.png": [
        ("cup", 47, 0.961, (0.054, 0.289, 0.623, 0.687)),
        ("dining table", 67, 0.824, (0.007, 0.003, 0.990, 0.998)),
    ],
    "things/more/chelsea.png": [("cat", 17, 0.934, (0.010, 0.002, 0.992, 0.895))],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, samples, coco_model):
    """A folder of five good pictures, one that is broken, and a file that is none; the command ran over it."""
    here = tmp_path_factory.mktemp("image")
    for name in FOUND:
        (here / "pictures" / name).parent.mkdir(parents=True, exist_ok=True)
        stem = Path(name).stem
        shutil.copy(str(next(samples.glob(stem + ".*"))), str(here / "pictures" / name))
    (here / "pictures" / "broken.jpg").write_bytes((samples / "bus.jpg").read_bytes()[:20000])
    (here / "pictures" / "notes.txt").write_text("no picture\n")
    return here


@pytest.fixture(scope="module")
def ended(folder):
    return run(
        folder,
        "image",
        "pictures",
        "--det-th",
        "0.3",
        "--json",
        "found.jsonl",
        "--save-to-file",
        "--no-vis-text",
        *MODELS,
    )


@pytest.fixture(scope="module")
def lines(folder, ended):
    assert ended.code == 0, ended.err
    return read_json_lines((folder / "found.jsonl").read_text())


@pytest.mark.parametrize("name", list(FOUND))
def test_what_is_in_a_picture_is_found_where_it_is(folder, lines, name):
    line = next(line for line in lines if line["source"] == "pictures/" + name)
    height, width = cv2.imread(str(folder / "pictures" / name)).shape[:2]
    assert (line["width"], line["height"]) == (width, height)
    found = line["detections"]
    assert [(one["label"], one["class_id"]) for one in found] == [row[:2] for row in FOUND[name]]
    np.testing.assert_allclose([one["score"] for one in found], [row[2] for row in FOUND[name]], atol=0.01)
    boxes = np.array([row[3] for row in FOUND[name]])[:, [1, 0, 3, 2]] * [width, height, width, height]
    np.testing.assert_allclose([one["box"] for one in found], boxes, atol=0.01 * max(width, height))
    for x_min, y_min, x_max, y_max in [one["box"] for one in found]:
        assert 0 <= x_min < x_max <= width and 0 <= y_min < y_max <= height


def test_a_json_line_is_what_the_readme_promises(folder, lines):
    assert [line["source"] for line in lines] == ["pictures/" + name for name in FOUND]
    assert [line["frame"] for line in lines] == [0, 1, 2, 3, 4]
    text = (folder / "found.jsonl").read_text()
    assert text.startswith(
        '{"frame": 0, "source": "pictures/bus.jpg", "time": 0.0, "width": 810, "height": 1080, '
        '"detections": [{"class_id": 1, "label": "person", "score": 0.99'
    )
    for line in lines:
        assert list(line) == ["frame", "source", "time", "width", "height", "detections"]
        scores = [one["score"] for one in line["detections"]]
        assert scores == sorted(scores, reverse=True) and min(scores) >= 0.3
        assert all(list(one) == ["class_id", "label", "score", "box"] for one in line["detections"])


def test_a_broken_picture_is_named_left_out_and_counted(ended):
    warnings = [line for line in ended.err.splitlines() if line.startswith("warning: ")]
    assert len(warnings) == 1 and warnings[0].startswith("warning: pictures/broken.jpg is damaged or no picture; ")
    assert "skipped: 1 picture that could not be read\n" in ended.out


@pytest.mark.parametrize("name", list(FOUND))
def test_an_annotated_picture_has_the_inputs_path_size_and_format(folder, lines, name):
    written = folder / "output_image" / "pictures" / name
    magic = b"\x89PNG" if name.lower().endswith("png") else b"\xff\xd8\xff"
    assert written.read_bytes().startswith(magic)
    before, after = (cv2.imread(str(path)) for path in (folder / "pictures" / name, written))
    assert before.shape == after.shape
    changed = abs(before.astype(int) - after).max(axis=2) > 60
    # Most of it is as it was; the sides of the best box are drawn.
    assert 0.001 < changed.mean() < 0.15
    x_min, y_min, x_max, y_max = (int(round(side)) for side in lines[list(FOUND).index(name)]["detections"][0]["box"])
    middle = (y_min + y_max) // 2
    for side in (x_min, x_max):
        strip = changed[middle - 20 : middle + 20, max(0, side - 3) : side + 4]
        assert strip.any(axis=1).mean() > 0.7


def test_only_what_was_read_is_written(folder, ended):
    written = [
        str(path.relative_to(folder / "output_image" / "pictures"))
        for path in (folder / "output_image").rglob("*")
        if path.is_file()
    ]
    assert sorted(written) == sorted(FOUND)


def test_what_is_said(ended):
    said = ended.out.splitlines()
    assert re.match(r"frame 0: person 0\.99 \[47 39\d 229 89\d\], bus 0\.8\d \[9 23\d 80\d 73\d\], person 0\.", said[0])
    assert [line for line in said if STATISTICS.match(line)]
    summary = said[said.index("source: pictures") :]
    assert re.match(r"model: ssdlite_mobilenet_v2_coco_2018_05_09 \(fast path, \w+ on the CPU\)$", summary[1])
    assert re.match(r"frames: 5 in \d+\.\d s, \d+\.\d a second$", summary[2])
    assert summary[4:6] == ["found:", "  person: in 3 of 5 frames, up to 3 at once"]
    assert "  dining table: in 1 of 5 frames, up to 1 at once" in summary
    assert summary[-1] == "pictures: 5 in ./output_image"
    # And nothing that only a programmer would understand.
    told = [line for line in ended.err.splitlines() if not line.startswith("warning: ")]
    assert told[0] == "Loading ssdlite_mobilenet_v2_coco_2018_05_09" and len(told) == 2
    assert re.match(r"ssdlite_mobilenet_v2_coco_2018_05_09: ssd graph, fast path, \w+ on the CPU$", told[1])


def test_one_picture_by_its_whole_path(tmp_path, samples, coco_model):
    picture = samples / "bus.jpg"
    ended = run(
        tmp_path,
        "image",
        str(picture),
        "--json",
        "-",
        "--save-to-file",
        "--output-dir",
        "out",
        "--log-device",
        "--engine",
        "tensorflow",
        *MODELS,
    )
    assert ended.code == 0, ended.err
    # Standard output has the JSON line alone, though TensorFlow writes its devices there.
    (line,) = read_json_lines(ended.out)
    assert line["source"] == str(picture)
    # det_th is 0.5 by default: the fourth person is left out.
    assert [one["label"] for one in line["detections"]] == ["person", "bus", "person"]
    assert "device:CPU:0" in ended.err and "frame 0: person 0.99" in ended.err
    assert "pictures: 1 in out/output_image\n" in ended.err
    written = tmp_path / "out" / "output_image" / str(picture)[1:]
    assert cv2.imread(str(written)).shape == (1080, 810, 3)


def test_names_that_a_terminal_cannot_show(tmp_path, samples, coco_model):
    (tmp_path / "odd").mkdir()
    name = b"caf\xe9.jpg"  # Latin-1: no UTF-8
    shutil.copy(str(samples / "bus.jpg"), os.path.join(os.fsencode(str(tmp_path)), b"odd", name))
    (tmp_path / "labels.pbtxt").write_text("item { id: 1 name: 'Persön' }\n", encoding="utf-8")
    words = ("--label-path", "labels.pbtxt", "--save-to-file")
    ended = run(tmp_path, "image", os.fsdecode(b"odd/" + name), *(MODELS + words), PYTHONIOENCODING="ascii", LC_ALL="C")
    assert ended.code == 0, ended.err
    # An id without a label is shown as such.
    assert ended.out.startswith("frame 0: Pers\\xf6n 0.99 [") and ", id 6 0.8" in ended.out
    assert "source: odd/caf\\udce9.jpg\n" in ended.out
    assert os.path.exists(os.path.join(os.fsencode(str(tmp_path)), b"output_image", b"odd", name))
