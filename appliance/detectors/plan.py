"""The first step of loading a model: read its graph and decide how it runs: fast, exact or whole."""

import dataclasses
from pathlib import Path
from typing import Mapping, Optional

from appliance.detectors.family import find_family
from appliance.engines.choose import EngineChoice
from appliance.engines.description import EngineOptions, Front
from appliance.graph.read.backtrace import NotRecognisedError
from appliance.graph.read.frozen import Graph, Tensor
from appliance.graph.read.graph_file import naming_damage
from appliance.graph.recognise.classes import class_ids
from appliance.graph.recognise.cut import Cut, NoCutError, find_cut
from appliance.graph.recognise.family import Interface, recognise
from appliance.graph.recognise.preprocessor import Resizing, unroll_preprocessor
from appliance.graph.recognise.suppression import Suppression, read_suppression
from appliance.graph.rewrite.normalise import read_model
from appliance.graph.rewrite.split import keep


@dataclasses.dataclass(frozen=True)
class ModelOptions:
    """How to run a model; the fields are the settings of the same names.

    Attributes:
        engine: The engine for its front.
    """

    det_th: float = 0.5
    split_model: bool = True
    exact: bool = False
    worker_threads: int = 0
    allow_memory_growth: bool = True
    force_gpu_compatible: bool = False
    log_device: bool = False
    engine: EngineChoice = dataclasses.field(default_factory=EngineChoice)
    batch: int = 0
    xla: Optional[bool] = None
    trust_graph: bool = False

    def for_engine(self) -> EngineOptions:
        """Return the options that an engine needs."""
        return EngineOptions(
            worker_threads=self.worker_threads,
            batch=self.batch,
            precision=self.engine.precision,
            calibration_images=self.engine.calibration_images,
            cache=self.engine.cache,
            allow_memory_growth=self.allow_memory_growth,
            force_gpu_compatible=self.force_gpu_compatible,
            log_device=self.log_device,
            xla=bool(self.xla),
        )


@dataclasses.dataclass(frozen=True)
class Plan:
    """How a graph will run.

    Attributes:
        path: "fast", "exact" or "whole".
        reason: Why not a faster one; "" for fast.
        cut: Where the graph is split; None if it runs whole.
        suppression, resizing, front: What the fast path needs, as far as it was recognised.
    """

    path: str
    reason: str
    cut: Optional[Cut] = None
    suppression: Optional[Suppression] = None
    resizing: Optional[Resizing] = None
    front: Optional[Graph] = None


@dataclasses.dataclass(frozen=True)
class Understood:
    """A graph, its family, its plan, and the ids of its classes (None if they are not recognised)."""

    graph: Graph
    interface: Interface
    plan: Plan
    ids: Optional[range]

    @property
    def front(self) -> Optional[Front]:
        """Return the front of its fast path, for an engine; None if it runs by its own operations."""
        plan = self.plan
        if plan.front is None or plan.cut is None or plan.suppression is None:
            return None
        is_single_stage = find_family(self.interface.family).is_single_stage
        return Front(plan.front, Tensor(self.interface.image), plan.cut.tensors, plan.suppression, is_single_stage)


def understand(path: Path, trusted: bool, split_model: bool, exact: bool) -> Understood:
    """Read a graph and decide how it will run.

    Args:
        path: The frozen graph.
        trusted: See `read_graph`.
        split_model, exact: The settings.

    Raises:
        ModelError: It cannot be run.
    """
    graph = read_model(path, trusted)
    interface = recognise(graph, str(path))
    with naming_damage(str(path)):
        plan = plan_for(graph, interface, split_model, exact)
        return Understood(graph, interface, plan, class_ids(graph, interface.family, plan.suppression))


def plan_for(graph: Graph, interface: Interface, split_model: bool, exact: bool) -> Plan:
    """Return how a graph of this family runs with these settings."""
    plan = make_plan(graph, interface, split_model, exact)
    why_whole = find_family(interface.family).why_whole
    if why_whole and plan.path == "exact" and not exact:
        return Plan("whole", why_whole)
    return plan


def make_plan(graph: Graph, interface: Interface, split_model: bool, exact: bool) -> Plan:
    """Return the fastest plan that the graph and the settings allow."""
    if not split_model:
        return Plan("whole", "split_model is off")
    try:
        cut = find_cut(graph)
    except NoCutError as error:
        return Plan("whole", str(error))
    suppression, resizing, front, reason = None, None, None, ""
    try:
        suppression = read_suppression(graph, cut)
        unrolled = unroll_preprocessor(graph, interface.image)
        resizing = unrolled.resizing
        front = keep(unrolled.graph, [tensor.node for tensor in cut.tensors])
    except NotRecognisedError as error:
        reason = str(error)
    if exact or reason:
        return Plan("exact", "exact is on" if exact else reason, cut, suppression, resizing)
    return Plan("fast", "", cut, suppression, resizing, front)


def labels_of(interface: Interface, ids: Optional[range], labels: Mapping[int, str]) -> Mapping[int, str]:
    """Return a model's labels: the given ones of its classes, or its family's defaults if none are given.

    Args:
        interface: The model's interface.
        ids: The ids of its classes, if known.
        labels: The given labels, class id to name.
    """
    if not labels:
        return find_family(interface.family).default_labels(ids)
    return {key: name for key, name in labels.items() if ids is None or key in ids}
