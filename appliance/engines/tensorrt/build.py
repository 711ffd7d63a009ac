"""Build TensorRT engines, by TensorFlow's converter if it is there, otherwise by TensorRT's Python module."""

import dataclasses
import hashlib
import logging
import time
from typing import Any, Dict, List, Optional

import numpy as np

from appliance.contract.fields import JsonObject
from appliance.core.errors import ModelError
from appliance.engines import onnx
from appliance.engines.base import Engine
from appliance.engines.cache import Built, EngineCache
from appliance.engines.cuda import Cuda
from appliance.engines.description import EngineOptions, Front, NotInstalledError
from appliance.engines.resize import Resizer
from appliance.engines.tensorrt.calibration import Pictures
from appliance.engines.tensorrt.engine import TensorRTEngine
from appliance.engines.tensorrt.plan import build_plan, import_tensorrt, make_calibrator, make_logger
from appliance.graph.read.backtrace import NotRecognisedError
from appliance.graph.read.frozen import Graph
from appliance.graph.read.graph_file import parse_graph
from appliance.graph.rewrite.backbone import Network, take_network
from appliance.graph.rewrite.split import keep

log = logging.getLogger(__name__)

WORKERS = 2
"""Number of threads that keep a GPU busy."""


def build_front(front: Front, options: EngineOptions) -> Engine:
    """Build an engine for the front of an SSD graph.

    Raises:
        ModelError: TensorRT is not installed, or cannot run the model.
        ConfigError: INT8 has no images to calibrate with.
    """
    try:
        network = take_network(front.graph, front.image.node, front.outputs)
    except NotRecognisedError as error:
        raise ModelError(f"TensorRT cannot run this model: {error}. Take --engine tensorflow.") from error
    pictures = Pictures(options.calibration_images) if options.precision == "INT8" else None
    options = dataclasses.replace(options, worker_threads=options.worker_threads or WORKERS)
    from appliance.engines.tensorrt import tf_trt

    try:
        version = tf_trt.tensorrt_version()
    except tf_trt.NotAvailableError as error:
        engine = _by_tensorrt(network, options, pictures, str(error))
    else:
        engine = _by_tensorflow(front, network, options, pictures, version)
    engine.workers = options.worker_threads
    return engine


def _facts(
    kind: str, graph: Graph, version: str, gpu: str, options: EngineOptions, pictures: Optional[Pictures]
) -> Dict[str, str]:
    """Return everything that a built engine depends on."""
    return {
        "kind": kind,
        "graph": hashlib.sha256(graph.message.SerializeToString(deterministic=True)).hexdigest(),
        "precision": options.precision,
        "tensorrt": version,
        "gpu": gpu,
        "pictures": pictures.digest() if pictures is not None else "",
    }


def _by_tensorflow(
    front: Front, network: Network, options: EngineOptions, pictures: Optional[Pictures], version: str
) -> Engine:
    import tensorflow as tf

    from appliance.engines.tensorflow.build import session_options
    from appliance.engines.tensorflow.engine import TensorFlowEngine
    from appliance.engines.tensorrt import tf_trt

    outputs = list(network.outputs)
    cuda = Cuda()
    facts = _facts("tf-trt " + tf.__version__, front.graph, version, cuda.identity(), options, pictures)
    cuda.close()
    cache = EngineCache(options.cache)
    built = cache.read(facts)
    if built is None:
        with _Building(f"TensorFlow {tf.__version__} with TensorRT {version}", options):
            in_tensorflow = sorted(front.graph.ancestors([network.input.node]))
            data = tf_trt.convert(front.graph, front.image, outputs, in_tensorflow, options.precision, pictures)
            built = Built(data, {})
        cache.write(facts, built)
    tf_trt.load_operations()
    engines, left = tf_trt.engine_nodes(built.data)
    log.info(
        "Engine: TensorRT %s in TensorFlow %s, %s; %d engines, %d operations left to TensorFlow%s",
        version, tf.__version__, options.precision, engines, left,
        "; it builds the engines of INT8 now, which takes minutes" if pictures is not None else "",
    )  # fmt: skip
    session = dataclasses.replace(session_options(options, options.worker_threads), fold_constants=True)
    graph = parse_graph(built.data, "the converted front", trusted=True)
    return TensorFlowEngine(graph, [front.image], outputs, session)


