"""Privacy masks: what they touch is black, and only that."""

import dataclasses
import time

import numpy as np
import pytest

from appliance.core.frame import Frame, Result
from appliance.sources.memory import MemorySource
from appliance.sources.privacy import MARGIN, PrivacyMask

pytestmark = pytest.mark.boards

TRIANGLE = ((0.2, 0.1), (0.85, 0.45), (0.4, 0.9))
STAR = ((0.5, 0.0), (0.6, 0.35), (1.0, 0.4), (0.65, 0.55), (0.8, 1.0), (0.5, 0.7), (0.2, 1.0), (0.35, 0.55), (0.0, 0.4))
THIN = ((0.1, 0.5), (0.9, 0.501), (0.9, 0.502))
CORNER = ((0.0, 0.0), (0.1, 0.0), (0.0, 0.1))


def a_frame(width, height, image=None):
    image = np.full((height, width, 3), 200, np.uint8) if image is None else image
    return Frame(image, 0, "test", 0.0, 0.0, 0.0)


def blacked(polygons, width, height):
    image = PrivacyMask(lambda: polygons)(a_frame(width, height)).image
    assert set(np.unique(image).tolist()) <= {0, 200}
    return (image == 0).all(axis=2)


@pytest.mark.parametrize("polygon", [TRIANGLE, STAR, THIN, CORNER])
@pytest.mark.parametrize("size", [(97, 53), (160, 120), (31, 200)])
def test_every_pixel_that_a_polygon_touches_is_black_and_its_neighbours_too(polygon, size):
    shapely = pytest.importorskip("shapely.geometry")
    width, height = size
    area = shapely.Polygon([(x * width, y * height) for x, y in polygon])
    black = blacked([polygon], width, height)
    for row in range(height):
        for column in range(width):
            away = area.distance(shapely.box(column, row, column + 1, row + 1))
            if away <= 1.0:
                assert black[row, column], (column, row)
            elif away > 1.5 * (MARGIN + 1.5):
                assert not black[row, column], (column, row)


def test_several_polygons_and_none():
    black = blacked([CORNER, TRIANGLE], 160, 120)
    assert (black == blacked([CORNER], 160, 120) | blacked([TRIANGLE], 160, 120)).all()
    frame = a_frame(20, 10)
    assert PrivacyMask(lambda: ())(frame) is frame and (frame.image == 200).all()


def test_a_picture_of_another_size_is_blacked_at_its_own():
    mask = PrivacyMask(lambda: [TRIANGLE])
    for width, height in ((160, 120), (80, 60), (160, 120)):
        assert ((mask(a_frame(width, height)).image == 0).all(axis=2) == blacked([TRIANGLE], width, height)).all()


def test_polygons_that_are_changed_count_from_the_next_frame_on():
    polygons = [[TRIANGLE]]
    mask = PrivacyMask(lambda: polygons[0])
    assert (mask(a_frame(160, 120)).image == 0).any()
    polygons[0] = [CORNER]
    assert ((mask(a_frame(160, 120)).image == 0).all(axis=2) == blacked([CORNER], 160, 120)).all()
    polygons[0] = []
    assert (mask(a_frame(160, 120)).image == 200).all()


def test_a_frame_that_was_read_before_a_change_is_blacked_when_its_result_comes():
    polygons = [()]
    mask = PrivacyMask(lambda: polygons[0])
    early, late = (
        Result(dataclasses.replace(a_frame(160, 120), captured_at=time.monotonic()), None, None, {}) for _ in "ab"
    )
    for result in (early, late):
        mask(result.frame)
        assert mask.again(result) is result and (result.frame.image == 200).all()
    polygons[0] = (TRIANGLE,)
    assert (mask.again(early).frame.image == 0).any()
    mask(a_frame(160, 120))  # the next frame is read
    assert (mask.again(late).frame.image == 0).any()


def test_an_image_of_somebody_else_is_copied_and_its_own_is_not():
    mask = PrivacyMask(lambda: [TRIANGLE])
    own = a_frame(160, 120)
    assert mask(own) is own
    memory = bytes(160 * 120 * 3)
    borrowed = a_frame(160, 120, np.frombuffer(memory, np.uint8).reshape(120, 160, 3))
    assert mask(borrowed) is not borrowed and memory == bytes(160 * 120 * 3)
    shown = np.full((120, 160, 3), 200, np.uint8)
    with MemorySource([shown], frames=2) as source:
        for _ in range(2):
            assert (mask(source.read()).image == 0).any() and (shown == 200).all()
    kept = a_frame(160, 120)
    assert (mask.copy(kept).image == 0).any() and (kept.image == 200).all()
    assert dataclasses.replace(mask.copy(kept), image=kept.image) == kept
