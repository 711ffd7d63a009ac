"""Compile a network with OpenVINO, and keep what it compiled.

OpenVINO chooses the kernels of its library, oneDNN, by a fixed order, in which the newest (`brgconv`) come first. On a
Zen 3 (AVX2) the older ones take an eighth to a fifth less time. So both are compiled, and the faster is kept.
"""

import hashlib
import logging
import os
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, List, Sequence
from xml.etree import ElementTree

import numpy as np

from appliance.engines.cache import Built, EngineCache
from appliance.errors import ModelError
from appliance.graph.frozen import Graph
from appliance.graph.network import Network

log = logging.getLogger(__name__)

Facts = Dict[str, str]

OLDER_KERNELS = ",".join("cpu:" + name for name in (
    "jit_avx512_1x1", "jit_avx512_dw", "jit_avx512", "jit_avx2_1x1", "jit_avx2_dw", "jit_avx2"))
"""Those that convolutions shall take, in this order, where the processor has them. OpenVINO's names."""

MEASURED = 0.5
"""Seconds for which the two are timed at the least; once for each model, machine and number of workers."""


def load_or_compile(
    openvino: Any, core: Any, network: Network, device: str, properties: Dict[str, Any], facts: Facts,
    cache: EngineCache,
) -> Any:
    """A compiled model. Raises ModelError where OpenVINO cannot take the network."""
    if device == "CPU":
        facts = dict(facts, kernels=OLDER_KERNELS, processor=_processor())
    kept = cache.read(facts)
    if kept is not None:
        try:
            return core.import_model(kept.data, device, properties)
        except RuntimeError as error:
            log.warning("%s: the compiled model cannot be used (%s); it is compiled anew",
                        cache.path(facts), _first_line(error))
    began = time.monotonic()
    try:
        compiled = _compile(openvino, core, network, device, properties)
        exported = compiled.export_model()
    except RuntimeError as error:
        raise ModelError("OpenVINO cannot take the network: {}. Take --engine tensorflow.".format(
            _first_line(error))) from error
    except OSError as error:
        raise ModelError("the network cannot be written to {} for OpenVINO: {}. Make room there, or set TMPDIR to "
                         "another folder.".format(tempfile.gettempdir(), error.strerror)) from error
    log.info("OpenVINO compiled the network in %.1f s; it is kept in %s", time.monotonic() - began, cache.path(facts))
    data = exported.getvalue() if hasattr(exported, "getvalue") else bytes(exported)
    cache.write(facts, Built(data, {}))
    return compiled


def _compile(openvino: Any, core: Any, network: Network, device: str, properties: Dict[str, Any]) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "network.pb")
        with open(path, "wb") as file:
            file.write(_explicit(network.graph).SerializeToString())
        model = core.read_model(path)
        compiled = core.compile_model(model, device, properties)
        if device != "CPU":
            return compiled
        image = np.zeros((1, network.height, network.width, 3), np.float32)
        try:
            other = core.compile_model(with_kernels(openvino, core, model, OLDER_KERNELS, folder), device, properties)
            if _outputs(other) != _outputs(compiled):
                raise RuntimeError("the outputs have other names")
            chosen = fastest([compiled, other], image)
        except (RuntimeError, OSError, ElementTree.ParseError) as error:  # a matter of speed alone
            log.info("OpenVINO's usual kernels are taken; oneDNN's older ones could not be tried: %s",
                     _first_line(error))
            return compiled
    log.info("The faster kernels here: %s", "OpenVINO's usual ones" if chosen is compiled else "oneDNN's older ones")
    return chosen


def _outputs(compiled: Any) -> List[Any]:
    return [output.get_names() for output in compiled.outputs]


def _processor() -> str:
    """What tells processors apart. Their names do not, where a hypervisor gives one name to several."""
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    of_the_first = text.split("\n\n")[0].splitlines()
    telling = [line for line in of_the_first if line.startswith(("cpu family", "model", "flags"))]
    return hashlib.sha256("\n".join(telling).encode("utf-8")).hexdigest()


def with_kernels(openvino: Any, core: Any, model: Any, kernels: str, folder: str) -> Any:
    """The model, `primitives_priority` of its convolutions set, which OpenVINO reads from files of its own only.

    folder: for such a file, which may go when the model is compiled.
    """
    path = os.path.join(folder, "network.xml")
    openvino.serialize(model, path, os.path.join(folder, "network.bin"))
    tree = ElementTree.parse(path)
    for layer in tree.iter("layer"):
        if layer.get("type") in ("Convolution", "GroupConvolution"):
            attributes = layer.find("rt_info")
            if attributes is None:
                attributes = ElementTree.SubElement(layer, "rt_info")
            ElementTree.SubElement(attributes, "attribute", name="primitives_priority", version="0", value=kernels)
    tree.write(path)
    return core.read_model(path)


def fastest(compiled: Sequence[Any], image: np.ndarray) -> Any:
    """The compiled model that takes the least time for an image.

    They take turns, and the best time of each counts: others may use the machine as well.
    """
    requests = [one.create_infer_request() for one in compiled]
    seconds: List[List[float]] = [[] for _ in compiled]
    began = time.perf_counter()
    # The first turn makes memory ready.
    while len(seconds[0]) < 3 or time.perf_counter() - began < MEASURED:
        for request, times in zip(requests, seconds):
            start = time.perf_counter()
            request.infer([image], share_inputs=True)
            times.append(time.perf_counter() - start)
    best = [min(times[1:]) for times in seconds]
    return compiled[best.index(min(best))]


def _explicit(graph: Graph) -> Any:
    """The graph, every constant with its shape: OpenVINO takes a scalar that leaves it out for an empty array."""
    message = type(graph.message).FromString(graph.message.SerializeToString())
    for node in message.node:
        if node.op == "Const":
            node.attr["value"].tensor.tensor_shape.SetInParent()
    return message


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if not line.startswith(("Exception from", "Check ", "FrontEnd API", "--"))]
    return (telling or lines or [type(error).__name__])[0].rstrip(".")
