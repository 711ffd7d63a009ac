"""Graphs of unknown origin: what they may hold, and that every one is read or refused, in finite time and memory."""

import os

import numpy as np
import pytest

from appliance.core.errors import ModelError
from appliance.detectors.plan import labels_of, understand
from appliance.graph.read.backtrace import NotRecognisedError, follow
from appliance.graph.read.checks import MOST_CALLS_DEEP, MOST_IN_A_ROW, MOST_NODES, allowed_operations
from appliance.graph.read.frozen import Graph, Tensor, make_const, make_node, make_placeholder
from appliance.graph.read.graph_file import parse_graph, read_graph
from appliance.graph.read.proto import GraphDef
from appliance.graph.read.shapes import find_shapes
from appliance.graph.read.wire import MOST_FIELDS, count_fields
from appliance.graph.recognise.family import Interface
from appliance.graph.recognise.output_heads import mask_classes, segmentation_side
from appliance.graph.recognise.preprocessor import unroll_preprocessor
from appliance.graph.rewrite.fold import fold_batch_norms
from tests.small_ssd import mutated, small_deeplab, small_ssd


def changed(*changes):
    message = small_ssd()
    for change in changes:
        change(message)
    return message.SerializeToString()


def add(*nodes):
    return lambda message: message.node.extend(nodes)


def node_of(message, name):
    return next(node for node in message.node if node.name == name)


def add_function(message, name, *nodes, calls=()):
    function = message.library.function.add()
    function.signature.name = name
    function.node_def.extend(nodes)
    for index, called in enumerate(calls):
        node = make_node(f"call{index}", "PartitionedCall", [])
        node.attr["f"].func.name = called
        function.node_def.append(node)


def call(name, function):
    node = make_node(name, "PartitionedCall", [])
    node.attr["f"].func.name = function
    return node


def refusal(data, trusted=False):
    with pytest.raises(ModelError) as raised:
        parse_graph(data, "mine.pb", trusted)
    assert str(raised.value).startswith("mine.pb: ")
    assert raised.value.exit_code == 3
    return str(raised.value)


def write_behind_the_convolution(message):
    message.node.extend([make_node("leak", "WriteFile", ["size", "size"])])
    node_of(message, "conv").input.append("^leak")


def test_a_graph_that_writes_a_file_is_refused_by_node_and_operation():
    complaint = refusal(changed(write_behind_the_convolution))
    assert "leak is the operation WriteFile" in complaint
    assert "--trust-graph" in complaint
    assert "leak" in parse_graph(changed(write_behind_the_convolution), "mine.pb", trusted=True).nodes


def test_a_function_that_reads_a_file_is_refused_also_where_nothing_calls_it():
    data = changed(lambda message: add_function(message, "body", make_node("look", "ReadFile", ["x"])))
    assert "look in the function body is the operation ReadFile" in refusal(data)


def test_functions_are_called_only_where_they_are_in_the_graph():
    data = changed(add(call("outside", "WriteFile")))
    assert "outside (PartitionedCall) calls WriteFile, which is no function in the file" in refusal(data)

    def inside(message):
        add_function(message, "body", make_node("fine", "Identity", ["x"]))
        message.node.extend([call("caller", "body"), make_node("as operation", "body", [])])

    assert "caller" in parse_graph(changed(inside), "mine.pb").nodes


def test_a_function_named_deep_in_an_attribute_is_found():
    node = make_node("caller", "PartitionedCall", [])
    node.attr["f"].func.name = "body"
    node.attr["f"].func.attr["then"].list.func.add().name = "WriteFile"

    def change(message):
        add_function(message, "body", make_node("fine", "Identity", ["x"]))
        message.node.append(node)

    assert "calls WriteFile" in refusal(changed(change))


