"""Masks and segmentations in the picture."""

import dataclasses

import cv2
import numpy as np
import pytest

from appliance.core.frame import Detections, Frame, Result, Segmentation, Statistics, Timings
from appliance.drawing.colours import class_colour
from appliance.drawing.overlay import Overlay

TIMINGS = Timings(total=0.1191, cap=0.00013, front=0.03837, back=0.02768, lost=0.05293, send=0.03834)
STATISTICS = Statistics(
    fps=25.8, frames=130, seconds=5.04248, timings=TIMINGS, vfps=25.4, vframes=128, vdrops=1, drops=0
)
LABELS = {0: "background", 1: "aeroplane", 15: "person", 16: "potted plant", 20: "tv monitor"}
SIZES = [(160, 120), (544, 288), (1280, 720), (810, 1080)]
GREY = 150


def make_result(size, found=(), class_map=None, image=None):
    """found: tuples of class id, box (x_min, y_min, x_max, y_max) and mask; the best first."""
    width, height = size
    if image is None:
        image = np.full((height, width, 3), GREY, np.uint8)
    detections = Detections.empty()
    if class_map is None:
        detections = Detections(
            np.array([box for _, box, _ in found], np.float32).reshape(-1, 4),
            np.linspace(0.9, 0.5, len(found)).astype(np.float32),
            np.array([class_id for class_id, _, _ in found], np.int32),
            np.array([mask for _, _, mask in found], np.bool_).reshape(-1, height, width),
        )
    segmentation = None if class_map is None else Segmentation(class_map)
    return Result(Frame(image, 0, "x", 0.0, 0.0, 0.0), detections, TIMINGS, LABELS, segmentation)


def draw(result, vis_text=False, mask_size=None):
    return Overlay(vis_text, lambda: STATISTICS, mask_size).draw(result)


