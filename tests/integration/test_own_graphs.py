"""A user's own graph runs with nothing configured, split as it is whole, or is refused in a sentence."""

import cv2
import numpy as np
import pytest
import tensorflow as tf

from appliance.core.errors import ModelError
from appliance.detectors.load import load_detector
from appliance.detectors.plan import ModelOptions
from appliance.graph.read.graph_file import parse_graph
from appliance.graph.recognise.cut import NoCutError, find_cut
from appliance.graph.rewrite.normalise import adapt
from appliance.zoo.store import resolve_model
from tests.graphs import Own, build
from tests.zoo import changed, prefixed, renamed, unpack, zoo_bytes

THRESHOLD = 0.3
FAST, EXACT, WHOLE = "fast", "exact", "whole"
NOT_BY_CLASS, NO_LOOP = "the suppression is not done class by class", "no preprocessing loop was found"

# What is built, how it should run, what the cut carries, and why it does not run faster.
OWN = {
    "four classes, 600 pixels": (Own(size=600), FAST, 3, ""),
    "one class": (Own(classes=1), FAST, 3, ""),
    "NonMaxSuppression": (Own(suppression="V1"), FAST, 3, ""),
    "NonMaxSuppressionV2": (Own(suppression="V2"), FAST, 3, ""),
    "NonMaxSuppressionV4": (Own(suppression="V4"), FAST, 3, ""),
    "NonMaxSuppressionV5": (Own(suppression="V5"), FAST, 3, ""),
    "CombinedNonMaxSuppression": (Own(suppression="combined"), EXACT, 2, NOT_BY_CLASS),
    "no suppression": (Own(suppression="none"), WHOLE, 0, "the graph holds no non-maximum suppression"),
    "aspect kept": (Own(keep_aspect=True), FAST, 3, ""),
    "batch of one": (Own(input="image 1"), FAST, 3, ""),
    "no loops": (Own(loops=False), EXACT, 2, NO_LOOP),
    "no loops, one class": (Own(loops=False, classes=1), EXACT, 2, NO_LOOP),
    "no loops, NonMaxSuppression": (Own(loops=False, suppression="V1"), EXACT, 2, NO_LOOP),
    "no loops, combined": (Own(loops=False, suppression="combined"), EXACT, 2, NOT_BY_CLASS),
    "float image": (Own(input="float"), FAST, 3, ""),
    "more outputs": (Own(extras=True), FAST, 3, ""),
    "no num_detections": (Own(counted=False), FAST, 3, ""),
    "loops of TensorFlow 2": (Own(control_flow=2), EXACT, 3, NOT_BY_CLASS),
    "as TensorFlow 2 freezes it": (Own(control_flow=2, lowered=True), EXACT, 3, "TensorListGetItem"),
    "one function": (Own(control_flow=2, in_function=True), WHOLE, 0, "nothing light is left"),
}


def arrays(found):
    """Boxes, scores and class ids."""
    return found.boxes, found.scores, found.class_ids


def load(path, **options):
    return load_detector(path, path.parent.name, {}, ModelOptions(det_th=THRESHOLD, **options))


def save(graph, folder):
    return unpack(graph.message.SerializeToString(), folder, "own")


def assert_runs(path, way, reason, samples):
    """Exact is whole bit for bit, and the way that is taken is whole within 1e-4."""
    fastest, exact, whole = load(path), load(path, exact=True), load(path, split_model=False)
    assert fastest.path == way and reason in fastest.reason and bool(reason) == bool(fastest.reason)
    found = 0
    for photo in ("bus.jpg", "zidane.jpg", "chelsea.png"):
        image = cv2.imread(str(samples / photo))
        expected, split, fast = whole.detect(image), exact.detect(image), fastest.detect(image)
        for one, other in zip(arrays(expected), arrays(split)):
            assert np.array_equal(one, other)
        assert fast.class_ids.tolist() == expected.class_ids.tolist()
        assert np.allclose(fast.scores, expected.scores, rtol=0, atol=1e-4)
        assert np.allclose(fast.boxes, expected.boxes, rtol=0, atol=1e-4 * max(image.shape))
        assert (np.diff(expected.scores) <= 0).all()
        found += len(expected.scores)
    assert found, "a test that finds nothing shows nothing"
    for detector in (fastest, exact, whole):
        detector.close()
    return fastest


@pytest.mark.parametrize("what", OWN)
def test_a_graph_of_ones_own_runs(what, samples, tmp_path):
    own, way, crossing, reason = OWN[what]
    graph = build(own)
    try:
        tensors = len(find_cut(adapt(graph)).tensors)
    except NoCutError:
        tensors = 0
    assert tensors == crossing
    detector = assert_runs(save(graph, tmp_path), way, reason, samples)
    assert detector.family == "ssd"
    if way == FAST:
        assert (detector.classes, detector.anchors) == (own.classes, {300: 1917, 600: 7326}[own.size])


@pytest.mark.boards
@pytest.mark.parametrize("change", [renamed, prefixed])
@pytest.mark.parametrize("own", [Own(), Own(loops=False, suppression="V1")], ids=["loops", "no loops"])
def test_names_make_no_difference(own, change, samples, tmp_path):
    assert_runs(save(change(build(own)), tmp_path), FAST if own.loops else EXACT, "" if own.loops else NO_LOOP, samples)


