"""What is drawn into the picture."""

import dataclasses
import itertools

import numpy as np
import pytest

from appliance.core.frame import Detections, Frame, Result, Statistics, Timings
from appliance.drawing.colours import class_colour, text_colour
from appliance.drawing.lettering import style_for
from appliance.drawing.overlay import Overlay, _label_tile, place_label

TIMINGS = Timings(total=0.1191, cap=0.00013, front=0.03837, back=0.02768, lost=0.05293, send=0.03834)
STATISTICS = Statistics(
    fps=25.8, frames=130, seconds=5.04248, timings=TIMINGS, vfps=25.4, vframes=128, vdrops=1, drops=0
)
SIZES = [(160, 120), (544, 288), (1280, 720), (810, 1080), (3840, 2160)]
GREY = 150


def make_result(found=(), size=(640, 360), image=None, labels=None):
    """found: tuples of class id, score, box; size is that of a grey picture."""
    if image is None:
        image = np.full((size[1], size[0], 3), GREY, np.uint8)
    boxes = np.array([box for _, _, box in found], np.float32).reshape(-1, 4)
    scores = np.array([score for _, score, _ in found], np.float32)
    class_ids = np.array([class_id for class_id, _, _ in found], np.int32)
    frame = Frame(image, 0, "bikes.mp4", 0.0, 0.0, 0.0)
    return Result(frame, Detections(boxes, scores, class_ids), TIMINGS, labels or {1: "person", 3: "car"})


def draw(result, vis_text=False, statistics=STATISTICS):
    return Overlay(vis_text, lambda: statistics).draw(result)


def letter_pixels(picture):
    """How many pixels belong to letters of the label "person": they are dark, and all else is lighter."""
    assert text_colour(class_colour(1)) == (0, 0, 0)
    return int((picture[:, :, 2] < 110).sum())


