"""What the front is fed where several images go through it together."""

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from appliance.engines.batches import _Picker, sizes_up_to
from appliance.engines.resize import Resizer
from appliance.graph.network import Network


@pytest.mark.parametrize("batch, sizes", [(1, (1,)), (2, (1, 2)), (4, (1, 4)), (16, (1, 4, 16)), (20, (1, 4, 16, 20))])
def test_arrays_hold_a_few_numbers_of_images(batch, sizes):
    assert sizes_up_to(batch) == sizes


@pytest.mark.parametrize("align_corners, half_pixel_centers", [(False, False), (True, False), (False, True)])
@pytest.mark.parametrize("width, height", [
    (1280, 720), (1920, 1080), (544, 288), (160, 120), (300, 300), (301, 299), (2, 2), (1, 1)])
def test_the_picked_pixels_blend_to_the_resized_image(width, height, align_corners, half_pixel_centers):
    network = Network(None, None, (), 300, 200, align_corners, half_pixel_centers)
    picker = _Picker(network, width, height)
    image = np.random.RandomState(1).randint(0, 256, (height, width, 3)).astype(np.uint8)
    corners = np.zeros((4, 200, 300, 3), np.uint8)
    picker.pick(image, corners)
    top_left, top_right, bottom_left, bottom_right = corners.astype(np.float32)
    top = top_left + (top_right - top_left) * picker.across
    bottom = bottom_left + (bottom_right - bottom_left) * picker.across
    resizer = Resizer(300, 200, align_corners, half_pixel_centers)
    resizer.can_warp = False
    expected = resizer.resize(image)[0, ..., ::-1]
    assert np.allclose(top + (bottom - top) * picker.down, expected, rtol=0, atol=1e-3)
