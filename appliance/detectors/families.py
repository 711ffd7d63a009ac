"""What is particular to a family of graphs: what is fetched of them, how they run, what their classes are."""

from pathlib import Path
from typing import Callable, Dict, Mapping, NamedTuple, Optional, Tuple

from appliance.detectors.plan import Plan, make_plan
from appliance.graph.adapt import read_model
from appliance.graph.family import DETECTION_OUTPUTS, MASK_OUTPUT, SEGMENTATION_OUTPUT, Interface, recognise
from appliance.graph.frozen import Graph
from appliance.graph.head import mask_classes, segmentation_classes
from appliance.graph.reading import naming_damage
from appliance.zoo.labels import builtin_labels

# What the original project calls each family (its model_type).
FAMILY_OF_MODEL_TYPE: Dict[str, str] = {
    "nms_v0": "ssd",
    "nms_v1": "ssd",
    "nms_v2": "ssd",
    "trt_v1": "ssd",
    "faster_v2": "faster_rcnn",
    "mask_v1": "mask_rcnn",
    "deeplab_v3": "deeplab",
}
PASCAL_LABELS = 21


class Family(NamedTuple):
    """One family.

    outputs: what is fetched of its graphs, in the order in which its detector takes it.
    classes: how many a graph has, where its suppression does not tell.
    whole: why a graph that could be split runs whole, unless exact mode is asked for.
    """

    outputs: Tuple[str, ...]
    classes: Callable[[Graph], Optional[int]]
    whole: Optional[str] = None


class Understood(NamedTuple):
    """A graph, what it is, how it will run, and how many classes it has (None if that is not recognised)."""

    graph: Graph
    interface: Interface
    plan: Plan
    classes: Optional[int]


FAMILIES: Dict[str, Family] = {
    "ssd": Family(DETECTION_OUTPUTS, lambda graph: None),
    "faster_rcnn": Family(DETECTION_OUTPUTS, lambda graph: None),
    "mask_rcnn": Family(
        (*DETECTION_OUTPUTS, MASK_OUTPUT),
        lambda graph: mask_classes(graph, MASK_OUTPUT),
        # Measured: docs/models.md.
        "what lies behind its mask head is too light for a part of its own; --exact splits it all the same",
    ),
    "deeplab": Family((SEGMENTATION_OUTPUT,), lambda graph: segmentation_classes(graph, SEGMENTATION_OUTPUT)),
}


def plan_for(graph: Graph, interface: Interface, split_model: bool, exact: bool) -> Plan:
    """How a graph of this family will run with these settings."""
    plan = make_plan(graph, interface, split_model, exact)
    whole = FAMILIES[interface.family].whole
    if whole is not None and plan.path == "exact" and not exact:
        return Plan("whole", whole)
    return plan


def understand(path: Path, trusted: bool, split_model: bool, exact: bool) -> Understood:
    """Read a graph and decide how it will run. Raises ModelError.

    trusted: see `read_graph`.
    """
    graph = read_model(path, trusted)
    interface = recognise(graph, str(path))
    with naming_damage(str(path)):
        plan = plan_for(graph, interface, split_model, exact)
        return Understood(graph, interface, plan, classes_of(graph, interface, plan))


def classes_of(graph: Graph, interface: Interface, plan: Plan) -> Optional[int]:
    """How many classes a graph has, a background that is one of its labels included; None if not recognised."""
    if plan.suppression is not None:
        return plan.suppression.classes
    return FAMILIES[interface.family].classes(graph)


def labels_of(interface: Interface, classes: Optional[int], labels: Mapping[int, str]) -> Mapping[int, str]:
    """The labels of a model: the given ones, or PASCAL's for a DeepLab that comes with none and has as many."""
    if interface.family == "deeplab" and not labels and classes == PASCAL_LABELS:
        return builtin_labels("pascal")
    return labels
