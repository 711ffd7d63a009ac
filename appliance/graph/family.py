"""What a graph is: its input, its outputs and its family, told from structure and from the outputs' names.

The outputs' names are the interface of the Object Detection API and of DeepLab; no other name decides anything.
"""

from typing import List, NamedTuple, Optional

from appliance.errors import ModelError
from appliance.graph.frozen import Graph

DETECTION_OUTPUTS = ("detection_boxes", "detection_scores", "detection_classes", "num_detections")
MASK_OUTPUT = "detection_masks"
SEGMENTATION_OUTPUT = "SemanticPredictions"


class Interface(NamedTuple):
    """family: ssd, faster_rcnn, mask_rcnn or deeplab. image: name of the placeholder that takes the picture."""

    family: str
    image: str


def is_suppression(op: str) -> bool:
    """Whether an operation is one of TensorFlow's non-maximum suppressions."""
    return op.startswith("NonMaxSuppression") or op == "CombinedNonMaxSuppression"


def output_nodes(graph: Graph) -> List[str]:
    """The graph's known outputs that are there."""
    known = DETECTION_OUTPUTS + (MASK_OUTPUT, SEGMENTATION_OUTPUT)
    return [name for name in known if name in graph.nodes]


def recognise(graph: Graph, name: str) -> Interface:
    """The family of a graph; `name` is what messages call it. Raises ModelError for what cannot be run."""
    outputs = output_nodes(graph)
    if not outputs:
        raise ModelError(
            "{}: none of the outputs {} is in the graph. Only graphs of the Object Detection API and of DeepLab "
            "can be run.".format(name, ", ".join(DETECTION_OUTPUTS + (SEGMENTATION_OUTPUT,)))
        )
    image = _image(graph, outputs, name)
    if SEGMENTATION_OUTPUT in outputs:
        return Interface("deeplab", image)
    missing = [output for output in DETECTION_OUTPUTS if output not in outputs]
    if missing:
        raise ModelError("{}: the output {} is not in the graph; export it again.".format(name, missing[0]))
    if MASK_OUTPUT in outputs:
        return Interface("mask_rcnn", image)
    # Two stages: regions are cropped out of the feature map for the second one.
    needed = graph.ancestors(outputs)
    if any(graph.op(node) == "CropAndResize" for node in needed):
        return Interface("faster_rcnn", image)
    return Interface("ssd", image)


def _image(graph: Graph, outputs: List[str], name: str) -> str:
    needed = graph.ancestors(outputs)
    placeholders = [node for node in graph.nodes if node in needed and graph.op(node) == "Placeholder"]
    if len(placeholders) != 1:
        found = ", ".join(placeholders) or "none"
        raise ModelError(
            "{}: the graph should have one input, the image; found: {}. Export it with "
            "--input_type image_tensor.".format(name, found)
        )
    dtype: Optional[int] = graph.nodes[placeholders[0]].attr["dtype"].type
    if dtype != 4:
        raise ModelError(
            "{}: the input {} does not take a uint8 image. Export it with --input_type image_tensor.".format(
                name, placeholders[0]
            )
        )
    return placeholders[0]
