"""Masks that drop detections: by the bottom centre of a box, for the classes of the mask."""

import numpy as np
import pytest

from appliance.core.frame import Detections
from appliance.core.geometry import is_inside
from appliance.schema.places import Mask
from appliance.tracking.ignoring import kept_by_masks

LEFT = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
RIGHT = ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0))
LABELS = {1: "person", 3: "car"}
SIZE = (200, 100)


def detections(*found):
    """Found things: (x, y) of the bottom centre in pixels, and class id."""
    boxes = [(x - 10, y - 40, x + 10, y) for x, y, _ in found]
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.full(len(found), 0.9, np.float32),
        np.array([class_id for _, _, class_id in found], np.int32),
    )


@pytest.mark.parametrize(
    "masks, kept",
    [
        ([], None),
        ([Mask(LEFT)], [False, True, False, True]),
        ([Mask(LEFT, ("car",))], [True, True, False, True]),
        ([Mask(LEFT, ("car",)), Mask(RIGHT, ("person", "dog"))], [True, False, False, True]),
        ([Mask(LEFT, ("dog",))], None),
        ([Mask(LEFT), Mask(RIGHT)], [False] * 4),
        ([Mask(RIGHT, ("id 7",))], None),
    ],
)
def test_what_stands_in_a_mask_for_its_class_is_dropped(masks, kept):
    found = detections((50, 50, 1), (150, 50, 1), (50, 90, 3), (150, 90, 3))
    result = kept_by_masks(found, masks, LABELS, SIZE)
    assert (None if result is None else result.tolist()) == kept


def test_a_class_without_a_name_is_called_by_its_number():
    assert kept_by_masks(detections((50, 50, 7)), [Mask(LEFT, ("id 7",))], LABELS, SIZE).tolist() == [False]


def test_the_feet_decide_and_not_the_box():
    head = Mask(((0.0, 0.0), (1.0, 0.0), (1.0, 0.45), (0.0, 0.45)))
    assert kept_by_masks(detections((50, 60, 1)), [head], LABELS, SIZE) is None
    assert kept_by_masks(detections((50, 45, 1)), [head], LABELS, SIZE).tolist() == [False]  # the border belongs to it


def test_nothing_found_is_nothing_dropped():
    assert kept_by_masks(detections(), [Mask(LEFT)], LABELS, SIZE) is None


def test_many_are_judged_as_each_alone():
    rng = np.random.RandomState(2)
    found = detections(*((x, y, 1) for x, y in rng.randint(0, 200, (300, 2)) // (1, 2)))
    star = ((0.5, 0.0), (0.6, 0.4), (1.0, 0.5), (0.6, 0.6), (0.5, 1.0), (0.4, 0.6), (0.0, 0.5), (0.4, 0.4))
    expected = [not is_inside(((x1 + x2) / 2 / 200, y / 100), star) for x1, _, x2, y in found.boxes.tolist()]
    assert kept_by_masks(found, [Mask(star)], LABELS, SIZE).tolist() == expected
    assert 20 < sum(expected) < 280
