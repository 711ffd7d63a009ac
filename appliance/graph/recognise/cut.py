"""Find where to cut a graph: in front of its last non-maximum suppression, by structure alone.

docs/architecture.md describes the rule. `D` below is the scope of the last suppression and all that depends on it.
"""

from dataclasses import dataclass
from typing import Dict, FrozenSet, Iterable, List, Optional, Set, Tuple

from appliance.graph.read.backtrace import PRIMARY_INPUT
from appliance.graph.read.frozen import Graph, Tensor
from appliance.graph.read.loops import ARRAY_OPS, LOOP_OPS, array_nodes, find_frames, is_array
from appliance.graph.read.types import DT_RESOURCE, DT_VARIANT, UnknownTypeError, output_type
from appliance.graph.recognise.family import is_heavy, is_suppression, output_nodes

# Boxes and scores of one class are made of those of all by picking, and by clipping and rescaling coordinates: of which
# input.
_TAKEN_FROM = {**PRIMARY_INPUT, "Minimum": 0, "Maximum": 0, "Concat": 1, "ConcatV2": 0, "Sub": 0, "Mul": 1}


@dataclass(frozen=True)
class Cut:
    """Where a graph is cut.

    Attributes:
        tensors: The tensors that cross from front to back, in the graph's order.
        back: Names of the nodes that only the back has.
    """

    tensors: Tuple[Tensor, ...]
    back: FrozenSet[str]


class NoCutError(Exception):
    """A graph cannot be cut and has to run whole; the message is the reason, a sentence."""


def find_cut(graph: Graph) -> Cut:
    """Find the cut of a graph. Raises NoCutError for a graph that has to run whole."""
    needed = graph.ancestors(output_nodes(graph))
    frames = find_frames(graph)
    suppressions = _last_suppressions(graph, needed, frames)
    if not suppressions:
        raise NoCutError("the graph holds no non-maximum suppression")
    behind = _close(graph, _scope(graph, suppressions, frames), frames) & needed
    if any(is_heavy(graph, name) for name in behind):
        behind = _light_tail(graph, behind, needed)
    dynamic = _dynamic(graph, needed, frames)
    back = {name for name in behind if name in dynamic}
    if all(graph.op(name) == "Identity" for name in back):
        raise NoCutError("nothing light is left behind the last non-maximum suppression")
    tensors = _crossing(graph, back, dynamic)
    while True:
        views = _views(graph, tensors, back, needed)
        if not views:
            break
        back |= views
        tensors = _crossing(graph, back, dynamic)
    back |= _derived(graph, tensors, dynamic)
    tensors = _crossing(graph, back, dynamic)
    order = {name: index for index, name in enumerate(graph.nodes)}
    if any(graph.op(tensor.node) == "Placeholder" for tensor in tensors):
        raise NoCutError("the non-maximum suppression works on the image itself")
    try:
        for tensor in tensors:
            if output_type(graph, tensor) in (DT_VARIANT, DT_RESOURCE):
                raise NoCutError(f"what would cross the cut is no array of numbers: {tensor}")
    except UnknownTypeError as error:
        raise NoCutError(f"the type of a tensor at the cut cannot be told: {error}") from error
    return Cut(tuple(sorted(tensors, key=lambda tensor: (order[tensor.node], tensor.output))), frozenset(back))


def _last_suppressions(graph: Graph, needed: Set[str], frames: Dict[str, Set[str]]) -> List[str]:
    """Return the suppressions on which no other depends, earlier iterations of the same loop aside."""
    names = [name for name in graph.nodes if name in needed and any(is_suppression(op) for op in graph.ops(name))]
    groups: Dict[str, List[str]] = {}
    for name in names:
        around = [key for key, members in frames.items() if name in members]
        frame = max(around, key=lambda key: len(frames[key]), default="")
        groups.setdefault(frame, []).append(name)
    earlier: Set[str] = set()
    for frame, group in groups.items():
        own = frames.get(frame, set())
        found: Set[str] = set()
        waiting = [tensor.node for name in group for tensor in graph.inputs[name]]
        while waiting:
            name = waiting.pop()
            if name not in found and not (name in own and graph.op(name) == "NextIteration"):
                found.add(name)
                waiting.extend(tensor.node for tensor in graph.inputs[name])
        earlier |= found
    return [name for name in names if name not in earlier]


def _scope(graph: Graph, suppressions: List[str], frames: Dict[str, Set[str]]) -> Set[str]:
    """Return the suppressions with their loop, or with all nodes between their shared inputs and them."""
    members = set(suppressions)
    if any(not is_suppression(graph.op(name)) for name in suppressions):
        # A loop in the form of a function.
        return members | array_nodes(graph, members)
    loops = [frame for frame in frames.values() if frame & members]
    if loops:
        members.update(*loops)
        return members | array_nodes(graph, members)
    shared = [_shared_input(graph, suppressions, index) for index in (0, 1)]
    takers = [
        consumer
        for tensor in shared
        for consumer in graph.consumers[tensor.node]
        if tensor in graph.data_inputs(consumer)
    ]
    between = graph.descendants(takers) & graph.ancestors(suppressions)
    if any(is_heavy(graph, name) or not _can_cross(graph, name) for name in between):
        return members
    return members | between


