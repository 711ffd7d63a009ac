"""Load a model in three steps: plan how its graph runs, choose and build the engine, assemble the detector."""

import dataclasses
import logging
from pathlib import Path
from typing import List, Mapping, Optional

import numpy as np

from appliance.core.detector import Detector
from appliance.core.errors import ModelError
from appliance.detectors.boxes import FastDetector
from appliance.detectors.family import Family, ModelInfo, all_families, family_of_model_type, find_family
from appliance.detectors.fixed_size import FittingEngine, fixed_size
from appliance.detectors.plan import ModelOptions, Plan, Understood, labels_of, understand
from appliance.engines.base import Engine
from appliance.engines.choose import build_front, refuse_other_engines
from appliance.engines.description import Front, Part
from appliance.engines.registry import build_part, find_engine
from appliance.graph.read.frozen import Tensor
from appliance.graph.read.graph_file import naming_damage
from appliance.graph.rewrite.normalise import read_model
from appliance.graph.rewrite.split import keep, split
from appliance.zoo.labels import compare_ids

log = logging.getLogger(__name__)


def load_detector(path: Path, name: str, labels: Mapping[int, str], options: ModelOptions) -> Detector:
    """Load a detector and warm it up with an empty image. Raises ModelError."""
    model = understand(path, options.trust_graph, options.split_model, options.exact)
    note = compare_ids(labels, model.ids)
    if note is not None:
        log.warning("%s: %s", name, note)
    plan, ids, interface = model.plan, model.ids, model.interface
    about = ModelInfo(name, interface.family, labels_of(interface, ids, labels), plan.reason)
    try:
        with naming_damage(str(path)):
            detector = _assemble(model, about, options)
        # The first run needs the most memory, so free what is no longer used.
        del model
        plan = dataclasses.replace(plan, front=None)
        _warm(detector, plan)
    except ModelError as error:
        if plan.path == "whole" or find_engine(options.engine.engine).build_part is None:
            raise
        log.warning("%s does not run in two parts, so it runs whole: %s", name, error)
        plan = Plan("whole", "its parts do not run")
        model = Understood(read_model(path, options.trust_graph), interface, plan, ids)
        detector = _assemble(model, dataclasses.replace(about, reason=plan.reason), options)
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


def _assemble(model: Understood, about: ModelInfo, options: ModelOptions) -> Detector:
    family, front = find_family(model.interface.family), model.front
    if front is None or not front.is_single_stage:
        reason = model.plan.reason if family.is_single_stage else f"this is a {family.key.replace('_', ' ')} graph"
        able = [one.title for one in all_families().values() if one.is_single_stage]
        refuse_other_engines(options.engine.engine, able, reason)
    if front is not None:
        return _assemble_fast(model, front, about, options)
    return _assemble_from_parts(model, family, about, options)


def _assemble_fast(model: Understood, front: Front, about: ModelInfo, options: ModelOptions) -> Detector:
    """Return a detector whose front resizes the image itself, with our own suppression."""
    engine = _fitting(model, build_front(options.engine.engine, front, options.for_engine()))
    return FastDetector(about, engine, options.det_th, front.suppression)


def _assemble_from_parts(model: Understood, family: Family, about: ModelInfo, options: ModelOptions) -> Detector:
    """Return a detector that uses the graph's own operations only, in two parts or one."""
    image, outputs = [Tensor(model.interface.image)], [Tensor(output) for output in family.outputs]
    settings = options.for_engine()
    if model.plan.cut is None:
        graph = keep(model.graph, list(family.outputs))
        whole = build_part(Part(graph, image, outputs, is_whole=True), settings)
        return family.make_detector(about, _fitting(model, whole), None, options.det_th, model.graph)
    parts = split(model.graph, model.plan.cut, list(family.outputs))
    front = build_part(Part(parts.front, image, parts.cut), settings)
    try:
        back = build_part(Part(parts.back, parts.feeds, outputs, is_back=True), settings)
    except ModelError:
        front.close()
        raise
    return family.make_detector(about, _fitting(model, front), back, options.det_th, model.graph)


def _fitting(model: Understood, engine: Engine) -> Engine:
    """Return the engine, with a resize before it if the graph takes images of one size only."""
    size = fixed_size(model.graph, model.interface.image)
    return FittingEngine(engine, size) if size else engine


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
    """Return where an old config file describes the model differently from its graph; the graph is right."""
    found = []
    if model_type is not None and family_of_model_type(model_type) != detector.family:
        found.append(f"model_type is {model_type}, but the graph is of the family {detector.family}")
    if split_shape is not None and detector.anchors not in (None, split_shape):
        found.append(f"split_shape is {split_shape}, but the graph has {detector.anchors} anchors")
    if num_classes is not None and detector.classes not in (None, num_classes):
        found.append(f"num_classes is {num_classes}, but the graph has {detector.classes} classes")
    return found
