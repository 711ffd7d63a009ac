"""Batch norms are folded into convolutions where that leaves what is computed as it is, and nowhere else."""

import numpy as np
import pytest

from appliance.detectors.plan import plan_for
from appliance.graph.read.frozen import DT_FLOAT, Graph, Tensor, make_const, make_node, make_placeholder
from appliance.graph.read.frozen import type_attribute as dtype
from appliance.graph.read.graph_file import parse_graph
from appliance.graph.read.proto import GraphDef
from appliance.graph.recognise.family import recognise
from appliance.graph.rewrite.fold import fold_batch_norms
from appliance.graph.rewrite.normalise import adapt
from tests.zoo import zoo_bytes

RANDOM = np.random.RandomState(5)
WEIGHTS = {
    "Conv2D": RANDOM.uniform(-1, 1, (1, 1, 3, 4)).astype(np.float32),
    "DepthwiseConv2dNative": RANDOM.uniform(-1, 1, (1, 1, 3, 2)).astype(np.float32),
}
IMAGE = RANDOM.uniform(-1, 1, (1, 5, 5, 3)).astype(np.float32)


def numbers(channels, low=0.1, high=2.0):
    return RANDOM.uniform(low, high, channels).astype(np.float32)


class Building:
    """A graph, node by node: image, convolution "conv" of 1x1, then what `add` names, each behind the one before."""

    def __init__(self, op="Conv2D"):
        self.nodes = [make_placeholder("image", DT_FLOAT), make_const("weights", WEIGHTS[op])]
        self.channels = WEIGHTS[op].shape[3] * (1 if op == "Conv2D" else 3)
        self.add("weights/read", "Identity", "weights")
        self.last = self.add("conv", op, "image", "weights/read", data_format=text("NHWC"))

    def const(self, value, name=None):
        name = name or f"const{len(self.nodes)}"
        self.nodes.append(make_const(name, np.asarray(value, np.float32)))
        return name

    def add(self, name, op, *inputs, **attributes):
        self.nodes.append(make_node(name, op, inputs, T=dtype(DT_FLOAT), **attributes))
        self.last = name
        return name

    def graph(self):
        message = GraphDef()
        message.node.extend(self.nodes)
        return Graph(message)


def text(value):
    attribute = dtype(0)
    attribute.s = value.encode()
    return attribute


def number(value):
    attribute = dtype(0)
    attribute.f = value
    return attribute


def fused(building, version="", training=False, variance=None):
    values = [numbers(building.channels) for _ in range(4)]
    if variance is not None:
        values[3][:] = variance
    names = [building.const(value) for value in values]
    building.add("norm", "FusedBatchNorm" + version, building.last, *names, is_training=training, epsilon=number(0.001))


def unfused(building):
    """As TensorFlow 1.4 wrote it: constants computed by the graph."""
    gamma, beta, mean, variance = (building.const(numbers(building.channels)) for _ in range(4))
    conv = building.last
    building.add("add", "Add", variance, building.const(0.001))
    building.add("rsqrt", "Rsqrt", "add")
    building.add("mul", "Mul", "rsqrt", gamma)
    building.add("mul_2", "Mul", mean, "mul")
    building.add("sub", "Sub", beta, "mul_2")
    building.add("mul_1", "Mul", conv, "mul")
    building.add("add_1", "Add", "mul_1", "sub")


def biased(building):
    building.add("bias", "BiasAdd", building.last, building.const(numbers(building.channels)))


def scaled(building):
    building.add("mul", "Mul", building.const(numbers((1, 1, 1, building.channels))), building.last)


def subtracted(building):
    building.add("one_minus", "Sub", building.const(1), building.last)


def handed_on(building):
    building.add("identity of " + building.last, "Identity", building.last)


def added(building):
    building.add("added", "AddV2", building.last, building.const(numbers(building.channels)))


def evaluate(graph, name):
    """float64, as TensorFlow's documentation has each operation."""
    values = [evaluate(graph, tensor.node) for tensor in graph.data_inputs(name)]
    op, attributes = graph.op(name), graph.nodes[name].attr
    if op.startswith("FusedBatchNorm"):
        x, gamma, beta, mean, variance = values
        return (x - mean) / np.sqrt(variance + attributes["epsilon"].f) * gamma + beta
    return {
        "Placeholder": lambda: IMAGE.astype(np.float64),
        "Const": lambda: graph.constant(name).astype(np.float64),
        "Conv2D": lambda: values[0] @ values[1][0, 0],
        "DepthwiseConv2dNative": lambda: (values[0][..., np.newaxis] * values[1][0, 0]).reshape(1, 5, 5, -1),
        "BiasAdd": lambda: values[0] + values[1],
        "Add": lambda: values[0] + values[1],
        "AddV2": lambda: values[0] + values[1],
        "Sub": lambda: values[0] - values[1],
        "Mul": lambda: values[0] * values[1],
        "Rsqrt": lambda: 1 / np.sqrt(values[0]),
        "Identity": lambda: values[0],
        "Relu6": lambda: np.clip(values[0], 0, 6),
    }[op]()


