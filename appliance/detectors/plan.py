"""Decide how a graph will run: fast, exact or whole. Pure: graphs in, graphs out."""

from typing import NamedTuple, Optional

from appliance.engines.choose import EngineChoice
from appliance.graph.read.backtrace import NotRecognisedError
from appliance.graph.read.frozen import Graph
from appliance.graph.recognise.cut import Cut, NoCutError, find_cut
from appliance.graph.recognise.family import Interface
from appliance.graph.recognise.preprocessor import Resizing, unroll_preprocessor
from appliance.graph.recognise.suppression import Suppression, read_suppression
from appliance.graph.rewrite.split import keep


class ModelOptions(NamedTuple):
    """How to run a model; the fields are the settings of the same names. engine: what runs its front."""

    det_th: float = 0.5
    split_model: bool = True
    exact: bool = False
    worker_threads: int = 0
    allow_memory_growth: bool = True
    force_gpu_compatible: bool = False
    log_device: bool = False
    engine: EngineChoice = EngineChoice()
    batch: int = 0
    xla: Optional[bool] = None
    trust_graph: bool = False


class Plan(NamedTuple):
    """How a graph will run.

    path: "fast", "exact" or "whole". reason: why not a faster one; "" for fast.
    cut: None where it runs whole. suppression, resizing, front: what the fast path needs; whatever was recognised.
    """

    path: str
    reason: str
    cut: Optional[Cut] = None
    suppression: Optional[Suppression] = None
    resizing: Optional[Resizing] = None
    front: Optional[Graph] = None


def make_plan(graph: Graph, interface: Interface, split_model: bool, exact: bool) -> Plan:
    """The fastest way that this graph allows and that the settings ask for."""
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