def _shared_input(graph: Graph, suppressions: List[str], index: int) -> Tensor:
    """Return the last tensor from which all of these suppressions, one per class, take their boxes or scores."""
    ways = [_way_back(graph, graph.data_inputs(name)[index]) for name in suppressions]
    first = ways[0]
    if len(ways) == 1:
        # One class: where the images of the batch part.
        parted = [tensor for tensor in first if graph.op(tensor.node) == "Unpack"]
        return parted[-1] if parted else first[0]
    common = set(first).intersection(*ways[1:])
    return next((tensor for tensor in first if tensor in common), first[0])


def _way_back(graph: Graph, tensor: Tensor) -> List[Tensor]:
    """Return a tensor and those it was taken from, back to an operation that computes new values."""
    way = [tensor]
    while graph.op(tensor.node) in _TAKEN_FROM and len(way) <= len(graph.nodes):
        tensor = graph.inputs[tensor.node][_TAKEN_FROM[graph.op(tensor.node)]]
        way.append(tensor)
    graph.count_steps(len(way))
    return way


def _close(graph: Graph, names: Set[str], frames: Dict[str, Set[str]]) -> Set[str]:
    """Add dependants, whole loops and arrays to a set of nodes until nothing is missing."""
    while True:
        closed = graph.descendants(names)
        for frame in frames.values():
            if frame & closed:
                closed |= frame
        closed |= array_nodes(graph, closed)
        if closed == names:
            return closed
        names = closed


def _light_tail(graph: Graph, behind: Set[str], needed: Set[str]) -> Set[str]:
    """Return the part of D that feeds no heavy operation and takes no array or loop value from the front."""
    heavy = [name for name in needed if is_heavy(graph, name)]
    tail = behind - graph.ancestors(heavy)
    changed = True
    while changed:
        graph.count_steps(len(tail))
        stay = {
            name
            for name in tail
            for tensor in graph.data_inputs(name)
            if tensor.node not in tail and not _can_cross(graph, tensor.node)
        }
        tail -= stay
        changed = bool(stay)
    # What only feeds nodes that stayed in the front stays with them.
    wanted: Set[str] = set()
    waiting = [name for name in output_nodes(graph) if name in tail]
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            waiting.extend(tensor.node for tensor in graph.inputs[name] if tensor.node in tail)
    return wanted


def _can_cross(graph: Graph, name: str) -> bool:
    op = graph.op(name)
    return not is_array(op) and op not in LOOP_OPS


def _dynamic(graph: Graph, needed: Set[str], frames: Dict[str, Set[str]]) -> Set[str]:
    """Return the nodes that depend on the input's data; all others are constants, which are copied."""
    found: Set[str] = set()
    waiting = {name for name in needed if graph.op(name) == "Placeholder"}
    while waiting:
        while waiting:
            name = waiting.pop()
            found.add(name)
            waiting.update(
                consumer
                for consumer in graph.consumers[name]
                if consumer in needed
                and consumer not in found
                and any(tensor.node == name for tensor in graph.data_inputs(consumer))
            )
        # A loop is one: its counters and handles are not constants although no data edge says so.
        graph.count_steps(len(found))
        for frame in frames.values():
            if frame & found:
                waiting |= ((frame | array_nodes(graph, frame)) & needed) - found
    return found


def _crossing(graph: Graph, back: Set[str], dynamic: Set[str]) -> Set[Tensor]:
    return {
        tensor
        for name in back
        for tensor in graph.data_inputs(name)
        if tensor.node in dynamic and tensor.node not in back
    }


def _views(graph: Graph, tensors: Iterable[Tensor], back: Set[str], needed: Set[str]) -> Set[str]:
    """Leave unpacking the batch to the back: the cut then keeps the batch dimension, as in a loop over images."""
    return {
        tensor.node
        for tensor in tensors
        if graph.op(tensor.node) == "Unpack" and needed.intersection(graph.consumers[tensor.node]) <= back
    }


def _derived(graph: Graph, tensors: Set[Tensor], dynamic: Set[str]) -> Set[str]:
    """Return the tensors that the back can compute from the other crossing tensors: shapes, counts and the like."""
    taken: Set[str] = set()
    remaining = set(tensors)
    for tensor in sorted(tensors, key=str):
        chain = _chain(graph, tensor, remaining - {tensor}, dynamic)
        if chain is not None:
            taken |= chain
            remaining.discard(tensor)
    return taken


def _chain(graph: Graph, start: Tensor, given: Set[Tensor], dynamic: Set[str]) -> Optional[Set[str]]:
    """Return the light nodes that compute `start` from `given` tensors and constants; None if there is more."""
    found: Set[str] = set()
    waiting = [start]
    while waiting:
        tensor = waiting.pop()
        if tensor in given or tensor.node not in dynamic or tensor.node in found:
            continue
        op = graph.op(tensor.node)
        if op == "Placeholder" or op in LOOP_OPS or op.startswith(ARRAY_OPS) or is_heavy(graph, tensor.node):
            return None
        found.add(tensor.node)
        waiting.extend(graph.data_inputs(tensor.node))
    return found
