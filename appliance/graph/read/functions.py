"""The function library of a graph (TensorFlow 2's loops, conditions, calls): who calls what, and its contents."""

from dataclasses import dataclass
from typing import Any, Dict, FrozenSet, Iterator, List, Optional, Set, Tuple

from appliance.graph.read.proto import Message

# Sizes are counted to here: they may double with every function.
_MANY = 10**9


@dataclass(frozen=True)
class Attributes:
    """What the attributes of a node contain, at any depth.

    Attributes:
        functions: Names of functions.
        tensors: TensorProtos.
    """

    functions: List[str]
    tensors: List[Any]


def read_attributes(node: Any) -> Attributes:
    """Collect what is in a node's attributes, including those of the functions that it names there."""
    found = Attributes([], [])
    waiting = [node.attr]
    while waiting:
        for value in waiting.pop().values():
            kind = value.WhichOneof("value")
            if kind == "tensor":
                found.tensors.append(value.tensor)
            elif kind == "list":
                found.tensors.extend(value.list.tensor)
            for function in value.list.func if kind == "list" else [value.func] if kind == "func" else ():
                found.functions.append(function.name)
                waiting.append(function.attr)
    return found


class Functions:
    """The functions of a FunctionDefLibrary."""

    def __init__(self, library: Any) -> None:
        self.by_name: Dict[str, Message] = {one.signature.name: one for one in library.function}
        self._ops: Dict[str, FrozenSet[str]] = {}

    def calls(self, node: Any) -> List[str]:
        """Return the functions of this library that a node calls, through its attributes or as its operation."""
        if not self.by_name:
            return []
        return [name for name in (node.op, *read_attributes(node).functions) if name in self.by_name]

    def ops(self, node: Any) -> FrozenSet[str]:
        """Return the operation of a node and of all functions that it calls, at any depth."""
        found: Set[str] = {node.op}
        for name in self.calls(node):
            if name not in self._ops:
                self._ops[name] = frozenset(
                    inner.op for function in self._reached(name) for inner in self.by_name[function].node_def
                )
            found |= self._ops[name]
        return frozenset(found)

    def _reached(self, name: str) -> Set[str]:
        found: Set[str] = set()
        waiting = [name]
        while waiting:
            function = waiting.pop()
            if function not in found:
                found.add(function)
                waiting.extend(one for node in self.by_name[function].node_def for one in self.calls(node))
        return found

    def expansion(self) -> Tuple[Dict[str, int], int, Optional[str]]:
        """Measure the graph that results when every call is replaced by the function's body.

        Returns:
            The number of nodes of each function then, the depth of nested calls, and the name of a function that calls
            itself, if there is one.
        """
        sizes: Dict[str, int] = {}
        depths: Dict[str, int] = {}
        for first in self.by_name:
            way = [] if first in sizes else [self._step(first)]
            under_way = {first}
            while way:
                name, called, rest = way[-1]
                inner = next((one for one in rest if one not in sizes), None)
                if inner is None:
                    size = len(self.by_name[name].node_def) + sum(sizes[one] for one in called)
                    sizes[name] = min(size, _MANY)
                    depths[name] = 1 + max([depths[one] for one in called], default=0)
                    under_way.discard(name)
                    way.pop()
                elif inner in under_way:
                    return sizes, len(way), inner
                else:
                    under_way.add(inner)
                    way.append(self._step(inner))
        return sizes, max(depths.values(), default=0), None

    def _step(self, name: str) -> Tuple[str, List[str], Iterator[str]]:
        called = [one for node in self.by_name[name].node_def for one in self.calls(node)]
        return name, called, iter(called)
