"""The network of a front: what lies behind its resize, with an input of one fixed size.

TensorRT and OpenVINO take neither bytes of any size nor TensorFlow's resize, so their engines start here; so does a
front that takes several images at once.
"""

from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from appliance.graph.frozen import (
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
from appliance.graph.split import keep
from appliance.graph.trace import NotRecognisedError

_VIEWS = frozenset({"Squeeze", "ExpandDims", "Identity"})


class Network(NamedTuple):
    """graph: takes `input`, float32 [1, height, width, 3], RGB, 0 to 255; gives `outputs`.

    align_corners, half_pixel_centers: the rule of the `ResizeBilinear` that was in front of it.
    """

    graph: Graph
    input: Tensor
    outputs: Tuple[Tensor, ...]
    width: int
    height: int
    align_corners: bool
    half_pixel_centers: bool


class BatchNetwork(NamedTuple):
    """A network for any number of images at once, which also does the arithmetic of their resize.

    corners: uint8 [n, 4, height, width, 3], BGR, each pixel's four neighbours in the image: top left, top right,
    bottom left, bottom right. across: float32 [n, 1, width, 1], how far each lies from the left ones to the right;
    down: float32 [n, height, 1, 1], from the top to the bottom.
    """

    graph: Graph
    corners: Tensor
    across: Tensor
    down: Tensor


def with_batches(network: Network) -> BatchNetwork:
    """The same network for several images."""
    name, width, height = network.input.node, network.width, network.height
    number, integer = type_attribute(DT_FLOAT), type_attribute(DT_INT32)
    corners, across, down = name + "/corners", name + "/across", name + "/down"
    floats, four, channels = name + "/floats", name + "/four", name + "/channels"

    def blend(result: str, first: str, second: str, fraction: str) -> List[Any]:
        return [
            make_node(result + "/difference", "Sub", [second, first], T=number),
            make_node(result + "/part", "Mul", [result + "/difference", fraction], T=number),
            make_node(result, "Add", [first, result + "/part"], T=number),
        ]

    unpack = make_node(four, "Unpack", [floats], T=number)
    unpack.attr["num"].i, unpack.attr["axis"].i = 4, 1
    nodes = [
        make_placeholder(corners, DT_UINT8, [-1, 4, height, width, 3]),
        make_placeholder(across, DT_FLOAT, [-1, 1, width, 1]),
        make_placeholder(down, DT_FLOAT, [-1, height, 1, 1]),
        make_node(floats, "Cast", [corners], SrcT=type_attribute(DT_UINT8), DstT=number),
        unpack,
        *blend(name + "/top", four, four + ":1", across),
        *blend(name + "/bottom", four + ":2", four + ":3", across),
        *blend(name + "/blended", name + "/top", name + "/bottom", down),
        make_const(channels, np.array([3], np.int32)),
        make_node(name, "ReverseV2", [name + "/blended", channels], T=number, Tidx=integer),
    ]
    nodes += [node for node in network.graph.nodes.values() if node.name != name]
    return BatchNetwork(network.graph.with_nodes(nodes), Tensor(corners), Tensor(across), Tensor(down))


def take_network(front: Graph, image: str, outputs: Sequence[Tensor]) -> Network:
    """The network of a front that starts with one resize of the BGR image to a constant size.

    Raises NotRecognisedError, with the reason, for any other.
    """
    turned = _turned_picture(front, image)
    resize: Optional[str] = front.inputs[turned][0].node
    while resize is not None and front.op(resize) in _VIEWS:
        resize = front.inputs[resize][0].node
    if resize is None or front.op(resize) != "ResizeBilinear":
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
    """The node that gives the resized picture in RGB: the only one behind the image that turns its channels."""
    found = [name for name in front.descendants([image]) if front.op(name) == "ReverseV2"]
    if len(found) != 1:
        raise NotRecognisedError("what comes before the network is not one bilinear resize")
    return found[0]
