"""Split a graph in two: the front, which ends at the cut, and the back, which starts there."""

from dataclasses import dataclass
from typing import AbstractSet, Any, Dict, List, Set, Tuple

from appliance.graph.read.frozen import Graph, Tensor, make_placeholder
from appliance.graph.read.types import output_type
from appliance.graph.recognise.cut import Cut


@dataclass(frozen=True)
class Parts:
    """The two parts of a graph.

    Attributes:
        front: Gives the tensors of `cut`.
        back: Takes `feeds`, one placeholder for each tensor of `cut`, in the same order.
    """

    front: Graph
    back: Graph
    cut: Tuple[Tensor, ...]
    feeds: Tuple[Tensor, ...]


def keep(graph: Graph, outputs: List[str]) -> Graph:
    """Return the part of a graph on which these nodes depend."""
    needed = graph.ancestors(outputs)
    return graph.with_nodes(_plain(node) for name, node in graph.nodes.items() if name in needed)


def split(graph: Graph, cut: Cut, outputs: List[str]) -> Parts:
    """Split a graph at a cut. Both parts together give bit for bit what the whole graph gives.

    Constants are copied into the back; control edges from one part to the other are dropped.
    """
    front = keep(graph, [tensor.node for tensor in cut.tensors])
    feeds = {tensor: f"cut/{index}" for index, tensor in enumerate(cut.tensors)}
    copied = _constants(graph, cut, outputs)
    nodes = [make_placeholder(feeds[tensor], output_type(graph, tensor)) for tensor in cut.tensors]
    kept = cut.back | copied
    nodes += [_rewired(graph, node, feeds, kept) for name, node in graph.nodes.items() if name in kept]
    back = keep(graph.with_nodes(nodes), outputs)
    present = [feed for feed in feeds.values() if feed in back.nodes]
    if len(present) != len(feeds):
        # The outputs do not need a tensor after all: keep its placeholder, so that front and back agree.
        unused = [node for node in nodes if node.name in feeds.values() and node.name not in back.nodes]
        back = graph.with_nodes(unused + list(back.message.node))
    return Parts(front, back, cut.tensors, tuple(Tensor(feeds[tensor]) for tensor in cut.tensors))


def _constants(graph: Graph, cut: Cut, outputs: List[str]) -> Set[str]:
    """Return the nodes outside the back that it needs and that do not depend on the input."""
    found: Set[str] = set()
    crossing = set(cut.tensors)
    waiting = [
        tensor.node
        for name in list(cut.back) + outputs
        for tensor in graph.data_inputs(name)
        if tensor not in crossing and tensor.node not in cut.back
    ]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(tensor.node for tensor in graph.data_inputs(name) if tensor not in crossing)
    return found - cut.back


def _rewired(graph: Graph, node: Any, feeds: Dict[Tensor, str], kept: AbstractSet[str]) -> Any:
    copy = type(node)()
    copy.CopyFrom(_plain(node))
    del copy.input[:]
    for text, tensor in zip(node.input, graph.inputs[node.name]):
        if tensor in feeds:
            copy.input.append(feeds[tensor])
        elif tensor.node in kept:
            copy.input.append(text)
    return copy


def _plain(node: Any) -> Any:
    """Return a node without device and colocation hints: one that names a node of the other part fails the import."""
    if not node.device and "_class" not in node.attr:
        return node
    copy = type(node)()
    copy.CopyFrom(node)
    copy.device = ""
    copy.attr.pop("_class", None)
    return copy
