"""Mask R-CNN and DeepLab, on graphs with the structure of the zoo's: every row runs, and gives what it should.

The heavy rows run the network once, with everything fetched at the same time.
"""

import json

import cv2
import numpy as np
import pytest

from appliance.detectors.family import ModelInfo
from appliance.detectors.load import load_detector
from appliance.detectors.mask_rcnn import MaskDetector
from appliance.detectors.plan import ModelOptions
from appliance.engines.tensorflow.engine import TensorFlowEngine, TensorFlowOptions
from appliance.graph.read.frozen import Tensor
from appliance.graph.recognise.cut import find_cut
from appliance.graph.recognise.family import DETECTION_OUTPUTS, MASK_OUTPUT, SEGMENTATION_OUTPUT, recognise
from appliance.graph.recognise.output_heads import mask_classes, segmentation_classes, segmentation_side
from appliance.graph.rewrite.normalise import read_model
from appliance.graph.rewrite.split import keep, split
from appliance.zoo.labels import builtin_labels
from tests.command import run
from tests.zoo import unpack, zoo_bytes

OUTPUTS = [*DETECTION_OUTPUTS, MASK_OUTPUT]
MASK, DEEPLAB = "mask_rcnn_inception_v2_coco_2018_01_28", "deeplabv3_mnv2_pascal_train_aug_2018_01_29"
MASKS = [
    MASK,
    pytest.param("mask_rcnn_resnet50_atrous_coco_2018_01_28", marks=pytest.mark.heavy),
    pytest.param("mask_rcnn_resnet101_atrous_coco_2018_01_28", marks=pytest.mark.heavy),
    pytest.param("mask_rcnn_inception_resnet_v2_atrous_coco_2018_01_28", marks=pytest.mark.heavy),
]
DEEPLABS = [
    DEEPLAB,
    "deeplabv3_mnv2_pascal_trainval_2018_01_29",
    pytest.param("deeplabv3_pascal_train_aug_2018_01_04", marks=pytest.mark.heavy),
    pytest.param("deeplabv3_pascal_trainval_2018_01_04", marks=pytest.mark.heavy),
]


@pytest.fixture(scope="module")
def unpacked(zoo_dir, tmp_path_factory):
    """Unpacks a graph of the zoo and gives its path."""

    return lambda name: unpack(zoo_bytes(zoo_dir, name), tmp_path_factory.mktemp("models"), name)


def reframe_as_the_api_does(masks, boxes, width, height):
    """`reframe_box_masks_to_image_masks` of the Object Detection API, by TensorFlow's own operation."""
    import tensorflow as tf

    corners = np.array([0, 0, 1, 1], np.float32)
    low, extent = np.tile(boxes[:, :2], 2), np.tile(boxes[:, 2:] - boxes[:, :2], 2)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        cropped = tf.image.crop_and_resize(
            masks[..., np.newaxis],
            (corners - low) / extent,
            np.arange(len(masks), dtype=np.int32),
            [height, width],
            extrapolation_value=0.0,
        )
        return session.run(cropped)[..., 0]


def assert_masks(found, raw, threshold, width, height):
    """found: Detections; raw: the graph's own outputs."""
    boxes, scores, classes, count, masks = (output[0] for output in raw)
    above = [index for index in range(int(count)) if scores[index] >= threshold]
    assert len(above) > 5, "a test that finds nothing shows nothing"
    assert np.array_equal(found.scores, scores[above])
    assert found.class_ids.tolist() == classes[above].astype(int).tolist()
    assert np.allclose(found.boxes / [width, height, width, height], boxes[above][:, [1, 0, 3, 2]], atol=1e-6)
    assert found.masks.shape == (len(above), height, width) and found.masks.dtype == np.bool_
    # Those of an area only: of a box without one the operation makes nothing of nothing.
    expected = reframe_as_the_api_does(masks[above], boxes[above], width, height)
    differ = found.masks != (expected > 0.5)
    # Where the multiplications are fused, the last bit may differ.
    assert (np.abs(expected[differ] - 0.5) < 1e-4).all() and differ.sum() <= 20
    assert found.masks.any(axis=(1, 2)).sum() > 2
    for mask, (x_min, y_min, x_max, y_max) in zip(found.masks, found.boxes):
        rows, columns = np.nonzero(mask)
        if len(rows):
            assert y_min - 1 <= rows.min() and rows.max() <= y_max
            assert x_min - 1 <= columns.min() and columns.max() <= x_max


