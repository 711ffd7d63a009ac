"""Replace the in-graph preprocessor, a loop over images, by one resize of the image placeholder.

The loop casts the full camera frame to float and resizes it on the accelerator. `ResizeBilinear` on the uint8
image itself gives the same numbers bit for bit, and on the CPU it reads only the pixels that it needs.
"""

from typing import Any, Dict, List, NamedTuple, Optional, Set, Tuple

import numpy as np

from appliance.graph.frozen import DT_FLOAT, DT_INT32, DT_UINT8, Graph, Tensor, make_const, make_node, type_attribute
from appliance.graph.trace import array_value, is_loop_result

_VIEWS = frozenset({"Identity", "Squeeze", "ExpandDims", "Enter", "Cast"})


class NotRecognisedError(Exception):
    """Why a fast path cannot be taken, in a sentence."""


class Resizing(NamedTuple):
    """width, height: pixels of the network's input, whatever the size of the image."""

    width: int
    height: int


def skip_preprocessor(graph: Graph, image: str) -> Tuple[Graph, Resizing]:
    """The same graph with its preprocessing loop replaced, for a BGR image instead of an RGB one.

    Raises NotRecognisedError for any other form. Only fixed sizes are taken; the loop's second result, the size of
    the resized image, becomes a constant.
    """
    results = _loop_results(graph, image)
    if not results:
        raise NotRecognisedError("no preprocessing loop was found behind the image input")
    resizing: Optional[Resizing] = None
    replaced: Dict[str, Any] = {}
    for name in results:
        value = array_value(graph, name)
        if value is None:
            raise NotRecognisedError("{} does not collect what the preprocessing loop writes".format(name))
        constant = graph.constant(value.node)
        if constant is not None:
            replaced[name] = make_const(name, constant[np.newaxis])
            continue
        resizing, resize = _resize(graph, value, image)
        replaced.update(_direct_resize(graph, name, image, resizing, resize))
    if resizing is None:
        raise NotRecognisedError("the preprocessing loop resizes nothing")
    nodes = [replaced.pop(name, node) for name, node in graph.nodes.items()]
    return graph.with_nodes(list(replaced.values()) + nodes), resizing


def _direct_resize(graph: Graph, name: str, image: str, resizing: Resizing, resize: str) -> Dict[str, Any]:
    """Nodes that resize the image by the rule of the loop's `resize` node and turn its channels; `name` is the last."""
    size, axis, resized = name + "/size", name + "/axis", name + "/resized"
    attributes = graph.nodes[resize].attr
    node = make_node(resized, "ResizeBilinear", [image, size], T=type_attribute(DT_UINT8))
    for rule in ("align_corners", "half_pixel_centers"):
        if attributes[rule].b:
            node.attr[rule].b = True
    turned = make_node(
        name, "ReverseV2", [resized, axis], T=type_attribute(DT_FLOAT), Tidx=type_attribute(DT_INT32)
    )
    return {
        size: make_const(size, np.array([resizing.height, resizing.width], np.int32)),
        axis: make_const(axis, np.array([3], np.int32)),
        resized: node,
        name: turned,
    }


def _loop_results(graph: Graph, image: str) -> List[str]:
    """What the first loop behind the image hands on: the arrays collected from it."""
    seen: Set[str] = set()
    waiting = [image]
    results = []
    while waiting:
        for consumer in graph.consumers[waiting.pop(0)]:
            if consumer in seen:
                continue
            seen.add(consumer)
            if is_loop_result(graph, consumer):
                results.append(consumer)
            else:
                waiting.append(consumer)
    # What is reached without a loop, such as the image's shape, would go on needing the image itself.
    return [name for name in graph.nodes if name in results and _first_loop(graph, name)]


def _first_loop(graph: Graph, name: str) -> bool:
    earlier = graph.ancestors([name]) - {name}
    return not any(is_loop_result(graph, other) for other in earlier)


def _resize(graph: Graph, value: Tensor, image: str) -> Tuple[Resizing, str]:
    """Follow what the loop writes back to the image; exactly one resize to a constant size may lie between."""
    resizing: Optional[Resizing] = None
    resize = ""
    node = value.node
    while True:
        op = graph.op(node)
        if op == "ResizeBilinear" and resizing is None:
            size = graph.constant(graph.inputs[node][1].node)
            if size is None:
                raise NotRecognisedError("the size it resizes to depends on the image")
            resizing, resize = Resizing(int(size[1]), int(size[0])), node
            node = graph.inputs[node][0].node
        elif op in _VIEWS:
            node = graph.inputs[node][0].node
        elif op == "TensorArrayReadV3":
            source = array_value(graph, node)
            if source is None:
                break
            node = source.node
        elif node == image:
            if resizing is None:
                break
            return resizing, resize
        else:
            raise NotRecognisedError("the preprocessing loop holds {} ({})".format(op, node))
    raise NotRecognisedError("the preprocessing loop is not the Object Detection API's")
