"""Load a model: read its graph, decide how to run it, and make it ready."""

import logging
from pathlib import Path
from typing import Dict, List, Mapping, NamedTuple, Optional

import numpy as np

from appliance.detectors.base import Detector
from appliance.detectors.boxes import About, ExactDetector, FastDetector
from appliance.errors import ModelError
from appliance.graph.cut import Cut, NoCutError, find_cut
from appliance.graph.family import DETECTION_OUTPUTS, Interface, recognise
from appliance.graph.frozen import Graph, Tensor, read_graph
from appliance.graph.preprocessor import NotRecognisedError, skip_preprocessor
from appliance.graph.split import keep, split
from appliance.graph.suppression import Suppression, read_suppression

log = logging.getLogger(__name__)

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
_OUTPUTS = [Tensor(name) for name in DETECTION_OUTPUTS]


class ModelOptions(NamedTuple):
    """How to run a model; the fields are the settings of the same names."""

    det_th: float = 0.5
    split_model: bool = True
    exact: bool = False
    worker_threads: int = 0
    allow_memory_growth: bool = True
    force_gpu_compatible: bool = False
    log_device: bool = False


class _Plan(NamedTuple):
    """What will run: the whole graph, or the parts at a cut; fast where both fast steps are recognised."""

    cut: Optional[Cut]
    fast_front: Optional[Graph]
    suppression: Optional[Suppression]
    reason: str


def load_detector(path: Path, name: str, labels: Mapping[int, str], options: ModelOptions) -> Detector:
    """A detector that is ready: loaded, and warmed by one empty image. Raises ModelError."""
    graph = read_graph(path)
    interface = recognise(graph, str(path))
    if interface.family not in ("ssd", "faster_rcnn"):
        raise ModelError(
            "{}: this is a {} graph. Only models that give boxes (SSD, Faster R-CNN) run so far.".format(
                path, interface.family.replace("_", " ")
            )
        )
    detector = _load(graph, interface, _plan(graph, interface, options), name, labels, options)
    detector.detect(np.zeros((32, 32, 3), np.uint8))
    log.info("%s: %s graph on the %s path%s", name, interface.family, detector.path,
             " ({})".format(detector.reason) if detector.reason else "")
    return detector


def _plan(graph: Graph, interface: Interface, options: ModelOptions) -> _Plan:
    if not options.split_model:
        return _Plan(None, None, None, "split_model is off")
    try:
        cut = find_cut(graph)
    except NoCutError as error:
        return _Plan(None, None, None, str(error))
    if options.exact:
        return _Plan(cut, None, None, "exact is on")
    try:
        suppression = read_suppression(graph, cut)
        direct, _ = skip_preprocessor(graph, interface.image)
    except NotRecognisedError as error:
        return _Plan(cut, None, None, str(error))
    front = keep(direct, [tensor.node for tensor in cut.tensors])
    return _Plan(cut, front, suppression, "")


def _load(
    graph: Graph, interface: Interface, plan: _Plan, name: str, labels: Mapping[int, str], options: ModelOptions
) -> Detector:
    from appliance.engines.tensorflow import TensorFlowEngine, TensorFlowOptions, available_cores, gpu_names

    workers = options.worker_threads or (2 if gpu_names() else available_cores())
    session = TensorFlowOptions(
        workers, options.allow_memory_growth, options.force_gpu_compatible, options.log_device
    )
    about = About(name, interface.family, labels, plan.reason, workers)
    image = [Tensor(interface.image)]
    if plan.cut is None:
        whole = keep(graph, list(DETECTION_OUTPUTS))
        return ExactDetector(about, TensorFlowEngine(whole, image, _OUTPUTS, session), options.det_th, None)
    if plan.fast_front is not None and plan.suppression is not None:
        engine = TensorFlowEngine(plan.fast_front, image, plan.cut.tensors, session)
        return FastDetector(about, engine, options.det_th, plan.suppression)
    parts = split(graph, plan.cut, list(DETECTION_OUTPUTS))
    front = TensorFlowEngine(parts.front, image, parts.cut, session)
    back = TensorFlowEngine(parts.back, parts.feeds, _OUTPUTS, session._replace(workers=1), on_cpu=True)
    return ExactDetector(about, front, options.det_th, back)
