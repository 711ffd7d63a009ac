"""Instance masks are put where their boxes are, by the rule of the Object Detection API."""

import numpy as np
import pytest

from appliance.detectors.family import ModelInfo
from appliance.detectors.mask_rcnn import MaskDetector, reframe_masks
from appliance.engines.base import Engine


def reframe_plainly(mask, box, width, height):
    """The API's rule, pixel by pixel: the whole image as seen from the box is sampled out of the mask."""
    y_min, x_min, y_max, x_max = map(float, box)
    rows, columns = mask.shape
    framed = np.zeros((height, width), np.bool_)
    for y in range(height):
        for x in range(width):
            row = (y / (height - 1) - y_min) / (y_max - y_min) * (rows - 1)
            column = (x / (width - 1) - x_min) / (x_max - x_min) * (columns - 1)
            if 0 <= row <= rows - 1 and 0 <= column <= columns - 1:
                top, left = int(row), int(column)
                bottom, right = min(top + 1, rows - 1), min(left + 1, columns - 1)
                upper = mask[top, left] * (1 - (column - left)) + mask[top, right] * (column - left)
                lower = mask[bottom, left] * (1 - (column - left)) + mask[bottom, right] * (column - left)
                framed[y, x] = upper * (1 - (row - top)) + lower * (row - top) > 0.5
    return framed


@pytest.mark.parametrize("side", [15, 33])
@pytest.mark.parametrize("width, height", [(160, 120), (41, 30), (12, 7)])
@pytest.mark.parametrize(
    "box",
    [
        (0.103, 0.207, 0.83, 0.61),
        (0.0, 0.0, 1.0, 1.0),
        (0.31, 0.0, 0.37, 1.0),  # flat
        (0.7, 0.6, 1.0, 1.0),  # in the corner
        (0.501, 0.503, 0.512, 0.509),  # smaller than a pixel of the smaller sizes
    ],
)
def test_a_mask_lies_in_its_box(side, width, height, box):
    masks = np.random.RandomState(side).rand(1, side, side).astype(np.float32)
    boxes = np.array([box], np.float32)
    (found,) = framed = reframe_masks(masks, boxes, width, height)
    assert framed.dtype == np.bool_ and framed.shape == (1, height, width)
    expected = reframe_plainly(masks[0], boxes[0], width, height)
    # float32 here, float64 there: a value of just 0.5 may fall to either side.
    assert (found != expected).sum() <= 0.001 * width * height
    rows, columns = np.nonzero(found)
    if len(rows):
        assert box[0] * height - 1 <= rows.min() and rows.max() <= box[2] * height
        assert box[1] * width - 1 <= columns.min() and columns.max() <= box[3] * width


def test_a_full_mask_fills_its_box_and_no_more():
    framed = reframe_masks(np.ones((1, 15, 15), np.float32), np.array([[0.25, 0.5, 0.75, 1.0]], np.float32), 81, 41)
    expected = np.zeros((41, 81), np.bool_)
    expected[10:31, 40:] = True
    assert np.array_equal(framed[0], expected)


def test_a_value_of_one_half_is_not_in_the_mask():
    framed = reframe_masks(np.full((1, 15, 15), 0.5, np.float32), np.array([[0, 0, 1, 1]], np.float32), 20, 20)
    assert not framed.any()


@pytest.mark.parametrize("box", [(0.5, 0.5, 0.5, 0.5), (0.0, 0.0, 0.0, 0.0), (0.6, 0.6, 0.4, 0.4)])
def test_a_box_without_an_area_has_an_empty_mask(box):
    framed = reframe_masks(np.ones((1, 15, 15), np.float32), np.array([box], np.float32), 20, 10)
    assert not framed.any()


def test_no_detections_are_no_masks():
    nothing = reframe_masks(np.zeros((0, 15, 15), np.float32), np.zeros((0, 4), np.float32), 20, 10)
    assert nothing.shape == (0, 10, 20) and nothing.dtype == np.bool_


class NoEngine(Engine):
    name = "none"


def test_only_detections_at_or_above_the_threshold_have_masks():
    detector = MaskDetector(ModelInfo("m", "mask_rcnn", {}, ""), NoEngine(), 0.5, None)
    boxes = np.array([[[0, 0, 1, 1], [0, 0, 0.5, 0.5], [0, 0, 1, 1], [0, 0, 1, 1]]], np.float32)
    raw = [
        boxes,
        np.array([[0.9, 0.5, 0.49, 0.8]], np.float32),
        np.array([[1, 3, 1, 1]], np.float32),
        np.array([3], np.float32),  # the fourth is padding
        np.ones((1, 4, 15, 15), np.float32),
    ]
    found = detector.back(raw, 20, 10)
    assert found.class_ids.tolist() == [1, 3]
    assert found.boxes.tolist() == [[0, 0, 20, 10], [0, 0, 10, 5]]
    assert found.masks.shape == (2, 10, 20)
    assert found.masks[0].all() and found.masks[1].sum() == 10 * 5
