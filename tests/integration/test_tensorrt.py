"""TensorRT as an engine, against stand-ins for its API (tests/fake_tensorrt.py): no TensorRT library is at hand.

With tf2onnx installed the model is written as real ONNX; with TensorRT (or TensorRT for RTX) too, a real plan is built.
"""

import dataclasses
import importlib
import importlib.util
import lzma
import sys
import threading
import types
from dataclasses import replace
from typing import List

import cv2
import numpy as np
import pytest
import tensorflow as tf

from appliance.core.errors import ConfigError, ModelError
from appliance.detectors.load import load_detector
from appliance.detectors.plan import ModelOptions, make_plan
from appliance.engines import cuda, onnx
from appliance.engines.cache import EngineCache
from appliance.engines.choose import EngineChoice
from appliance.engines.onnx import to_onnx
from appliance.engines.resize import Resizer
from appliance.engines.tensorflow.engine import TensorFlowEngine, TensorFlowOptions
from appliance.engines.tensorrt import tf_trt
from appliance.engines.tensorrt.calibration import Pictures
from appliance.engines.tensorrt.plan import build_plan, make_logger
from appliance.graph.read.frozen import Graph, Tensor, make_const, make_node, make_placeholder, type_attribute
from appliance.graph.read.proto import GraphDef
from appliance.graph.recognise.family import recognise
from appliance.graph.rewrite.backbone import take_network
from appliance.graph.rewrite.fake_quant import expand_fake_quant, make_steps, quantise
from appliance.graph.rewrite.normalise import read_model
from tests.fake_tensorrt import FakeDriver, fake_onnx, make_tensorrt

VERSIONS = ("8.0.1", "8.5.2", "10.3.0")
ABSENT = tf_trt.NotAvailableError("TensorFlow was built without TensorRT")


@pytest.fixture
def driver(monkeypatch):
    driver = FakeDriver()
    monkeypatch.setattr(cuda, "load_library", lambda: driver)
    return driver


@pytest.fixture
def install(monkeypatch, driver):
    """Install a TensorRT of some version and no TF-TRT; what it returns is the module."""

    def install(version, **features):
        trt = make_tensorrt(version, driver, **features)
        monkeypatch.setitem(sys.modules, "tensorrt", trt)
        monkeypatch.setattr(onnx, "to_onnx", fake_onnx)
        return trt

    return install


@pytest.fixture
def choice(tmp_path):
    return EngineChoice("tensorrt", cache=tmp_path / "engines")


def load(path, choice=None, **options):
    return load_detector(path, "model", {}, ModelOptions(det_th=0.3, engine=choice or EngineChoice(), **options))


def assert_same(found, expected, size):
    assert len(expected.scores)
    assert found.class_ids.tolist() == expected.class_ids.tolist()
    assert np.allclose(found.scores, expected.scores, rtol=0, atol=1e-4)
    assert np.allclose(found.boxes, expected.boxes, rtol=0, atol=1e-4 * size)


def unpacked(zoo_dir, tmp_path, name):
    packed = zoo_dir / (name + ".pb.xz")
    if not packed.exists():
        pytest.skip(f"{packed} is not there")
    graph = tmp_path / "frozen_inference_graph.pb"
    with lzma.open(str(packed)) as file:
        graph.write_bytes(file.read())
    return graph


def network_of(path):
    graph = read_model(path)
    interface = recognise(graph, str(path))
    plan = make_plan(graph, interface, True, False)
    return take_network(plan.front, interface.image, plan.cut.tensors)


# --- TensorRT's own API


@pytest.mark.parametrize("version", VERSIONS)
def test_the_same_is_found_as_with_tensorflow(version, person_model, samples, install, driver, choice):
    trt = install(version)
    expected, found = load(person_model), load(person_model, choice)
    assert (found.device, found.path, found.anchors) == ("GPU", "fast", 1917)
    for name in ("bus.jpg", "zidane.jpg", "astronaut.png"):
        image = cv2.imread(str(samples / name))
        assert_same(found.detect(image), expected.detect(image), max(image.shape))
    assert trt.built == [([], [])], "FP32 is to be FP32, without TF32"
    found.close()
    assert (driver.memory, driver.streams, driver.retained) == ({}, {}, 0)
    assert trt.gone == ["context", "context", "engine", "runtime"]


