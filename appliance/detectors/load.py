"""Load a model: read its graph, plan how to run it, and make it ready."""

import logging
from pathlib import Path
from typing import Dict, List, Mapping, Optional

import numpy as np

from appliance.detectors.base import Detector
from appliance.detectors.boxes import About, ExactDetector, FastDetector
from appliance.detectors.plan import ModelOptions, Plan, make_plan
from appliance.errors import ModelError
from appliance.graph.family import DETECTION_OUTPUTS, Interface, recognise
from appliance.graph.frozen import Graph, Tensor, read_graph
from appliance.graph.split import keep, split

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


def load_detector(path: Path, name: str, labels: Mapping[int, str], options: ModelOptions) -> Detector:
    """A detector that is ready: loaded, and warmed by an empty image. Raises ModelError."""
    graph = read_graph(path)
    interface = recognise(graph, str(path))
    if interface.family not in ("ssd", "faster_rcnn"):
        raise ModelError(
            "{}: this is a {} graph. Only models that give boxes (SSD, Faster R-CNN) run so far.".format(
                path, interface.family.replace("_", " ")
            )
        )
    plan = make_plan(graph, interface, options.split_model, options.exact)
    detector = _load(graph, interface, plan, name, labels, options)
    raw = detector.front(np.zeros((32, 32, 3), np.uint8))
    detector.back(raw, 32, 32)
    if plan.suppression is not None:
        detector.classes = plan.suppression.classes
        detector.anchors = raw[plan.suppression.boxes].size // 4
    log.info("%s: %s graph, %s path on the %s%s", name, interface.family, plan.path, detector.device,
             " ({})".format(plan.reason) if plan.reason else "")
    return detector


def differences(
    detector: Detector, model_type: Optional[str], split_shape: Optional[int], num_classes: Optional[int]
) -> List[str]:
    """Where an old config file describes the model otherwise than its graph does; what was found is used."""
    found = []
    if model_type is not None and FAMILY_OF_MODEL_TYPE[model_type] != detector.family:
        found.append("model_type is {}, but the graph is of the family {}".format(model_type, detector.family))
    if split_shape is not None and detector.anchors not in (None, split_shape):
        found.append("split_shape is {}, but the graph has {} anchors".format(split_shape, detector.anchors))
    if num_classes is not None and detector.classes not in (None, num_classes):
        found.append("num_classes is {}, but the graph has {} classes".format(num_classes, detector.classes))
    return found


def _load(
    graph: Graph, interface: Interface, plan: Plan, name: str, labels: Mapping[int, str], options: ModelOptions
) -> Detector:
    from appliance.engines.tensorflow import TensorFlowEngine, TensorFlowOptions, available_cores, gpu_names

    workers = options.worker_threads or (2 if gpu_names() else available_cores())
    if plan.path == "whole" and not options.worker_threads:
        workers = 1
    session = TensorFlowOptions(
        0 if plan.path == "whole" and workers == 1 else workers,
        options.allow_memory_growth,
        options.force_gpu_compatible,
        options.log_device,
    )
    about = About(name, interface.family, labels, plan.reason, workers)
    image = [Tensor(interface.image)]
    if plan.cut is None:
        whole = keep(graph, list(DETECTION_OUTPUTS))
        return ExactDetector(about, TensorFlowEngine(whole, image, _OUTPUTS, session), options.det_th, None)
    if plan.front is not None and plan.suppression is not None:
        engine = TensorFlowEngine(plan.front, image, plan.cut.tensors, session)
        return FastDetector(about, engine, options.det_th, plan.suppression)
    parts = split(graph, plan.cut, list(DETECTION_OUTPUTS))
    front = TensorFlowEngine(parts.front, image, parts.cut, session)
    back = TensorFlowEngine(parts.back, parts.feeds, _OUTPUTS, session._replace(workers=1), on_cpu=True)
    return ExactDetector(about, front, options.det_th, back)
