"""What is particular to a family of graphs: what is fetched of them, how they run, what their classes are."""

from pathlib import Path
from typing import Dict, Mapping, NamedTuple, Optional, Tuple

from appliance.detectors.plan import Plan, make_plan
from appliance.graph.read.frozen import Graph
from appliance.graph.read.graph_file import naming_damage
from appliance.graph.recognise.classes import class_ids
from appliance.graph.recognise.family import DETECTION_OUTPUTS, MASK_OUTPUT, SEGMENTATION_OUTPUT, Interface, recognise
from appliance.graph.rewrite.normalise import read_model
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
    whole: why a graph that could be split runs whole, unless exact mode is asked for.
    """

    outputs: Tuple[str, ...]
    whole: Optional[str] = None


class Understood(NamedTuple):
    """A graph, what it is, how it will run, and the ids of its classes (None if they are not recognised)."""

    graph: Graph
    interface: Interface
    plan: Plan
    ids: Optional[range]


FAMILIES: Dict[str, Family] = {
    "ssd": Family(DETECTION_OUTPUTS),
    "faster_rcnn": Family(DETECTION_OUTPUTS),
    "mask_rcnn": Family(
        (*DETECTION_OUTPUTS, MASK_OUTPUT),
        # Measured: docs/models.md.
        "what lies behind its mask head is too light for a part of its own; --exact splits it all the same",
    ),
    "deeplab": Family((SEGMENTATION_OUTPUT,)),
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
        return Understood(graph, interface, plan, class_ids(graph, interface.family, plan.suppression))


def labels_of(interface: Interface, ids: Optional[range], labels: Mapping[int, str]) -> Mapping[int, str]:
    """The labels of a model: the given ones of its classes, or PASCAL's for a DeepLab that comes with none and has as
    many. ids: of its classes, if they are known."""
    if interface.family == "deeplab" and not labels and ids == range(PASCAL_LABELS):
        return builtin_labels("pascal")
    return {key: name for key, name in labels.items() if ids is None or key in ids}
