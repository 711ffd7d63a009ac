"""What was found, for the summary of a run."""

import numpy as np

from appliance.core.frame import Detections, Frame, Result, Segmentation, Timings
from appliance.outputs.detection_summary import DetectionSummary

LABELS = {0: "background", 1: "person", 3: "car"}


def make_result(class_ids=(), shares=None):
    """shares: class id to percent of the picture; the rest is background."""
    count = len(class_ids)
    found = Detections(np.zeros((count, 4), np.float32), np.ones(count, np.float32), np.array(class_ids, np.int32))
    segmentation = None
    if shares is not None:
        pixels = np.zeros(10000, np.uint8)
        start = 0
        for class_id, percent in shares.items():
            pixels[start : start + percent * 100] = class_id
            start += percent * 100
        segmentation = Segmentation(pixels.reshape(100, 100))
    frame = Frame(np.zeros((100, 100, 3), np.uint8), 0, "x", 0.0, 0.0, 0.0)
    return Result(frame, found, Timings(0, 0, 0, 0, 0, 0), LABELS, segmentation)


def lines_of(*results):
    summary = DetectionSummary()
    for result in results:
        summary.write(result)
    assert summary.frames == len(results)
    return summary.lines()


def test_detections_are_counted_by_frames_and_at_once():
    assert lines_of(make_result([1, 1, 3]), make_result([1]), make_result()) == [
        "person: in 2 of 3 frames, up to 2 at once",
        "car: in 1 of 3 frames, up to 1 at once",
    ]


def test_things_of_a_segmentation_are_counted_by_frames_and_by_how_much_they_cover():
    shares = ({1: 5, 3: 31}, {1: 7, 3: 2, 9: 40}, {})
    assert lines_of(*(make_result(shares=own) for own in shares)) == [
        "car: in 2 of 3 frames, up to 31% of the picture",
        "person: in 2 of 3 frames, up to 7% of the picture",
        "id 9: in 1 of 3 frames, up to 40% of the picture",
    ]


def test_nothing_found_is_no_line():
    assert lines_of(make_result(), make_result(shares={})) == []
