"""The interface of a graph: its input, its outputs and its family.

Found by structure and by the names of the outputs, which are the interface of the Object Detection API and of DeepLab;
no other name matters.
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
    """What a graph takes and gives.

    Attributes:
        family: Key of its family.
        image: Name of the placeholder that takes the image.
    """

    family: str
    image: str


def is_suppression(op: str) -> bool:
    """Return whether an operation is one of TensorFlow's non-maximum suppressions."""
    return op.startswith("NonMaxSuppression") or op == "CombinedNonMaxSuppression"


def is_heavy(graph: Graph, name: str) -> bool:
    """Return whether a node, or a function it calls, has an expensive operation that belongs on the accelerator."""
    return not HEAVY_OPS.isdisjoint(graph.ops(name))


def output_nodes(graph: Graph) -> List[str]:
    """Return the names of the known outputs that a graph has."""
    known = DETECTION_OUTPUTS + (MASK_OUTPUT, SEGMENTATION_OUTPUT)
    return [name for name in known if name in graph.nodes]


def recognise(graph: Graph, name: str) -> Interface:
    """Recognise the interface of a graph; `name` is used in messages. Raises ModelError if it cannot be run."""
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
    """Return the inputs on which the known outputs depend."""
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
