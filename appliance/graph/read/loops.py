"""While loops in frozen graphs of TensorFlow 1: frames of Enter, Merge, Switch, NextIteration and Exit."""

from typing import Dict, Iterable, List, Set, Tuple

from appliance.graph.read.frozen import Graph

LOOP_OPS = frozenset({"Enter", "Merge", "Switch", "NextIteration", "LoopCond", "Exit"})
# How the operations on arrays of loops begin: TensorFlow 1's, and TensorFlow 2's.
ARRAY_OPS = ("TensorArray", "TensorList", "EmptyTensorList")
# Those whose output is a value of its own.
_ARRAY_VALUES = frozenset(
    {
        "TensorArrayGatherV3",
        "TensorArrayConcatV3",
        "TensorArraySizeV3",
        "TensorArrayReadV3",
        "TensorListStack",
        "TensorListGather",
        "TensorListConcat",
        "TensorListConcatV2",
        "TensorListGetItem",
        "TensorListLength",
    }
)


MOST_DEEP = 20


class TooDeepError(Exception):
    """Loops are nested too deeply; the message names them."""


def find_frames(graph: Graph) -> Dict[str, Set[str]]:
    """Find the nodes of each loop, from Enter to Exit, including those of the loops inside it.

    Returns:
        Sets of node names, by the name of the loop's frame.

    Raises:
        TooDeepError: Loops are nested too deeply. Does not occur for a graph that was read from a file.
    """
    inside: Dict[str, Tuple[str, ...]] = {}
    frames: Dict[str, Set[str]] = {}
    waiting: List[Tuple[str, Tuple[str, ...]]] = [(name, ()) for name, inputs in graph.inputs.items() if not inputs]
    while waiting:
        name, around = waiting.pop()
        if name in inside:
            continue
        node = graph.nodes[name]
        if node.op == "Enter":
            around = (*around, node.attr["frame_name"].s.decode(errors="replace"))
            if len(around) > MOST_DEEP:
                raise TooDeepError(f"the graph's loops are nested more than {MOST_DEEP} deep")
        for frame in around:
            frames.setdefault(frame, set()).add(name)
        if node.op == "Exit":
            around = around[:-1]
        inside[name] = around
        waiting.extend((consumer, around) for consumer in graph.consumers[name])
    return frames


def array_nodes(graph: Graph, names: Iterable[str]) -> Set[str]:
    """Return the nodes that pass these an array handle or flow, which cannot cross from one session to another."""
    given = set(names)
    found: Set[str] = set()
    waiting = list(given)
    while waiting:
        for tensor in graph.data_inputs(waiting.pop()):
            name = tensor.node
            if is_array(graph.op(name)) and name not in given and name not in found:
                found.add(name)
                waiting.append(name)
    return found


def is_array(op: str) -> bool:
    """Return whether an operation gives a TensorArray's handle or flow rather than a value."""
    return op.startswith(ARRAY_OPS) and op not in _ARRAY_VALUES


def is_list(op: str) -> bool:
    """Return whether an operation gives a TensorList, TensorFlow 2's array of a loop."""
    return is_array(op) and not op.startswith("TensorArray")
