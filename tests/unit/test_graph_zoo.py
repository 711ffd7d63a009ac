"""Every graph of the zoo, as data: family, cut, suppression and preprocessor are found, without TensorFlow.

The expected cuts are the published split points of each family; the code under test knows none of these names.
"""

from dataclasses import replace

import pytest

from appliance.graph.read.backtrace import NotRecognisedError
from appliance.graph.read.graph_file import parse_graph
from appliance.graph.read.shapes import find_shapes
from appliance.graph.recognise.cut import NoCutError, find_cut
from appliance.graph.recognise.family import DETECTION_OUTPUTS, HEAVY_OPS, output_nodes, recognise
from appliance.graph.recognise.preprocessor import Resizing, unroll_preprocessor
from appliance.graph.recognise.suppression import read_suppression
from appliance.graph.rewrite.normalise import adapt
from appliance.graph.rewrite.split import keep, split
from tests.zoo import prefixed, renamed, zoo_bytes

V0 = ["Postprocessor/ExpandDims:0", "Postprocessor/Sigmoid:0"]
V1 = ["Postprocessor/ExpandDims_1:0", "Postprocessor/convert_scores:0"]
V2 = ["Postprocessor/ExpandDims_1:0", "Postprocessor/Slice:0", "Postprocessor/stack_1:0"]
FASTER = [
    "BatchMultiClassNonMaxSuppression/map/TensorArrayStack_4/TensorArrayGatherV3:0",
    "SecondStagePostprocessor/Reshape_4:0",
    "SecondStagePostprocessor/Reshape_6:0",
    "SecondStagePostprocessor/ToFloat:0",
]
MASK = [
    f"BatchMultiClassNonMaxSuppression_1/map/TensorArrayStack{number}/TensorArrayGatherV3:0"
    for number in ("", "_1", "_2", "_4")
]
SSD_300, SSD_640 = Resizing(300, 300), Resizing(640, 640)

# Of SSD graphs; the others have 1917.
ANCHORS = {
    "ssd_mobilenet_v1_ppn_shared_box_predictor_300x300_coco14_sync_2018_07_03": 3000,
    "ssd_mobilenet_v1_fpn_shared_box_predictor_640x640_coco14_sync_2018_07_03": 51150,
    "ssd_resnet50_v1_fpn_shared_box_predictor_640x640_coco14_sync_2018_07_03": 51150,
}

ROWS = {
    "ssd_mobilenet_v1_coco_11_06_2017": ("ssd", V0, SSD_300, "before"),
    "ssd_mobilenet_v1_coco_2017_11_17": ("ssd", V1, SSD_300, "before"),
    "ssd_inception_v2_coco_2017_11_17": ("ssd", V1, SSD_300, "before"),
    "ssd_mobilenet_v1_coco_2018_01_28": ("ssd", V2, SSD_300, "before"),
    "ssd_inception_v2_coco_2018_01_28": ("ssd", V2, SSD_300, "before"),
    "ssd_mobilenet_v2_coco_2018_03_29": ("ssd", V2, SSD_300, "before"),
    "ssdlite_mobilenet_v2_coco_2018_05_09": ("ssd", V2, SSD_300, "before"),
    "ssd_mobilenet_v1_quantized_300x300_coco14_sync_2018_07_03": ("ssd", V2, SSD_300, "after"),
    "ssd_mobilenet_v1_0.75_depth_quantized_300x300_coco14_sync_2018_07_03": ("ssd", V2, SSD_300, "after"),
    "ssd_mobilenet_v1_ppn_shared_box_predictor_300x300_coco14_sync_2018_07_03": ("ssd", V2, SSD_300, "before"),
    "ssd_mobilenet_v1_fpn_shared_box_predictor_640x640_coco14_sync_2018_07_03": ("ssd", V2, SSD_640, "before"),
    "ssd_resnet50_v1_fpn_shared_box_predictor_640x640_coco14_sync_2018_07_03": ("ssd", V2, SSD_640, "before"),
    "faster_rcnn_inception_v2_coco_2018_01_28": ("faster_rcnn", FASTER, None, "before"),
    "faster_rcnn_resnet50_coco_2018_01_28": ("faster_rcnn", FASTER, None, "before"),
    "faster_rcnn_resnet101_coco_2018_01_28": ("faster_rcnn", FASTER, None, "before"),
    "faster_rcnn_inception_resnet_v2_atrous_coco_2018_01_28": ("faster_rcnn", FASTER, None, "before"),
    "mask_rcnn_inception_v2_coco_2018_01_28": (
        "mask_rcnn",
        [*MASK, "SecondStageBoxPredictor_1/Conv_1/Conv2D:0"],
        None,
        None,
    ),
    "mask_rcnn_resnet50_atrous_coco_2018_01_28": (
        "mask_rcnn",
        [*MASK, "SecondStageBoxPredictor_1/Conv_3/Conv2D:0"],
        None,
        None,
    ),
    "mask_rcnn_resnet101_atrous_coco_2018_01_28": (
        "mask_rcnn",
        [*MASK, "SecondStageBoxPredictor_1/Conv_3/Conv2D:0"],
        None,
        None,
    ),
    "mask_rcnn_inception_resnet_v2_atrous_coco_2018_01_28": (
        "mask_rcnn",
        [*MASK, "SecondStageBoxPredictor_1/Conv_3/Conv2D:0"],
        None,
        None,
    ),
    "deeplabv3_mnv2_pascal_train_aug_2018_01_29": ("deeplab", None, None, None),
    "deeplabv3_mnv2_pascal_trainval_2018_01_29": ("deeplab", None, None, None),
    "deeplabv3_pascal_train_aug_2018_01_04": ("deeplab", None, None, None),
    "deeplabv3_pascal_trainval_2018_01_04": ("deeplab", None, None, None),
}