@pytest.mark.parametrize(
    "op",
    [
        "WriteFile",
        "ReadFile",
        "MatchingFiles",
        "SaveV2",
        "RestoreV2",
        "Save",
        "Restore",
        "PyFunc",
        "PyFuncStateless",
        "EagerPyFunc",
        "PrintV2",
        "Print",
        "DebugIdentity",
        "DebugIdentityV2",
        "Copy",
        "WriteSummary",
        "CreateSummaryFileWriter",
        "InitializeTableFromTextFile",
        "InitializeTableFromTextFileV2",
        "RemoteCall",
        "CollectiveReduceV2",
        "Send",
        "_Send",
        "_Recv",
        "IteratorFromStringHandle",
        "TFRecordDataset",
        "TextLineReaderV2",
        "WholeFileReaderV2",
        "FixedLengthRecordReaderV2",
        "LoadAndRemapMatrix",
        "ImmutableConst",
        "_XlaRun",
        "XlaLaunch",
        "TRTEngineOp",
        "SymbolicGradient",
        "FileSystemSetConfiguration",
        "RpcCall",
        "MyOwnOp",
        "",
        "Dump",
        "Abort",
        "XlaCallModule",
        "XlaCustomCall",
        "SaveDataset",
        "SnapshotDatasetV2",
        "SqlDataset",
        "RecordInput",
        "VarHandleOp",
    ],
)
def test_what_reaches_files_network_or_process_is_not_in_the_list(op):
    assert op not in allowed_operations()


def test_a_handle_in_place_of_numbers_is_refused():
    node = make_const("handle", np.zeros(1, np.float32))
    node.attr["value"].tensor.dtype = 20
    assert "handle holds an object" in refusal(changed(add(node)))


def ring(message):
    message.node.extend([make_node("a", "Identity", ["b"]), make_node("b", "Identity", ["a"])])


def test_a_ring_of_nodes_is_refused():
    assert "needs its own result" in refusal(changed(ring))
    assert "needs its own result" in refusal(changed(ring), trusted=True)
    assert "needs its own result" in refusal(changed(add(make_node("a", "NoOp", ["^a"]))))


def test_a_loop_is_no_ring():
    nodes = [
        make_const("start", np.array(0, np.int32)),
        make_node("enter", "Enter", ["start"]),
        make_node("merge", "Merge", ["enter", "next"]),
        make_node("cond", "LoopCond", ["merge"]),
        make_node("switch", "Switch", ["merge", "cond"]),
        make_node("next", "NextIteration", ["switch:1"]),
        make_node("exit", "Exit", ["switch"]),
    ]
    assert "exit" in parse_graph(changed(add(*nodes)), "mine.pb").nodes


def test_walks_end_in_a_ring_too():
    """Graphs that are made here are not checked."""
    message = GraphDef()
    views = [make_node("image", "Placeholder", [])] + [
        make_node(f"a{op}", op, [f"b{op}"] * 3) for op in ("Identity", "Enter", "Add", "Squeeze")
    ]
    views += [make_node("b" + node.name[1:], node.op, [node.name] * 3) for node in views[1:]]
    message.node.extend([*views, make_node("gather", "TensorArrayGatherV3", ["aEnter", "aEnter", "aEnter"])])
    graph = Graph(message)
    for name in graph.nodes:
        assert graph.constant(name) is None
        mask_classes(graph, name)
        segmentation_side(graph, name)
        follow(graph, Tensor(name), lambda tensor: False)
    find_shapes(graph, [Tensor(name) for name in graph.nodes])
    with pytest.raises(NotRecognisedError):
        unroll_preprocessor(graph, "image")


def test_arithmetic_on_constants_is_followed_so_far_and_no_further():
    nodes = [make_const("c0", np.ones(3, np.float32))]
    nodes += [make_node(f"c{index}", "Identity", [f"c{index - 1}"]) for index in range(1, 5000)]

    def multiply(message):
        message.node.extend(nodes)
        node_of(message, "conv").input[1] = nodes[-1].name

    graph = parse_graph(changed(multiply), "mine.pb")
    fold_batch_norms(graph, [Tensor("boxes"), Tensor("scores")])


