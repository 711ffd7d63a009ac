"""Every SSD and Faster R-CNN of a folder of models runs: split as it is whole bit for bit, and fast as it is whole.

SPLITLENS_TEST_ZOO=FOLDER takes another folder of models, such as the true archives: `make test-zoo`.
"""

import cv2
import numpy as np
import pytest

from appliance.cli.bench.parity import compare
from appliance.detectors.boxes import ExactDetector
from appliance.detectors.family import ModelInfo
from appliance.detectors.load import load_detector
from appliance.detectors.plan import ModelOptions, make_plan
from appliance.engines.tensorflow.engine import TensorFlowEngine, TensorFlowOptions
from appliance.graph.read.frozen import Tensor
from appliance.graph.read.shapes import find_shapes
from appliance.graph.recognise.cut import find_cut
from appliance.graph.recognise.family import DETECTION_OUTPUTS, recognise
from appliance.graph.rewrite.normalise import read_model
from appliance.graph.rewrite.split import keep, split
from tests.zoo import unpack, zoo_bytes

OUTPUTS = [Tensor(name) for name in DETECTION_OUTPUTS]
THRESHOLD = 0.3
ALL = ("bus.jpg", "zidane.jpg", "astronaut.png")
# Model: its photos, what splits a graph's seconds between them, and its anchors or proposals.
ROWS = {
    "ssd_mobilenet_v1_coco_11_06_2017": (ALL, 1917),
    "ssd_mobilenet_v1_coco_2017_11_17": (ALL, 1917),
    "ssd_inception_v2_coco_2017_11_17": (ALL, 1917),
    "ssd_mobilenet_v1_coco_2018_01_28": (ALL, 1917),
    "ssd_inception_v2_coco_2018_01_28": (ALL, 1917),
    "ssd_mobilenet_v2_coco_2018_03_29": (ALL, 1917),
    "ssdlite_mobilenet_v2_coco_2018_05_09": (ALL, 1917),
    "ssd_mobilenet_v1_quantized_300x300_coco14_sync_2018_07_03": (ALL, 1917),
    "ssd_mobilenet_v1_0.75_depth_quantized_300x300_coco14_sync_2018_07_03": (ALL, 1917),
    "ssd_mobilenet_v1_ppn_shared_box_predictor_300x300_coco14_sync_2018_07_03": (ALL, 3000),
    "ssd_mobilenet_v1_fpn_shared_box_predictor_640x640_coco14_sync_2018_07_03": (ALL[:2], 51150),
    "ssd_resnet50_v1_fpn_shared_box_predictor_640x640_coco14_sync_2018_07_03": (ALL[:2], 51150),
    "faster_rcnn_inception_v2_coco_2018_01_28": (ALL[:2], 100),
    "faster_rcnn_resnet50_coco_2018_01_28": (ALL[:1], 100),
    "faster_rcnn_resnet101_coco_2018_01_28": (ALL[:1], 100),
    "faster_rcnn_inception_resnet_v2_atrous_coco_2018_01_28": (ALL[:1], 100),
}
# One of each naming and kind; the others are of the same structures.
LIGHT = {
    "ssd_mobilenet_v1_coco_11_06_2017": [pytest.mark.boards],
    "ssd_mobilenet_v1_coco_2017_11_17": [],
    "ssdlite_mobilenet_v2_coco_2018_05_09": [],
    "ssd_mobilenet_v1_quantized_300x300_coco14_sync_2018_07_03": [pytest.mark.boards],
    "faster_rcnn_inception_v2_coco_2018_01_28": [],
}


A_STEP = 0.15
"""By which a quantized graph may find something else: a last bit, which is another one with the kernels of another
processor (AVX-512), moves a value by a whole step."""


@pytest.mark.parametrize("name", [pytest.param(name, marks=LIGHT.get(name, [pytest.mark.heavy])) for name in ROWS])
def test_a_model_of_the_zoo_gives_the_same_split_and_fast_as_whole(name, zoo_dir, samples, tmp_path):
    photos, anchors = ROWS[name]
    path = unpack(zoo_bytes(zoo_dir, name), tmp_path, name)
    graph = read_model(path)
    interface = recognise(graph, name)
    feed = [Tensor(interface.image)]
    parts = split(graph, find_cut(graph), list(DETECTION_OUTPUTS))
    images = [cv2.imread(str(samples / photo)) for photo in photos]
    pictures = [image[np.newaxis, ..., ::-1] for image in images]

    # One at a time, so that only one graph is in memory.
    options = TensorFlowOptions()
    whole = TensorFlowEngine(keep(graph, list(DETECTION_OUTPUTS)), feed, OUTPUTS, options)
    expected = [whole.run(picture) for picture in pictures]
    whole.close()
    front = TensorFlowEngine(parts.front, feed, parts.cut, options)
    crossed = [front.run(picture) for picture in pictures]
    front.close()
    planned = make_plan(graph, interface, True, False)
    for shape, tensor in zip(find_shapes(planned.front, parts.cut), crossed[0]):
        # None, or a side of None, is not known without running it.
        assert shape is None or len(shape) == tensor.ndim
        assert all(side in (None, real) for side, real in zip(shape or (), tensor.shape))
    back = TensorFlowEngine(parts.back, parts.feeds, OUTPUTS, options, on_cpu=True)
    for outputs, tensors in zip(expected, crossed):
        for one, other in zip(outputs, back.run(*tensors)):
            assert other.dtype == one.dtype
            assert np.array_equal(other, one)
    back.close()

    fast = load_detector(path, name, {}, ModelOptions(det_th=THRESHOLD))
    assert (fast.path, fast.reason, fast.family) == ("fast", "", interface.family)
    assert (fast.classes, fast.anchors) == (90, anchors)
    reader = ExactDetector(ModelInfo(name, interface.family, {}, ""), whole, THRESHOLD, None)
    found = 0
    for image, outputs in zip(images, expected):
        height, width = image.shape[:2]
        as_whole, as_fast = reader.back(outputs, width, height), fast.detect(image)
        # Weights without meaning give scores that differ in the seventh digit: such may change places.
        agreement = compare([as_whole], [as_fast], [image], THRESHOLD)
        if "quantized" in name:
            assert agreement.unmatched <= agreement.detections / 10 and max(agreement.score, agreement.box) <= A_STEP
        else:
            assert agreement.is_same
        found += len(as_whole.scores)
    fast.close()
    assert found, "a test that finds nothing shows nothing"
