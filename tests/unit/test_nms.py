"""Class-wise suppression in numpy against a slow, plain version of the rule, and its edges one by one."""

from dataclasses import replace

import numpy as np
import pytest

from appliance.detectors import nms
from appliance.detectors.nms import candidates_of
from appliance.engines.candidates import min_score_of, pick
from appliance.graph.recognise.suppression import Suppression

SETTINGS = Suppression(
    boxes=0,
    scores=1,
    window=None,
    classes=3,
    class_offset=1,
    iou_threshold=0.6,
    score_threshold=1e-8,
    per_class=100,
    in_all=100,
    clip="never",
    valid=None,
    rescale=False,
)


def suppress_all(boxes, scores, windows, valid, settings, threshold):
    """Of several images: what a front gives for them."""
    settings = replace(settings, window=2, valid=None if valid is None else 3)
    picked = pick([boxes, scores, windows, valid], len(scores), settings, min_score_of(settings, threshold))
    return nms.suppress(candidates_of(picked, settings), settings)


def suppress(boxes, scores, window, settings, threshold):
    """Of one image: boxes [n, 4], scores [n] and class ids [n]."""
    found = suppress_all(boxes[np.newaxis], scores[np.newaxis], window, None, settings, threshold)
    return found.boxes, found.scores, found.classes + settings.class_offset


def overlap(a, b):
    height = min(a[2], b[2]) - max(a[0], b[0])
    width = min(a[3], b[3]) - max(a[1], b[1])
    common = max(height, 0) * max(width, 0)
    return common / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common)


def plainly(boxes, scores, settings, threshold):
    """All classes one after the other, then sorted: as the graphs do it."""
    found = []
    for column in range(settings.classes):
        order = [i for i in np.argsort(-scores[:, column], kind="stable") if scores[i, column] > 1e-8]
        kept = []
        for index in order:
            if len(kept) < settings.per_class and all(
                overlap(boxes[index], boxes[other]) <= settings.iou_threshold for other in kept
            ):
                kept.append(index)
        found += [(-scores[i, column], column, i) for i in kept]
    found = sorted(found, key=lambda row: row[:2])[: settings.in_all]
    return [(column + 1, index) for score, column, index in found if -score >= np.float32(threshold)]


@pytest.mark.parametrize("threshold", [0.0, 0.05, 0.3, 0.9])
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("limits", [(100, 100), (3, 100), (100, 7), (2, 5)])
def test_it_gives_what_suppressing_every_class_gives(threshold, seed, limits):
    random = np.random.RandomState(seed)
    corners = random.rand(60, 2).astype(np.float32) * 0.3
    boxes = np.concatenate([corners, corners + 0.1 + 0.3 * random.rand(60, 2).astype(np.float32)], axis=1)
    scores = (random.randint(0, 100, (60, 3)) / 100.0).astype(np.float32)  # in steps: many are equal
    settings = replace(SETTINGS, per_class=limits[0], in_all=limits[1])
    expected = plainly(boxes, scores, settings, threshold)
    found, found_scores, ids = suppress(boxes[:, np.newaxis], scores, nms.WHOLE_IMAGE, settings, threshold)
    assert ids.tolist() == [class_id for class_id, _ in expected]
    assert np.array_equal(found, boxes[[index for _, index in expected]].reshape(-1, 4))
    assert np.array_equal(found_scores, [scores[index, class_id - 1] for class_id, index in expected])


def one(box, score=0.9):
    return np.array([[box]], np.float32), np.array([[score, 0, 0]], np.float32)


@pytest.mark.parametrize(
    "clip, box, expected",
    [
        ("before", [-0.5, 0.25, 0.5, 2.0], [0.0, 0.25, 0.5, 1.0]),
        ("after", [-0.5, 0.25, 0.5, 2.0], [0.0, 0.25, 0.5, 1.0]),
        ("never", [-0.5, 0.25, 0.5, 2.0], [-0.5, 0.25, 0.5, 2.0]),
        ("before", [1.1, 1.1, 1.4, 1.4], None),
        ("after", [1.1, 1.1, 1.4, 1.4], None),
    ],
)
def test_boxes_are_clipped_to_the_window_and_empty_ones_are_dropped(clip, box, expected):
    found, _, _ = suppress(*one(box), nms.WHOLE_IMAGE, replace(SETTINGS, clip=clip), 0.5)
    assert found.tolist() == ([] if expected is None else [expected])


def test_what_lies_outside_does_not_count_against_the_limit():
    boxes = np.array([[[2, 2, 3, 3]], [[0, 0, 0.2, 0.2]], [[0.5, 0.5, 0.7, 0.7]], [[0, 0.5, 0.2, 0.7]]], np.float32)
    scores = np.array([[0.9, 0, 0], [0.8, 0, 0], [0.7, 0, 0], [0.6, 0, 0]], np.float32)
    found = suppress(boxes, scores, nms.WHOLE_IMAGE, replace(SETTINGS, clip="after", in_all=2), 0.5)
    assert np.allclose(found[1], [0.8, 0.7])


