"""The three ways to run a graph give the same detections, on real weights and on the zoo's structures."""

import itertools

import cv2
import numpy as np
import pytest

from appliance.core.errors import ModelError
from appliance.core.frame import Detections, Frame
from appliance.detectors.load import differences, load_detector
from appliance.detectors.plan import ModelOptions
from appliance.engines.tensorflow.engine import TensorFlowEngine, TensorFlowOptions
from appliance.graph.read.frozen import Graph, Tensor, make_node, make_placeholder, type_attribute
from appliance.graph.read.graph_file import read_graph
from appliance.graph.read.proto import GraphDef
from appliance.graph.recognise.cut import find_cut
from appliance.graph.recognise.family import DETECTION_OUTPUTS, recognise
from appliance.graph.rewrite.split import keep, split
from appliance.pipeline.loop import Loop
from appliance.pipeline.meter import Meter
from appliance.pipeline.stream_pipeline import StreamPipeline
from appliance.sources.memory import MemorySource
from appliance.sources.movie import MovieSource

pytestmark = pytest.mark.boards

DT_BFLOAT16 = 14

SIZES = ((160, 120), (544, 288), (1280, 720))
OUTPUTS = [Tensor(name) for name in DETECTION_OUTPUTS]


@pytest.fixture(params=["coco", "person"])
def model(request, coco_model, person_model):
    return coco_model if request.param == "coco" else person_model


def load(path, **options):
    return load_detector(path, path.parent.name, {}, ModelOptions(det_th=0.3, **options))


def frames_of(path):
    with MovieSource(str(path)) as movie:
        frame = movie.read()
        while frame is not None:
            yield frame.image
            frame = movie.read()


def assert_same(found, expected, tolerance=0.0, size=1):
    assert found.class_ids.tolist() == expected.class_ids.tolist()
    assert np.allclose(found.scores, expected.scores, rtol=0, atol=tolerance)
    assert np.allclose(found.boxes, expected.boxes, rtol=0, atol=tolerance * size)


def test_a_split_gives_bit_for_bit_what_the_whole_graph_gives(model, samples):
    graph = read_graph(model)
    image = [Tensor(recognise(graph, "model").image)]
    parts = split(graph, find_cut(graph), list(DETECTION_OUTPUTS))
    options = TensorFlowOptions()
    whole = TensorFlowEngine(keep(graph, list(DETECTION_OUTPUTS)), image, OUTPUTS, options)
    front = TensorFlowEngine(parts.front, image, parts.cut, options)
    back = TensorFlowEngine(parts.back, parts.feeds, OUTPUTS, options, on_cpu=True)
    for name in ("bus.jpg", "zidane.jpg", "astronaut.png", "chelsea.png", "coffee.png"):
        picture = cv2.imread(str(samples / name))[np.newaxis, ..., ::-1]
        for expected, found in zip(whole.run(picture), back.run(*front.run(picture))):
            assert found.dtype == expected.dtype
            assert np.array_equal(found, expected)


# Every frame on the newest Python; the older ones, slower and thrice as many, take every tenth.
@pytest.mark.parametrize("every", [pytest.param(2, marks=pytest.mark.heavy), 10])
def test_the_fast_path_finds_what_the_whole_graph_finds_at_every_size(model, samples, every):
    fast, whole = load(model), load(model, split_model=False)
    assert (fast.path, whole.path) == ("fast", "whole")
    count = 0
    for image in itertools.islice(frames_of(samples / "bikes.mp4"), 0, None, every):
        for size in SIZES:
            resized = cv2.resize(image, size)
            expected = whole.detect(resized)
            # 1e-4 of the image: boxes are in pixels here.
            assert_same(fast.detect(resized), expected, 1e-4, max(size))
            count += len(expected.scores)
    assert count > 100 / every, "a test that finds nothing shows nothing"


def test_all_three_ways_agree_on_photos(model, samples):
    ways = [load(model), load(model, exact=True), load(model, split_model=False)]
    assert [way.path for way in ways] == ["fast", "exact", "whole"]
    for name in ("bus.jpg", "zidane.jpg", "astronaut.png"):
        image = cv2.imread(str(samples / name))
        fast, exact, whole = (way.detect(image) for way in ways)
        assert len(whole.scores)
        assert_same(exact, whole)
        assert_same(fast, whole, 1e-4, max(image.shape))
    for way in ways:
        way.close()


def test_an_old_config_that_describes_the_model_wrongly_is_told(person_model):
    detector = load(person_model)
    assert differences(detector, "nms_v2", 1917, 1) == []
    assert differences(detector, "faster_v2", 3309, 90) == [
        "model_type is faster_v2, but the graph is of the family ssd",
        "split_shape is 3309, but the graph has 1917 anchors",
        "num_classes is 90, but the graph has 1 classes",
    ]