@pytest.mark.parametrize(
    "name",
    [
        "ssd_mobilenet_v1_coco_11_06_2017",
        pytest.param("faster_rcnn_inception_v2_coco_2018_01_28", marks=pytest.mark.heavy),
    ],
)
def test_a_model_of_newer_naming_finds_what_it_found(name, zoo_dir, samples, tmp_path):
    graph = parse_graph(zoo_bytes(zoo_dir, name), name)
    image = cv2.imread(str(samples / "bus.jpg"))
    found = [load(save(one, tmp_path / str(index))).detect(image) for index, one in enumerate((graph, renamed(graph)))]
    assert len(found[0].scores)
    for one, other in zip(arrays(found[0]), arrays(found[1])):
        assert np.array_equal(one, other)


def unfrozen():
    with tf.Graph().as_default() as graph:
        image = tf.compat.v1.placeholder(tf.uint8, [None, None, None, 3], "image_tensor")
        weight = tf.compat.v1.get_variable("weights", [1], use_resource=False)
        tf.identity(tf.cast(image, tf.float32) * weight, "detection_boxes")
    return graph.as_graph_def().SerializeToString()


def as_text():
    from google.protobuf import text_format

    return text_format.MessageToString(build(Own()).message).encode()


def saved_model():
    """A SavedModel's first fields: its schema's version and a graph in a MetaGraphDef."""
    graph = build(Own()).message.SerializeToString()
    length = bytes([len(graph) & 127 | 128, len(graph) >> 7 & 127 | 128, len(graph) >> 14])
    return b"\x08\x01\x12" + length + graph


def raw_scores():
    """Scores for every class, as a graph has them without post-processing."""

    def change(message):
        outputs = {node.name: node for node in message.node}
        outputs["detection_scores"].input[0] = outputs["raw_detection_scores"].input[0]

    return changed(build(Own(suppression="none", extras=True)), change).message.SerializeToString()


def without(output):
    def change(message):
        message.node.remove(next(node for node in message.node if node.name == output))

    return changed(build(Own(suppression="none")), change).message.SerializeToString()


REFUSED = {
    "encoded pictures": (lambda: build(Own(input="encoded")), "takes encoded pictures.*--input_type image_tensor"),
    "two inputs": (lambda: build(Own(input="two")), "one input, the image; found: image_tensor, brightness"),
    "not frozen": (unfrozen, "not frozen: weights is a variable.*export_inference_graph.py"),
    "text": (as_text, "no frozen graph but a graph written as text"),
    "SavedModel": (saved_model, "no frozen graph but a SavedModel"),
    "Keras": (lambda: b"\x89HDF\r\n\x1a\n" + bytes(100), "no frozen graph but a Keras model"),
    "Git LFS": (lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
    "truncated": (lambda: build(Own()).message.SerializeToString()[:-50000], "truncated"),
    "truncated between nodes": (
        lambda: changed(build(Own()), lambda message: message.node.__delitem__(slice(-4, None))),
        "none of the outputs .* is the file complete",
    ),
    "truncated in a loop": (
        lambda: changed(build(Own()), lambda message: message.node.__delitem__(slice(-300, None))),
        "NextIteration, which is not in the file: the graph is damaged or truncated",
    ),
    "no graph": (lambda: bytes(range(256)) * 9, "no frozen graph"),
    "no post-processing": (raw_scores, r"scores and classes of the shapes \[1, 1917, 4\], \[1, 1917, 4\] and"),
    "no scores": (lambda: without("detection_scores"), "the output detection_scores is not in the graph"),
}


@pytest.mark.boards
@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_run_is_refused_in_a_sentence(what, tmp_path):
    make, complaint = REFUSED[what]
    made = make()
    path = unpack(made if isinstance(made, bytes) else made.message.SerializeToString(), tmp_path, "own")
    with pytest.raises(ModelError, match="(?s)own.*" + complaint):
        load(path)


def test_a_float_image_without_a_resize_is_refused(tmp_path):
    """Whether it wants 0 to 1, -1 to 1 or 0 to 255 cannot be told."""
    with tf.Graph().as_default() as graph:
        image = tf.compat.v1.placeholder(tf.float32, [1, 30, 30, 3], "image")
        features = tf.nn.conv2d(image, np.ones((3, 3, 3, 4), np.float32), [1, 10, 10, 1], "SAME")
        tf.identity(tf.reshape(features, [1, 9, 4]), "detection_boxes")
        tf.identity(tf.reshape(features[..., 0], [1, 9]), "detection_scores")
        tf.identity(tf.reshape(features[..., 1], [1, 9]), "detection_classes")
    path = unpack(graph.as_graph_def().SerializeToString(), tmp_path, "own")
    with pytest.raises(ModelError, match="the input image takes numbers that somebody has to prepare"):
        load(path)


def test_a_saved_model_given_as_a_folder_is_named(tmp_path):
    graph = save(build(Own()), tmp_path)
    folder = graph.parent / "saved_model"
    folder.mkdir()
    (folder / "saved_model.pb").write_bytes(saved_model())
    with pytest.raises(ModelError, match="but a SavedModel: give .*/own/frozen_inference_graph.pb, which lies beside"):
        resolve_model(folder, tmp_path / "models")
    graph.unlink()
    with pytest.raises(ModelError, match="but a SavedModel: Beside it may lie frozen_inference_graph.pb"):
        resolve_model(folder, tmp_path / "models")