def test_boxes_become_fractions_of_the_window():
    window = np.array([10.0, 20.0, 110.0, 220.0], np.float32)
    settings = replace(SETTINGS, clip="before", rescale=True)
    found, _, _ = suppress(*one([0.0, 120.0, 60.0, 400.0]), window, settings, 0.5)
    assert np.allclose(found, [[0.0, 0.5, 0.5, 1.0]])


def test_every_class_may_have_boxes_of_its_own():
    boxes = np.array([[[0, 0, 1, 1], [0, 0, 0.5, 0.5], [0, 0, 0.2, 0.2]]], np.float32)
    found, _, ids = suppress(boxes, np.array([[0.7, 0.9, 0.1]], np.float32), nms.WHOLE_IMAGE, SETTINGS, 0.5)
    assert ids.tolist() == [2, 1]
    assert found.tolist() == [[0, 0, 0.5, 0.5], [0, 0, 1, 1]]


def test_a_box_with_its_corners_turned_round_overlaps_as_it_stands():
    boxes = np.array([[[0.1, 0.1, 0.6, 0.6]], [[0.6, 0.6, 0.1, 0.1]]], np.float32)
    scores = np.array([[0.9, 0, 0], [0.8, 0, 0]], np.float32)
    assert len(suppress(boxes, scores, nms.WHOLE_IMAGE, SETTINGS, 0.5)[0]) == 1


def test_more_candidates_than_a_block_holds_give_the_same(monkeypatch):
    random = np.random.RandomState(3)
    corners = random.rand(300, 1, 2).astype(np.float32) * 0.8
    boxes = np.concatenate([corners, corners + 0.1], axis=2)
    scores = (random.randint(0, 50, (300, 3)) / 50.0).astype(np.float32)
    expected = suppress(boxes, scores, nms.WHOLE_IMAGE, SETTINGS, 0.0)
    monkeypatch.setattr(nms, "BLOCK", 7)
    for found, wanted in zip(suppress(boxes, scores, nms.WHOLE_IMAGE, SETTINGS, 0.0), expected):
        assert np.array_equal(found, wanted)


def test_clipping_first_lets_boxes_overlap_that_did_not():
    boxes = np.array([[0.5, 0.5, 1.0, 1.0], [0.5, 0.5, 3.0, 3.0]], np.float32)
    scores = np.array([[0.9, 0, 0], [0.8, 0, 0]], np.float32)
    before = suppress(boxes[:, np.newaxis], scores, nms.WHOLE_IMAGE, replace(SETTINGS, clip="before"), 0.5)
    after = suppress(boxes[:, np.newaxis], scores, nms.WHOLE_IMAGE, replace(SETTINGS, clip="after"), 0.5)
    assert (len(before[0]), len(after[0])) == (1, 2)


def test_a_score_at_the_threshold_counts_and_one_at_the_graphs_own_does_not():
    assert len(suppress(*one([0, 0, 1, 1], 0.5), nms.WHOLE_IMAGE, SETTINGS, 0.5)[0]) == 1
    strict = replace(SETTINGS, score_threshold=0.5)
    assert len(suppress(*one([0, 0, 1, 1], 0.5), nms.WHOLE_IMAGE, strict, 0.5)[0]) == 0


def test_nothing_found_is_an_empty_result():
    boxes, scores, ids = suppress(*one([0, 0, 1, 1], 0.1), nms.WHOLE_IMAGE, SETTINGS, 0.5)
    assert (boxes.shape, scores.shape, ids.shape) == ((0, 4), (0,), (0,))


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.6, 0.99])
@pytest.mark.parametrize(
    "settings",
    [
        SETTINGS,
        replace(SETTINGS, in_all=4),
        replace(SETTINGS, clip="after", in_all=4),
        replace(SETTINGS, clip="before", rescale=True),
    ],
)
def test_images_of_a_batch_are_done_as_each_alone(settings, threshold):
    random = np.random.RandomState(7)
    corners = random.rand(4, 30, 1, 2).astype(np.float32)
    boxes = np.concatenate([corners, corners + 0.4], axis=3)
    scores = (random.randint(0, 50, (4, 30, 3)) / 50.0).astype(np.float32)
    scores[2] *= 0.1  # hardly anything is found in one of them
    windows = np.array([[0, 0, 1, 1], [0.2, 0.2, 0.9, 0.9], [0, 0, 1, 1], [0, 0, 0.5, 1]], np.float32)
    valid = np.array([30, 10, 30, 0])
    together = suppress_all(boxes, scores, windows, valid, settings, threshold)
    for image in range(4):
        part, count = together.taken(together.images == image), valid[image]
        alone = suppress(boxes[image, :count], scores[image, :count], windows[image], settings, threshold)
        for found, wanted in zip((part.boxes, part.scores, part.classes + 1), alone):
            assert np.array_equal(found, wanted)
