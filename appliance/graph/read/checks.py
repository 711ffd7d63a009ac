"""Checks on graphs of unknown origin: they end, are no larger than their file, and do nothing but compute."""

import functools
from pathlib import Path
from typing import Any, Dict, FrozenSet, Iterable, Iterator, List, Tuple

import yaml

from appliance.core.errors import ModelError
from appliance.graph.read.frozen import Graph
from appliance.graph.read.functions import Functions, read_attributes
from appliance.graph.read.loops import TooDeepError, find_frames

_FILE = Path(__file__).with_name("operations.yml")

# The largest graph of the catalogue has 21,000 nodes, no functions, and loops two deep.
MOST_NODES = 200000
MOST_IN_A_ROW = 10000
MOST_CALLS_DEEP = 50
MOST_LOOPS = 500
MOST_CONSTANT_BYTES = 2**31
# No type has more bytes an element; DT_RESOURCE and DT_VARIANT stand for objects of the process.
_LARGEST_ELEMENT = 16
_ELEMENT_BYTES = {
    1: 4,
    2: 8,
    3: 4,
    4: 1,
    5: 2,
    6: 1,
    8: 8,
    9: 8,
    10: 1,
    11: 1,
    12: 1,
    13: 4,
    14: 2,
    15: 2,
    16: 2,
    17: 2,
    19: 2,
    22: 4,
    23: 8,
}
_HANDLES = (20, 21)


@functools.lru_cache(maxsize=None)
def allowed_operations() -> FrozenSet[str]:
    """Return the operations that a graph of unknown origin may contain, as listed in operations.yml."""
    groups = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return frozenset(op for ops in groups.values() for op in ops.split())


def check_operations(graph: Graph, name: str) -> None:
    """Raise ModelError if any node, also inside a function, might do more than compute."""
    allowed, functions = allowed_operations(), graph.functions.by_name
    for where, node in _all_nodes(graph):
        if node.op not in allowed and node.op not in functions:
            raise ModelError(
                f"{name}: {node.name[:200]}{where} is the operation {node.op[:100]}, which is none of those that a"
                " graph needs to detect: it may reach files, the network or the process. Use a graph without it; one"
                " whose maker you trust as yourself is taken with --trust-graph."
            )
        attributes = read_attributes(node)
        unknown = [called for called in attributes.functions if called not in functions]
        if unknown:
            raise ModelError(
                f"{name}: {node.name[:200]}{where} ({node.op}) calls {unknown[0][:200]}, which is no function in the"
                " file. Export the graph again."
            )
        if any(tensor.dtype in _HANDLES for tensor in attributes.tensors):
            raise ModelError(
                f"{name}: {node.name[:200]}{where} holds an object of another process in place of numbers. Export the"
                " graph again."
            )


def check_structure(graph: Graph, name: str) -> None:
    """Raise ModelError for a graph that contains a cycle, is nested too deeply, or claims more data than it has."""
    count = sum(1 for _ in _all_nodes(graph))
    if count > MOST_NODES:
        raise ModelError(f"{name}: the graph has {count} nodes; {MOST_NODES} are taken.")
    _check_functions(graph, name)
    _check_constants(graph, name)
    _check_rows(graph, name)
    _check_loops(graph, name)


def _check_functions(graph: Graph, name: str) -> None:
    functions = graph.functions
    if len(functions.by_name) < len(graph.message.library.function):
        raise ModelError(f"{name}: the graph is damaged: two functions have the same name.")
    sizes, depth, ring = functions.expansion()
    if ring is not None:
        raise ModelError(f"{name}: the graph's function {ring[:200]} calls itself: it would never end.")
    if depth > MOST_CALLS_DEEP:
        raise ModelError(f"{name}: the graph's functions call each other {depth} deep; {MOST_CALLS_DEEP} are taken.")
    total = sum(sizes[called] for node in graph.nodes.values() for called in functions.calls(node))
    if max(total, max(sizes.values(), default=0)) > MOST_NODES:
        raise ModelError(
            f"{name}: with its functions in place of their calls the graph has more than {MOST_NODES} nodes."
        )


