"""Graphs of a folder of models, and changes to them that leave what they compute as it is. No TensorFlow."""

import hashlib
import lzma
from pathlib import Path
from typing import Any, Callable

import pytest

from appliance.graph.read.frozen import Graph
from appliance.graph.read.proto import GraphDef

GRAPH_FILE = "frozen_inference_graph.pb"


def holds_models(folder: Path) -> bool:
    return any(any(folder.glob(pattern)) for pattern in ("*.pb.xz", "*.pb", "*/" + GRAPH_FILE))


def zoo_bytes(folder: Path, name: str) -> bytes:
    """A graph of the folder: NAME.pb.xz, NAME.pb or NAME/frozen_inference_graph.pb. Skips the test without one."""
    packed = folder / (name + ".pb.xz")
    if packed.is_file():
        return lzma.decompress(packed.read_bytes())
    for path in (folder / (name + ".pb"), folder / name / GRAPH_FILE):
        if path.is_file():
            return path.read_bytes()
    pytest.skip(f"{name} is not in {folder}")
    raise AssertionError("not reached")


def unpack(data: bytes, folder: Path, name: str) -> Path:
    """Write a graph as an installed model of that name has it; returns the graph's path."""
    path = folder / name / GRAPH_FILE
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    return path


def changed(graph: Graph, change: Callable[[Any], None]) -> Graph:
    """A graph after change(message) on a copy of its message."""
    message = GraphDef()
    message.CopyFrom(graph.message)
    change(message)
    return Graph(message)


def renamed(graph: Graph) -> Graph:
    """The same graph with every node and loop called otherwise, each in a scope of its own, but for the outputs."""

    def new(name: str) -> str:
        if name.startswith("detection_") or name == "num_detections":
            return name
        return f"n{hashlib.sha256(name.encode()).hexdigest()[:12]}/op"

    return _with_names(graph, new)


def prefixed(graph: Graph, prefix: str = "import/") -> Graph:
    """The same graph as tf.import_graph_def leaves it in another: every name with a prefix, the outputs' too."""
    return _with_names(graph, lambda name: prefix + name)


def _with_names(graph: Graph, new: Callable[[str], str]) -> Graph:
    def rename(message: Any) -> None:
        for node in message.node:
            node.name = new(node.name)
            for index, text in enumerate(node.input):
                name, colon, output = text.lstrip("^").partition(":")
                node.input[index] = ("^" if text[0] == "^" else "") + new(name) + colon + output
            hints = node.attr["_class"].list.s if "_class" in node.attr else []
            for index, hint in enumerate(hints):
                hints[index] = b"loc:@" + new(hint[5:].decode()).encode()
            if "frame_name" in node.attr:
                node.attr["frame_name"].s = new(node.attr["frame_name"].s.decode()).encode()

    return changed(graph, rename)