@pytest.mark.parametrize("name", MASKS)
def test_every_mask_rcnn_gives_its_masks_and_its_tail_split_off_gives_the_same(name, unpacked, samples):
    graph = read_model(unpacked(name))
    interface = recognise(graph, name)
    assert (interface.family, mask_classes(graph, MASK_OUTPUT)) == ("mask_rcnn", 90)
    parts = split(graph, find_cut(graph), OUTPUTS)
    picture = cv2.imread(str(samples / "bus.jpg"))
    height, width = picture.shape[:2]
    # The whole graph and the cut in one run.
    both = keep(graph, OUTPUTS + [tensor.node for tensor in parts.cut])
    fetches = [Tensor(output) for output in OUTPUTS] + list(parts.cut)
    whole = TensorFlowEngine(both, [Tensor(interface.image)], fetches, TensorFlowOptions(workers=0))
    results = whole.run(picture[np.newaxis, ..., ::-1])
    raw, crossing = results[: len(OUTPUTS)], results[len(OUTPUTS) :]
    whole.close()
    back = TensorFlowEngine(parts.back, parts.feeds, fetches[: len(OUTPUTS)], TensorFlowOptions(), on_cpu=True)
    for found, expected in zip(back.run(*crossing), raw):
        assert found.dtype == expected.dtype and np.array_equal(found, expected)
    for engine, given in ((None, raw), (back, crossing)):
        # What the front would give is here already, so any engine will do for it.
        detector = MaskDetector(ModelInfo(name, "mask_rcnn", {}, ""), back, 0.3, engine)
        assert_masks(detector.back(given, width, height), raw, 0.3, width, height)


@pytest.mark.boards
def test_a_mask_rcnn_runs_whole_and_exact_mode_splits_it_with_the_same_result(unpacked, samples):
    path = unpacked(MASK)
    picture = cv2.resize(cv2.imread(str(samples / "bus.jpg")), (405, 540), interpolation=cv2.INTER_AREA)
    ways = []
    for exact in (False, True):
        detector = load_detector(path, MASK, {}, ModelOptions(det_th=0.3, exact=exact))
        assert (detector.family, detector.classes) == ("mask_rcnn", 90)
        ways.append((detector.path, detector.detect(picture)))
        detector.close()
    (first, expected), (second, found) = ways
    assert (first, second) == ("whole", "exact")
    assert len(expected.scores) > 5 and expected.masks.shape == (len(expected.scores), 540, 405)
    for name in ("boxes", "scores", "class_ids", "masks"):
        assert np.array_equal(getattr(found, name), getattr(expected, name))