def _check_constants(graph: Graph, name: str) -> None:
    total = 0
    for _, node in _all_nodes(graph):
        for tensor in read_attributes(node).tensors:
            elements = 1
            for dim in tensor.tensor_shape.dim:
                elements *= dim.size
                if dim.size < 0 or elements > MOST_CONSTANT_BYTES:
                    elements = MOST_CONSTANT_BYTES + 1
                    break
            size = elements * _ELEMENT_BYTES.get(tensor.dtype, _LARGEST_ELEMENT)
            total += size
            if total > MOST_CONSTANT_BYTES:
                raise ModelError(
                    f"{name}: the constants of the graph, with {node.name[:200]}, would take more than 2 GB."
                )
            if tensor.tensor_content and tensor.dtype in _ELEMENT_BYTES and len(tensor.tensor_content) != size:
                raise ModelError(
                    f"{name}: the constant {node.name[:200]} has {len(tensor.tensor_content)} bytes, and its shape"
                    f" needs {size}: the graph is damaged."
                )


def _check_rows(graph: Graph, name: str) -> None:
    """Check that no node depends on itself and that no chain of nodes is too long: TensorFlow recurses along them.

    Only the next iteration of a loop may lead back to where a value came from.
    """
    functions = graph.functions
    lengths: Dict[str, int] = {}
    sizes, _, _ = functions.expansion()
    for called in sizes:  # each behind those that it calls
        lengths[called] = _longest_row(functions.by_name[called].node_def, functions, lengths, name)
    _longest_row(graph.message.node, functions, lengths, name)


def _longest_row(nodes: Iterable[Any], functions: Functions, lengths: Dict[str, int], name: str) -> int:
    """Return the length of the longest chain of nodes, including the functions they call. Raises ModelError."""
    by_name = {node.name: node for node in nodes}
    missing: Dict[str, int] = {}
    consumers: Dict[str, List[str]] = {}
    for node in by_name.values():
        sources = [text.lstrip("^").partition(":")[0] for text in node.input]
        sources = [one for one in sources if one in by_name and by_name[one].op != "NextIteration"]
        missing[node.name] = len(sources)
        for source in sources:
            consumers.setdefault(source, []).append(node.name)
    before = dict.fromkeys(by_name, 0)
    ready = [one for one, count in missing.items() if not count]
    longest = 0
    for one in ready:
        length = before[one] + 1 + sum(lengths[called] for called in functions.calls(by_name[one]))
        longest = max(longest, length)
        for consumer in consumers.get(one, ()):
            before[consumer] = max(before[consumer], length)
            missing[consumer] -= 1
            if not missing[consumer]:
                ready.append(consumer)
    if len(ready) < len(missing):
        ring = next(one for one, count in missing.items() if count)
        raise ModelError(
            f"{name}: node {ring[:200]} needs its own result, or that of a ring of nodes: the graph would never end."
            " Export it again."
        )
    if longest > MOST_IN_A_ROW:
        raise ModelError(f"{name}: {longest} nodes of the graph need each other in a row; {MOST_IN_A_ROW} are taken.")
    return longest


def _check_loops(graph: Graph, name: str) -> None:
    frames = {node.attr["frame_name"].s for node in graph.nodes.values() if node.op == "Enter"}
    if len(frames) > MOST_LOOPS:
        raise ModelError(f"{name}: the graph has {len(frames)} loops; {MOST_LOOPS} are taken.")
    try:
        find_frames(graph)
    except TooDeepError as error:
        raise ModelError(f"{name}: {error}.") from error


def _all_nodes(graph: Graph) -> Iterator[Tuple[str, Any]]:
    """Yield every node and where it is: "" or " in the function X"."""
    for node in graph.message.node:
        yield "", node
    for function in graph.message.library.function:
        for node in function.node_def:
            yield f" in the function {function.signature.name[:200]}", node
