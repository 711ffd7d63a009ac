"""The OpenVINO engine: runs the network of an SSD front on an x86 processor or its integrated GPU.

One thread computes one frame, and several frames are computed at once: two threads per frame cost more processor time
than two workers with one thread each. The precision is forced to f32, as some processors would use bf16 by default,
which changes scores by up to 0.13.
"""

import hashlib
import logging
import os
import threading
from typing import Any, Dict, List, Sequence, Tuple, Union

import cv2
import numpy as np

from appliance.core.errors import ModelError
from appliance.core.hardware import available_cores
from appliance.engines.base import Engine
from appliance.engines.cache import EngineCache
from appliance.engines.description import EngineOptions, Front, NotInstalledError
from appliance.engines.openvino.compile import load_or_compile
from appliance.engines.resize import Resizer
from appliance.graph.read.backtrace import NotRecognisedError
from appliance.graph.rewrite.backbone import Network, take_network

log = logging.getLogger(__name__)


def import_openvino() -> Any:
    """Return the module. Raises ImportError."""
    os.environ.setdefault("OPENVINO_TELEMETRY_OPT_OUT", "1")
    import openvino

    if not (hasattr(openvino, "Core") and hasattr(openvino, "serialize")):  # old releases have them elsewhere
        raise ImportError("OpenVINO 2024.0 or newer is needed")
    return openvino


def build_front(front: Front, options: EngineOptions) -> Engine:
    """Build an engine for the front of an SSD graph, without loading TensorFlow.

    Raises:
        ModelError: OpenVINO is not installed, or cannot run the model.
    """
    try:
        openvino = import_openvino()
    except ImportError as error:
        raise NotInstalledError(
            f"OpenVINO is asked for and not here ({error}): pip install -r requirements/openvino.txt. It "
            "needs Python 3.9 or newer."
        ) from error
    workers = options.worker_threads or available_cores()
    try:
        network = take_network(front.graph, front.image.node, front.outputs)
        digest = hashlib.sha256(network.graph.message.SerializeToString(deterministic=True)).hexdigest()
        engine = OpenVinoEngine(openvino, network, {"graph": digest}, workers, EngineCache(options.cache))
    except (NotRecognisedError, ModelError) as error:
        raise ModelError(f"OpenVINO cannot run this model: {error}") from error
    log.debug("Engine: OpenVINO %s, f32, on the %s", openvino.__version__.split("-")[0], engine.device)
    return engine


class OpenVinoEngine(Engine):
    """The network of an SSD front, compiled for a number of threads."""

    name = "openvino"

    def __init__(
        self, openvino: Any, network: Network, facts: Dict[str, str], workers: int, cache: EngineCache
    ) -> None:
        """Compile a network, or load it from the cache.

        Args:
            openvino: The module.
            network: The network to run.
            facts: What else the compiled model depends on, for the cache.
            workers: Number of threads that will call `run` at once.
            cache: The cache of compiled models.

        Raises:
            ModelError: OpenVINO cannot run the network.
        """
        self.workers = workers
        self._resizer = Resizer(network.width, network.height, network.align_corners, network.half_pixel_centers)
        core = openvino.Core()
        # With an integrated GPU the processor is free for the rest of the loop.
        device = next((name for name in core.available_devices if name.startswith("GPU")), "CPU")
        self.device = device.split(".")[0]
        properties: Dict[str, Union[str, int]] = {"INFERENCE_PRECISION_HINT": "f32"}
        if device == "CPU":
            properties.update(NUM_STREAMS=str(workers), INFERENCE_NUM_THREADS=workers)
        facts = dict(
            facts,
            kind="openvino",
            version=openvino.get_version(),
            workers=str(workers),
            device=str(core.get_property(device, "FULL_DEVICE_NAME")),
        )
        self._compiled = load_or_compile(openvino, core, network, device, properties, facts, cache)
        self._order = _output_order(self._compiled, network)
        if device == "CPU" and workers >= available_cores():
            # Every core has work already, and OpenCV's idle threads spin, for 0.5 ms of processor time per frame.
            cv2.setNumThreads(1)
        self._requests = threading.local()

    def run(self, *feeds: np.ndarray) -> List[np.ndarray]:
        request = getattr(self._requests, "request", None)
        if request is None:
            request = self._requests.request = self._compiled.create_infer_request()
        request.infer([self._resizer.resize(feeds[0][0])], share_inputs=True)
        # Copies: this thread's next frame overwrites the request's arrays while the back still reads them.
        return [request.get_output_tensor(index).data.copy() for index in self._order]

    def close(self) -> None:
        self._requests = threading.local()
        self._compiled = None


def _output_order(compiled: Any, network: Network) -> Sequence[int]:
    """Return, for each output of the network, its index among the compiled model's outputs."""
    names: List[Tuple[int, Any]] = [(index, output.get_names()) for index, output in enumerate(compiled.outputs)]
    order = []
    for tensor in network.outputs:
        wanted = {str(tensor), tensor.node} if tensor.output == 0 else {str(tensor)}
        found = [index for index, known in names if wanted & set(known)]
        if not found:
            raise ModelError(f"OpenVINO lost the output {tensor} of the network. Take --engine tensorflow.")
        order.append(found[0])
    return order