@pytest.mark.parametrize("version", VERSIONS[::2])
def test_many_threads_may_call_at_once(version, person_model, samples, install, choice):
    install(version)
    detector = load(person_model, choice, worker_threads=2)
    names = ("bus.jpg", "zidane.jpg", "astronaut.png", "coffee.png")
    images = [cv2.imread(str(samples / name)) for name in names]
    expected = [detector.front(image) for image in images]
    wrong = []

    def work(index):
        for _ in range(5):
            found = detector.front(images[index])
            if not all(np.array_equal(a, b) for a, b in zip(found, expected[index])):
                wrong.append(names[index])

    threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    detector.close()


def test_a_built_engine_is_kept_and_found_again(person_model, install, driver, choice, caplog):
    trt = install("8.5.2")
    caplog.set_level("INFO")
    load(person_model, choice).close()
    assert len(trt.built) == 1 and "Building the FP32 engine with TensorRT 8.5.2" in caplog.text
    load(person_model, choice).close()
    assert len(trt.built) == 1
    for change in (lambda: install("8.6.1"), lambda: setattr(driver, "name", b"Orin")):
        trt = install("8.5.2")
        change()
        trt = sys.modules["tensorrt"]
        load(person_model, choice).close()
        assert len(trt.built) == 1, "an engine of another TensorRT or GPU was taken"
    load(person_model, replace(choice, precision="FP16")).close()
    assert trt.built[-1] == (["FP16"], [])


def test_a_plan_that_tensorrt_does_not_take_is_built_anew_and_said(person_model, install, choice, caplog):
    trt = install("8.5.2")
    load(person_model, choice).close()
    (path,) = choice.cache.iterdir()
    cache = EngineCache(choice.cache)
    real_read = EngineCache.read

    def read(self, facts):
        built = real_read(self, facts)
        return dataclasses.replace(built, data=b"plan8.4.1\nx")

    trt.built.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EngineCache, "read", read)
        load(person_model, choice).close()
    assert len(trt.built) == 1
    assert "the plan is of another version" in caplog.text and "it is built anew" in caplog.text
    assert cache is not None and list(choice.cache.iterdir()) == [path]


@pytest.mark.parametrize("version", VERSIONS[::2])
def test_int8_is_calibrated_on_the_users_pictures(version, person_model, samples, install, choice):
    trt = install(version)
    load(person_model, replace(choice, precision="INT8", calibration_images=str(samples))).close()
    ((flags, batches),) = trt.built
    pictures = Pictures(str(samples))
    assert flags == ["FP16", "INT8"] and len(batches) == len(pictures) >= 5
    resizer = Resizer(300, 300)
    for index, batch in enumerate(batches):
        assert np.array_equal(batch, resizer.resize(pictures.read(index)))
    load(person_model, replace(choice, precision="INT8", calibration_images=str(samples))).close()
    assert len(trt.built) == 1


def test_int8_without_pictures_is_refused_before_anything_is_built(person_model, install, choice, tmp_path):
    trt = install("8.5.2")
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "a.jpg").write_text("no picture")
    for folder, complaint in (
        (None, "needs calibration_images: a folder"),
        (str(tmp_path / "missing"), "cannot be read: No such file"),
        (str(tmp_path / "empty"), "no picture in .*empty can be read"),
        (str(tmp_path / "broken"), "no picture in .*broken can be read"),
    ):
        with pytest.raises(ConfigError, match=complaint):
            load(person_model, replace(choice, precision="INT8", calibration_images=folder))
    assert trt.built == []


def test_a_picture_that_goes_away_while_it_calibrates_is_named(person_model, samples, install, choice, monkeypatch):
    install("8.5.2")
    real_read = Pictures.read

    def read(self, index):
        if index == 2:
            raise ConfigError("calibration_images: gone.jpg cannot be read any more")
        return real_read(self, index)

    monkeypatch.setattr(Pictures, "read", read)
    with pytest.raises(ConfigError, match=r"gone\.jpg"):
        load(person_model, replace(choice, precision="INT8", calibration_images=str(samples)))
    assert not choice.cache.exists()