def test_numbers_of_outputs_are_numbers():
    for text in ("size:x", "size:-1", "size:" + "9" * 5000, "size:1:2"):
        assert "is not in the file" in refusal(changed(add(make_node("odd", "Identity", [text]))))


def test_functions_may_not_be_nested_without_end():
    def nest(depth):
        def change(message):
            for index in range(depth):
                add_function(message, f"f{index}", calls=[f"f{index + 1}"])
            add_function(message, f"f{depth}", make_node("end", "NoOp", []))
            message.node.append(call("start", "f0"))

        return changed(change)

    assert "call each other 3001 deep" in refusal(nest(3000))
    assert parse_graph(nest(MOST_CALLS_DEEP - 1), "mine.pb").ops("start") == {"PartitionedCall", "NoOp"}


def test_a_function_that_calls_itself_is_refused():
    def change(message):
        add_function(message, "f", calls=["g"])
        add_function(message, "g", calls=["f"])

    assert "calls itself" in refusal(changed(change))


def test_functions_may_not_multiply():
    def change(message):
        for index in range(30):
            add_function(message, f"f{index}", calls=[f"f{index + 1}"] * 2)
        add_function(message, "f30", make_node("end", "NoOp", []))
        message.node.append(call("start", "f0"))

    assert f"more than {MOST_NODES} nodes" in refusal(changed(change))


def row(length, first):
    return [make_node(f"r{index}", "Identity", [f"r{index - 1}" if index else first]) for index in range(length)]


