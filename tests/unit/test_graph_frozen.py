"""Reading frozen graphs: what is no graph is refused with a sentence, what is one keeps every byte that matters."""

import numpy as np
import pytest

from appliance.core.errors import ModelError
from appliance.core.files import hash_file
from appliance.graph.read.frozen import (
    Graph,
    Tensor,
    make_const,
    make_node,
    make_placeholder,
    parse_input,
    tensor_value,
    type_attribute,
)
from appliance.graph.read.graph_file import parse_graph, read_graph
from appliance.graph.read.proto import GraphDef, TensorProto


def small_graph():
    message = GraphDef()
    message.versions.producer = 24
    message.node.extend(
        [
            make_placeholder("image", 4, [1, -1, -1, 3]),
            make_const("two", np.array(2.0, np.float32)),
            make_node("float", "Cast", ["image"], SrcT=type_attribute(4), DstT=type_attribute(1)),
            make_node("double", "Mul", ["float", "two"], T=type_attribute(1)),
            make_node("out", "Identity", ["double", "^two"], T=type_attribute(1)),
        ]
    )
    return Graph(message)


@pytest.mark.parametrize(
    "text, tensor",
    [("a", Tensor("a", 0)), ("a/b:2", Tensor("a/b", 2)), ("^a", Tensor("a", -1))],
)
def test_an_input_is_read_as_node_and_output(text, tensor):
    assert parse_input(text) == tensor


def test_a_graph_is_read_back_as_it_was_written(tmp_path):
    graph = small_graph()
    path = tmp_path / "graph.pb"
    path.write_bytes(graph.message.SerializeToString())
    again = read_graph(path)
    assert again.message == graph.message
    assert list(again.nodes) == ["image", "two", "float", "double", "out"]
    assert again.message.versions.producer == 24


def test_edges_are_followed_both_ways_with_control_edges():
    graph = small_graph()
    assert graph.ancestors(["double"]) == {"double", "float", "two", "image"}
    assert graph.descendants(["two"]) == {"two", "double", "out"}
    assert [tensor.node for tensor in graph.data_inputs("out")] == ["double"]


@pytest.mark.parametrize(
    "value",
    [
        np.array([[1.5, -2.0]], np.float32),
        np.array(7, np.int32),
        np.array([True, False]),
        np.array([1, 2, 3], np.int64),
        np.zeros((0, 4), np.float32),
    ],
)
def test_a_constant_keeps_its_type_shape_and_values(value):
    found = tensor_value(make_const("c", value).attr["value"].tensor)
    assert found.dtype == value.dtype
    assert found.shape == value.shape
    assert np.array_equal(found, value)


def test_a_constant_that_repeats_its_last_value_is_filled_up():
    tensor = TensorProto(dtype=1, float_val=[1.0, 2.0])
    tensor.tensor_shape.dim.add(size=4)
    assert tensor_value(tensor).tolist() == [1.0, 2.0, 2.0, 2.0]


def test_a_constant_is_found_behind_identity_nodes():
    message = small_graph().message
    message.node.append(make_node("read", "Identity", ["two"], T=type_attribute(1)))
    graph = Graph(message)
    assert graph.constant("read") == 2.0
    assert graph.constant("double") is None


def damaged(change):
    message = GraphDef()
    message.CopyFrom(small_graph().message)
    change(message)
    return message.SerializeToString()


@pytest.mark.parametrize(
    "data, complaint",
    [
        (b"", "no node was found"),
        (b"node { name: 'image' }", "no frozen graph"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "no frozen graph"),
        (small_graph().message.SerializeToString()[:-7], "truncated"),
        (damaged(lambda message: message.node.pop(1)), "reads two, which is not in the file"),
        (damaged(lambda message: message.node.append(make_node("w", "VariableV2", []))), "w is a variable"),
    ],
)
def test_what_is_no_frozen_graph_is_refused_with_the_reason(data, complaint):
    with pytest.raises(ModelError) as raised:
        parse_graph(data, "models/mine.pb")
    assert str(raised.value).startswith("models/mine.pb: ")
    assert complaint in str(raised.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelError, match="nowhere.pb.*No such file"):
        read_graph(tmp_path / "nowhere.pb")


def test_the_hash_is_that_of_the_file(tmp_path):
    path = tmp_path / "abc"
    path.write_bytes(b"abc")
    assert hash_file(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