@pytest.mark.parametrize("name", sorted(ROWS))
def test_a_graph_of_the_zoo_is_understood_by_its_structure(name, zoo_dir):
    family, cut_names, resizing, clip = ROWS[name]
    graph = parse_graph(zoo_bytes(zoo_dir, name), name)
    interface = recognise(graph, name)
    assert interface.family == family

    if cut_names is None:
        with pytest.raises(NoCutError, match="no non-maximum suppression"):
            find_cut(graph)
        return
    cut = find_cut(graph)
    assert sorted(map(str, cut.tensors)) == sorted(cut_names)

    parts = split(graph, cut, output_nodes(graph))
    assert not any(node.op in HEAVY_OPS for node in parts.back.message.node)
    assert not any("_class" in node.attr for part in (parts.front, parts.back) for node in part.message.node)
    assert parts.back.message.versions == graph.message.versions
    assert set(DETECTION_OUTPUTS) <= set(parts.back.nodes)

    unrolled = unroll_preprocessor(graph, interface.image)
    assert unrolled.resizing == resizing
    front = keep(unrolled.graph, [tensor.node for tensor in cut.tensors])
    assert not any(name.startswith("Preprocessor") and front.op(name) == "Enter" for name in front.nodes)

    shapes = {str(tensor): shape for tensor, shape in zip(cut.tensors, find_shapes(front, cut.tensors))}
    if family == "ssd":
        assert shapes[cut_names[0]] == (1, ANCHORS.get(name, 1917), 1, 4)
        assert shapes[cut_names[1]] == (1, ANCHORS.get(name, 1917), 90)
    elif family == "faster_rcnn":
        assert (shapes[FASTER[1]], shapes[FASTER[2]]) == ((None, 100, 90, 4), (None, 100, 90))

    if family == "mask_rcnn":
        with pytest.raises(NotRecognisedError, match="not done class by class"):
            read_suppression(graph, cut)
        return
    suppression = read_suppression(graph, cut)
    assert (suppression.classes, suppression.class_offset, suppression.in_all) == (90, 1, 100)
    assert suppression.iou_threshold == pytest.approx(0.6)
    assert suppression.clip == clip
    assert suppression.rescale == (family == "faster_rcnn")
    assert (suppression.valid is not None) == (family == "faster_rcnn")


@pytest.mark.parametrize(
    "name",
    [
        "ssd_mobilenet_v1_coco_11_06_2017",
        "ssdlite_mobilenet_v2_coco_2018_05_09",
        "faster_rcnn_inception_v2_coco_2018_01_28",
        "mask_rcnn_inception_v2_coco_2018_01_28",
    ],
)
def test_names_decide_nothing(name, zoo_dir):
    """The same cut, suppression and preprocessing are found where every node has another name and scope."""
    graph = parse_graph(zoo_bytes(zoo_dir, name), name)
    other = renamed(graph)
    assert not set(other.nodes) & set(graph.nodes) - set(output_nodes(graph))
    names = dict(zip(graph.nodes, other.nodes))
    interface = recognise(graph, name)
    assert recognise(other, name) == replace(interface, image=names[interface.image])
    cut, found = find_cut(graph), find_cut(other)
    assert [(tensor.node, tensor.output) for tensor in found.tensors] == [
        (names[tensor.node], tensor.output) for tensor in cut.tensors
    ]
    assert found.back == {names[node] for node in cut.back}
    if interface.family != "mask_rcnn":
        assert read_suppression(other, found) == read_suppression(graph, cut)
    unrolled = unroll_preprocessor(other, names[interface.image])
    assert unrolled.resizing == unroll_preprocessor(graph, interface.image).resizing


def test_a_prefix_on_every_name_is_taken_off(zoo_dir):
    name = "ssd_mobilenet_v1_coco_11_06_2017"
    graph = parse_graph(zoo_bytes(zoo_dir, name), name)
    again = adapt(prefixed(graph, "my/graph/"))
    assert list(again.nodes) == list(graph.nodes)
    assert again.inputs == graph.inputs
