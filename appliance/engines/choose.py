"""Choose what runs a front, make it ready, and say so. What is asked for and cannot be had is an error."""

import hashlib
import importlib.util
import logging
import platform
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Sequence

import numpy as np

from appliance.core.errors import GpuMemoryError, ModelError
from appliance.core.hardware import has_nvidia_gpu
from appliance.engines.base import Engine
from appliance.engines.cache import Built, EngineCache
from appliance.graph.read.backtrace import NotRecognisedError
from appliance.graph.read.frozen import Graph, Tensor
from appliance.graph.read.graph_file import parse_graph
from appliance.graph.recognise.suppression import Suppression
from appliance.graph.rewrite.backbone import Network, take_network
from appliance.graph.rewrite.split import keep

if TYPE_CHECKING:
    from appliance.engines.calibration import Pictures
    from appliance.engines.tensorflow import TensorFlowOptions

log = logging.getLogger(__name__)

AUTO, TENSORFLOW, TENSORRT, OPENVINO = "auto", "tensorflow", "tensorrt", "openvino"


class EngineChoice(NamedTuple):
    """What the settings ask for.

    engine: "auto", "tensorflow", "tensorrt" or "openvino". precision: FP32, FP16 or INT8 of a TensorRT engine;
    calibration_images: folder, for INT8. cache: where built engines are kept.
    """

    engine: str = TENSORFLOW
    precision: str = "FP32"
    calibration_images: Optional[str] = None
    cache: Path = Path("models/.engines")


def front_engine(
    front: Graph,
    image: Tensor,
    outputs: Sequence[Tensor],
    settings: Suppression,
    session: "TensorFlowOptions",
    choice: EngineChoice,
    batch: int = 1,
) -> Engine:
    """An engine for the front of an SSD or Faster R-CNN graph that resizes its BGR image itself.

    settings: of the suppression behind it. batch: how many images TensorFlow gets together, where the graph lets it.
    Raises ModelError where TensorRT is asked for and is not here or cannot take the model, ConfigError where INT8
    has no pictures to calibrate on.
    """
    if choice.engine != TENSORRT:
        return _tensorflow_engine(front, image, outputs, settings, session, batch)
    try:
        network = take_network(front, image.node, outputs)
    except NotRecognisedError as error:
        raise ModelError(f"TensorRT cannot run this model: {error}. Take --engine tensorflow.") from error
    pictures = _pictures(choice)
    from appliance.engines import tf_trt

    try:
        version = tf_trt.tensorrt_version()
    except tf_trt.NotAvailableError as error:
        return _by_tensorrt(network, session, choice, pictures, str(error))
    return _by_tensorflow(front, image, network, session, choice, pictures, version)


def _tensorflow_engine(
    front: Graph,
    image: Tensor,
    outputs: Sequence[Tensor],
    settings: Suppression,
    session: "TensorFlowOptions",
    batch: int,
) -> Engine:
    from appliance.engines.tensorflow import TensorFlowEngine

    while batch > 1:
        from appliance.engines.batches import BatchEngine

        try:
            network = take_network(front, image.node, outputs)
            return BatchEngine(network, settings, session, batch)
        except GpuMemoryError as error:
            batch //= 2
            log.info("%d images at a time: the GPU's memory does not hold more (%s)", batch, error)
        except (NotRecognisedError, ModelError) as error:
            log.info("One image at a time: the graph does not take several (%s)", error)
            break
    return TensorFlowEngine(front, [image], outputs, session)


def openvino_engine(
    front: Graph, image: Tensor, outputs: Sequence[Tensor], choice: EngineChoice, workers: int
) -> Optional[Engine]:
    """The front of an SSD graph on OpenVINO, where that is asked for or is the fastest here; else None.

    Nothing of TensorFlow is loaded. Raises ModelError where OpenVINO is asked for and is not here, or cannot take the
    model.
    """
    if choice.engine not in (AUTO, OPENVINO) or (choice.engine == AUTO and not _is_for_openvino()):
        return None
    from appliance.engines import openvino as engine

    try:
        openvino = engine.import_openvino()
    except ImportError as error:
        if choice.engine == OPENVINO:
            raise ModelError(
                f"OpenVINO is asked for and not here ({error}): pip install -r requirements/openvino.txt. It "
                "needs Python 3.9 or newer."
            ) from error
        return None
    try:
        network = take_network(front, image.node, outputs)
        if choice.engine == AUTO and is_quantized(network.graph):
            log.info("Engine: TensorFlow; of a quantized graph OpenVINO finds not quite the same")
            return None
        digest = hashlib.sha256(network.graph.message.SerializeToString(deterministic=True)).hexdigest()
        loaded = engine.OpenVinoEngine(openvino, network, {"graph": digest}, workers, EngineCache(choice.cache))
    except (NotRecognisedError, ModelError) as error:
        if choice.engine == OPENVINO:
            raise ModelError(f"OpenVINO cannot run this model: {error}") from error
        log.info("Engine: TensorFlow; OpenVINO cannot run this model: %s", error)
        return None
    log.debug(
        "Engine: OpenVINO %s, f32, on the %s%s",
        openvino.__version__.split("-")[0],
        loaded.device,
        " (the fastest here: x86 without an NVIDIA GPU)" if choice.engine == AUTO else "",
    )
    return loaded


