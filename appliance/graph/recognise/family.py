"""What a graph is: its input, its outputs and its family, told from structure and from the outputs' names.

The outputs' names are the interface of the Object Detection API and of DeepLab; no other name decides anything.
"""

import re
from dataclasses import dataclass
from typing import List

from appliance.core.errors import ModelError
from appliance.graph.read.foreign import HOW_TO_FREEZE
from appliance.graph.read.frozen import DT_FLOAT, DT_UINT8, Graph
from appliance.graph.read.graph_file import naming_damage

DETECTION_OUTPUTS = ("detection_boxes", "detection_scores", "detection_classes", "num_detections")
MASK_OUTPUT = "detection_masks"
SEGMENTATION_OUTPUT = "SemanticPredictions"


# What costs time and belongs on the accelerator.
HEAVY_OPS = frozenset(
    {
        "Conv2D",
        "Conv2DBackpropInput",
        "Conv3D",
        "DepthwiseConv2dNative",
        "FusedConv2D",
        "MatMul",
        "BatchMatMul",
        "BatchMatMulV2",
        "CropAndResize",
    }
)


# What TensorFlow 2 calls the results of a function that has no names for them.
_UNNAMED = re.compile(r"Identity(_\d+)?\Z")


@dataclass(frozen=True)
class Interface:
    """family: ssd, faster_rcnn, mask_rcnn or deeplab. image: name of the placeholder that takes the picture."""

    family: str
    image: str


def is_suppression(op: str) -> bool:
    """Whether an operation is one of TensorFlow's non-maximum suppressions."""
    return op.startswith("NonMaxSuppression") or op == "CombinedNonMaxSuppression"


def is_heavy(graph: Graph, name: str) -> bool:
    """Whether a node, or a function that it calls, holds what costs time and belongs on the accelerator."""
    return not HEAVY_OPS.isdisjoint(graph.ops(name))


def output_nodes(graph: Graph) -> List[str]:
    """The graph's known outputs that are there."""
    known = DETECTION_OUTPUTS + (MASK_OUTPUT, SEGMENTATION_OUTPUT)
    return [name for name in known if name in graph.nodes]


def recognise(graph: Graph, name: str) -> Interface:
    """The family of a graph; `name` is what messages call it. Raises ModelError for what cannot be run."""
    with naming_damage(name):
        return _recognise(graph, name)


def _recognise(graph: Graph, name: str) -> Interface:
    outputs = output_nodes(graph)
    unnamed = [node for node in graph.nodes if _UNNAMED.match(node) and graph.op(node) == "Identity"]
    if not outputs and unnamed:
        raise ModelError(
            f"{name}: the outputs of the graph are called {', '.join(unnamed[:8])}, as TensorFlow 2 calls those of a"
            " function: which one has the boxes cannot be told. Freeze it with the outputs named"
            f" {', '.join(DETECTION_OUTPUTS)}: {HOW_TO_FREEZE}."
        )
    if not outputs:
        raise ModelError(
            f"{name}: none of the outputs {', '.join(DETECTION_OUTPUTS + (SEGMENTATION_OUTPUT,))} is in the graph. Only"
            " graphs of the Object Detection API and of DeepLab can be run. If it should be one: is the file complete,"
            " and were its outputs named so when it was frozen?"
        )
    image = _image(graph, name)
    if SEGMENTATION_OUTPUT in outputs:
        return Interface("deeplab", image)
    missing = [output for output in DETECTION_OUTPUTS if output not in outputs]
    if missing:
        raise ModelError(f"{name}: the output {missing[0]} is not in the graph; export it again.")
    if MASK_OUTPUT in outputs:
        return Interface("mask_rcnn", image)
    # Two stages: regions are cropped out of the feature map for the second one.
    needed = graph.ancestors(outputs)
    if any("CropAndResize" in graph.ops(node) for node in needed):
        return Interface("faster_rcnn", image)
    return Interface("ssd", image)


def placeholders(graph: Graph) -> List[str]:
    """The inputs that the known outputs need."""
    needed = graph.ancestors(output_nodes(graph))
    return [node for node in graph.nodes if node in needed and graph.op(node) == "Placeholder"]


def _image(graph: Graph, name: str) -> str:
    found = placeholders(graph)
    if len(found) != 1:
        raise ModelError(
            f"{name}: the graph should have one input, the image; found: {', '.join(found) or 'none'}. Export it with "
            "--input_type image_tensor."
        )
    dtype = int(graph.nodes[found[0]].attr["dtype"].type)
    if dtype != DT_UINT8:
        raise ModelError(
            f"{name}: the input {found[0]} takes {_TAKEN.get(dtype, f'something else (type {dtype})')}, where an image"
            " of bytes (uint8) is needed. Export it with --input_type image_tensor."
        )
    return found[0]


# By DataType number, what an input of another type takes.
_TAKEN = {
    DT_FLOAT: "numbers that somebody has to prepare in a way that the graph does not tell (float32)",
    7: "encoded pictures or records (strings)",
}
