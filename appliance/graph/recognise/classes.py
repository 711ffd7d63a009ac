"""The ids that a graph gives its classes."""

from typing import Optional

from appliance.graph.read.backtrace import NotRecognisedError
from appliance.graph.read.frozen import Graph
from appliance.graph.recognise.cut import NoCutError, find_cut
from appliance.graph.recognise.family import MASK_OUTPUT, SEGMENTATION_OUTPUT
from appliance.graph.recognise.output_heads import mask_classes, segmentation_classes
from appliance.graph.recognise.suppression import Suppression, read_suppression


def class_ids(graph: Graph, family: str, suppression: Optional[Suppression]) -> Optional[range]:
    """Return the ids of a graph's classes, including a background that is one of its labels; None if not recognised.

    Args:
        graph: The graph.
        family: Key of its family.
        suppression: The graph's suppression, if it has been read already.
    """
    if suppression is not None:
        return range(suppression.class_offset, suppression.class_offset + suppression.classes)
    if family == "mask_rcnn":
        classes = mask_classes(graph, MASK_OUTPUT)
        return None if classes is None else range(1, classes + 1)  # as the API numbers them
    if family == "deeplab":
        classes = segmentation_classes(graph, SEGMENTATION_OUTPUT)
        return None if classes is None else range(classes)
    return None


def find_suppression(graph: Graph) -> Optional[Suppression]:
    """Return a graph's class-wise suppression; None if it is not recognised."""
    try:
        return read_suppression(graph, find_cut(graph))
    except (NoCutError, NotRecognisedError):
        return None