def automatic_engine(family: str, front: Optional[Graph]) -> str:
    """What `auto` takes here for a model of this family. front: of its fast path, if it has one.

    Should OpenVINO then refuse the network, TensorFlow runs it.
    """
    if family != "ssd" or front is None or is_quantized(front) or not _is_for_openvino():
        return TENSORFLOW
    return OPENVINO if importlib.util.find_spec("openvino") is not None else TENSORFLOW


def is_quantized(graph: Graph) -> bool:
    """Whether a graph was trained for INT8: its values are rounded to steps, and a last bit may move one by a step."""
    return any(node.op.startswith("FakeQuant") for node in graph.nodes.values())


def is_x86() -> bool:
    """Whether this is a PC's processor: fast beside any GPU."""
    return platform.machine() in ("x86_64", "AMD64")


def _is_for_openvino() -> bool:
    """x86, and no NVIDIA GPU, which TensorFlow would use."""
    return is_x86() and not has_nvidia_gpu()


def refuse_other_engines(choice: EngineChoice, family: str, reason: str) -> None:
    """Raises ModelError where one is asked for a model that does not run on the fast path of an SSD graph."""
    if choice.engine in (AUTO, TENSORFLOW):
        return
    if family != "ssd":
        reason = f"this is a {family.replace('_', ' ')} graph"
    name, remedy = "OpenVINO", "engine: openvino"
    if choice.engine == TENSORRT:
        name, remedy = "TensorRT", "engine: tensorrt and model_type: trt_v1"
    raise ModelError(
        f"{name} runs the fast path of SSD graphs only; {reason}. Take out {remedy}, or add --engine tensorflow."
    )


def _pictures(choice: EngineChoice) -> "Optional[Pictures]":
    if choice.precision != "INT8":
        return None
    from appliance.engines.calibration import Pictures

    return Pictures(choice.calibration_images)


def _facts(
    kind: str, graph: Graph, version: str, gpu: str, choice: EngineChoice, pictures: "Optional[Pictures]"
) -> Dict[str, str]:
    """All that a built engine depends on."""
    return {
        "kind": kind,
        "graph": hashlib.sha256(graph.message.SerializeToString(deterministic=True)).hexdigest(),
        "precision": choice.precision,
        "tensorrt": version,
        "gpu": gpu,
        "pictures": pictures.digest() if pictures is not None else "",
    }


def _by_tensorflow(
    front: Graph,
    image: Tensor,
    network: Network,
    session: "TensorFlowOptions",
    choice: EngineChoice,
    pictures: "Optional[Pictures]",
    version: str,
) -> Engine:
    import tensorflow as tf

    from appliance.engines import tf_trt
    from appliance.engines.cuda import Cuda
    from appliance.engines.tensorflow import TensorFlowEngine

    outputs = list(network.outputs)
    cuda = Cuda()
    facts = _facts("tf-trt " + tf.__version__, front, version, cuda.identity(), choice, pictures)
    cuda.close()
    cache = EngineCache(choice.cache)
    built = cache.read(facts)
    if built is None:
        with _Building(f"TensorFlow {tf.__version__} with TensorRT {version}", choice):
            in_tensorflow = sorted(front.ancestors([network.input.node]))
            data = tf_trt.convert(front, image, outputs, in_tensorflow, choice.precision, pictures)
            built = Built(data, {})
        cache.write(facts, built)
    tf_trt.load_operations()
    engines, left = tf_trt.engine_nodes(built.data)
    log.info(
        "Engine: TensorRT %s in TensorFlow %s, %s; %d engines, %d operations left to TensorFlow%s",
        version, tf.__version__, choice.precision, engines, left,
        "; it builds the engines of INT8 now, which takes minutes" if pictures is not None else "",
    )  # fmt: skip
    return TensorFlowEngine(parse_graph(built.data, "the converted front", trusted=True), [image], outputs, session)