def ops(graph):
    return sorted(node.op for node in graph.nodes.values() if node.op not in ("Const", "Placeholder", "Identity"))


@pytest.mark.parametrize("op", sorted(WEIGHTS))
@pytest.mark.parametrize(
    "steps",
    [
        [fused],
        [lambda building: fused(building, "V3")],
        [biased, fused],
        [handed_on, fused, handed_on],
        [unfused],
        [biased, scaled],
        [scaled, subtracted],
        [added],
    ],
    ids=["fused", "fused V3", "bias and norm", "between identities", "unfused", "scale", "subtracted", "only added"],
)
def test_what_multiplies_and_adds_to_channels_becomes_weights_and_one_bias(op, steps):
    building = Building(op)
    for step in steps:
        step(building)
    building.add("relu", "Relu6", building.last)
    graph = building.graph()
    folded = fold_batch_norms(graph, [Tensor("relu")])
    assert ops(folded) == sorted([op, "BiasAdd", "Relu6"])
    # Rounded to float32 once.
    assert np.allclose(evaluate(folded, "relu"), evaluate(graph, "relu"), rtol=0, atol=2e-6)


def shared_weights(building):
    building.add("other", "Conv2D", "image", "weights/read")
    building.last = "conv"
    fused(building)
    building.add("sum", "Add", "norm", "other")


def shared_result(building):
    fused(building)
    building.add("sum", "Add", "norm", "conv")


def channels_first(building):
    fused(building)
    building.nodes[-1].attr["data_format"].CopyFrom(text("NCHW"))


def statistics_used(building):
    fused(building)
    building.add("sum", "Add", "norm", "norm:1")


def for_each_pixel(building):
    building.add("mul", "Mul", building.last, building.const(numbers((1, 5, 5, 1))))


def by_a_result(building):
    conv = building.last
    building.add("half", "Mul", "image", building.const(0.5))
    building.add("mul", "Mul", conv, "half")


def with_a_wait(building):
    fused(building)
    building.nodes[-1].input.append("^image")


def in_a_loop(building):
    fused(building)
    building.nodes[1].input.append("^image")


def quantised(building):
    fused(building)
    low, high = building.const(0), building.const(6)
    building.add("quantised", "FakeQuantWithMinMaxVars", building.last, low, high)


@pytest.mark.parametrize(
    "rest",
    [
        shared_weights,
        shared_result,
        channels_first,
        statistics_used,
        for_each_pixel,
        by_a_result,
        with_a_wait,
        quantised,
        biased,
        handed_on,
        lambda building: fused(building, training=True),
        lambda building: fused(building, variance=-1),
        lambda building: fused(building, variance=np.nan),
        lambda building: fused(building, variance=np.float32(-0.001)),
        in_a_loop,
    ],
    ids=["shared weights", "shared result", "channels first", "statistics used", "for each pixel", "by a result",
         "with a wait", "quantised", "only a bias", "only an identity", "training", "negative variance", "no number",
         "scale infinite", "in a loop"],
)  # fmt: skip
def test_what_cannot_be_folded_is_left_as_it_is(rest):
    building = Building()
    rest(building)
    graph = building.graph()
    assert fold_batch_norms(graph, [Tensor(building.last)]) is graph


def test_an_output_in_the_middle_is_kept():
    building = Building()
    biased(building)
    fused(building)
    graph = building.graph()
    for outputs in ([Tensor("norm"), Tensor("bias")], [Tensor("norm"), Tensor("norm", 1)]):
        assert fold_batch_norms(graph, outputs) is graph
    assert ops(fold_batch_norms(graph, [Tensor("norm")])) == ["BiasAdd", "Conv2D"]


# Batch norms that are left; heads of several levels share their weights and not their norms.
LEFT = {
    "ssd_mobilenet_v1_coco_11_06_2017": 0,
    "ssd_mobilenet_v1_coco_2017_11_17": 0,
    "ssd_mobilenet_v2_coco_2018_03_29": 0,
    "ssd_mobilenet_v1_fpn_shared_box_predictor_640x640_coco14_sync_2018_07_03": 40,
    "faster_rcnn_inception_v2_coco_2018_01_28": 0,
}


@pytest.mark.parametrize("name", LEFT)
def test_of_a_model_of_the_zoo_no_batch_norm_is_left(zoo_dir, name):
    graph = adapt(parse_graph(zoo_bytes(zoo_dir, name), name))
    plan = plan_for(graph, recognise(graph, name), True, False)
    folded = fold_batch_norms(plan.front, plan.cut.tensors)
    norms = [node for node in folded.nodes.values() if node.op in ("FusedBatchNorm", "Rsqrt")]
    assert len(norms) == LEFT[name]
    assert len(folded.nodes) < len(plan.front.nodes)
    assert all(tensor.node in folded.nodes for tensor in plan.cut.tensors)