def test_what_a_gpu_or_a_version_cannot_do_is_said(person_model, samples, install, driver, choice):
    install("8.5.2", fast_int8=False)
    with pytest.raises(ModelError, match="no INT8.*FP16"):
        load(person_model, replace(choice, precision="INT8", calibration_images=str(samples)))
    install("11.4.0")
    with pytest.raises(ModelError, match=r"11\.4\.0 cannot be told to run a model in FP16.*FP32"):
        load(person_model, replace(choice, precision="FP16"))
    load(person_model, choice).close()
    install("7.1.3")
    with pytest.raises(ModelError, match=r"7\.1\.3 is too old"):
        load(person_model, choice)
    assert (driver.memory, driver.streams, driver.retained) == ({}, {}, 0)


def test_without_tensorrt_it_is_an_error_with_the_remedy_and_no_fallback(person_model, choice, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    with pytest.raises(ModelError, match=r"TensorRT is asked for and not here: TensorFlow .*JetPack 5.*pip install"):
        load(person_model, choice)


def test_without_a_driver_it_is_said(person_model, install, choice, monkeypatch):
    install("8.5.2")
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "tensorrt", make_tensorrt("8.5.2", FakeDriver()))
    monkeypatch.setattr(cuda, "LIBRARY", "libcuda-is-not-here.so.1")
    with pytest.raises(ModelError, match="driver of an NVIDIA GPU cannot be loaded.*--runtime nvidia"):
        load(person_model, choice)


def test_other_families_and_paths_are_refused(person_model, zoo_dir, tmp_path, install, choice):
    install("8.5.2")
    for options, reason in (({"exact": True}, "exact is on"), ({"split_model": False}, "split_model is off")):
        with pytest.raises(ModelError, match="fast path of SSD graphs only; " + reason):
            load(person_model, choice, **options)
    path = unpacked(zoo_dir, tmp_path, "deeplabv3_mnv2_pascal_train_aug_2018_01_29")
    with pytest.raises(ModelError, match="SSD graphs only; this is a deeplab graph"):
        load(path, choice)


# --- TF-TRT


class FakeConverter:
    """TrtGraphConverter as 1.15 to 2.17 have it; the graph that it gives is the one it got and an engine."""

    made: List["FakeConverter"] = []

    def __init__(self, given, kept_in_tensorflow):
        assert not tf.executing_eagerly(), "it refuses to work eagerly"
        assert given.pop("precision_mode") in ("FP32", "FP16", "INT8")
        assert isinstance(given.pop("max_batch_size"), int)
        assert given.pop("max_workspace_size_bytes") > 0 and given.pop("minimum_segment_size") > 0
        self.graph, self.kept = given.pop("input_graph_def"), kept_in_tensorflow
        self.is_dynamic, self.calibrates = given.pop("is_dynamic_op"), given.pop("use_calibration")
        assert given == {}
        self.is_converted, self.fed = False, []
        FakeConverter.made.append(self)

    def convert(self):
        assert not self.is_converted
        self.is_converted = True
        tf.import_graph_def(self.graph, name="")
        self.graph.node.add(name="TRTEngineOp_0", op="TRTEngineOp")
        return self.graph

    def calibrate(self, fetch_names, num_runs, feed_dict_fn=None, input_map_fn=None):
        assert self.is_converted and self.calibrates and self.is_dynamic and input_map_fn is None
        names = {node.name for node in self.graph.node}
        assert all(name.split(":")[0] in names for name in fetch_names)
        for _ in range(num_runs):
            (feed,) = feed_dict_fn().items()
            self.fed.append(feed)
        return self.graph


class ConverterOf115(FakeConverter):
    def __init__(
        self, input_graph_def=None, nodes_blacklist=None, session_config=None, max_batch_size=1,
        max_workspace_size_bytes=1, precision_mode="FP32", minimum_segment_size=3, is_dynamic_op=False,
        maximum_cached_engines=1, use_calibration=True,
    ):  # fmt: skip
        given = dict(locals())
        for key in ("self", "__class__", "nodes_blacklist", "session_config", "maximum_cached_engines"):
            del given[key]
        super().__init__(given, nodes_blacklist)