def test_a_graph_whose_settings_are_not_recognised_runs_exactly_and_says_why(person_model, samples, tmp_path):
    """The overlap that is allowed is computed instead of a constant: own suppression would have to guess it."""
    graph = read_graph(person_model)
    message = GraphDef()
    message.CopyFrom(graph.message)
    suppression = next(node for node in message.node if node.op.startswith("NonMaxSuppression"))
    computed = message.node.add(name="computed", op="Abs", input=[suppression.input[3]])
    computed.attr["T"].type = 1
    suppression.input[3] = "computed"
    path = tmp_path / "computed.pb"
    path.write_bytes(Graph(message).message.SerializeToString())
    detector = load(path)
    assert detector.path == "exact"
    assert "threshold is not a constant" in detector.reason
    image = cv2.imread(str(samples / "bus.jpg"))
    assert_same(detector.detect(image), load(person_model, split_model=False).detect(image))


def test_ten_thousand_frames_do_not_make_the_process_grow(person_model):
    """Real sessions in the real loop; the graph is cut down to its input, so that it takes no minutes."""
    psutil = pytest.importorskip("psutil")
    graph = read_graph(person_model)
    small = keep(graph, ["ToFloat"])
    image = Tensor(recognise(graph, "model").image)
    engine = TensorFlowEngine(small, [image], [Tensor("ToFloat")], TensorFlowOptions(workers=2))
    detector = load(person_model)
    detector.infer = lambda images: engine.run(images[0][np.newaxis])
    detector.postprocess = no_detections
    images = [np.full((120, 160, 3), value, np.uint8) for value in range(8)]
    source = MemorySource(images, frames=10000)
    memory = {}

    class Watch:
        name, every_result = "watch", False

        def write(self, result):
            if result.frame.index in (2000, 9999):
                memory[result.frame.index] = psutil.Process().memory_info().rss

        def close(self):
            pass

    with Loop(detector, [StreamPipeline(source, [Watch()], Meter(1.0))]) as loop:
        loop.wait()
    assert memory[9999] - memory[2000] < 10e6


def no_detections(raw, sizes):
    assert raw[0].shape == (1, 120, 160, 3) and list(sizes) == [(160, 120)]
    return [Detections.empty()]


def test_frames_are_not_changed_by_a_detector(person_model):
    image = np.random.RandomState(0).randint(0, 256, (90, 120, 3), np.uint8)
    frame = Frame(image.copy(), 0, "memory", 0.0, 0.0, 0.0)
    load(person_model).detect(frame.image)
    assert np.array_equal(frame.image, image)


def changed(path, target, change):
    """A copy of a model whose GraphDef was changed."""
    message = GraphDef()
    message.CopyFrom(read_graph(path).message)
    change(message)
    target.write_bytes(message.SerializeToString())
    return target


def test_a_graph_that_takes_pictures_of_one_size_gets_them(person_model, samples, tmp_path):
    def fix(message):
        node = next(node for node in message.node if node.op == "Placeholder")
        node.attr["shape"].shape.unknown_rank = False
        del node.attr["shape"].shape.dim[:]
        for size in (1, 300, 300, 3):
            node.attr["shape"].shape.dim.add(size=size)

    fixed = changed(person_model, tmp_path / "fixed.pb", fix)
    image = cv2.imread(str(samples / "bus.jpg"))
    expected = load(person_model).detect(cv2.resize(image, (300, 300)))
    for options in ({}, {"exact": True}, {"split_model": False}):
        found = load(fixed, **options).detect(image)
        assert np.allclose(found.scores, expected.scores, atol=1e-4)
        assert np.allclose(found.boxes, expected.boxes * [2.7, 3.6, 2.7, 3.6], atol=0.2)


def test_an_operation_that_tensorflow_does_not_know_is_named(person_model, tmp_path):
    def replace(message):
        next(node for node in message.node if node.op == "Relu6").op = "EdgeTpuCustomOp"

    odd = changed(person_model, tmp_path / "odd.pb", replace)
    with pytest.raises(ModelError, match="Relu6 is the operation EdgeTpuCustomOp, which is none of those"):
        load(odd)
    with pytest.raises(ModelError, match="cannot load the graph: .*EdgeTpuCustomOp"):
        load(odd, trust_graph=True)


def test_what_tensorflow_has_no_operation_for_is_an_error_for_people():
    nodes = [
        make_placeholder("in", DT_BFLOAT16, [1, 1, 1, 1]),
        make_node("out", "LRN", ["in"], T=type_attribute(DT_BFLOAT16)),
    ]
    with pytest.raises(ModelError, match="TensorFlow .* cannot run the graph: "):
        TensorFlowEngine(Graph(GraphDef()).with_nodes(nodes), [Tensor("in")], [Tensor("out")], TensorFlowOptions())
