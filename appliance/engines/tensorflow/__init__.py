"""TensorFlow: runs every graph, on the processor or an NVIDIA GPU."""

import re
from typing import TYPE_CHECKING, Optional

from appliance.core import findings
from appliance.core.findings import MISSING, NOTE, OK, Finding, Probe, how_to_install
from appliance.core.hardware import Machine
from appliance.engines.description import BenchFacts, EngineDescription, EngineOptions, Front, Part, TuneFacts

if TYPE_CHECKING:
    from appliance.engines.base import Engine

PROBE = """
import json, tensorflow as tf
gpus = [tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name)
        for gpu in tf.config.list_physical_devices("GPU")]
print(json.dumps({"version": tf.__version__, "cuda": tf.test.is_built_with_cuda(), "gpus": gpus}))
"""


def _build_front(front: Front, options: EngineOptions) -> "Engine":
    from appliance.engines.tensorflow.build import build_front

    return build_front(front, options)


def _build_part(part: Part, options: EngineOptions) -> "Engine":
    from appliance.engines.tensorflow.build import build_part

    return build_part(part, options)


def _has_gpu() -> bool:
    from appliance.engines.tensorflow.engine import gpu_names

    return bool(gpu_names())


def _suits(machine: Machine) -> bool:
    return True


def _check(machine: Machine) -> Optional[Finding]:
    return check(findings.probe(PROBE), machine)


def check(tensorflow: Probe, machine: Machine) -> Finding:
    """Return the finding for `doctor`. A GPU that TensorFlow cannot use is a note at most: the CPU runs everything."""
    nvidia_build = "use the container image for this JetPack, or NVIDIA's TensorFlow wheel for it"
    if tensorflow.facts is None:
        remedy = nvidia_build if machine.is_jetson else how_to_install("tensorflow")
        return Finding(MISSING, "TensorFlow", tensorflow.complaint, remedy)
    version, gpus = tensorflow.facts["version"], tensorflow.facts["gpus"]
    if gpus:
        return Finding(OK, "TensorFlow", f"{version} on {', '.join(gpus)}")
    if not machine.has_nvidia_gpu:
        return Finding(OK, "TensorFlow", f"{version} on the CPU; there is no NVIDIA GPU")
    found = f"{version} on the CPU only, though there is an NVIDIA GPU: "
    if not tensorflow.facts["cuda"]:
        remedy = nvidia_build if machine.is_jetson else "make clean; make setup TENSORFLOW=gpu"
        return Finding(NOTE, "TensorFlow", found + "it was built without CUDA", remedy)
    remedy = (
        "install what it names"
        if machine.is_jetson
        else (
            "check that nvidia-smi lists the card, and in a container that it was started with --gpus all;\n"
            f"the CUDA libraries come with: {how_to_install('gpu').partition('or: ')[2]}"
        )
    )
    return Finding(NOTE, "TensorFlow", found + cuda_complaint(tensorflow.complaint), remedy)


def cuda_complaint(stderr: str) -> str:
    """Return the line of TensorFlow's start-up output that says why it uses no GPU."""
    for line in stderr.splitlines():
        if re.search(r"dlopen|dynamic library|libcud|cuInit|CUDA_ERROR|cuda drivers", line, re.IGNORECASE):
            return re.sub(r"^.*?\.cc:\d+\]\s*", "", line)
    return "it does not say why"


ENGINE = EngineDescription(
    name="tensorflow",
    title="TensorFlow",
    module="tensorflow",
    runs_any_graph=True,
    rank=100,
    build_front=_build_front,
    build_part=_build_part,
    has_gpu=_has_gpu,
    suits=_suits,
    # The `tensorflow` package itself may not be loaded: see parts.py.
    version=("tensorflow.python.framework.versions", "VERSION"),
    check=_check,
    tune=TuneFacts(on_gpu=True, batches=True, has_xla=True),
    bench=BenchFacts(is_built_first=False, first_detection_s=6.0, memory_mb=900.0),
)