class ConverterOf2(FakeConverter):
    def __init__(
        self, input_graph_def=None, nodes_denylist=None, max_batch_size=1, max_workspace_size_bytes=1,
        precision_mode="FP32", minimum_segment_size=3, is_dynamic_op=False, maximum_cached_engines=1,
        use_calibration=True,
    ):  # fmt: skip
        given = dict(locals())
        for key in ("self", "__class__", "nodes_denylist", "maximum_cached_engines"):
            del given[key]
        super().__init__(given, nodes_denylist)


@pytest.fixture(params=[ConverterOf115, ConverterOf2])
def converter(request, monkeypatch, driver):
    """A TensorFlow with TF-TRT; its engine node is taken out again where the graph is run."""
    FakeConverter.made = []
    monkeypatch.setattr(tf_trt, "tensorrt_version", lambda: "8.2.1")
    monkeypatch.setattr(tf_trt, "load_operations", lambda: types.SimpleNamespace(TrtGraphConverter=request.param))
    real_init = TensorFlowEngine.__init__

    def init(self, graph, *arguments, **options):
        nodes = [node for node in graph.message.node if node.op != "TRTEngineOp"]
        real_init(self, graph.with_nodes(nodes), *arguments, **options)

    monkeypatch.setattr(TensorFlowEngine, "__init__", init)
    return request.param


@pytest.mark.parametrize("precision", ["FP32", "FP16"])
def test_tensorflow_converts_where_it_can(precision, converter, person_model, samples, choice, caplog):
    caplog.set_level("INFO")
    expected = load(person_model)
    found = load(person_model, replace(choice, precision=precision))
    image = cv2.imread(str(samples / "bus.jpg"))
    assert_same(found.detect(image), expected.detect(image), max(image.shape))
    (made,) = FakeConverter.made
    assert not made.is_dynamic and not made.calibrates
    placeholder = next(node for node in made.graph.node if node.op == "Placeholder")
    assert [size.size for size in placeholder.attr["shape"].shape.dim] == [1, -1, -1, 3]
    kept = {node.name: node.op for node in made.graph.node if node.name in made.kept}
    assert "ResizeBilinear" in kept.values() and set(made.kept) == set(kept)
    assert "TensorRT 8.2.1 in TensorFlow" in caplog.text and "1 engines" in caplog.text
    load(person_model, replace(choice, precision=precision))
    assert len(FakeConverter.made) == 1, "the converted graph was not kept"


def test_tensorflow_calibrates_int8_on_the_users_pictures(converter, person_model, samples, choice):
    load(person_model, replace(choice, precision="INT8", calibration_images=str(samples)))
    (made,) = FakeConverter.made
    pictures = Pictures(str(samples))
    image = recognise(read_model(person_model), "model").image + ":0"
    assert [name for name, _ in made.fed] == [image] * len(pictures)
    assert all(np.array_equal(fed[0], pictures.read(index)) for index, (_, fed) in enumerate(made.fed))


def test_a_conversion_that_fails_or_converts_nothing_is_an_error(converter, person_model, choice, monkeypatch):
    monkeypatch.setattr(converter, "convert", lambda self: self.graph)
    with pytest.raises(ModelError, match="found nothing in this model"):
        load(person_model, choice)

    def fail(self):
        raise RuntimeError("Incompatible TensorRT library version")

    monkeypatch.setattr(converter, "convert", fail)
    with pytest.raises(ModelError, match="cannot convert.*Incompatible TensorRT.*--engine tensorflow"):
        load(person_model, choice)
    assert not choice.cache.exists()


def test_the_arguments_are_those_of_this_tensorflows_own_converter(monkeypatch):
    """The class is the real one; it gets as far as asking for the library behind it."""
    trt_convert = importlib.import_module("tensorflow.python.compiler.tensorrt.trt_convert")
    if not hasattr(trt_convert, "TrtGraphConverter"):
        pytest.skip(f"TensorFlow {tf.__version__} has no TF-TRT any more")

    def ask():
        raise RuntimeError("no library")

    # The real one ends the process where the library is missing.
    monkeypatch.setattr(trt_convert, "_check_trt_version_compatibility", ask)
    front, image = Graph(GraphDef()), Tensor("image")
    front = front.with_nodes([make_placeholder("image", 4, [-1, -1, -1, 3])])
    with pytest.raises(ModelError, match=r"cannot convert.*\(no library\)"):
        tf_trt.convert(front, image, [image], [], "FP32", None)


