"""Which detections go on to the sinks."""

import dataclasses

import numpy as np
import pytest

from appliance.core.frame import Detections, Frame, Result, Timings, TrackRef
from appliance.pipeline.selection import select

LABELS = {1: "person", 2: "dog"}
MASKS = np.arange(4).reshape(4, 1, 1) % 2 == 0


def a_result(masks=None):
    """A person, a dog, a dog, and one of a class without a name."""
    boxes = np.arange(16, dtype=np.float32).reshape(4, 4)
    scores = np.array([0.9, 0.7, 0.5, 0.1], np.float32)
    found = Detections(boxes, scores, np.array([1, 2, 2, 7], np.int32), masks)
    frame = Frame(np.zeros((2, 2, 3), np.uint8), 0, "a.jpg", 0.0, 0.0, 0.0)
    return Result(frame, found, Timings(0.0, 0.0, 0.0, 0.0, 0.0, 0.0), LABELS)


@pytest.mark.parametrize(
    "lowest_score, shown_classes, left",
    [
        (0.0, None, [0, 1, 2, 3]),
        (0.7, None, [0, 1]),
        (0.0, ["dog"], [1, 2]),
        (0.6, ["dog", "id 7"], [1]),
        (0.0, [], []),
        (0.0, ["unicorn"], []),
    ],
)
@pytest.mark.parametrize("masks", [None, MASKS])
def test_a_low_score_and_a_class_that_is_not_shown_are_left_out(lowest_score, shown_classes, left, masks):
    result = a_result(masks)
    found = select(result, lowest_score, shown_classes).detections
    assert found.boxes.tolist() == result.detections.boxes[left].tolist()
    assert found.scores.tolist() == result.detections.scores[left].tolist()
    assert found.class_ids.tolist() == result.detections.class_ids[left].tolist()
    assert (found.masks is None) if masks is None else (found.masks.tolist() == masks[left].tolist())


def test_a_result_of_which_all_stays_is_not_copied():
    result = a_result()
    assert select(result, 0.1, ["person", "dog", "id 7"]) is result


def test_a_picture_in_which_nothing_was_found():
    result = dataclasses.replace(a_result(), detections=Detections.empty())
    assert select(result, 0.5, ["dog"]) is result


def test_a_detection_keeps_its_track_when_others_are_left_out():
    tracks = [TrackRef("1.0-000001", 1, False), None, TrackRef("1.5-000002", 2, True), None]
    result = dataclasses.replace(a_result(), tracks=tracks)
    left = select(result, 0.0, ["dog"])
    assert [left.track(number) for number in range(len(left.detections.boxes))] == [None, tracks[2]]
    assert select(a_result(), 0.6).track(0) is None
