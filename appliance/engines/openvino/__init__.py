"""OpenVINO: runs the networks of SSD models on x86 processors and their integrated GPUs."""

import sys
from typing import TYPE_CHECKING, Optional

from appliance.core import findings
from appliance.core.findings import NOTE, OK, Finding, Probe, how_to_install
from appliance.core.hardware import Machine
from appliance.engines.description import BenchFacts, EngineDescription, EngineOptions, Front

if TYPE_CHECKING:
    from appliance.engines.base import Engine
    from appliance.graph.read.frozen import Graph

PROBE = """
import json, openvino
print(json.dumps({"version": openvino.__version__.split("-")[0]}))
"""


def _build_front(front: Front, options: EngineOptions) -> "Engine":
    from appliance.engines.openvino.engine import build_front

    return build_front(front, options)


def _suits(machine: Machine) -> bool:
    """Return whether there is no NVIDIA GPU; TensorFlow uses those."""
    return machine.is_x86 and not machine.has_nvidia_gpu


def _objection(graph: "Graph") -> str:
    """Return a reason if the graph was trained for INT8.

    It rounds its values to steps, so a difference in the last bit may become one of a whole step.
    """
    is_quantized = any(node.op.startswith("FakeQuant") for node in graph.nodes.values())
    return "of a quantized graph OpenVINO finds not quite the same" if is_quantized else ""


def _check(machine: Machine) -> Optional[Finding]:
    # `auto` never chooses it on other architectures.
    return check(findings.probe(PROBE)) if _suits(machine) and sys.version_info >= (3, 9) else None


def check(openvino: Probe) -> Finding:
    """Return the finding for a PC without an NVIDIA GPU, where TensorFlow runs everything if OpenVINO is missing."""
    if openvino.facts is None:
        found = "SSD models run on TensorFlow, which is slower here: " + openvino.complaint
        return Finding(NOTE, "OpenVINO", found, how_to_install("openvino"))
    return Finding(OK, "OpenVINO", f"{openvino.facts['version']}; SSD models run on it")


ENGINE = EngineDescription(
    name="openvino",
    title="OpenVINO",
    module="openvino",
    rank=10,
    auto_when="for SSD models on x86 without an NVIDIA GPU, where it is installed",
    precisions=("FP32",),
    build_front=_build_front,
    suits=_suits,
    objection=_objection,
    version=("openvino", "__version__"),
    check=_check,
    bench=BenchFacts(first_detection_s=2.0, memory_mb=350.0),
)
