"""A frozen graph as data: its nodes, who feeds whom, constants as arrays; read from a file, written to bytes."""

import hashlib
import re
from pathlib import Path
from typing import Any, Dict, FrozenSet, Iterable, List, NamedTuple, Optional, Set

import numpy as np
from google.protobuf.message import DecodeError

from appliance.errors import ModelError
from appliance.graph.proto import AttrValue, GraphDef, NodeDef

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


class Tensor(NamedTuple):
    """One output of a node. `str()` gives TensorFlow's name for it, "node:0"."""

    node: str
    output: int = 0

    def __str__(self) -> str:
        return "{}:{}".format(self.node, self.output)


def parse_input(text: str) -> Tensor:
    """An input as NodeDefs write it: "node", "node:1", or "^node" (a control edge: output -1)."""
    if text.startswith("^"):
        return Tensor(text[1:], -1)
    name, _, output = text.partition(":")
    return Tensor(name, int(output or 0))


class Graph:
    """The nodes of a GraphDef by name, in the file's order, and the edges between them.

    message: the GraphDef; not to be changed. A changed graph is a new one: see `with_nodes`.
    """

    def __init__(self, message: Any) -> None:
        self.message = message
        self.nodes: Dict[str, Any] = {node.name: node for node in message.node}
        self.inputs: Dict[str, List[Tensor]] = {
            node.name: [parse_input(text) for text in node.input] for node in message.node
        }
        self._consumers: Optional[Dict[str, List[str]]] = None
        self._functions: Dict[str, Any] = {one.signature.name: one for one in message.library.function}
        self._function_ops: Dict[str, FrozenSet[str]] = {}

    @property
    def consumers(self) -> Dict[str, List[str]]:
        """Who reads a node's outputs, or waits for it."""
        if self._consumers is None:
            consumers: Dict[str, List[str]] = {name: [] for name in self.nodes}
            for name, inputs in self.inputs.items():
                for tensor in inputs:
                    consumers[tensor.node].append(name)
            self._consumers = consumers
        return self._consumers

    def op(self, name: str) -> str:
        """The operation of a node."""
        return str(self.nodes[name].op)

    def ops(self, name: str) -> FrozenSet[str]:
        """The operation of a node and those of the functions that it calls (TensorFlow 2: loops, conditions, calls)."""
        node = self.nodes[name]
        return self._inner_ops(node) if self._functions else frozenset((node.op,))

    def _inner_ops(self, node: Any) -> FrozenSet[str]:
        called = [value.func.name for value in node.attr.values()] + [node.op]
        called += [function.name for value in node.attr.values() for function in value.list.func]
        found = {node.op}
        for name in called:
            if name in self._functions:
                if name not in self._function_ops:
                    self._function_ops[name] = frozenset()  # a function that calls itself adds nothing
                    inner = [self._inner_ops(other) for other in self._functions[name].node_def]
                    self._function_ops[name] = frozenset().union(*inner)
                found |= self._function_ops[name]
        return frozenset(found)

    def data_inputs(self, name: str) -> List[Tensor]:
        """The inputs of a node without its control edges."""
        return [tensor for tensor in self.inputs[name] if tensor.output >= 0]

    def ancestors(self, names: Iterable[str]) -> Set[str]:
        """These nodes and all that they need, control edges included."""
        found: Set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(tensor.node for tensor in self.inputs[name])
        return found

    def descendants(self, names: Iterable[str]) -> Set[str]:
        """These nodes and all that depends on them, control edges included."""
        found: Set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(self.consumers[name])
        return found

    def constant(self, name: str) -> Optional[np.ndarray]:
        """The value of a Const, also behind Identity nodes; None for anything else."""
        while self.op(name) == "Identity":
            name = self.inputs[name][0].node
        if self.op(name) != "Const":
            return None
        return tensor_value(self.nodes[name].attr["value"].tensor)

    def with_nodes(self, nodes: Iterable[Any]) -> "Graph":
        """A graph of these NodeDefs that keeps this one's versions and function library."""
        message = GraphDef()
        message.versions.CopyFrom(self.message.versions)
        message.library.CopyFrom(self.message.library)
        message.node.extend(nodes)
        return Graph(message)


def tensor_value(tensor: Any) -> Optional[np.ndarray]:
    """The array of a TensorProto, or None for a type that has no numpy array (strings, resources)."""
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
    """A Const node of an array (float32, int32 or another type of the table above)."""
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
    """A NodeDef. Attributes: a bool, an int, or an AttrValue."""
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
    """An AttrValue that holds a data type."""
    return AttrValue(type=number)


def make_placeholder(name: str, dtype: int, shape: Optional[Iterable[int]] = None) -> Any:
    """A Placeholder; sizes of -1 are unknown, no shape at all leaves the rank unknown."""
    value = AttrValue()
    if shape is None:
        value.shape.unknown_rank = True
    else:
        for size in shape:
            value.shape.dim.add(size=size)
    return make_node(name, "Placeholder", [], dtype=type_attribute(dtype), shape=value)


def read_graph(path: Path) -> Graph:
    """Read a frozen graph (a binary GraphDef).

    Raises ModelError, with what to do, where the file is missing, empty, truncated or something else.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError("{}: the graph cannot be read: {}".format(path, error.strerror)) from error
    return parse_graph(data, str(path))


_EXPORT = "The API's export_inference_graph.py makes a frozen graph of a trained model: frozen_inference_graph.pb."
_VARIABLES = frozenset({"Variable", "VariableV2", "VarHandleOp", "TemporaryVariable"})
# How files begin that people take for a frozen graph.
_OTHER_FILES = (
    (rb"\s*(#[^\n]*\n\s*)*(node|library|versions)\s*\{", "a graph written as text"),
    (rb"\x08\x01\x12", "a SavedModel"),
    (rb"\x89HDF", "a Keras model"),
    (rb"....TFL3", "a TensorFlow Lite model"),
    (rb"\x1f\x8b|PK\x03\x04", "an archive (`python -m appliance models import FILE` takes the zoo's .tar.gz)"),
    (rb"version https://git-lfs", "the note that Git LFS leaves in place of a file: `git lfs pull` fetches it"),
)


def parse_graph(data: bytes, name: str) -> Graph:
    """A Graph from the bytes of a GraphDef; `name` is what messages call it. Raises ModelError."""
    for mark, what in _OTHER_FILES:
        if re.match(mark, data):
            raise ModelError("{}: this is no frozen graph but {}. {}".format(name, what, _EXPORT))
    message = GraphDef()
    try:
        message.ParseFromString(data)
    except (DecodeError, SystemError) as error:  # protobuf 3.19 lets a SystemError through for bad text
        raise ModelError(
            "{}: this is no frozen graph, or a truncated one. Fetch it again. {}".format(name, _EXPORT)
        ) from error
    if not message.node or not all(node.name and node.op for node in message.node):
        raise ModelError("{}: this is no frozen graph: no node was found in it. {}".format(name, _EXPORT))
    names = {node.name for node in message.node}
    for node in message.node:
        for text in node.input:
            if parse_input(text).node not in names:
                raise ModelError(
                    "{}: node {} reads {}, which is not in the file: the graph is damaged or truncated. "
                    "Fetch or export it again.".format(name, node.name, text)
                )
    variables = [node.name for node in message.node if node.op in _VARIABLES]
    if variables:
        raise ModelError("{}: the graph is not frozen: {} is a variable. {}".format(name, variables[0], _EXPORT))
    return Graph(message)


def graph_hash(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()
