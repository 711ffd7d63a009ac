"""A frozen graph as data: nodes, edges, and constants as arrays. `graph_file` reads one from a file."""

import re
from typing import Any, Collection, Dict, FrozenSet, Iterable, List, NamedTuple, Optional, Set

import numpy as np

from appliance.graph.read.functions import Functions
from appliance.graph.read.proto import AttrValue, GraphDef, Message, NodeDef

# DataType numbers of tensorflow/core/framework/types.proto.
_NUMPY_TYPES: Dict[int, Any] = {
    1: np.dtype(np.float32),
    2: np.dtype(np.float64),
    3: np.dtype(np.int32),
    4: np.dtype(np.uint8),
    6: np.dtype(np.int8),
    9: np.dtype(np.int64),
    10: np.dtype(np.bool_),
}
DT_FLOAT, DT_INT32, DT_UINT8, DT_INT64 = 1, 3, 4, 9

MOST_STEPS = 3 * 10**7
"""From node to node, for all that is asked of one graph; the largest of the catalogue takes 0.3 million."""

_OUTPUT = re.compile(r"[0-9]{1,6}\Z")


class Tensor(NamedTuple):
    """One output of a node. `str()` gives TensorFlow's name for it, "node:0"."""

    node: str
    output: int = 0

    def __str__(self) -> str:
        return f"{self.node}:{self.output}"


def parse_input(text: str) -> Tensor:
    """Parse an input as NodeDefs write it: "node", "node:1", or "^node" (a control edge: output -1).

    Raises:
        ValueError: Something other than a number follows the colon.
    """
    if text.startswith("^"):
        return Tensor(text[1:], -1)
    name, colon, output = text.partition(":")
    if colon and not _OUTPUT.match(output):
        raise ValueError(f"{text[:100]!r} is no input")
    return Tensor(name, int(output or 0))


class Graph:
    """The nodes of a GraphDef by name, in the file's order, and the edges between them.

    Immutable: a changed graph is a new one, made by `with_nodes`.

    Attributes:
        message: The GraphDef.
        nodes: NodeDef by name.
    """

    def __init__(self, message: Any) -> None:
        self.message = message
        self.nodes: Dict[str, Message] = {node.name: node for node in message.node}
        self.inputs: Dict[str, List[Tensor]] = {
            node.name: [parse_input(text) for text in node.input] for node in message.node
        }
        self._steps = 0
        self._consumers: Optional[Dict[str, List[str]]] = None
        self.functions = Functions(message.library)

    @property
    def consumers(self) -> Dict[str, List[str]]:
        """Return the names of the nodes that read a node's outputs or have a control edge from it."""
        if self._consumers is None:
            consumers: Dict[str, List[str]] = {name: [] for name in self.nodes}
            for name, inputs in self.inputs.items():
                for tensor in inputs:
                    consumers[tensor.node].append(name)
            self._consumers = consumers
        return self._consumers

    def op(self, name: str) -> str:
        """Return the operation of a node."""
        return str(self.nodes[name].op)

    def ops(self, name: str) -> FrozenSet[str]:
        """Return the operations of a node and of the functions it calls (TensorFlow 2: loops, conditions, calls)."""
        return self.functions.ops(self.nodes[name])

    def data_inputs(self, name: str) -> List[Tensor]:
        """Return the inputs of a node without its control edges."""
        inputs = self.inputs[name]
        self.count_steps(len(inputs))
        return [tensor for tensor in inputs if tensor.output >= 0]

    def ancestors(self, names: Iterable[str]) -> Set[str]:
        """Return these nodes and all that they depend on, control edges included."""
        found: Set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(tensor.node for tensor in self.inputs[name])
        self.count_steps(len(found))
        return found

    def descendants(self, names: Iterable[str]) -> Set[str]:
        """Return these nodes and all that depend on them, control edges included."""
        found: Set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(self.consumers[name])
        self.count_steps(len(found))
        return found

    def count_steps(self, steps: int) -> None:
        """Count the steps of searches that may restart at every node. Raises ValueError where they would take hours."""
        self._steps += steps
        if self._steps > MOST_STEPS:
            raise ValueError(f"it takes more than {MOST_STEPS // 10**6} million steps")

    def source(self, name: str, ops: Collection[str]) -> str:
        """Follow first inputs from a node while the operation is one of `ops`; return the node reached."""
        seen: Set[str] = set()
        while self.op(name) in ops and self.inputs[name] and name not in seen:
            seen.add(name)
            name = self.inputs[name][0].node
        self.count_steps(len(seen))
        return name

    def constant(self, name: str) -> Optional[np.ndarray]:
        """Return the value of a Const, also behind Identity nodes; None for anything else."""
        name = self.source(name, ("Identity",))
        if self.op(name) != "Const":
            return None
        return tensor_value(self.nodes[name].attr["value"].tensor)

    def with_nodes(self, nodes: Iterable[Any]) -> "Graph":
        """Return a graph of these NodeDefs with this graph's versions and function library."""
        message = GraphDef()
        message.versions.CopyFrom(self.message.versions)
        message.library.CopyFrom(self.message.library)
        message.node.extend(nodes)
        return Graph(message)