def disc(size, box):
    x_min, y_min, x_max, y_max = box
    mask = np.zeros((size[1], size[0]), np.uint8)
    middle, axes = ((x_min + x_max) // 2, (y_min + y_max) // 2), ((x_max - x_min) // 2, (y_max - y_min) // 2)
    cv2.ellipse(mask, middle, axes, 0, 0, 360, 1, -1)
    return mask.astype(np.bool_)


def mixed(colour, grey=GREY):
    return [round((part + grey) / 2) for part in colour]


def is_near(pixel, colour, by=2):
    return bool(np.all(np.abs(pixel.astype(int) - colour) <= by))


def inner(mask, by=7):
    return cv2.erode(mask.astype(np.uint8), np.ones((by, by), np.uint8)).astype(np.bool_)


@pytest.mark.parametrize("size", SIZES)
def test_a_mask_is_translucent_in_its_class_colour_and_nothing_beside_it_is_touched(size):
    width, height = size
    box = (width // 4, height // 3, width * 3 // 4, height * 9 // 10)
    mask = disc(size, box)
    picture = draw(make_result(size, [(15, box, mask)]))
    inside = picture[inner(mask, 2 * (min(size) // 100) + 9)]
    assert len(inside) > 300 and is_near(inside.reshape(-1, 3), mixed(class_colour(15)))
    corner = picture[box[3] - height // 20, box[0] + width // 20]
    assert corner.tolist() == [GREY] * 3
    # Its outline is in the full colour.
    x_quarter = (3 * box[0] + box[2]) // 4
    column = picture[box[1] + 1 : box[3], x_quarter]
    assert (column == class_colour(15)).all(axis=1).any()


def test_the_picture_shines_through_a_mask():
    size, box = (320, 240), (20, 60, 300, 220)
    image = np.random.RandomState(0).randint(0, 256, (240, 320, 3), np.uint8)
    mask = disc(size, box)
    picture = draw(make_result(size, [(1, box, mask)], image=image))
    where = inner(mask)
    expected = (image[where].astype(int) + class_colour(1) + 1) // 2
    assert np.abs(picture[where] - expected).max() <= 1
    outside = ~cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(np.bool_)
    outside[:62] = outside[216:] = False
    outside[:, :24] = outside[:, 296:] = False
    assert outside.sum() > 1000 and (picture[outside] == image[outside]).all()


@pytest.mark.parametrize("first", [0, 1])
def test_of_two_masks_the_smaller_lies_on_top_unmixed(first):
    size = (320, 240)
    large, small = (10, 40, 310, 230), (110, 90, 210, 190)
    found = [(15, large, disc(size, large)), (1, small, disc(size, small))]
    picture = draw(make_result(size, found[:: -1 if first else 1]))
    assert is_near(picture[140, 160], mixed(class_colour(1)))
    assert is_near(picture[140, 60], mixed(class_colour(15)))


def test_an_empty_mask_still_has_its_box():
    size, box = (320, 240), (100, 100, 200, 200)
    picture = draw(make_result(size, [(15, box, np.zeros((240, 320), np.bool_))]))
    assert tuple(picture[200, 150]) == class_colour(15)
    assert picture[150, 150].tolist() == [GREY] * 3


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mask_size", [(640, 360), (300, 300)])
def test_pictures_with_masks_can_be_drawn_in_another_size(size, mask_size):
    width, height = size
    box = (width // 4, height // 4, width * 3 // 4, height * 3 // 4)
    overlay = Overlay(False, lambda: STATISTICS, mask_size)
    result = make_result(size, [(15, box, disc(size, box))])
    picture = overlay.draw(result)
    assert picture.shape == (mask_size[1], mask_size[0], 3) and overlay.size(result) == mask_size
    assert is_near(picture[mask_size[1] // 2, mask_size[0] // 2], mixed(class_colour(15)))
    assert picture[mask_size[1] * 7 // 8, mask_size[0] // 2].tolist() == [GREY] * 3
    # A model without masks is drawn as ever, also where it found nothing.
    for other in (
        dataclasses.replace(result, detections=dataclasses.replace(result.detections, masks=None)),
        make_result(size, class_map=np.zeros((height, width), np.uint8)),
    ):
        assert overlay.draw(other).shape == (height, width, 3) and overlay.size(other) == size
    nothing = make_result(size)
    assert overlay.draw(nothing).shape == picture.shape


@pytest.mark.parametrize("size", SIZES)
def test_a_segmentation_colours_things_and_leaves_the_background(size):
    width, height = size
    class_map = np.zeros((height, width), np.uint8)
    class_map[: height // 8, width // 2 :] = 15
    class_map[height // 8 : height // 4, width // 2 :] = 20
    result = make_result(size, class_map=class_map)
    picture = draw(result)
    for class_id in (15, 20):
        assert is_near(picture[class_map == class_id], mixed(class_colour(class_id)))
    assert (picture[: height // 4][class_map[: height // 4] == 0] == GREY).all()
    assert (result.frame.image == GREY).all()


def test_class_0_is_coloured_where_it_is_no_background():
    result = make_result((160, 120), class_map=np.zeros((120, 160), np.uint8))
    assert (draw(result) == GREY).all()
    assert is_near(draw(dataclasses.replace(result, labels={0: "road"}))[0, 0], mixed(class_colour(0)))


@pytest.mark.parametrize("size", SIZES)
def test_the_legend_has_a_row_for_each_class_that_is_there(size):
    width, height = size
    class_map = np.zeros((height, width), np.uint8)
    class_map[:2] = 15
    class_map[2:5] = 16
    class_map[5, :3] = 20
    picture = draw(make_result(size, class_map=class_map), vis_text=True)
    heights = []
    for class_id in (16, 15, 20):
        rows, columns = np.nonzero((picture[height // 4 :] == class_colour(class_id)).all(axis=2))
        assert len(rows) >= 36 and columns.max() < width // 8, "a swatch of each, at the left"
        heights.append(rows.mean())
    assert heights == sorted(heights), "the largest first"
    letters = (picture[height // 2 :, : width * 3 // 4] > 190).all(axis=2)
    assert letters.sum() > 100
    dark = (picture[height // 2 :] < 80).all(axis=2)
    assert dark.sum() > letters.sum(), "on a dark panel"


@pytest.mark.parametrize("size", SIZES + [(48, 32), (16, 16)])
def test_a_legend_of_more_classes_than_there_is_room_for_is_shortened(size):
    width, height = size
    class_map = (np.arange(width * height) % 21).astype(np.uint8).reshape(height, width)
    without = draw(dataclasses.replace(make_result(size, class_map=class_map), segmentation=None))
    picture = draw(make_result(size, class_map=class_map), vis_text=True)
    assert picture.shape == without.shape
    shown = [
        class_id for class_id in range(1, 21) if (picture[:, : width // 2] == class_colour(class_id)).all(axis=2).any()
    ]
    least, most = (20, 20) if height >= 720 else (10, 20) if height == 288 else (0, 10)
    assert least <= len(shown) <= most


def test_a_picture_of_background_alone_has_no_legend():
    result = make_result((160, 120), class_map=np.zeros((120, 160), np.uint8))
    assert (draw(result) == result.frame.image).all()
