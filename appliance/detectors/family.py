"""The description of a model family: how to recognise and how to run its graphs."""

import dataclasses
import functools
from typing import Callable, Dict, Mapping, Optional, Tuple

from appliance.core.detector import Detector
from appliance.core.registry import find_descriptions
from appliance.engines.base import Engine
from appliance.graph.read.frozen import Graph
from appliance.graph.recognise.family import FamilyRule


@dataclasses.dataclass(frozen=True)
class ModelInfo:
    """What is known about a model before it is loaded; see Detector."""

    name: str
    family: str
    labels: Mapping[int, str]
    reason: str


def _no_detector(about: ModelInfo, front: Engine, back: Optional[Engine], threshold: float, graph: Graph) -> Detector:
    raise NotImplementedError


def _no_labels(ids: Optional[range]) -> Mapping[int, str]:
    return {}


@dataclasses.dataclass(frozen=True)
class Family(FamilyRule):
    """A family, as the registry finds it: `FAMILY = Family(...)` in a module here.

    Attributes:
        make_detector: Makes a detector for graphs that run by their own operations, from a front, a back that returns
            the outputs (if the graph is split), a threshold and the graph. All families with a fast path share that
            one.
        is_single_stage: Whether its front is one network from the resized image to the scores. Then engines other than
            the one that runs every graph may run it, batches are possible, and batch norms are folded.
        why_whole: Why a graph that could be split runs whole unless exact mode is requested; "" if it is split.
        default_labels: Labels for a graph that comes with none, by the ids of its classes; {} for none.
        candidates: What the suppression chooses from.
        model_types: Its names in config files of the original project.
    """

    make_detector: Callable[[ModelInfo, Engine, Optional[Engine], float, Graph], Detector] = _no_detector
    is_single_stage: bool = False
    why_whole: str = ""
    default_labels: Callable[[Optional[range]], Mapping[int, str]] = _no_labels
    candidates: str = "anchors"
    model_types: Tuple[str, ...] = ()


@functools.lru_cache(maxsize=None)
def all_families() -> Dict[str, Family]:
    """Return the families by key, the most common ones first."""
    found = find_descriptions("appliance.detectors", "FAMILY", Family, "key").values()
    return {family.key: family for family in sorted(found, key=lambda family: (-family.rank, family.key))}


def find_family(key: str) -> Family:
    """Return the family of a key."""
    return all_families()[key]


def family_title(key: str) -> str:
    """Return a family's display name; for an unknown family, its key."""
    family = all_families().get(key)
    return key if family is None else family.title


def family_of_model_type(model_type: str) -> str:
    """Return the key of the family that config files of the original project call by this name."""
    return next(family.key for family in all_families().values() if model_type in family.model_types)
