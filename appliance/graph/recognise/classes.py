"""The ids that a graph gives its classes."""

from typing import Optional

from appliance.graph.read.backtrace import NotRecognisedError
from appliance.graph.read.frozen import Graph
from appliance.graph.recognise.cut import NoCutError, find_cut
from appliance.graph.recognise.family import find_rule
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
    rule = find_rule(family)
    return rule.class_ids(graph) if rule.class_ids is not None else None


def examined_class_ids(graph: Graph, family: str) -> Optional[range]:
    """The same for a graph of which nothing else was read."""
    return class_ids(graph, family, find_suppression(graph) if find_rule(family).class_ids is None else None)


def find_suppression(graph: Graph) -> Optional[Suppression]:
    """Return a graph's class-wise suppression; None if it is not recognised."""
    try:
        return read_suppression(graph, find_cut(graph))
    except (NoCutError, NotRecognisedError):
        return None
