"""Load a model: read its graph, plan how to run it, and make it ready."""

import logging
from pathlib import Path
from typing import Callable, Dict, List, Mapping, Optional

import numpy as np

from appliance.core.detector import Detector
from appliance.core.errors import ModelError
from appliance.detectors.boxes import ExactDetector, FastDetector, ModelInfo
from appliance.detectors.families import FAMILIES, FAMILY_OF_MODEL_TYPE, labels_of, understand
from appliance.detectors.fixed_size import FittingEngine, fixed_size
from appliance.detectors.masks import MaskDetector
from appliance.detectors.plan import ModelOptions, Plan
from appliance.detectors.segmentation import USUAL_SIDE, SegmentationDetector
from appliance.engines.base import Engine, available_cores
from appliance.engines.choose import (
    OPENVINO,
    TENSORRT,
    front_engine,
    is_x86,
    openvino_engine,
    refuse_other_engines,
)
from appliance.graph.read.frozen import Graph, Tensor
from appliance.graph.read.graph_file import naming_damage
from appliance.graph.recognise.family import SEGMENTATION_OUTPUT, Interface
from appliance.graph.recognise.output_heads import segmentation_side
from appliance.graph.rewrite.fold import fold_batch_norms
from appliance.graph.rewrite.normalise import read_model
from appliance.graph.rewrite.split import keep, split
from appliance.zoo.labels import compare_ids

log = logging.getLogger(__name__)

# Threads that keep a GPU busy; and where a PC's GPU gets batches, how large they are, and the threads, which fill
# them. Measured: docs/performance.md.
_GPU_WORKERS = 2
_GPU_BATCH, _GPU_BATCH_WORKERS = 32, 8

_Make = Callable[[ModelInfo, Engine, Optional[Engine], float, Graph], Detector]


def _make_boxes(about: ModelInfo, front: Engine, back: Optional[Engine], threshold: float, graph: Graph) -> Detector:
    return ExactDetector(about, front, threshold, back)


def _make_masks(about: ModelInfo, front: Engine, back: Optional[Engine], threshold: float, graph: Graph) -> Detector:
    return MaskDetector(about, front, threshold, back)


def _make_segmentation(
    about: ModelInfo, front: Engine, back: Optional[Engine], threshold: float, graph: Graph
) -> Detector:
    return SegmentationDetector(about, front, segmentation_side(graph, SEGMENTATION_OUTPUT) or USUAL_SIDE)


# How each family makes its detector of a front and, where the graph is split, a back that gives the outputs.
_MAKE: Dict[str, _Make] = {
    "ssd": _make_boxes,
    "faster_rcnn": _make_boxes,
    "mask_rcnn": _make_masks,
    "deeplab": _make_segmentation,
}


def load_detector(path: Path, name: str, labels: Mapping[int, str], options: ModelOptions) -> Detector:
    """A detector that is ready: loaded, and warmed by an empty image. Raises ModelError."""
    graph, interface, plan, ids = understand(path, options.trust_graph, options.split_model, options.exact)
    note = compare_ids(labels, ids)
    if note is not None:
        log.warning("%s: %s", name, note)
    labels = labels_of(interface, ids, labels)
    try:
        with naming_damage(str(path)):
            detector = _load(graph, interface, plan, name, labels, options)
        # The first run needs the most memory: what is no longer used goes before it.
        del graph
        plan = plan._replace(front=None)
        _warm(detector, plan)
    except ModelError as error:
        if plan.path == "whole" or options.engine.engine in (TENSORRT, OPENVINO):
            raise
        log.warning("%s does not run in two parts, so it runs whole: %s", name, error)
        plan = Plan("whole", "its parts do not run")
        detector = _load(read_model(path, options.trust_graph), interface, plan, name, labels, options)
        _warm(detector, plan)
    detector.classes = None if ids is None else len(ids)
    log.info(
        "%s: %s graph, %s path, %s on the %s%s",
        name,
        interface.family,
        plan.path,
        detector.engine,
        detector.device,
        f" ({plan.reason})" if plan.reason else "",
    )
    return detector