def tensor_value(tensor: Any) -> Optional[np.ndarray]:
    """Return the array of a TensorProto; None for types without a numpy equivalent (strings, resources)."""
    dtype = _NUMPY_TYPES.get(tensor.dtype)
    if dtype is None:
        return None
    shape = [dim.size for dim in tensor.tensor_shape.dim]
    if tensor.tensor_content:
        content: np.ndarray = np.frombuffer(tensor.tensor_content, dtype).reshape(shape)
        return content
    values = np.array(
        list(tensor.float_val)
        or list(tensor.double_val)
        or list(tensor.int_val)
        or list(tensor.int64_val)
        or list(tensor.bool_val)
        or [0],
        dtype,
    )
    count = int(np.prod(shape))
    # A TensorProto leaves out what repeats the last value.
    return np.concatenate([values, np.repeat(values[-1:], max(0, count - len(values)))])[:count].reshape(shape)


def make_const(name: str, value: np.ndarray) -> Any:
    """Make a Const node of an array (float32, int32 or another type of the table above)."""
    number = next(key for key, dtype in _NUMPY_TYPES.items() if dtype == value.dtype)
    node = NodeDef(name=name, op="Const")
    node.attr["dtype"].type = number
    tensor = node.attr["value"].tensor
    tensor.dtype = number
    for size in value.shape:
        tensor.tensor_shape.dim.add(size=size)
    tensor.tensor_content = np.ascontiguousarray(value).tobytes()
    return node


def make_node(name: str, op: str, inputs: Iterable[str], **attributes: Any) -> Any:
    """Make a NodeDef. Attributes: a bool, an int, or an AttrValue."""
    node = NodeDef(name=name, op=op, input=list(inputs))
    for key, value in attributes.items():
        if isinstance(value, bool):
            node.attr[key].b = value
        elif isinstance(value, int):
            node.attr[key].i = value
        else:
            node.attr[key].CopyFrom(value)
    return node


def type_attribute(number: int) -> Any:
    """Make an AttrValue that holds a data type (a number of TensorFlow's DataType enum)."""
    return AttrValue(type=number)


def make_placeholder(name: str, dtype: int, shape: Optional[Iterable[int]] = None) -> Any:
    """Make a Placeholder. A size of -1 is an unknown dimension; without a shape the rank is unknown too."""
    value = AttrValue()
    if shape is None:
        value.shape.unknown_rank = True
    else:
        for size in shape:
            value.shape.dim.add(size=size)
    return make_node(name, "Placeholder", [], dtype=type_attribute(dtype), shape=value)