def _by_tensorrt(
    network: Network,
    session: "TensorFlowOptions",
    choice: EngineChoice,
    pictures: "Optional[Pictures]",
    no_tf_trt: str,
) -> Engine:
    from appliance.engines.cuda import Cuda
    from appliance.engines.tensorrt_build import import_tensorrt, make_logger

    try:
        trt = import_tensorrt()
    except ModelError as error:
        raise ModelError(f"TensorRT is asked for and not here: {no_tf_trt}; {error}") from error
    log.debug("TensorRT by its own Python module: %s", no_tf_trt)
    cuda = Cuda()
    cuda.enter()
    try:
        facts = _facts("tensorrt", network.graph, trt.__version__, cuda.identity(), choice, pictures)
        cache = EngineCache(choice.cache)
        kept = cache.read(facts)
        engine: Optional[Engine] = None
        if kept is not None:
            try:
                engine = _load(trt, make_logger(trt), cuda, kept, network, session.workers)
            except (ModelError, KeyError, ValueError, TypeError) as error:
                log.warning("%s: the built engine cannot be used (%s); it is built anew", cache.path(facts), error)
        if engine is None:
            logger = make_logger(trt)
            with _Building(f"TensorRT {trt.__version__}", choice):
                built = _build(trt, logger, cuda, network, session, choice, pictures)
            cache.write(facts, built)
            engine = _load(trt, logger, cuda, built, network, session.workers)
    except BaseException:
        cuda.close()
        raise
    log.info("Engine: TensorRT %s, %s", trt.__version__, choice.precision)
    return engine


def _build(
    trt: Any,
    logger: Any,
    cuda: Any,
    network: Network,
    session: "TensorFlowOptions",
    choice: EngineChoice,
    pictures: "Optional[Pictures]",
) -> Built:
    from appliance.engines.onnx import to_onnx
    from appliance.engines.tensorflow import TensorFlowEngine
    from appliance.engines.tensorrt_build import build_plan, make_calibrator

    moving = network.graph.descendants([network.input.node])
    fixed = [tensor for tensor in network.outputs if tensor.node not in moving]
    notes: Dict[str, Any] = {}
    if fixed:
        # The window that boxes are clipped to, for one: TensorRT has no use for what depends on nothing.
        engine = TensorFlowEngine(keep(network.graph, [t.node for t in fixed]), [], fixed, session, on_cpu=True)
        values = zip(fixed, engine.run())
        notes = {str(tensor): {"dtype": str(value.dtype), "value": value.tolist()} for tensor, value in values}
        engine.close()
    outputs = tuple(tensor for tensor in network.outputs if tensor.node in moving)
    graph = keep(network.graph, [tensor.node for tensor in outputs])
    onnx = to_onnx(replace(network, graph=graph, outputs=outputs))
    calibrator = None
    if pictures is not None:
        resizer = _resizer(network)
        found = pictures

        def read(index: int) -> np.ndarray:
            return np.ascontiguousarray(resizer.resize(found.read(index)))

        calibrator = make_calibrator(trt, cuda, len(pictures), read)
    try:
        plan = build_plan(trt, logger, onnx, choice.precision, calibrator)
    except ModelError:
        if calibrator is not None and calibrator.failure is not None:
            raise calibrator.failure from None
        raise
    finally:
        if calibrator is not None:
            calibrator.close()
    return Built(plan, notes)


def _load(trt: Any, logger: Any, cuda: Any, built: Built, network: Network, workers: int) -> Engine:
    from appliance.engines.tensorrt import TensorRTEngine

    constants = {name: np.array(note["value"], note["dtype"]) for name, note in built.notes.items()}
    names: List[str] = [str(tensor) for tensor in network.outputs]
    return TensorRTEngine(
        trt, logger, cuda, built.data, _resizer(network), str(network.input), names, constants, workers
    )


def _resizer(network: Network) -> Any:
    from appliance.engines.resize import Resizer

    return Resizer(network.width, network.height, network.align_corners, network.half_pixel_centers)


class _Building:
    """Says that something long begins, and how long it took."""

    def __init__(self, what: str, choice: EngineChoice) -> None:
        self._what, self._precision = what, choice.precision
        self._began = 0.0

    def __enter__(self) -> None:
        log.info("Building the %s engine with %s; this takes minutes, once", self._precision, self._what)
        self._began = time.monotonic()

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is None:
            log.info("The engine was built in %.0f s", time.monotonic() - self._began)