def _warm(detector: Detector, plan: Plan) -> None:
    try:
        raw = detector.front(np.zeros((32, 32, 3), np.uint8))
        detector.back(raw, 32, 32)
    except ModelError:
        detector.close()
        raise
    if plan.suppression is not None and detector.anchors is None:
        detector.anchors = raw[plan.suppression.scores].size // plan.suppression.classes


def differences(
    detector: Detector, model_type: Optional[str], split_shape: Optional[int], num_classes: Optional[int]
) -> List[str]:
    """Where an old config file describes the model otherwise than its graph does; what was found is used."""
    found = []
    if model_type is not None and FAMILY_OF_MODEL_TYPE[model_type] != detector.family:
        found.append(f"model_type is {model_type}, but the graph is of the family {detector.family}")
    if split_shape is not None and detector.anchors not in (None, split_shape):
        found.append(f"split_shape is {split_shape}, but the graph has {detector.anchors} anchors")
    if num_classes is not None and detector.classes not in (None, num_classes):
        found.append(f"num_classes is {num_classes}, but the graph has {detector.classes} classes")
    return found


def _load(
    graph: Graph, interface: Interface, plan: Plan, name: str, labels: Mapping[int, str], options: ModelOptions
) -> Detector:
    image, size = [Tensor(interface.image)], fixed_size(graph, interface.image)

    def fitting(engine: Engine) -> Engine:
        return FittingEngine(engine, size) if size else engine

    if interface.family != "ssd" or plan.path != "fast":
        refuse_other_engines(options.engine, interface.family, plan.reason)
    elif plan.front is not None and plan.cut is not None and plan.suppression is not None:
        workers = options.worker_threads or available_cores()
        openvino = openvino_engine(plan.front, image[0], plan.cut.tensors, options.engine, workers)
        if openvino is not None:
            about = ModelInfo(name, interface.family, labels, plan.reason, workers)
            return FastDetector(about, fitting(openvino), options.det_th, plan.suppression)
    from appliance.engines.tensorflow import TensorFlowEngine, TensorFlowOptions, gpu_names

    on_gpu = options.engine.engine == TENSORRT or gpu_names()
    workers = options.worker_threads or (_GPU_WORKERS if on_gpu else available_cores())
    if plan.path == "whole" and not options.worker_threads:
        workers = 1
    session = TensorFlowOptions(
        0 if plan.path == "whole" and workers == 1 else workers,
        options.allow_memory_growth,
        options.force_gpu_compatible,
        options.log_device,
        xla=bool(options.xla),
    )
    about = ModelInfo(name, interface.family, labels, plan.reason, workers)
    family, make = FAMILIES[interface.family], _MAKE[interface.family]
    outputs = [Tensor(output) for output in family.outputs]
    if plan.cut is None:
        engine = TensorFlowEngine(keep(graph, list(family.outputs)), image, outputs, session)
        return make(about, fitting(engine), None, options.det_th, graph)
    if plan.front is not None and plan.suppression is not None:
        folding = session._replace(fold_constants=True)
        network, batch = plan.front, 1
        if interface.family == "ssd" and options.engine.engine != TENSORRT:
            # TensorRT does it itself; in the hundred layers of a Faster R-CNN the roundings come to more than 1e-4.
            network = fold_batch_norms(network, plan.cut.tensors)
            batch = options.batch or (_GPU_BATCH if on_gpu and is_x86() else 1)
        fast = front_engine(network, image[0], plan.cut.tensors, plan.suppression, folding, options.engine, batch)
        if on_gpu and fast.batch > 1 and not options.worker_threads:
            about = about._replace(workers=min(_GPU_BATCH_WORKERS, available_cores()))
        return FastDetector(about, fitting(fast), options.det_th, plan.suppression)
    parts = split(graph, plan.cut, list(family.outputs))
    front = fitting(TensorFlowEngine(parts.front, image, parts.cut, session))
    try:
        back = TensorFlowEngine(parts.back, parts.feeds, outputs, session._replace(workers=1), on_cpu=True)
    except ModelError:
        front.close()
        raise
    return make(about, front, back, options.det_th, graph)
