"""Segmentations: what the graph is fed, and what comes of the class map that it gives."""

import numpy as np
import pytest

from appliance.core.frame import Detections, Frame, Result, Segmentation, Timings
from appliance.detectors.deeplab import SegmentationDetector, fit, upsample_nearest
from appliance.detectors.family import ModelInfo
from appliance.engines.base import Engine as BaseEngine

SIDE = 513
NO_TIMINGS = Timings(0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    "width, height, fed",
    [
        (1080, 810, (513, 385)),
        (810, 1080, (385, 513)),
        (513, 100, (513, 100)),
        (160, 120, (513, 385)),
        (3000, 2, (513, 1)),
    ],
)
def test_the_longer_side_is_what_the_network_takes(width, height, fed):
    image = np.random.RandomState(0).randint(0, 256, (height, width, 3), np.uint8)
    fitted = fit(image, SIDE)
    assert (fitted.shape[1], fitted.shape[0]) == fed and fitted.dtype == np.uint8
    assert abs(float(fitted.mean()) - float(image.mean())) < 2


def test_a_large_picture_is_shrunk_smoothly():
    """Every other column white: picked pixels would be black and white, averaged ones are grey."""
    stripes = np.zeros((1026, 1026, 3), np.uint8)
    stripes[:, ::2] = 255
    assert set(np.unique(fit(stripes, SIDE))) <= {127, 128}


@pytest.mark.parametrize("width, height", [(513, 385), (1280, 960), (160, 120), (7, 5), (1, 1)])
def test_every_pixel_takes_the_class_of_the_nearest_one(width, height):
    class_map = np.random.RandomState(1).randint(0, 21, (385, 513)).astype(np.uint8)
    found = upsample_nearest(class_map, width, height)
    assert found.shape == (height, width) and found.dtype == np.uint8
    for y in {0, height // 2, height - 1}:
        for x in {0, width // 3, width - 1}:
            assert found[y, x] == class_map[int((y + 0.5) * 385 / height), int((x + 0.5) * 513 / width)]


class Engine(BaseEngine):
    """Says of every pixel how red it is."""

    device = "CPU"

    def run(self, image):
        assert image.shape[0] == 1 and max(image.shape[1:3]) == SIDE
        return [image[..., 0].astype(np.int64) // 100]


def test_a_detector_is_fed_rgb_and_gives_a_map_of_the_frames_size():
    detector = SegmentationDetector(ModelInfo("d", "deeplab", {}, ""), Engine(), SIDE)
    image = np.zeros((100, 200, 3), np.uint8)
    image[:, 100:, 2] = 250
    found = detector.detect(image)
    assert found.class_map.shape == (100, 200)
    assert (found.class_map[:, :98] == 0).all() and (found.class_map[:, 102:] == 2).all()


def test_areas_are_pixels_of_each_class_the_largest_first():
    class_map = np.zeros((4, 5), np.uint8)
    class_map[0, :3] = 20
    class_map[1] = 15
    class_map[2, :3] = 7
    areas = Segmentation(class_map).areas()
    assert list(areas.items()) == [(0, 9), (15, 5), (7, 3), (20, 3)]
    assert sum(areas.values()) == class_map.size


@pytest.mark.parametrize(
    "labels, is_background",
    [
        ({0: "background", 1: "aeroplane"}, True),
        ({}, True),
        ({0: "road", 1: "sidewalk"}, False),
    ],
)
def test_class_0_is_the_background_unless_the_labels_say_otherwise(labels, is_background):
    frame = Frame(np.zeros((2, 2, 3), np.uint8), 0, "x", 0.0, 0.0, 0.0)
    result = Result(frame, Detections.empty(), NO_TIMINGS, labels, Segmentation(np.zeros((2, 2), np.uint8)))
    assert result.is_background(0) == is_background
    assert not result.is_background(1)