def _by_tensorrt(network: Network, options: EngineOptions, pictures: Optional[Pictures], no_tf_trt: str) -> Engine:
    try:
        trt = import_tensorrt()
    except ModelError as error:
        raise NotInstalledError(f"TensorRT is asked for and not here: {no_tf_trt}; {error}") from error
    log.debug("TensorRT by its own Python module: %s", no_tf_trt)
    cuda = Cuda()
    cuda.enter()
    try:
        facts = _facts("tensorrt", network.graph, trt.__version__, cuda.identity(), options, pictures)
        cache = EngineCache(options.cache)
        kept = cache.read(facts)
        engine: Optional[Engine] = None
        if kept is not None:
            try:
                engine = _load(trt, make_logger(trt), cuda, kept, network, options.worker_threads)
            except (ModelError, KeyError, ValueError, TypeError) as error:
                log.warning("%s: the built engine cannot be used (%s); it is built anew", cache.path(facts), error)
        if engine is None:
            logger = make_logger(trt)
            with _Building(f"TensorRT {trt.__version__}", options):
                built = _build(trt, logger, cuda, network, options, pictures)
            cache.write(facts, built)
            engine = _load(trt, logger, cuda, built, network, options.worker_threads)
    except BaseException:
        cuda.close()
        raise
    log.info("Engine: TensorRT %s, %s", trt.__version__, options.precision)
    return engine


def _build(
    trt: Any, logger: Any, cuda: Cuda, network: Network, options: EngineOptions, pictures: Optional[Pictures]
) -> Built:
    moving = network.graph.descendants([network.input.node])
    notes = _constant_outputs(network, options)
    outputs = tuple(tensor for tensor in network.outputs if tensor.node in moving)
    graph = keep(network.graph, [tensor.node for tensor in outputs])
    model = onnx.to_onnx(dataclasses.replace(network, graph=graph, outputs=outputs))
    calibrator = None
    if pictures is not None:
        resizer = _resizer(network)
        found = pictures

        def read(index: int) -> np.ndarray:
            return np.ascontiguousarray(resizer.resize(found.read(index)))

        calibrator = make_calibrator(trt, cuda, len(pictures), read)
    try:
        plan = build_plan(trt, logger, model, options.precision, calibrator)
    except ModelError:
        if calibrator is not None and calibrator.failure is not None:
            raise calibrator.failure from None
        raise
    finally:
        if calibrator is not None:
            calibrator.close()
    return Built(plan, notes)


def _constant_outputs(network: Network, options: EngineOptions) -> JsonObject:
    """Return the outputs that do not depend on the image, by name, such as the window that boxes are clipped to.

    TensorRT cannot return them.
    """
    moving = network.graph.descendants([network.input.node])
    fixed = [tensor for tensor in network.outputs if tensor.node not in moving]
    if not fixed:
        return {}
    from appliance.engines.tensorflow.build import session_options
    from appliance.engines.tensorflow.engine import TensorFlowEngine

    graph = keep(network.graph, [tensor.node for tensor in fixed])
    session = dataclasses.replace(session_options(options, options.worker_threads), fold_constants=True)
    engine = TensorFlowEngine(graph, [], fixed, session, on_cpu=True)
    values = zip(fixed, engine.run())
    notes = {str(tensor): {"dtype": str(value.dtype), "value": value.tolist()} for tensor, value in values}
    engine.close()
    return notes


def _load(trt: Any, logger: Any, cuda: Cuda, built: Built, network: Network, workers: int) -> Engine:
    constants = {name: np.array(note["value"], note["dtype"]) for name, note in built.notes.items()}
    names: List[str] = [str(tensor) for tensor in network.outputs]
    return TensorRTEngine(
        trt, logger, cuda, built.data, _resizer(network), str(network.input), names, constants, workers
    )


def _resizer(network: Network) -> Resizer:
    return Resizer(network.width, network.height, network.align_corners, network.half_pixel_centers)


class _Building:
    """Logs that a long build begins, and how long it took."""

    def __init__(self, what: str, options: EngineOptions) -> None:
        self._what, self._precision = what, options.precision
        self._began = 0.0

    def __enter__(self) -> None:
        log.info("Building the %s engine with %s; this takes minutes, once", self._precision, self._what)
        self._began = time.monotonic()

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is None:
            log.info("The engine was built in %.0f s", time.monotonic() - self._began)