def contrast(colour, other):
    """The contrast ratio of WCAG 2."""

    def luminance(bgr):
        parts = [part / 255.0 for part in bgr]
        blue, green, red = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, light = sorted((luminance(colour), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_the_frame_itself_is_never_drawn_into():
    image = np.full((360, 640, 3), GREY, np.uint8)
    image.setflags(write=False)
    picture = draw(make_result([(1, 0.98, (100, 100, 300, 300))], image=image), vis_text=True)
    assert (image == GREY).all()
    assert picture is not image and (picture != image).any()
    assert picture.dtype == np.uint8 and picture.shape == image.shape


def test_nothing_found_leaves_the_picture_as_it_is():
    result = make_result()
    assert (draw(result) == result.frame.image).all()


@pytest.mark.parametrize("width, height", SIZES)
def test_a_box_lies_where_the_object_is_and_has_its_class_colour(width, height):
    x_min, _, x_max, y_max = box = (width // 4, height // 3, width // 2, height * 3 // 4)
    picture = draw(make_result([(3, 0.77, box)], size=(width, height)))
    car = class_colour(3)
    for x, y in [
        (x_max, y_max),
        (x_min, y_max),
        (x_min, height // 2),
        (x_max, height // 2),
        (width // 3, y_max),
    ]:
        assert tuple(picture[y, x]) == car
    assert tuple(picture[height // 2, width * 3 // 8]) == (GREY,) * 3
    # Lines get wider with the picture, but stay lines.
    line = (picture[height // 2] == car).all(axis=1).sum() / 2.0
    assert 1 <= line <= max(1, min(width, height) / 120.0)


@pytest.mark.parametrize("width, height", SIZES)
def test_a_label_can_be_read_at_every_size(width, height):
    box = (width // 8, height // 2, width * 7 // 8, height * 7 // 8)
    picture = draw(make_result([(1, 0.98, box)], size=(width, height)))
    person = class_colour(1)
    above = picture[: height // 2 - 2]
    rows = (above == person).all(axis=2).any(axis=1).sum()
    assert 8 <= rows <= height / 8.0
    assert letter_pixels(above) > 40


@pytest.mark.parametrize(
    "box",
    [
        (0, 0, 639, 359),
        (0, 0, 20, 20),
        (620, 0, 640, 20),
        (0, 340, 20, 360),
        (620, 340, 640, 360),
        (600, 0, 640, 360),
        (-50, -50, 900, 900),
        (100.5, 100.5, 100.5, 100.5),
    ],
)
def test_a_box_at_the_edge_has_its_whole_label(box):
    inside = draw(make_result([(1, 0.98, (200, 100, 201, 101))]))
    at_edge = draw(make_result([(1, 0.98, box)]))
    assert letter_pixels(inside) == letter_pixels(at_edge) > 40


def test_labels_do_not_cover_each_other_where_there_is_room():
    taken = []
    for step in range(4):
        box = (200 + 5 * step, 100 + 3 * step, 330 + 5 * step, 250 + 3 * step)
        taken.append(place_label(box, 90, 18, 640, 360, 2, taken))
    for a, b in itertools.combinations(taken, 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


@pytest.mark.parametrize(
    "box, image_size, place",
    [
        ((100, 100, 200, 200), (640, 360), (100, 82, 190, 100)),  # above
        ((100, 5, 200, 200), (640, 360), (100, 6, 190, 24)),  # inside, as there is no room above
        ((600, 100, 639, 200), (640, 360), (550, 82, 640, 100)),  # moved to the left
        ((0, 0, 50, 11), (60, 12), (0, 0, 60, 12)),  # larger than the picture: cut
    ],
)
def test_a_label_lies_above_its_box_or_else_near(box, image_size, place):
    assert place_label(box, 90, 18, image_size[0], image_size[1], 1, []) == place


def test_the_best_detection_lies_on_top():
    box = (100, 100, 300, 300)
    picture = draw(make_result([(1, 0.9, box), (3, 0.4, box)]))
    assert tuple(picture[300, 200]) == class_colour(1)


def test_classes_have_colours_of_their_own_and_text_on_them_is_readable():
    colours = [class_colour(class_id) for class_id in range(1, 91)]
    assert len({colours[i] for i in range(50)}) == 50
    assert colours == [class_colour(class_id) for class_id in range(1, 91)]
    for a, b in zip(colours, colours[1:]):
        assert sum(abs(x - y) for x, y in zip(a, b)) > 60
    assert all(contrast(colour, text_colour(colour)) >= 4.4 for colour in colours)


def test_a_label_that_the_font_lacks_does_no_harm():
    labels = {1: "Fu\u00dfg\u00e4nger \u6b69\u884c\u8005 \U0001f6b6"}
    picture = draw(make_result([(1, 0.98, (100, 100, 300, 300))], labels=labels))
    assert (picture[:98] == class_colour(1)).all(axis=2).any()


@pytest.mark.parametrize("width, height", SIZES)
def test_the_statistics_stand_on_a_dark_panel_top_left(width, height):
    picture = draw(make_result(size=(width, height)), vis_text=True)
    dark, light = picture < GREY, picture > 200
    assert light[: height // 4, : width // 2].any()
    assert dark[0, 0].all()
    assert not (dark | light)[height // 3 :].any()


@pytest.mark.parametrize(
    "vis_text, statistics", [(False, STATISTICS), (True, dataclasses.replace(STATISTICS, timings=None))]
)
def test_without_vis_text_or_statistics_there_is_no_panel(vis_text, statistics):
    result = make_result()
    assert (draw(result, vis_text, statistics) == result.frame.image).all()


def test_the_statistics_are_those_of_the_moment():
    now = [STATISTICS]
    overlay = Overlay(True, lambda: now[0])
    first = overlay.draw(make_result())
    now[0] = dataclasses.replace(STATISTICS, fps=11.1)
    assert (overlay.draw(make_result()) != first).any()


def test_the_labels_that_are_kept_take_little_memory():
    """A score makes a label of its own: in an hour of 4K there is every one of them."""
    _label_tile.cache_clear()
    sizes = []
    for number in range(1000):
        tile = _label_tile(f"traffic light 0.{number:03}", (1, 2, 3), style_for(3840, 2160))
        sizes.append(tile.nbytes)
    kept = _label_tile.cache_info().currsize
    assert kept * max(sizes) < 64 << 20
