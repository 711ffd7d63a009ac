"""Unroll the preprocessor of a graph: one image needs no loop over images.

The loop casts the full camera frame to float, copies it into an array and resizes it there, on the accelerator. Here
its body is taken out of the loop and reads the only image directly; where its operations allow, as the camera's bytes:
`ResizeBilinear` on uint8 gives the same numbers bit for bit and reads only the pixels that it needs.
"""

from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Set

import numpy as np

from appliance.graph.read.backtrace import NotRecognisedError, array_value, is_loop_result
from appliance.graph.read.frozen import (
    DT_FLOAT,
    DT_INT32,
    DT_UINT8,
    Graph,
    Tensor,
    make_const,
    make_node,
    parse_input,
    type_attribute,
)

# Operations that work on bytes as they do on floats, or do not look at the values.
_BYTE_OPS = frozenset({"Shape", "ExpandDims", "Squeeze", "Identity", "ResizeBilinear", "TensorArrayReadV3"})
# What a loop is made of, beside its body.
_LOOP_OPS = frozenset({"NextIteration", "LoopCond", "Exit", "TensorArrayWriteV3"})


@dataclass(frozen=True)
class Resizing:
    """The constant size of the network's input, in pixels, whatever the size of the image."""

    width: int
    height: int


@dataclass(frozen=True)
class Unrolled:
    """A graph without its preprocessing loop.

    Attributes:
        graph: Takes one BGR image, uint8 [1, height, width, 3].
        resizing: The size of the network's input; None where it depends on the image's.
    """

    graph: Graph
    resizing: Optional[Resizing]


def unroll_preprocessor(graph: Graph, image: str) -> Unrolled:
    """Return the same graph without its preprocessing loop, for a BGR image instead of an RGB one.

    Raises:
        NotRecognisedError: The first thing behind the image is not a loop over images.
    """
    results = _loop_results(graph, image)
    if not results:
        raise NotRecognisedError("no preprocessing loop was found behind the image input")
    values: Dict[str, Tensor] = {}
    for name in results:
        value = array_value(graph, name)
        if value is None:
            raise NotRecognisedError(f"{name} does not collect what the preprocessing loop writes")
        values[name] = value
    body = _body(graph, values)
    reads = [name for name in body if graph.op(name) == "TensorArrayReadV3"]
    as_bytes = _byte_nodes(graph, body, reads)
    changed = {name: _outside(graph, name, body, name in as_bytes, image) for name in body}
    extra: List[Any] = []
    pictures = [name for name in results if _is_picture(graph, values[name], body)]
    if len(pictures) != 1:
        raise NotRecognisedError("the preprocessing loop does not hand on one picture")
    for name in results:
        nodes = _collect(graph, name, values[name], name in pictures, as_bytes)
        extra += nodes[:-1]
        changed[name] = nodes[-1]
    unrolled = graph.with_nodes(extra + [changed.get(name, node) for name, node in graph.nodes.items()])
    return Unrolled(unrolled, _resizing(graph, body))


def _loop_results(graph: Graph, image: str) -> List[str]:
    """Return what the first loop behind the image returns: the nodes that stack its arrays."""
    seen: Set[str] = set()
    waiting = [image]
    while waiting:
        for consumer in graph.consumers[waiting.pop()]:
            if consumer not in seen:
                seen.add(consumer)
                if not is_loop_result(graph, consumer):
                    waiting.append(consumer)
    return [name for name in graph.nodes if name in seen and is_loop_result(graph, name)]


def _body(graph: Graph, values: Dict[str, Tensor]) -> Set[str]:
    """Return the nodes that compute what one iteration of the loop writes from what it reads."""
    found: Set[str] = set()
    waiting = [value.node for value in values.values()]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        op = graph.op(name)
        if op in _LOOP_OPS or (op == "Merge" and _is_loop_variable(graph, name)):
            raise NotRecognisedError(f"a turn of the preprocessing loop uses the one before it ({name})")
        found.add(name)
        if op != "TensorArrayReadV3" and op != "Enter":
            waiting.extend(tensor.node for tensor in graph.data_inputs(name))
    return found


