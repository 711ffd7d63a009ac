"""Check what a graph does to its detections behind the suppression: sorting, padding and the like, nothing else.

A fast path leaves all of that out, so anything that would change a box, a score or a class has to be found here.
"""

from typing import FrozenSet, List, Optional, Set, Tuple

from appliance.graph.read.backtrace import NotRecognisedError, array_value
from appliance.graph.read.frozen import Graph, Tensor
from appliance.graph.recognise.box_transforms import clipped, origin_until
from appliance.graph.recognise.family import is_suppression

# Operations that hand on, pick, cut or pad their first input.
_VIEWS = frozenset(
    {"Identity", "Squeeze", "ExpandDims", "Reshape", "Slice", "StridedSlice", "Pad", "PadV2", "Exit", "Enter", "Switch"}
)
_GATHERS = frozenset({"Gather", "GatherV2"})
_ADDS = frozenset({"Add", "AddV2"})
# Where several tensors are joined: from which input on, and how many at the end are no tensors.
_JOINS = {"ConcatV2": (0, 1), "Concat": (1, 0), "Merge": (0, 0), "Select": (1, 0), "SelectV2": (1, 0)}


def check_values(graph: Graph, output: str, suppressions: List[str]) -> None:
    """Raise NotRecognisedError if boxes or scores are changed between the suppressions and an output.

    A clip to the window is accepted: `suppression.later_clip` reads it.
    """
    walk = _Walk(graph, suppressions)
    seen: Set[Tensor] = set()
    waiting = [Tensor(output)]
    while waiting:
        tensor = waiting.pop()
        if tensor in seen or tensor.node not in walk.behind:
            continue
        seen.add(tensor)
        waiting.extend(walk.sources(tensor))


def class_offset(graph: Graph, output: str, suppressions: List[str]) -> int:
    """Return what is added to the classes, which are 0, 1, 2 ... in the order of their suppressions (the API adds 1).

    Raises:
        NotRecognisedError: The classes come from anything else, such as a lookup table.
    """
    walk = _Walk(graph, suppressions)
    offset, tensor = 0, Tensor(output)
    seen: Set[Tensor] = set()
    while not walk.is_start(tensor) and tensor not in seen:
        seen.add(tensor)
        added = walk.constant_added(tensor)
        sources = [added[1]] if added else walk.sources(tensor)
        offset += added[0] if added else 0
        if len(sources) != 1:
            break
        tensor = sources[0]
    columns: Set[int] = set()
    seen = set()
    waiting = [tensor]
    while waiting:
        tensor = waiting.pop()
        if tensor in seen:
            continue
        seen.add(tensor)
        if walk.is_start(tensor):
            columns.add(walk.constant_added(tensor)[0])  # type: ignore[index]
        elif tensor.node in walk.behind and graph.op(tensor.node) not in ("Fill", "ZerosLike"):
            waiting.extend(walk.sources(tensor))
    if columns != set(range(len(suppressions))):
        raise NotRecognisedError("the classes are not numbered in the order of their suppressions")
    return offset


class _Walk:
    def __init__(self, graph: Graph, suppressions: List[str]) -> None:
        self.graph = graph
        self.behind: FrozenSet[str] = frozenset(graph.descendants(suppressions))
        self._origin = origin_until(graph, lambda tensor: False)

    def constant_added(self, tensor: Tensor) -> Optional[Tuple[int, Tensor]]:
        """Return the constant that a node adds, and to which tensor; None for other nodes."""
        if self.graph.op(tensor.node) not in _ADDS:
            return None
        first, second = self.graph.inputs[tensor.node][:2]
        for constant, other in ((second, first), (first, second)):
            value = self.graph.constant(constant.node)
            if value is not None and value.size == 1:
                return int(float(value.ravel()[0])), other
        return None

    def is_start(self, tensor: Tensor) -> bool:
        """Return whether the classes start here: zeros plus a constant."""
        added = self.constant_added(tensor)
        return added is not None and self.graph.op(added[1].node) == "ZerosLike"

    def sources(self, tensor: Tensor) -> List[Tensor]:
        """Return the inputs whose values a node passes on. Raises NotRecognisedError if it changes them."""
        graph, op = self.graph, self.graph.op(tensor.node)
        inputs = graph.data_inputs(tensor.node)
        if op in _VIEWS or (op == "TopKV2" and tensor.output == 0) or (op == "Pack" and len(inputs) == 1):
            return inputs[:1]
        if is_suppression(op) and tensor.output == 1:
            # Version 5 hands on the scores of what it kept: those it was given, unless it is a soft one.
            return []
        if op == "Cast":
            return inputs
        if op == "Unpack" and int(graph.nodes[tensor.node].attr["num"].i) == 1:
            return inputs
        if op in _GATHERS and graph.constant(inputs[0].node) is None and graph.constant(inputs[1].node) is None:
            return inputs[:1]
        if op in ("TensorArrayGatherV3", "TensorArrayReadV3"):
            written = array_value(graph, tensor.node)
            if written is not None:
                return [written]
        if op in _JOINS:
            clip = clipped(graph, tensor, self._origin)
            if clip is not None:
                return clip[:1]
            start, end = _JOINS[op]
            joined = inputs[start : len(inputs) - end]
            if not any(graph.op(part.node) in ("Split", "Unpack") for part in joined):
                return joined
        # What fills up: zeros behind the last detection, -1 for boxes outside the window.
        if op in ("Fill", "ZerosLike", "OnesLike") or self._is_filling(tensor):
            return []
        raise NotRecognisedError(f"{op} ({tensor.node}) lies behind the suppression")

    def _is_filling(self, tensor: Tensor) -> bool:
        """Return whether this is a constant times ones."""
        if self.graph.op(tensor.node) != "Mul":
            return False
        ends = self.graph.inputs[tensor.node][:2]
        return all(
            self.graph.constant(end.node) is not None or self.graph.op(end.node) in ("Fill", "OnesLike") for end in ends
        )
