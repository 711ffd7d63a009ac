"""The network of a front: what follows its resize, with an input of one fixed size.

TensorRT and OpenVINO take neither images of any size nor TensorFlow's resize, so their engines start here; so does a
front that takes batches.
"""

from dataclasses import dataclass
from typing import Sequence, Tuple

import numpy as np

from appliance.graph.read.backtrace import NotRecognisedError
from appliance.graph.read.frozen import (
    DT_FLOAT,
    DT_INT32,
    DT_UINT8,
    Graph,
    Tensor,
    make_const,
    make_node,
    make_placeholder,
    type_attribute,
)
from appliance.graph.rewrite.split import keep

_VIEWS = frozenset({"Squeeze", "ExpandDims", "Identity"})


@dataclass(frozen=True)
class Network:
    """A network with an input of fixed size.

    Attributes:
        graph: Takes `input`, float32 [1, height, width, 3], RGB, 0 to 255; gives `outputs`.
        align_corners, half_pixel_centers: The rule of the `ResizeBilinear` in front of it.
    """

    graph: Graph
    input: Tensor
    outputs: Tuple[Tensor, ...]
    width: int
    height: int
    align_corners: bool
    half_pixel_centers: bool


def with_batches(network: Network) -> Tuple[Graph, Tensor]:
    """Return the same network for any number of images at once, which it resizes itself.

    Returns:
        The network, and its new input: uint8 [n, height, width, 3], BGR, of any one size.
    """
    name = network.input.node
    images, floats, size, resized, channels = (
        name + part for part in ("/images", "/floats", "/size", "/resized", "/channels")
    )
    number, integer = type_attribute(DT_FLOAT), type_attribute(DT_INT32)
    resize = make_node(resized, "ResizeBilinear", [floats, size], T=number, align_corners=network.align_corners)
    if network.half_pixel_centers:  # TensorFlow before 1.14 does not know it
        resize.attr["half_pixel_centers"].b = True
    nodes = [
        make_placeholder(images, DT_UINT8, [-1, -1, -1, 3]),
        make_node(floats, "Cast", [images], SrcT=type_attribute(DT_UINT8), DstT=number),
        make_const(size, np.array([network.height, network.width], np.int32)),
        resize,
        make_const(channels, np.array([3], np.int32)),
        make_node(name, "ReverseV2", [resized, channels], T=number, Tidx=integer),
    ]
    nodes += [node for node in network.graph.nodes.values() if node.name != name]
    return network.graph.with_nodes(nodes), Tensor(images)


def take_network(front: Graph, image: str, outputs: Sequence[Tensor]) -> Network:
    """Extract the network of a front that begins with one resize of the BGR image to a constant size.

    Raises:
        NotRecognisedError: The front has another form; with the reason.
    """
    turned = _turned_picture(front, image)
    resize = front.source(front.inputs[turned][0].node, _VIEWS)
    if front.op(resize) != "ResizeBilinear":
        raise NotRecognisedError("what comes before the network is not one bilinear resize")
    size = front.constant(front.inputs[resize][1].node)
    if size is None:
        raise NotRecognisedError("the size of the network's input depends on the image")
    height, width = int(size[0]), int(size[1])
    placeholder = make_placeholder(turned, DT_FLOAT, [1, height, width, 3])
    nodes = [placeholder if name == turned else node for name, node in front.nodes.items()]
    graph = keep(front.with_nodes(nodes), [tensor.node for tensor in outputs])
    if image in graph.nodes:
        raise NotRecognisedError("the network needs the image itself beside the resized one")
    if turned not in graph.nodes:
        raise NotRecognisedError("the network does not depend on the image")
    rule = front.nodes[resize].attr
    return Network(
        graph, Tensor(turned), tuple(outputs), width, height,
        bool(rule["align_corners"].b), bool(rule["half_pixel_centers"].b),
    )  # fmt: skip


def _turned_picture(front: Graph, image: str) -> str:
    """Return the node that gives the resized image in RGB: the only one behind the image that reverses its channels."""
    found = [name for name in front.descendants([image]) if front.op(name) == "ReverseV2"]
    if len(found) != 1:
        raise NotRecognisedError("what comes before the network is not one bilinear resize")
    return found[0]
