"""TensorFlow.js models: damaged ones are refused; a graph has the same bytes everywhere."""

import copy
import hashlib
import json

import numpy as np
import pytest

from appliance.core.errors import ModelError
from appliance.graph.read.frozen import Graph
from appliance.graph.read.graph_file import parse_graph
from appliance.graph.read.proto import AttrValue, GraphDef, NodeDef
from appliance.graph.recognise.cut import find_cut
from appliance.zoo.ssd_tail import append_nms
from appliance.zoo.tfjs import canonical_bytes, frozen_graph_from_tfjs

OFFSETS = np.arange(4, dtype=np.float32).reshape(1, 1, 1, 4)
STEPS = np.array([3, -1], np.int32)

MODEL = {
    "modelTopology": {
        "node": [
            {
                "name": "image",
                "op": "Placeholder",
                "input": [],
                "attr": {
                    "dtype": {"type": 4},
                    "shape": {"shape": {"dim": [{"size": "1"}, {"size": "-1"}]}},
                },
            },
            {
                "name": "offsets",
                "op": "Const",
                "input": [],
                "attr": {
                    "dtype": {"type": 1},
                    "value": {"tensor": {"floatVal": [], "dtype": 1}},
                },
            },
            {
                "name": "steps",
                "op": "Const",
                "input": ["^image"],
                "attr": {
                    "dtype": {"type": 3},
                    "value": {"tensor": {"dtype": 3}},
                },
            },
            {
                "name": "Postprocessor/Slice",
                "op": "Thing",
                "input": ["image", "steps:1"],
                "attr": {
                    "padding": {"s": [83, 65, 77, 69]},
                    "strides": {"list": {"s": [], "i": ["1", "2"], "f": []}},
                    "keep": {"b": True},
                    "epsilon": {"f": 0.25},
                    "num": {"i": "7"},
                    "element_shape": {"shape": {"dim": [], "unknownRank": True}},
                    "_grappler:note": {"b": True},
                },
            },
            {
                "name": "Postprocessor/ExpandDims_1",
                "op": "Identity",
                "input": ["offsets"],
                "attr": {"T": {"type": 1}},
            },
        ],
        "versions": {"badConsumers": []},
    },
    "weightsManifest": [
        {
            "paths": ["shard1", "shard2"],
            "weights": [
                {"name": "offsets", "shape": [1, 1, 1, 4], "dtype": "float32"},
                {"name": "steps", "shape": [2], "dtype": "int32"},
            ],
        },
    ],
}
DATA = OFFSETS.tobytes() + STEPS.tobytes()


def write(folder, model=MODEL, data=DATA):
    (folder / "model.json").write_text(json.dumps(model))
    (folder / "shard1").write_bytes(data[:10])
    (folder / "shard2").write_bytes(data[10:])
    return folder / "model.json"


def test_nodes_attributes_and_weights_come_over(tmp_path):
    message = frozen_graph_from_tfjs(write(tmp_path))
    graph = parse_graph(canonical_bytes(message), "test", trusted=True)
    assert message.versions.producer == 24
    assert list(graph.nodes)[:3] == ["image", "offsets", "steps"]
    assert [dim.size for dim in graph.nodes["image"].attr["shape"].shape.dim] == [1, -1]
    assert np.array_equal(graph.constant("offsets"), OFFSETS) and np.array_equal(graph.constant("steps"), STEPS)
    assert list(graph.nodes["steps"].input) == ["^image"]
    attributes = graph.nodes["Postprocessor/Slice"].attr
    assert sorted(attributes) == ["element_shape", "epsilon", "keep", "num", "padding", "strides"]
    assert attributes["padding"].s == b"SAME" and list(attributes["strides"].list.i) == [1, 2]
    assert attributes["keep"].b is True and attributes["epsilon"].f == 0.25 and attributes["num"].i == 7
    assert attributes["element_shape"].shape.unknown_rank


