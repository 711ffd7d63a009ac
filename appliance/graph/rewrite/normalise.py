"""Give a user's graph the expected interface: the outputs' names, an image of bytes, a count.

A few nodes are added; what the graph computes stays as it is.
"""

from pathlib import Path
from typing import Any, List, Optional

import numpy as np

from appliance.graph.read.frozen import (
    DT_FLOAT,
    DT_INT32,
    DT_UINT8,
    Graph,
    make_const,
    make_node,
    make_placeholder,
    type_attribute,
)
from appliance.graph.read.graph_file import naming_damage, read_graph
from appliance.graph.recognise.family import (
    DETECTION_OUTPUTS,
    family_rules,
    is_heavy,
    output_nodes,
    placeholders,
)

_RESIZES = frozenset({"ResizeBilinear", "ResizeBicubic", "ResizeNearestNeighbor", "ResizeArea"})


def read_model(path: Path, trusted: bool = False) -> Graph:
    """Read a graph as `read_graph` does, and normalise it. Raises ModelError."""
    graph = read_graph(path, trusted)
    with naming_damage(str(path)):
        return adapt(graph)


def adapt(graph: Graph) -> Graph:
    """Return the graph itself if it has the interface, else one that has as much of it as possible."""
    return _with_count(_with_bytes(_without_prefix(graph)))


def _without_prefix(graph: Graph) -> Graph:
    """Remove the common prefix of all names, which a graph gets when it is imported into another."""
    if output_nodes(graph):
        return graph
    ends = tuple({"/" + family.outputs[0] for family in family_rules()})
    found = [name for name in graph.nodes if name.endswith(ends)]
    if len(found) != 1:
        return graph
    prefix = found[0].rpartition("/")[0] + "/"
    names = {name: name[len(prefix) :] if name.startswith(prefix) else name for name in graph.nodes}
    if len(set(names.values())) < len(names):
        return graph
    nodes = []
    for name, node in graph.nodes.items():
        copy = type(node)()
        copy.CopyFrom(node)
        copy.name = names[name]
        del copy.input[:]
        for text, tensor in zip(node.input, graph.inputs[name]):
            new = names[tensor.node]
            copy.input.append("^" + new if text.startswith("^") else f"{new}:{tensor.output}")
        copy.attr.pop("_class", None)
        nodes.append(copy)
    return graph.with_nodes(nodes)


def _with_bytes(graph: Graph) -> Graph:
    """Make a graph take bytes if it takes floats from 0 to 255 and resizes the image itself, as the API exports it.

    A graph that does not resize may expect any range of values: it stays as it is, and is refused.
    """
    image = _float_image(graph)
    if image is None:
        return graph
    source = image + "/bytes"
    shape = graph.nodes[image].attr["shape"].shape
    known = None if shape.unknown_rank else [dim.size for dim in shape.dim]
    cast = make_node(image, "Cast", [source], SrcT=type_attribute(DT_UINT8), DstT=type_attribute(DT_FLOAT))
    nodes: List[Any] = [make_placeholder(source, DT_UINT8, known)]
    nodes += [cast if name == image else node for name, node in graph.nodes.items()]
    return graph.with_nodes(nodes)


def _float_image(graph: Graph) -> Optional[str]:
    inputs = placeholders(graph)
    if len(inputs) != 1 or graph.nodes[inputs[0]].attr["dtype"].type != DT_FLOAT:
        return None
    # What lies between the image and the network.
    seen = set()
    waiting = list(inputs)
    while waiting:
        name = waiting.pop()
        ops = graph.ops(name)
        if not _RESIZES.isdisjoint(ops):
            return inputs[0]
        if name not in seen and not is_heavy(graph, name):
            seen.add(name)
            waiting.extend(graph.consumers[name])
    return None


def _with_count(graph: Graph) -> Graph:
    """Add a count of all detections to a graph with boxes, scores and classes that lacks it."""
    count = DETECTION_OUTPUTS[3]
    if count in graph.nodes or any(name not in graph.nodes for name in DETECTION_OUTPUTS[:3]):
        return graph
    shape, begin, size = count + "/shape", count + "/begin", count + "/size"
    integer = type_attribute(DT_INT32)
    return graph.with_nodes(
        [
            *graph.message.node,
            make_node(shape, "Shape", [DETECTION_OUTPUTS[1]], T=type_attribute(DT_FLOAT), out_type=integer),
            make_const(begin, np.array([1], np.int32)),
            make_const(size, np.array([1], np.int32)),
            make_node(count + "/all", "Slice", [shape, begin, size], T=integer, Index=integer),
            make_node(count, "Cast", [count + "/all"], SrcT=integer, DstT=type_attribute(DT_FLOAT)),
        ]
    )
