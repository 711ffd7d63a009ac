"""--json: one line a frame."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from appliance.core.errors import OutputError
from appliance.core.frame import Detections, Frame, Result, Segmentation, Timings, TrackRef
from appliance.core.sink import OutputClosed, check_writable_file
from appliance.outputs.jsonlines import JsonLines

ROOT = Path(__file__).resolve().parents[2]
PERSON = (1, 0.98, (10.123, 20.0, 30.5, 40.999))
WRITER = """
import sys
import numpy as np
from appliance.core.frame import Detections, Frame, Result, Timings
from appliance.core.sink import OutputClosed
from appliance.outputs.jsonlines import JsonLines
image = np.zeros((48, 64, 3), np.uint8)
sink = JsonLines("-")
try:
    for index in range(int(sys.argv[1])):
        frame = Frame(image, index, "bikes.mp4", 0.0, 0.0, 0.0)
        sink.write(Result(frame, Detections.empty(), Timings(0, 0, 0, 0, 0, 0), {}))
except OutputClosed as closed:
    sink.close()
    sys.exit(40 + closed.exit_code)
sink.close()
"""


def make_result(found=(), index=0, source="bikes.mp4", time=0.0):
    """found: tuples of class id, score, box."""
    boxes = np.array([box for _, _, box in found], np.float32).reshape(-1, 4)
    scores = np.array([score for _, score, _ in found], np.float32)
    class_ids = np.array([class_id for class_id, _, _ in found], np.int32)
    frame = Frame(np.zeros((48, 64, 3), np.uint8), index, source, time, 0.0, 0.0)
    return Result(frame, Detections(boxes, scores, class_ids), Timings(0, 0, 0, 0, 0, 0), {1: "person"})


def written(path, *results):
    sink = JsonLines(str(path))
    for result in results:
        sink.write(result)
    sink.close()
    sink.close()
    return path.read_text().splitlines()


def test_a_line_holds_the_frame_and_what_was_found_in_it(tmp_path):
    result = make_result([PERSON, (91, 0.5, (0.0, 0.0, 64.0, 48.0))], index=7, source='str\u00e4t "1".mp4', time=0.28)
    assert written(tmp_path / "out.json", result) == [
        '{"frame": 7, "source": "str\\u00e4t \\"1\\".mp4", "time": 0.28, '
        '"width": 64, "height": 48, "detections": ['
        '{"class_id": 1, "label": "person", "score": 0.98, "box": [10.12, 20.0, 30.5, 41.0]}, '
        '{"class_id": 91, "label": "id 91", "score": 0.5, "box": [0.0, 0.0, 64.0, 48.0]}]}'
    ]


def test_a_detection_names_its_track_and_whether_that_stands_still(tmp_path):
    result = dataclasses.replace(make_result([PERSON, PERSON]), tracks=[TrackRef("1.250000-000007", 7, True), None])
    (line,) = written(tmp_path / "out.json", result)
    tracked, other = json.loads(line)["detections"]
    assert (tracked["track"], tracked["stationary"]) == ("1.250000-000007", True)
    assert "track" not in other and "stationary" not in other


def test_with_masks_each_detection_has_its_own_run_length_encoded(tmp_path):
    result = make_result([PERSON, PERSON])
    masks = np.zeros((2, 48, 64), np.bool_)
    masks[0, 1, 0] = masks[1, 47, 63] = True
    result = dataclasses.replace(result, detections=dataclasses.replace(result.detections, masks=masks))
    (line,) = written(tmp_path / "out.json", result)
    assert [found["mask"] for found in json.loads(line)["detections"]] == [
        {"size": [48, 64], "counts": "11no2"},
        {"size": [48, 64], "counts": "oo21"},
    ]


def test_a_segmentation_is_the_area_of_each_class_largest_first(tmp_path):
    class_map = np.zeros((48, 64), np.uint8)
    class_map[:12] = 1
    class_map[47, 63] = 7
    result = dataclasses.replace(
        make_result(), segmentation=Segmentation(class_map), labels={0: "background", 1: "person"}
    )
    (line,) = written(tmp_path / "out.json", result)
    found = json.loads(line)
    assert found["detections"] == []
    assert found["segmentation"] == [
        {"class_id": 0, "label": "background", "area": 2303, "share": 0.749674},
        {"class_id": 1, "label": "person", "area": 768, "share": 0.25},
        {"class_id": 7, "label": "id 7", "area": 1, "share": 0.000326},
    ]


def test_a_frame_without_detections_has_its_line_too(tmp_path):
    lines = written(tmp_path / "out.json", make_result(index=0), make_result(index=1, time=1700000000.123456789))
    assert [json.loads(line)["detections"] for line in lines] == [[], []]
    assert json.loads(lines[1])["time"] == 1700000000.123457


@pytest.mark.parametrize("det_th", [0.3, 0.7, 0.5, 0.35, 0.98, 0.123456, 0.000001, 0.999999, 1.0])
def test_no_score_is_rounded_to_below_the_threshold(tmp_path, det_th):
    just_there = np.float32(det_th)  # may itself lie a little below det_th
    scores = [just_there, min(np.nextafter(just_there, np.float32(2)), np.float32(1))]
    result = make_result([(1, score, (0, 0, 1, 1)) for score in scores])
    (line,) = written(tmp_path / "out.json", result)
    assert all(det_th <= found["score"] <= 1.0 for found in json.loads(line)["detections"])


def test_a_line_can_be_read_as_soon_as_it_is_written(tmp_path):
    path = tmp_path / "out.json"
    sink = JsonLines(str(path))
    sink.write(make_result(index=0))
    assert json.loads(path.read_text())["frame"] == 0
    sink.close()


def test_an_older_file_is_replaced(tmp_path):
    path = tmp_path / "out.json"
    path.write_text("old\n" * 1000)
    assert len(written(path, make_result())) == 1


@pytest.mark.parametrize(
    "name, complaint",
    [
        ("missing/out.json", "out.json: no such directory. Make it first"),
        (".", "Is a directory. Choose another place"),
    ],
)
def test_a_file_that_cannot_be_opened_is_named_at_once(tmp_path, name, complaint):
    for look in (JsonLines, check_writable_file):
        with pytest.raises(OutputError) as caught:
            look(str(tmp_path / name))
        assert str(tmp_path) in str(caught.value) and complaint in str(caught.value)


def test_to_look_whether_a_file_can_be_written_leaves_it_as_it_is(tmp_path):
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text("old")
    for path in (old, new):
        check_writable_file(str(path))
    assert old.read_text() == "old" and not new.exists()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_full_disk_is_an_error_that_says_so():
    sink = JsonLines("/dev/full")
    with pytest.raises(OutputError, match=r"/dev/full: no space left. Free some space") as caught:
        sink.write(make_result())
    assert not isinstance(caught.value, OutputClosed)
    sink.close()


def test_a_dash_is_standard_output():
    done = subprocess.run(
        [sys.executable, "-c", WRITER, "3"],
        cwd=str(ROOT),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [json.loads(line)["frame"] for line in done.stdout.splitlines()] == [0, 1, 2]


def test_a_reader_that_goes_away_ends_it_quietly():
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, "1000000"],
        cwd=str(ROOT),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert json.loads(writer.stdout.readline().decode())["frame"] == 0
    writer.stdout.close()
    complaint = writer.stderr.read()
    writer.stderr.close()
    assert (writer.wait(60), complaint) == (40, b"")


def test_a_closed_standard_output_is_named():
    program = WRITER.replace("sink = ", "import os; os.close(1); sink = ")
    done = subprocess.run(
        [sys.executable, "-c", program, "3"], cwd=str(ROOT), stderr=subprocess.PIPE, universal_newlines=True
    )
    assert "OutputError: standard output: Bad file descriptor" in done.stderr