def test_a_row_of_nodes_may_not_be_as_long_as_tensorflows_stack():
    assert parse_graph(changed(add(*row(MOST_IN_A_ROW - 100, "size"))), "mine.pb")
    assert "nodes of the graph need each other in a row" in refusal(changed(add(*row(MOST_IN_A_ROW, "size"))))

    def in_functions(message):
        add_function(message, "f", *row(MOST_IN_A_ROW // 3, "x"))
        for index in range(4):
            node = call(f"call{index}", "f")
            node.input.append("size" if not index else f"call{index - 1}")
            message.node.append(node)

    assert "in a row" in refusal(changed(in_functions))


def test_a_ring_in_a_function_is_refused():
    def change(message):
        add_function(message, "f", make_node("a", "Add", ["b:z:0", "x"]), make_node("b", "Neg", ["a:z:0"]))

    assert "needs its own result" in refusal(changed(change))


def test_the_operations_of_functions_are_found_at_any_depth():
    message = GraphDef()
    add_function(message, "f", make_node("a", "Conv2D", []), calls=["g"])
    add_function(message, "g", make_node("b", "Relu", []), calls=["f"])
    message.node.append(call("start", "f"))
    assert Graph(message).ops("start") == {"PartitionedCall", "Conv2D", "Relu"}


@pytest.mark.parametrize("sizes", [[10**12], [10**6, 10**6], [-1], [2**62, 2**62, 0]])
def test_a_constant_may_not_promise_more_than_there_is(sizes):
    node = make_const("huge", np.zeros(1, np.float32))
    del node.attr["value"].tensor.tensor_shape.dim[:]
    node.attr["value"].tensor.ClearField("tensor_content")
    for size in sizes:
        node.attr["value"].tensor.tensor_shape.dim.add(size=size)
    assert "the constants of the graph, with huge, would take more than 2 GB" in refusal(changed(add(node)))


def test_a_constant_has_as_many_bytes_as_its_shape():
    node = make_const("short", np.zeros(3, np.float32))
    node.attr["value"].tensor.tensor_content = b"1234"
    assert "the constant short has 4 bytes, and its shape needs 12" in refusal(changed(add(node)))


def test_many_loops_in_each_other_are_refused():
    def change(message):
        name = "size"
        for index in range(100):
            node = make_node(f"enter{index}", "Enter", [name])
            node.attr["frame_name"].s = b"frame%d\xff" % index
            message.node.append(node)
            name = node.name

    assert "nested more than 20 deep" in refusal(changed(change))


def test_too_many_fields_are_counted_before_they_become_objects():
    assert "more than 4 million fields" in refusal(b"\x0a\x00" * (MOST_FIELDS + 1))
    assert "nested more than" in refusal(nested(100))
    message = small_ssd()
    assert count_fields(message.SerializeToString()) > 5 * len(message.node)
    assert count_fields(message.SerializeToString()[:-1]) > 5 * len(message.node)


def nested(depth):
    """Attributes in the function that an attribute names, and so on."""
    data = b""
    for _ in range(depth):
        value = field(10, field(2, field(1, b"f") + field(2, data)))
        data = value
    return field(1, field(1, b"n") + field(2, b"o") + field(5, field(1, b"f") + field(2, data)))


def field(number, content):
    length, head = len(content), bytearray([number << 3 | 2])
    while length > 127:
        head.append(length & 127 | 128)
        length >>= 7
    return bytes(head) + bytes([length]) + content


def test_two_nodes_of_one_name_are_refused():
    assert "two nodes have the same name" in refusal(changed(add(make_const("size", np.zeros(1, np.float32)))))


def test_what_is_no_file_is_not_read(tmp_path):
    os.mkfifo(str(tmp_path / "pipe.pb"))
    for path in (tmp_path / "pipe.pb", tmp_path, "/dev/zero"):
        with pytest.raises(ModelError, match="the graph cannot be read"):
            read_graph(path)


def test_shapes_without_bound_are_not_made():
    zero, one = make_const("zero", np.array(0, np.int32)), make_const("one", np.array(1, np.int32))
    many = make_const("many", np.array(2**31 - 1, np.int32))
    unpack = make_node("unpack", "Unpack", ["size"], num=2**62)
    message = small_ssd()
    message.node.extend([zero, one, many, make_node("range", "Range", ["zero", "many", "one"]), unpack])
    graph = Graph(message)
    assert find_shapes(graph, [Tensor("range")]) == [None]
    find_shapes(graph, [Tensor("unpack", 2**40)])


def test_any_change_of_a_graph_is_refused_in_a_sentence_or_understood(tmp_path):
    base, path = small_ssd(2), tmp_path / "mine.pb"
    understood = 0
    for seed in range(150):
        path.write_bytes(mutated(base, np.random.RandomState(seed)))
        try:
            graph = understand(path, False, True, False).graph
        except ModelError as error:
            assert str(path) in str(error)
        else:
            understood += 1
            find_shapes(graph, [Tensor(name) for name in graph.nodes])
    assert understood


def test_a_graph_is_not_looked_through_for_hours(monkeypatch):
    monkeypatch.setattr("appliance.graph.read.frozen.MOST_STEPS", 10**6)
    message = GraphDef()
    message.node.append(make_placeholder("image_tensor", 4))
    names = ["image_tensor"]
    for index in range(2000):
        message.node.append(make_node(f"n{index}", "Identity", [names[-1]]))
        names.append(message.node[-1].name)
    graph = Graph(message)
    with pytest.raises(ValueError, match="million steps"):
        for name in names * 2:
            graph.ancestors([name])


def test_the_ids_of_the_classes_are_read(tmp_path):
    path = tmp_path / "mine.pb"
    for message, ids in ((small_ssd(3), range(1, 4)), (small_deeplab(5), range(5))):
        path.write_bytes(message.SerializeToString())
        understood = understand(path, False, True, False)
        assert understood.ids == ids
        labels = labels_of(understood.interface, understood.ids, {0: "background", 2: "b", 77: "other"})
        assert labels == {key: name for key, name in {0: "background", 2: "b"}.items() if key in ids}


def test_a_deeplab_without_labels_has_those_of_pascal():
    interface = Interface("deeplab", "image")
    assert len(labels_of(interface, range(21), {})) == 21
    assert labels_of(interface, range(20), {}) == {}