@pytest.mark.parametrize("name", DEEPLABS)
def test_every_deeplab_says_of_each_pixel_what_the_graph_says(name, unpacked, samples):
    path = unpacked(name)
    graph = read_model(path)
    assert segmentation_classes(graph, SEGMENTATION_OUTPUT) == 21
    assert segmentation_side(graph, SEGMENTATION_OUTPUT) == 513
    image = Tensor(recognise(graph, name).image)
    whole = TensorFlowEngine(
        keep(graph, [SEGMENTATION_OUTPUT]), [image], [Tensor(SEGMENTATION_OUTPUT)], TensorFlowOptions(workers=0)
    )
    detector = load_detector(path, name, {}, ModelOptions())
    assert (detector.family, detector.path, detector.classes) == ("deeplab", "whole", 21)
    assert detector.labels == builtin_labels("pascal")
    # The second picture is fed as it is: what comes out is the graph's own answer.
    for photo, size, fed in (("bus.jpg", (810, 1080), (385, 513)), ("zidane.jpg", (513, 289), (513, 289))):
        picture = cv2.resize(cv2.imread(str(samples / photo)), size, interpolation=cv2.INTER_AREA)
        small = cv2.resize(picture, fed, interpolation=cv2.INTER_AREA)
        (expected,) = whole.run(small[np.newaxis, ..., ::-1])
        found = detector.detect(picture).class_map
        assert found.dtype == np.uint8 and found.shape == (size[1], size[0])
        rows = [int((y + 0.5) * fed[1] / size[1]) for y in range(size[1])]
        columns = [int((x + 0.5) * fed[0] / size[0]) for x in range(size[0])]
        assert np.array_equal(found, expected[0][rows][:, columns])
        assert len(np.unique(found)) > 5
    for engine in (whole, detector):
        engine.close()


@pytest.mark.boards
@pytest.mark.parametrize("size", [(16, 12), (4000, 20), (513, 513)])
def test_a_deeplab_takes_a_picture_of_any_size(size, unpacked):
    detector = load_detector(unpacked(DEEPLAB), DEEPLAB, {}, ModelOptions())
    picture = np.random.RandomState(0).randint(0, 256, (size[1], size[0], 3), np.uint8)
    assert detector.detect(picture).class_map.shape == (size[1], size[0])


def test_labels_of_ones_own_are_kept(unpacked):
    labels = {0: "void", 7: "tram"}
    assert load_detector(unpacked(DEEPLAB), DEEPLAB, labels, ModelOptions()).labels == labels


def run_image(folder, *words):
    done = run(folder, "image", *map(str, words))
    assert done.code == 0, done.err
    return done


def test_the_command_line_gives_masks_as_json_and_a_picture(unpacked, samples, tmp_path, monkeypatch):
    monkeypatch.setattr("tests.command.LIMIT", 280.0)  # the graph runs twice, for seconds each
    done = run_image(
        tmp_path,
        samples / "bus.jpg",
        "--model",
        unpacked(MASK),
        "--json",
        "-",
        "--det-th",
        "0.3",
        "--save-to-file",
        "--mask-output-size",
        "settings",
        "--width",
        "640",
        "--height",
        "480",
    )
    (line,) = done.out.splitlines()
    found = json.loads(line)
    assert (found["width"], found["height"]) == (810, 1080)
    assert len(found["detections"]) > 5 and "segmentation" not in found
    for detection in found["detections"]:
        assert detection["mask"]["size"] == [1080, 810] and detection["mask"]["counts"]
    (picture,) = (tmp_path / "output_image").rglob("bus.jpg")
    assert cv2.imread(str(picture)).shape == (480, 640, 3)
    assert "at once" in done.err


@pytest.mark.boards
def test_the_command_line_gives_a_segmentation_as_json_and_a_picture(unpacked, samples, tmp_path):
    done = run_image(tmp_path, samples / "bus.jpg", "--model", unpacked(DEEPLAB), "--json", "-", "--save-to-file")
    (line,) = done.out.splitlines()
    found = json.loads(line)
    assert found["detections"] == []
    areas = [entry["area"] for entry in found["segmentation"]]
    assert sum(areas) == 810 * 1080 and areas == sorted(areas, reverse=True)
    labels = builtin_labels("pascal")
    for entry in found["segmentation"]:
        assert entry["label"] == labels[entry["class_id"]]
        assert entry["share"] == pytest.approx(entry["area"] / (810 * 1080), abs=1e-6)
    (picture,) = (tmp_path / "output_image").rglob("bus.jpg")
    assert cv2.imread(str(picture)).shape == (1080, 810, 3)
    assert "of the picture" in done.err