def _is_loop_variable(graph: Graph, name: str) -> bool:
    return any(graph.op(tensor.node) == "NextIteration" for tensor in graph.data_inputs(name))


def _byte_nodes(graph: Graph, body: Set[str], reads: List[str]) -> Set[str]:
    """Return the nodes before the resize if all of them can work on bytes; empty if one cannot."""
    found: Set[str] = set()
    waiting = list(reads)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        if graph.op(name) not in _BYTE_OPS:
            return set()
        found.add(name)
        if graph.op(name) not in ("ResizeBilinear", "Shape"):
            waiting.extend(consumer for consumer in graph.consumers[name] if consumer in body)
    return found


def _outside(graph: Graph, name: str, body: Set[str], as_bytes: bool, image: str) -> Any:
    """Return a node of the loop's body as it is outside the loop."""
    source = graph.nodes[name]
    node = type(source)()
    node.CopyFrom(source)
    op = node.op
    del node.input[:]
    if op == "Enter":
        node.op = "Identity"
        node.input.append(source.input[0])
        for key in list(node.attr):
            if key != "T":
                del node.attr[key]
        return node
    if op == "TensorArrayReadV3":
        read = array_value(graph, name)
        if read is None or not _is_cast_image(graph, read, image):
            raise NotRecognisedError(f"the preprocessing loop reads more than the image ({name})")
        first = make_node(
            name, "Squeeze", [image if as_bytes else str(read)], T=type_attribute(DT_UINT8 if as_bytes else DT_FLOAT)
        )
        first.attr["squeeze_dims"].list.i.append(0)
        return first
    for text in source.input:
        # Control edges only tie constants to the loop; those between nodes of the body (a condition's) stay.
        if not text.startswith("^") or parse_input(text).node in body:
            node.input.append(text)
    if as_bytes:
        node.attr["T"].type = DT_UINT8
    return node


def _is_cast_image(graph: Graph, tensor: Tensor, image: str) -> bool:
    return graph.source(tensor.node, ("Cast", "Identity")) == image


def _is_picture(graph: Graph, value: Tensor, body: Set[str]) -> bool:
    """Return whether a written value is the image itself, resized or as it was read, rather than a shape."""
    node = graph.source(value.node, ("Squeeze", "ExpandDims", "Identity", "ResizeBilinear"))
    return graph.op(node) == "TensorArrayReadV3"


def _collect(graph: Graph, name: str, value: Tensor, is_picture: bool, as_bytes: Set[str]) -> List[Any]:
    """Return nodes that give the loop's result from its only iteration; the last one has the result's name."""
    axis = name + "/axis"
    dtype = int(graph.nodes[name].attr["dtype"].type)
    if not is_picture:
        return [
            make_const(axis, np.array(0, np.int32)),
            make_node(name, "ExpandDims", [str(value), axis], T=type_attribute(dtype), Tdim=type_attribute(DT_INT32)),
        ]
    if as_bytes and not _is_resized(graph, value):
        raise NotRecognisedError("the preprocessing loop does not resize the image")
    batch, channels = name + "/batch", name + "/channels"
    return [
        make_const(axis, np.array(0, np.int32)),
        make_const(channels, np.array([3], np.int32)),
        make_node(batch, "ExpandDims", [str(value), axis], T=type_attribute(dtype), Tdim=type_attribute(DT_INT32)),
        make_node(name, "ReverseV2", [batch, channels], T=type_attribute(dtype), Tidx=type_attribute(DT_INT32)),
    ]


def _is_resized(graph: Graph, value: Tensor) -> bool:
    node = graph.source(value.node, ("Squeeze", "ExpandDims", "Identity"))
    return graph.op(node) == "ResizeBilinear"


def _resizing(graph: Graph, body: Set[str]) -> Optional[Resizing]:
    for name in body:
        if graph.op(name) == "ResizeBilinear":
            size = graph.constant(graph.inputs[name][1].node)
            return None if size is None else Resizing(int(size[1]), int(size[0]))
    return None
