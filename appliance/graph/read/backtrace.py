"""Walk backwards through a graph: through views, slices and the arrays of while loops."""

from dataclasses import dataclass
from typing import Callable, Dict, List, Optional, Set, Tuple

from appliance.graph.read.frozen import Graph, Tensor

# Operations that hand on (part of) one input, unchanged: which one.
PRIMARY_INPUT: Dict[str, int] = {
    "Identity": 0,
    "Squeeze": 0,
    "ExpandDims": 0,
    "Reshape": 0,
    "Unpack": 0,
    "Pack": 0,
    "Enter": 0,
    "Exit": 0,
    "Slice": 0,
    "StridedSlice": 0,
    "Gather": 0,
    "GatherV2": 0,
    "Split": 1,
}


class NotRecognisedError(Exception):
    """A graph lacks the form that a fast path needs; the message is the reason, a sentence."""


@dataclass(frozen=True)
class Step:
    """One node on a backward walk, and which of its outputs was used."""

    node: str
    output: int


def is_loop_result(graph: Graph, name: str) -> bool:
    """Return whether a node stacks, into one tensor, what the iterations of a loop wrote to a TensorArray."""
    if graph.op(name) != "TensorArrayGatherV3":
        return False
    return graph.op(graph.inputs[name][2].node) == "Exit"


def array_value(graph: Graph, name: str) -> Optional[Tensor]:
    """Return the tensor that was written to the array which this TensorArrayReadV3 or TensorArrayGatherV3 reads."""
    handle = graph.source(graph.inputs[name][0].node, ("Enter",))
    graph.count_steps(len(graph.consumers[handle]))
    for consumer in graph.consumers[handle]:
        readers = [consumer] + (graph.consumers[consumer] if graph.op(consumer) == "Enter" else [])
        for reader in readers:
            if graph.op(reader) in ("TensorArrayScatterV3", "TensorArrayWriteV3"):
                return graph.inputs[reader][2]
    return None


def follow(graph: Graph, tensor: Tensor, stop: Callable[[Tensor], bool]) -> Tuple[Tensor, List[Step]]:
    """Walk back from a tensor along first inputs until `stop` holds, or until an operation that computes a new value.

    Returns:
        The tensor at which the walk ended, and the steps that led there.
    """
    way: List[Step] = []
    seen: Set[Tensor] = set()
    while not stop(tensor) and tensor not in seen:
        seen.add(tensor)
        op = graph.op(tensor.node)
        if op == "TensorArrayReadV3":
            source = array_value(graph, tensor.node)
            if source is None:
                break
        elif op in PRIMARY_INPUT:
            source = graph.inputs[tensor.node][PRIMARY_INPUT[op]]
        else:
            break
        way.append(Step(tensor.node, tensor.output))
        tensor = source
    graph.count_steps(len(way))
    return tensor, way
