"""The lines on the console."""

import dataclasses

import numpy as np
import pytest

from appliance.core.frame import Detections, Frame, Result, Segmentation, Statistics, Timings
from appliance.outputs.console import Console, format_detections, format_statistics

TIMINGS = Timings(total=0.1191, cap=0.00013, front=0.03837, back=0.02768, lost=0.05293, send=0.03834)
STATISTICS = Statistics(
    fps=25.8, frames=130, seconds=5.04248, timings=TIMINGS, vfps=25.4, vframes=128, vdrops=1, drops=0
)
LINE = (
    "FPS:25.8  Frames:130 Seconds: 5.04248   | 1FRAME total: 0.11910   cap: 0.00013   gpu: 0.03837   "
    "cpu: 0.02768   lost: 0.05293   send: 0.03834   | VFPS:25.4  VFrames:128 VDrops: 1"
)
PERSON = (1, 0.98, (12.4, 33.5, 56.0, 78.0))
DOG = (18, 0.71, (90.0, 12.0, 340.0, 56.0))


def make_result(found=(), index=0, stream="main"):
    """found: tuples of class id, score, box."""
    boxes = np.array([box for _, _, box in found], np.float32).reshape(-1, 4)
    scores = np.array([score for _, score, _ in found], np.float32)
    class_ids = np.array([class_id for class_id, _, _ in found], np.int32)
    frame = Frame(np.zeros((360, 640, 3), np.uint8), index, "bikes.mp4", 0.0, 0.0, 0.0, stream)
    return Result(frame, Detections(boxes, scores, class_ids), TIMINGS, {1: "person", 18: "dog"})


def make_console(fps_interval=5.0, det_interval=0):
    lines, now = [], [100.0]
    console = Console(lines.append, lambda: STATISTICS, fps_interval, det_interval, lambda: now[0])
    return console, lines, now


def test_the_statistics_read_as_in_the_original_project():
    assert format_statistics(STATISTICS) == LINE


def test_the_line_can_be_printed_before_there_is_anything_to_tell():
    empty = dataclasses.replace(STATISTICS, fps=0.0, frames=0, seconds=0.0, timings=None, vfps=0.0, vframes=0, vdrops=0)
    line = format_statistics(empty)
    assert line.startswith("FPS: 0.0  Frames: 0  Seconds: 0.00000   | 1FRAME total: 0.00000   cap: 0.00000 ")
    assert [part.split(":")[0] for part in line.split("|")[1:]] == [" 1FRAME total", " VFPS"]


def test_a_segmentation_is_listed_by_the_share_of_each_thing():
    class_map = np.zeros((100, 100), np.uint8)
    class_map[:31] = 18
    class_map[31:38] = 1
    class_map[99, 99] = 5
    result = dataclasses.replace(make_result(index=3), segmentation=Segmentation(class_map))
    assert format_detections(result) == "frame 3: dog 31%, person 7%, id 5 <1%"
    nothing = dataclasses.replace(make_result(index=4), segmentation=Segmentation(np.zeros((9, 9), np.uint8)))
    assert format_detections(nothing) == "frame 4: nothing found"


@pytest.mark.parametrize(
    "seconds_of_frames, lines_after_each, lines_at_the_end",
    [
        ([], [], 0),
        ([0.0], [0], 1),
        ([0.0, 4.9, 5.0, 9.9, 10.0], [0, 0, 1, 1, 2], 2),
        ([0.0, 7.0, 11.9, 12.0, 12.1], [0, 1, 1, 2, 2], 3),
        ([0.0, 60.0, 60.1], [0, 1, 1], 2),
    ],
)
def test_statistics_come_every_interval_and_once_more_at_the_end(seconds_of_frames, lines_after_each, lines_at_the_end):
    console, lines, now = make_console(fps_interval=5.0)
    counts = []
    for index, seconds in enumerate(seconds_of_frames):
        now[0] = 100.0 + seconds
        console.write(make_result(index=index))
        counts.append(len(lines))
    console.close()
    console.close()
    assert counts == lines_after_each
    assert lines == [LINE] * lines_at_the_end


@pytest.mark.parametrize(
    "said, line",
    [
        ("7.96 W, GPU 73 %", "power: 7.96 W, GPU 73 %"),
        ("", "power: no sensor of this machine can be read"),
    ],
)
def test_what_the_board_consumes_stands_below_the_statistics(said, line):
    lines = []
    console = Console(lines.append, lambda: STATISTICS, 5.0, 0, power=lambda: said)
    console.write(make_result(index=0))
    console.close()
    assert lines == [LINE, line]


@pytest.mark.parametrize(
    "det_interval, indexes, printed",
    [
        (100, range(250), [0, 100, 200]),
        (
            100,
            [0, 1, 99, 103, 104, 199, 250, 299, 300],
            [0, 103, 250, 300],
        ),  # frames before were lost on the way
        (1, range(3), [0, 1, 2]),
        (0, range(300), []),
    ],
)
def test_detections_come_every_so_many_frames(det_interval, indexes, printed):
    console, lines, _ = make_console(det_interval=det_interval)
    for index in indexes:
        console.write(make_result([PERSON], index=index))
    assert [line.split(":")[0] for line in lines] == [f"frame {index}" for index in printed]


def test_each_stream_counts_its_own_frames():
    console, lines, _ = make_console(det_interval=10)
    for index in range(12):
        console.write(make_result(index=500 + index, stream="door"))
        console.write(make_result(index=index, stream="yard"))
    assert [line.split(":")[0] for line in lines] == ["frame 500", "frame 0", "frame 510", "frame 10"]


@pytest.mark.parametrize(
    "found, line",
    [
        ([], "frame 100: nothing found"),
        ([PERSON], "frame 100: person 0.98 [12 34 56 78]"),
        ([PERSON, DOG], "frame 100: person 0.98 [12 34 56 78], dog 0.71 [90 12 340 56]"),
        ([(91, 0.5, (0.0, 0.0, 1.0, 1.0))], "frame 100: id 91 0.50 [0 0 1 1]"),
    ],
)
def test_detections_fit_into_one_line(found, line):
    assert format_detections(make_result(found, index=100)) == line
