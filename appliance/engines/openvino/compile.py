"""Compile a network with OpenVINO, and cache the result.

OpenVINO chooses among the kernels of its library, oneDNN, in a fixed order with the newest (`brgconv`) first. These
were made for AVX-512. On a processor that only has AVX2 they are 12 to 20 % slower than the older ones (measured on a
Zen 3), so the older ones are requested there.
"""

import logging
import os
import tempfile
import time
from typing import Any, Collection, Dict, Mapping, Union
from xml.etree import ElementTree

from appliance.core.errors import ModelError
from appliance.engines.cache import Built, EngineCache
from appliance.graph.read.frozen import Graph
from appliance.graph.rewrite.backbone import Network

log = logging.getLogger(__name__)

Facts = Dict[str, str]

AVX2_KERNELS = "cpu:jit_avx2_1x1,cpu:jit_avx2_dw,cpu:jit_avx2"
"""OpenVINO's names of kernels for convolutions, in order of preference."""


def load_or_compile(
    openvino: Any,
    core: Any,
    network: Network,
    device: str,
    properties: Mapping[str, Union[str, int]],
    facts: Facts,
    cache: EngineCache,
) -> Any:
    """Return a compiled model. Raises ModelError if OpenVINO cannot compile the network."""
    if device == "CPU":
        facts = dict(facts, kernels=wanted_kernels(_processor_flags()))
    kept = cache.read(facts)
    if kept is not None:
        try:
            return core.import_model(kept.data, device, properties)
        except RuntimeError as error:
            log.warning(
                "%s: the compiled model cannot be used (%s); it is compiled anew", cache.path(facts), _first_line(error)
            )
    began = time.monotonic()
    try:
        compiled = _compile(openvino, core, network, device, properties, facts.get("kernels", ""))
        exported = compiled.export_model()
    except RuntimeError as error:
        raise ModelError(
            f"OpenVINO cannot take the network: {_first_line(error)}. Take --engine tensorflow."
        ) from error
    except OSError as error:
        raise ModelError(
            f"the network cannot be written to {tempfile.gettempdir()} for OpenVINO: {error.strerror}. Make room there,"
            " or set TMPDIR to another folder."
        ) from error
    log.info("OpenVINO compiled the network in %.1f s; it is kept in %s", time.monotonic() - began, cache.path(facts))
    data = exported.getvalue() if hasattr(exported, "getvalue") else bytes(exported)
    cache.write(facts, Built(data, {}))
    return compiled


def _compile(
    openvino: Any, core: Any, network: Network, device: str, properties: Mapping[str, Union[str, int]], kernels: str
) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "network.pb")
        with open(path, "wb") as file:
            file.write(_explicit(network.graph).SerializeToString())
        model = core.read_model(path)
        if kernels:
            try:
                return core.compile_model(with_kernels(openvino, core, model, kernels, folder), device, properties)
            except (RuntimeError, ElementTree.ParseError) as error:  # affects speed only
                log.warning(
                    "OpenVINO does not take the kernels that are faster here, and runs by others: %s",
                    _first_line(error),
                )
        return core.compile_model(model, device, properties)


def wanted_kernels(flags: Collection[str]) -> str:
    """Return the kernels to request on a processor with these flags (of /proc/cpuinfo); "" for OpenVINO's choice."""
    return AVX2_KERNELS if "avx2" in flags and "avx512f" not in flags else ""


def _processor_flags() -> Collection[str]:
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        return next((line.split() for line in file if line.startswith("flags")), [])


def with_kernels(openvino: Any, core: Any, model: Any, kernels: str, folder: str) -> Any:
    """Return the model with `primitives_priority` set for its convolutions.

    OpenVINO reads this attribute only from its own model files.

    Args:
        folder: Where to write such a file; it can be deleted once the model is compiled.
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


def _explicit(graph: Graph) -> Any:
    """Return the graph with a shape for every constant: OpenVINO reads a scalar without one as an empty array."""
    message = type(graph.message).FromString(graph.message.SerializeToString())
    for node in message.node:
        if node.op == "Const":
            node.attr["value"].tensor.tensor_shape.SetInParent()
    return message


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if not line.startswith(("Exception from", "Check ", "FrontEnd API", "--"))]
    return (telling or lines or [type(error).__name__])[0].rstrip(".")
