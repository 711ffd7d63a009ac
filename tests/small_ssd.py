"""A small SSD as a GraphDef, made without TensorFlow: for tests that change graphs or only read them."""

from typing import Any, List
from unittest import mock

import numpy as np

from appliance.graph.read.checks import allowed_operations
from appliance.graph.read.frozen import (
    DT_FLOAT,
    DT_INT32,
    DT_UINT8,
    make_const,
    make_node,
    make_placeholder,
    type_attribute,
)
from appliance.graph.read.proto import GraphDef
from appliance.zoo import ssd_tail

FLOAT, INTEGER = type_attribute(DT_FLOAT), type_attribute(DT_INT32)


def small_ssd(classes: int = 3) -> Any:
    """A GraphDef with the structure of the Object Detection API's: resize, convolution, suppression class by class."""
    message = GraphDef()
    message.versions.producer = 24
    strides = make_node("conv", "Conv2D", ["resized", "kernel"], T=FLOAT)
    strides.attr["strides"].list.i.extend([1, 1, 1, 1])
    strides.attr["padding"].s = b"SAME"
    message.node.extend(
        [
            make_placeholder("image_tensor", DT_UINT8, [1, -1, -1, 3]),
            make_node("cast", "Cast", ["image_tensor"], SrcT=type_attribute(DT_UINT8), DstT=FLOAT),
            make_const("size", np.array([8, 8], np.int32)),
            make_node("resized", "ResizeBilinear", ["cast", "size"], T=FLOAT),
            make_const("kernel", np.full((1, 1, 3, 4 + classes), 0.01, np.float32)),
            strides,
            make_const("scale", np.full(4 + classes, 0.5, np.float32)),
            make_node("scaled", "Mul", ["conv", "scale"], T=FLOAT),
            make_const("all", np.array([1, -1, 1, 4 + classes], np.int32)),
            make_node("anchors", "Reshape", ["scaled", "all"], T=FLOAT, Tshape=INTEGER),
            make_const("none", np.array([0, 0, 0, 0], np.int32)),
            make_const("box", np.array([-1, -1, -1, 4], np.int32)),
            make_node("boxes", "Slice", ["anchors", "none", "box"], T=FLOAT, Index=INTEGER),
            make_const("four", np.array([0, 0, 0, 4], np.int32)),
            make_const("rest", np.array([-1, -1, -1, classes], np.int32)),
            make_node("logits", "Slice", ["anchors", "four", "rest"], T=FLOAT, Index=INTEGER),
            make_const("flat", np.array([1, -1, classes], np.int32)),
            make_node("flattened", "Reshape", ["logits", "flat"], T=FLOAT, Tshape=INTEGER),
            make_node("scores", "Sigmoid", ["flattened"], T=FLOAT),
        ]
    )
    with mock.patch.object(ssd_tail, "CLASSES", classes):
        ssd_tail.append_nms(message, boxes="boxes", scores="scores")
    return message


def small_deeplab(classes: int = 21) -> Any:
    """A GraphDef with the structure of DeepLab's: resize, convolution, the most likely label."""
    message = GraphDef()
    message.node.extend(small_ssd().node[:4])
    convolution = GraphDef.FromString(small_ssd().SerializeToString()).node[5]
    axis = make_const("axis", np.array(3, np.int32))
    label = make_node("SemanticPredictions", "ArgMax", ["conv", "axis"], T=FLOAT, Tidx=INTEGER)
    kernel = make_const("kernel", np.full((1, 1, 3, classes), 0.01, np.float32))
    message.node.extend([kernel, convolution, axis, label])
    return message


def mutated(message: Any, random: np.random.RandomState) -> bytes:
    """The bytes of a graph after some changes, such as no exporter makes."""
    changed = GraphDef()
    changed.CopyFrom(message)
    ops = sorted(allowed_operations())
    for _ in range(random.randint(1, 6)):
        _mutate(changed, random, ops)
    data = bytearray(changed.SerializeToString())
    for _ in range(random.randint(0, 3) if random.randint(4) == 0 else 0):
        data[random.randint(len(data))] = random.randint(256)
    return bytes(data[: random.randint(len(data))] if random.randint(20) == 0 else data)


def _mutate(message: Any, random: np.random.RandomState, ops: List[str]) -> None:
    node = message.node[random.randint(len(message.node))]
    other = message.node[random.randint(len(message.node))]
    kind = random.randint(12)
    if kind == 0:
        node.op = ops[random.randint(len(ops))]
    elif kind == 1:
        node.op = other.op
    elif kind == 2 and node.input:
        node.input[random.randint(len(node.input))] = other.name
    elif kind == 3 and node.input:
        del node.input[random.randint(len(node.input))]
    elif kind == 4:
        node.input.append(random.choice(["^", ""]) + other.name + random.choice(["", ":1", ":99", ":-1", ":x"]))
    elif kind == 5 and node.attr:
        del node.attr[sorted(node.attr)[random.randint(len(node.attr))]]
    elif kind == 6 and node.attr:
        value = node.attr[sorted(node.attr)[random.randint(len(node.attr))]]
        value.i = int(random.choice([-1, 0, 1, 2**31, 2**62, -(2**63)]))
    elif kind == 7 and node.op == "Const":
        sizes = node.attr["value"].tensor.tensor_shape.dim
        for size in sizes or [sizes.add()]:
            size.size = int(random.choice([-1, 0, 1, 3, 10**12, 2**62]))
    elif kind == 8 and node.op == "Const":
        node.attr["value"].tensor.dtype = random.randint(26)
    elif kind == 9 and node.op == "Const":
        content = node.attr["value"].tensor.tensor_content
        node.attr["value"].tensor.tensor_content = bytes(random.randint(0, 256, len(content)).astype(np.uint8))
    elif kind == 10:
        function = message.library.function.add()
        function.signature.name = random.choice(["f", "g", "h"])
        function.node_def.add().CopyFrom(node)
        node.op = random.choice(["f", "g", "h", "PartitionedCall"])
        node.attr["f"].func.name = random.choice(["f", "g", "h"])
    elif kind == 11:
        node.name = random.choice([other.name, "\u00e9", "a/b", "detection_masks", "SemanticPredictions"])
