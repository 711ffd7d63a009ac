"""Read a frozen graph, which may come from anybody: all bounds and checks apply before anything else uses it."""

import contextlib
import os
import stat
from pathlib import Path
from typing import Any, Iterator

from google.protobuf.message import DecodeError

from appliance.core.errors import ModelError
from appliance.graph.read.checks import check_operations, check_structure
from appliance.graph.read.foreign import EXPORT, foreign_data
from appliance.graph.read.frozen import Graph, parse_input
from appliance.graph.read.proto import GraphDef
from appliance.graph.read.wire import TooMuchError, count_fields

MOST_BYTES = 2**31 - 1
"""What protobuf takes."""

_VARIABLES = frozenset({"Variable", "VariableV2", "VarHandleOp", "TemporaryVariable"})


def read_graph(path: Path, trusted: bool = False) -> Graph:
    """Read a frozen graph (a binary GraphDef).

    Args:
        path: The file.
        trusted: Accept any operation, whatever it does; otherwise only those of `operations.yml`.

    Raises:
        ModelError: The file is missing, empty, truncated, of another format, or not allowed; with the remedy.
    """
    try:
        descriptor = os.open(str(path), os.O_RDONLY | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode):
                raise ModelError(f"{path}: the graph cannot be read: it is no file.")
            if about.st_size > MOST_BYTES:
                raise ModelError(f"{path}: this is no frozen graph: none is larger than 2 GB.")
            data = file.read(MOST_BYTES)
    except OSError as error:
        raise ModelError(f"{path}: the graph cannot be read: {error.strerror}") from error
    return parse_graph(data, str(path), trusted)


@contextlib.contextmanager
def naming_damage(name: str) -> Iterator[None]:
    """Turn errors while a graph is examined into a ModelError.

    TensorFlow checks that every operation has the inputs and attributes it needs; here such damage shows as an error.
    """
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError) as error:
        raise ModelError(
            f"{name}: the graph is damaged, or built as TensorFlow builds none ({type(error).__name__}:"
            f" {str(error)[:200]}). Export it again."
        ) from error


def parse_graph(data: bytes, name: str, trusted: bool = False) -> Graph:
    """Parse the bytes of a GraphDef. `name` is used in messages. Raises ModelError, as `read_graph`."""
    foreign = foreign_data(data)
    if foreign is not None:
        raise ModelError(f"{name}: this is no frozen graph but {foreign.what}. {foreign.remedy}")
    message = _parse(data, name)
    if not message.node or not all(node.name and node.op for node in message.node):
        raise ModelError(f"{name}: this is no frozen graph: no node was found in it. {EXPORT}")
    _check_inputs(message, name)
    variables = [node.name for node in message.node if node.op in _VARIABLES]
    if variables:
        raise ModelError(f"{name}: the graph is not frozen: {variables[0]} is a variable. {EXPORT}")
    graph = Graph(message)
    check_structure(graph, name)
    if not trusted:
        check_operations(graph, name)
    return graph


def _parse(data: bytes, name: str) -> Any:
    message = GraphDef()
    try:
        count_fields(data)
        message.ParseFromString(data)
    except TooMuchError as error:
        raise ModelError(f"{name}: this is no frozen graph: {error}.") from error
    except (DecodeError, SystemError, RecursionError) as error:  # 3.19 lets a SystemError through for bad text
        raise ModelError(f"{name}: this is no frozen graph, or a truncated one. Fetch it again. {EXPORT}") from error
    return message


def _check_inputs(message: Any, name: str) -> None:
    names = {node.name for node in message.node}
    if len(names) < len(message.node):
        raise ModelError(f"{name}: the graph is damaged: two nodes have the same name. Export it again.")
    for node in message.node:
        for text in node.input:
            try:
                is_there = parse_input(text).node in names
            except ValueError:
                is_there = False
            if not is_there:
                raise ModelError(
                    f"{name}: node {node.name} reads {text[:200]}, which is not in the file: the graph is damaged or"
                    " truncated. Fetch or export it again."
                )
