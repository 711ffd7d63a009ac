"""The interface of a graph: its input, its outputs and its family.

Found by structure and by the names of the outputs, which are the interface of the Object Detection API and of DeepLab;
no other name matters.
"""

import dataclasses
import functools
import re
from typing import Callable, List, Optional, Tuple

from appliance.core.errors import ModelError
from appliance.core.registry import find_descriptions
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


@dataclasses.dataclass(frozen=True)
class Interface:
    """What a graph takes and gives.

    Attributes:
        family: Key of its family.
        image: Name of the placeholder that takes the image.
    """

    family: str
    image: str


@dataclasses.dataclass(frozen=True)
class FamilyRule:
    """How a family of graphs is recognised. `detectors` has a `FAMILY` of each, which says how it is run, too.

    Attributes:
        key: As in catalogue.yml, boards.yml and messages to programs.
        title: For people.
        outputs: What its graphs have to have, and what is fetched of them, in the order in which its detector takes it.
        recognise: Whether a graph that has the outputs is one of it.
        rank: Families are asked in this order, the lowest first: whoever takes what others leave has a high one.
        class_ids: The ids of its classes, a background that is one of its labels included, None if not recognised;
            left out where the suppression behind its front tells them.
    """

    key: str
    title: str
    outputs: Tuple[str, ...]
    recognise: Callable[[Graph], bool]
    rank: int = 0
    class_ids: Optional[Callable[[Graph], Optional[range]]] = None


@functools.lru_cache(maxsize=None)
def family_rules() -> Tuple[FamilyRule, ...]:
    """The families that there are, in the order in which they are asked whether a graph is theirs."""
    found = find_descriptions("appliance.detectors", "FAMILY", FamilyRule, "key").values()
    return tuple(sorted(found, key=lambda family: (family.rank, family.key)))


def find_rule(key: str) -> FamilyRule:
    """The family of a key."""
    return next(family for family in family_rules() if family.key == key)


def known_outputs() -> List[str]:
    """The names of all families' outputs."""
    return list(dict.fromkeys(name for family in reversed(family_rules()) for name in family.outputs))


def has_two_stages(graph: Graph) -> bool:
    """Whether regions are cropped out of the feature map for a second stage."""
    return any("CropAndResize" in graph.ops(node) for node in graph.ancestors(output_nodes(graph)))


def is_suppression(op: str) -> bool:
    """Return whether an operation is one of TensorFlow's non-maximum suppressions."""
    return op.startswith("NonMaxSuppression") or op == "CombinedNonMaxSuppression"


def is_heavy(graph: Graph, name: str) -> bool:
    """Return whether a node, or a function it calls, has an expensive operation that belongs on the accelerator."""
    return not HEAVY_OPS.isdisjoint(graph.ops(name))


def output_nodes(graph: Graph) -> List[str]:
    """Return the names of the known outputs that a graph has."""
    return [name for name in known_outputs() if name in graph.nodes]


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
        needed = [name for family in _simplest_families() for name in family.outputs]
        raise ModelError(
            f"{name}: none of the outputs {', '.join(dict.fromkeys(needed))} is in the graph. Only"
            " graphs of the Object Detection API and of DeepLab can be run. If it should be one: is the file complete,"
            " and were its outputs named so when it was frozen?"
        )
    image = _image(graph, name)
    for family in family_rules():
        if set(family.outputs) <= set(outputs) and family.recognise(graph):
            return Interface(family.key, image)
    nearest = max(reversed(family_rules()), key=lambda family: len(set(family.outputs) & set(outputs)))
    missing = [output for output in nearest.outputs if output not in outputs]
    if missing:
        raise ModelError(f"{name}: the output {missing[0]} is not in the graph; export it again.")
    titles = ", ".join(family.title for family in reversed(family_rules()))
    raise ModelError(f"{name}: the graph has known outputs, and is of none of the families {titles}.")


def _simplest_families() -> List[FamilyRule]:
    """Those that need no other family's outputs and more."""
    every = list(reversed(family_rules()))
    return [one for one in every if not any(set(other.outputs) < set(one.outputs) for other in every)]


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