def test_a_tensorflow_without_tensorrt_says_so():
    """The real one: builds for CPUs have none, builds for GPUs end the process where they do not find it."""
    with pytest.raises(tf_trt.NotAvailableError, match="was built without TensorRT|needs TensorRT .* cannot be loaded"):
        tf_trt.tensorrt_version()


@pytest.mark.parametrize(
    "enabled, libraries, probe, complaint",
    [
        (False, ["libnvinfer.so.8.6.1"], 0, r"needs TensorRT 8\.6\.1.*libnvinfer\.so\.8 cannot be loaded"),
        (True, [], 0, "cannot be loaded"),
        (True, ["libnvinfer.so.8"], -6, "cannot be loaded"),
        (True, ["libnvinfer.so.8"], 0, None),
        (True, ["libnvinfer.so.8.6.1", "libnvinfer.so.8"], -6, None),
    ],
)
def test_a_library_whose_lack_would_end_the_process_is_looked_for(monkeypatch, enabled, libraries, probe, complaint):
    build = types.SimpleNamespace(
        __name__="build",
        is_tensorrt_enabled=lambda: enabled,
        get_linked_tensorrt_version=lambda: (8, 6, 1),
        get_loaded_tensorrt_version=lambda: (8, 6, 2),
    )
    monkeypatch.setattr(tf_trt, "_build_module", lambda: build)
    monkeypatch.setattr(tf_trt, "_loads", libraries.__contains__)
    monkeypatch.setattr(tf_trt.subprocess, "run", lambda *a, **k: types.SimpleNamespace(returncode=probe))
    monkeypatch.setattr(tf_trt, "gpu_names", lambda: ["GPU:0"])
    if complaint is None:
        assert tf_trt.tensorrt_version() == "8.6.2"
        return
    with pytest.raises(tf_trt.NotAvailableError, match=complaint):
        tf_trt.tensorrt_version()


# --- What both need


@pytest.mark.parametrize("rule", [(False, False), (True, False), (False, True)])
@pytest.mark.parametrize("size", [(160, 120), (300, 300), (544, 288), (811, 1080), (1280, 720)])
def test_the_resize_is_tensorflows(rule, size):
    image = np.random.RandomState(1).randint(0, 256, (size[1], size[0], 3), np.uint8)
    resizer = Resizer(300, 200, *rule)
    expected = tf.raw_ops.ResizeBilinear(
        images=image[np.newaxis, ..., ::-1], size=[200, 300], align_corners=rule[0], half_pixel_centers=rule[1]
    )
    found = resizer.resize(image)
    assert (found.dtype, found.shape) == (np.float32, (1, 200, 300, 3))
    # The last bits are free: newer processors multiply and add in one step, OpenCV in another order.
    assert np.abs(found - expected.numpy()).max() <= 1e-4


@pytest.mark.parametrize("ends", [(-1.3, 2.7), (0.0, 6.0), (-0.02, 5.99), (-3.1, -0.5), (0.5, 3.0)])
@pytest.mark.parametrize("narrow", [False, True])
def test_fake_quantisation_in_plain_arithmetic_is_tensorflows(ends, narrow):
    values = np.random.RandomState(2).uniform(ends[0] - 1, ends[1] + 1, 100000).astype(np.float32)
    expected = tf.quantization.fake_quant_with_min_max_vars(values, ends[0], ends[1], narrow_range=narrow).numpy()
    steps = make_steps(ends[0], ends[1], 8, narrow)

    def assert_same_steps(found):
        # A value right between two steps may fall either way: newer processors multiply and add in one step.
        apart = np.abs(found - expected)
        assert apart.max() <= steps.size * 1.001
        assert np.count_nonzero(apart > 1e-5) <= len(values) / 10000

    assert_same_steps(quantise(values, steps))
    low, high = np.array(ends[0], np.float32), np.array(ends[1], np.float32)
    names = ["values", "low", "high"]
    node = make_node("quantised", "FakeQuantWithMinMaxVars", names, num_bits=8, narrow_range=narrow)
    graph = Graph(GraphDef()).with_nodes(
        [make_placeholder("values", 1, [-1]), make_const("low", low), make_const("high", high), node]
    )
    expanded = expand_fake_quant(graph)
    assert all(not expanded.op(name).startswith("FakeQuant") for name in expanded.nodes)
    engine = TensorFlowEngine(expanded, [Tensor("values")], [Tensor("quantised")], TensorFlowOptions())
    assert_same_steps(engine.run(values)[0])


