"""Shapes are computed from constants; what depends on anything else has none. All of the zoo's: test_graph_zoo.py."""

import numpy as np
import pytest

from appliance.graph.read.frozen import Graph, Tensor, make_const, make_node, make_placeholder, type_attribute
from appliance.graph.read.proto import AttrValue, GraphDef
from appliance.graph.read.shapes import find_shapes

FLOAT = type_attribute(1)


def integers(*values):
    return AttrValue(list={"i": values})


def shape_of(*nodes, image=(1, 30, 20, 3)):
    """The shape of the last of these nodes."""
    graph = Graph(GraphDef(node=[make_placeholder("image", 1, image), *nodes]))
    return find_shapes(graph, [Tensor(nodes[-1].name)])[0]


def convolution(op, padding, stride=2, kernel=(3, 3, 3, 8), dilation=1):
    return [
        make_const("kernel", np.zeros(kernel, np.float32)),
        make_node(
            "out",
            op,
            ["image", "kernel"],
            T=FLOAT,
            padding=AttrValue(s=padding),
            strides=integers(1, stride, stride, 1),
            dilations=integers(1, dilation, dilation, 1),
        ),
    ]


@pytest.mark.parametrize(
    "nodes, expected",
    [
        (convolution("Conv2D", b"SAME"), (1, 15, 10, 8)),
        (convolution("Conv2D", b"VALID"), (1, 14, 9, 8)),
        (convolution("Conv2D", b"VALID", 1, dilation=2), (1, 26, 16, 8)),
        (convolution("DepthwiseConv2dNative", b"SAME", 1, (3, 3, 3, 2)), (1, 30, 20, 6)),
        (
            [
                make_node(
                    "out",
                    "MaxPool",
                    ["image"],
                    T=FLOAT,
                    padding=AttrValue(s=b"SAME"),
                    ksize=integers(1, 2, 2, 1),
                    strides=integers(1, 2, 2, 1),
                )
            ],
            (1, 15, 10, 3),
        ),
        (
            [make_const("axis", np.array(1, np.int32)), make_node("out", "ConcatV2", ["image", "image", "axis"])],
            (1, 60, 20, 3),
        ),
        ([make_const("to", np.array([1, -1, 3], np.int32)), make_node("out", "Reshape", ["image", "to"])], (1, 600, 3)),
        (
            [make_const("to", np.array([0, 3, 1, 2], np.int32)), make_node("out", "Transpose", ["image", "to"])],
            (1, 3, 30, 20),
        ),
        ([make_const("one", np.ones((20, 1), np.float32)), make_node("out", "Mul", ["image", "one"])], (1, 30, 20, 3)),
        (
            [make_const("size", np.array([7, 9], np.int32)), make_node("out", "ResizeBilinear", ["image", "size"])],
            (1, 7, 9, 3),
        ),
        ([make_node("out", "Mystery", ["image"])], None),
    ],
)
def test_an_operation_has_the_shape_that_tensorflow_gives_it(nodes, expected):
    assert shape_of(*nodes) == expected


def test_a_side_that_depends_on_the_image_stays_unknown():
    nodes = convolution("Conv2D", b"SAME")
    assert shape_of(*nodes, image=(-1, -1, 20, 3)) == (None, None, 10, 8)


def test_a_shape_is_computed_from_shapes():
    """As the API writes a reshape: the batch of another tensor, and constants."""
    nodes = [
        make_node("shape", "Shape", ["image"], T=FLOAT),
        make_const("zero", np.array([0], np.int32)),
        make_const("one", np.array([1], np.int32)),
        make_node("batch", "StridedSlice", ["shape", "zero", "one", "one"], shrink_axis_mask=1),
        make_const("rest", np.array(-1, np.int32)),
        make_const("three", np.array(3, np.int32)),
        make_node("to", "Pack", ["batch", "rest", "three"], axis=0),
        make_node("out", "Reshape", ["image", "to"]),
    ]
    assert shape_of(*nodes) == (1, 600, 3)
    assert shape_of(*nodes, image=(-1, 30, 20, 3)) == (None, None, 3)