def test_the_suppression_is_appended_behind_the_two_tensors_and_cut_off_there(tmp_path):
    model = copy.deepcopy(MODEL)
    for node in model["modelTopology"]["node"]:
        if node["name"].startswith("Postprocessor"):
            node.update(op="Identity", input=["image"], attr={"T": {"type": 1}})
    graph = Graph(frozen_graph_from_tfjs(write(tmp_path, model)))
    suppressions = [name for name in graph.nodes if graph.op(name) == "NonMaxSuppressionV3"]
    assert len(suppressions) == 90
    for name in ("detection_boxes", "detection_scores", "detection_classes", "num_detections"):
        assert graph.op(name) == "Identity"
    cut = find_cut(graph)
    assert {str(tensor) for tensor in cut.tensors} == {
        "Postprocessor/ExpandDims_1:0",
        "Postprocessor/Slice:0",
    }
    assert cut.back >= set(suppressions)


@pytest.mark.parametrize(
    "change, complaint",
    [
        (lambda model: model.pop("weightsManifest"), "weightsManifest"),
        (lambda model: model.pop("modelTopology"), "modelTopology"),
        (lambda model: model.update(modelTopology=[]), "TypeError"),
        (lambda model: model["weightsManifest"][0]["weights"].pop(), "24"),
        (lambda model: model["weightsManifest"][0]["weights"][0].update(dtype="float16"), "float16"),
        (lambda model: model["weightsManifest"][0]["weights"][0].update(quantization={}), "is quantized"),
        (lambda model: model["weightsManifest"][0]["weights"][0].update(shape=[400]), "buffer"),
        (lambda model: model["weightsManifest"][0]["weights"][1].update(name="stairs"), "steps"),
        (lambda model: model["weightsManifest"][0]["paths"].append("shard3"), "shard3"),
        (lambda model: model["modelTopology"]["node"][0]["attr"].update(x={"func": {}}), "func"),
        (
            lambda model: model["modelTopology"]["node"][0]["attr"].update(x={"list": {"i": [], "f": [1]}}),
            "int",
        ),
        (
            lambda model: model["modelTopology"]["node"][1]["attr"].update(dtype={"type": 3}),
            "offsets is of type 3",
        ),
    ],
)
def test_a_model_that_is_damaged_or_of_another_kind_is_refused(tmp_path, change, complaint):
    model = copy.deepcopy(MODEL)
    change(model)
    with pytest.raises(ModelError) as caught:
        frozen_graph_from_tfjs(write(tmp_path, model))
    assert complaint in str(caught.value) and "model.json" in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_a_file_that_is_no_model_is_refused(tmp_path, text):
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(ModelError, match="is no TensorFlow.js graph model"):
        frozen_graph_from_tfjs(tmp_path / "model.json")


def test_a_short_shard_is_refused(tmp_path):
    with pytest.raises(ModelError, match="ValueError"):
        frozen_graph_from_tfjs(write(tmp_path, data=DATA[:-4]))


def test_the_bytes_do_not_hang_on_the_order_in_which_attributes_were_set():
    def graph(keys):
        node = NodeDef(name="n", op="Conv2D", input=["a", "^b"])
        for key in keys:
            node.attr[key].CopyFrom(AttrValue(i=len(key)))
        message = GraphDef(node=[node])
        message.versions.producer = 24
        return message

    keys = ["T", "Tdim", "padding", "a" * 200]
    expected = canonical_bytes(graph(keys))
    assert canonical_bytes(graph(keys[::-1])) == expected
    assert GraphDef.FromString(expected) == graph(keys)


def test_the_suppression_has_the_same_bytes_everywhere():
    """The hash of the built default model is in the catalogue, for every Python and protobuf."""
    message = GraphDef()
    append_nms(message, "boxes", "scores")
    assert (
        hashlib.sha256(canonical_bytes(message)).hexdigest()
        == "9c8c7501885f3fa1cbbc2d9e771eaf1e37c77710bfff239911fd6c02b9d31f8f"
    )