def test_quantised_kernels_become_constants():
    weights = np.linspace(-2, 2, 50, dtype=np.float32)
    nodes = [
        make_const("weights", weights), make_node("read", "Identity", ["weights"], T=type_attribute(1)),
        make_const("low", np.array(-1, np.float32)), make_const("high", np.array(1, np.float32)),
        make_node("quantised", "FakeQuantWithMinMaxVars", ["read", "low", "high"], num_bits=8, narrow_range=True),
    ]  # fmt: skip
    expanded = expand_fake_quant(Graph(GraphDef()).with_nodes(nodes))
    expected = tf.quantization.fake_quant_with_min_max_vars(weights, -1.0, 1.0, narrow_range=True).numpy()
    assert np.abs(expanded.constant("quantised") - expected).max() < 1e-6


@pytest.mark.parametrize(
    "name, size, anchors",
    [
        ("ssd_mobilenet_v1_coco_11_06_2017", 300, 1917),
        ("ssd_mobilenet_v1_coco_2017_11_17", 300, 1917),
        ("ssd_mobilenet_v1_coco_2018_01_28", 300, 1917),
        ("ssd_mobilenet_v1_quantized_300x300_coco14_sync_2018_07_03", 300, 1917),
        ("ssd_mobilenet_v1_ppn_shared_box_predictor_300x300_coco14_sync_2018_07_03", 300, 3000),
    ],
)
def test_the_network_of_every_naming_is_found(name, size, anchors, zoo_dir, tmp_path):
    network = network_of(unpacked(zoo_dir, tmp_path, name))
    assert (network.width, network.height) == (size, size)
    assert (network.align_corners, network.half_pixel_centers) == (False, False)
    placeholders = [node.name for node in network.graph.message.node if node.op == "Placeholder"]
    assert placeholders == [network.input.node]
    engine = TensorFlowEngine(network.graph, [network.input], network.outputs, TensorFlowOptions())
    found = engine.run(np.zeros((1, size, size, 3), np.float32))
    assert {value.size for value in found} - {4} == {anchors * 4, anchors * 90}


def test_a_model_is_written_as_real_onnx_and_taken_by_a_real_builder(person_model, samples):
    pytest.importorskip("tf2onnx", reason="tf2onnx is not installed: requirements/tensorrt.txt")
    network = network_of(person_model)
    moving = network.graph.descendants([network.input.node])
    network = replace(network, outputs=tuple(t for t in network.outputs if t.node in moving))
    data = to_onnx(network)
    picture = Resizer(network.width, network.height).resize(cv2.imread(str(samples / "bus.jpg")))
    runtime = pytest.importorskip("onnxruntime", reason="the ONNX was written; no ONNX Runtime to run it")
    session = runtime.InferenceSession(data, providers=["CPUExecutionProvider"])
    engine = TensorFlowEngine(network.graph, [network.input], network.outputs, TensorFlowOptions())
    found = session.run([str(t) for t in network.outputs], {str(network.input): picture})
    for value, expected in zip(found, engine.run(picture)):
        assert np.abs(value - expected).max() < 1e-4
    trt = None
    for module in ("tensorrt", "tensorrt_rtx"):
        if importlib.util.find_spec(module):
            trt = importlib.import_module(module)
    if trt is None:
        pytest.skip("the ONNX is right; no TensorRT to build a plan of it")
    assert len(build_plan(trt, make_logger(trt), data, "FP32", None)) > len(data) / 4
