"""TensorRT through TensorFlow's own converter (TF-TRT), which 1.15 to 2.17 have where they were built with it.

The converted front is a graph again, with TRTEngineOp nodes for what TensorRT takes; the TensorFlow engine runs it.
The converter is the one for graphs (`TrtGraphConverter`): its class is the same from 1.15 on, except for the name of
one argument.
"""

import ctypes
import importlib
import inspect
import subprocess
import sys
from typing import Any, List, Optional, Sequence, Tuple

import numpy as np
import tensorflow as tf

from appliance.core.errors import ModelError
from appliance.core.process import tied_to_us
from appliance.engines.tensorflow.engine import gpu_names
from appliance.engines.tensorrt.calibration import Pictures
from appliance.graph.read.frozen import Graph, Tensor

# Where TensorFlow says what it was built with: 2.x, 1.15.
_BUILD_MODULES = ("tensorflow.compiler.tf2tensorrt._pywrap_py_utils", "tensorflow.compiler.tf2tensorrt.wrap_py_utils")
# As the converter has it by default: a smaller piece is faster in TensorFlow than the change to TensorRT and back.
_SMALLEST_SEGMENT = 3
_WORKSPACE_BYTES = 1 << 28
_PROBE_SECONDS = 120


class NotAvailableError(Exception):
    """Why this TensorFlow cannot use TensorRT, in a sentence."""


def tensorrt_version() -> str:
    """The TensorRT that TensorFlow uses. Raises NotAvailableError."""
    build = _build_module()
    linked: Tuple[int, ...] = tuple(build.get_linked_tensorrt_version()) if build is not None else ()
    if build is None or not any(linked):
        raise NotAvailableError(f"TensorFlow {tf.__version__} was built without TensorRT")
    # 2.x tries the libraries for this answer; 1.15 tells how it was built.
    if not build.is_tensorrt_enabled():
        raise _missing(linked)
    _check_library(build.__name__, linked)
    if not gpu_names():
        raise NotAvailableError(f"TensorFlow {tf.__version__} sees no GPU")
    return ".".join(str(number) for number in build.get_loaded_tensorrt_version())


def convert(
    front: Graph,
    image: Tensor,
    outputs: Sequence[Tensor],
    in_tensorflow: Sequence[str],
    precision: str,
    pictures: Optional[Pictures],
) -> bytes:
    """The front converted, as the bytes of a GraphDef.

    in_tensorflow: nodes that are to stay TensorFlow's. precision: FP32, FP16, or INT8, which needs pictures.
    With FP32 and FP16 the engines are in the graph; with INT8 the ranges are, and each start builds the engines from
    them. Raises ModelError.
    """
    trt_convert = load_operations()
    converter_class = trt_convert.TrtGraphConverter
    # 2.4 renamed it.
    parameters = inspect.signature(converter_class.__init__).parameters
    kept = "nodes_denylist" if "nodes_denylist" in parameters else "nodes_blacklist"
    names = sorted({tensor.node for tensor in outputs} | set(in_tensorflow))
    try:
        with tf.Graph().as_default():  # it refuses to work eagerly
            converter = converter_class(
                input_graph_def=_message(front, image),
                max_batch_size=1,
                max_workspace_size_bytes=_WORKSPACE_BYTES,
                precision_mode=precision,
                minimum_segment_size=_SMALLEST_SEGMENT,
                is_dynamic_op=pictures is not None,
                use_calibration=pictures is not None,
                **{kept: names},
            )
            converted = converter.convert()
            if pictures is not None:
                converted = _calibrate(converter, image, outputs, pictures)
    except (RuntimeError, ValueError, tf.errors.OpError) as error:
        raise ModelError(
            f"TensorFlow {tf.__version__} cannot convert this model for TensorRT ({error}). Run it with --engine"
            " tensorflow."
        ) from error
    if not any(node.op == "TRTEngineOp" for node in converted.node):
        raise ModelError(
            f"TensorFlow {tf.__version__} found nothing in this model that TensorRT can run. Run it with --engine "
            "tensorflow."
        )
    data: bytes = converted.SerializeToString()
    return data


def load_operations() -> Any:
    """TensorFlow's converter module; importing it makes TRTEngineOp known to this process."""
    return importlib.import_module("tensorflow.python.compiler.tensorrt.trt_convert")


def _calibrate(converter: Any, image: Tensor, outputs: Sequence[Tensor], pictures: Pictures) -> Any:
    indices = iter(range(len(pictures)))

    def feed() -> Any:
        return {str(image): pictures.read(next(indices))[np.newaxis]}

    return converter.calibrate(
        fetch_names=[str(tensor) for tensor in outputs], num_runs=len(pictures), feed_dict_fn=feed
    )


def _message(front: Graph, image: Tensor) -> Any:
    """The front for one image at a time: engines can be built before the first picture only for known sizes."""
    message = tf.compat.v1.GraphDef.FromString(front.message.SerializeToString())
    for node in message.node:
        if node.name == image.node:
            shape = node.attr["shape"].shape
            shape.Clear()
            for size in (1, -1, -1, 3):
                shape.dim.add(size=size)
    return message


def _build_module() -> Optional[Any]:
    for name in _BUILD_MODULES:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    return None


def _check_library(build_module: str, linked: Tuple[int, ...]) -> None:
    """Raises NotAvailableError where TensorRT's library is missing: TensorFlow ends the process over that."""
    exact = "libnvinfer.so." + ".".join(str(number) for number in linked)
    if _loads(exact):
        return
    if not _loads(f"libnvinfer.so.{linked[0]}"):
        raise _missing(linked)
    # Which of the two names it asks for was fixed when it was built; only trying tells.
    program = f"import importlib; importlib.import_module({build_module!r}).get_loaded_tensorrt_version()"
    try:
        done = subprocess.run(
            [sys.executable, "-c", program],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_PROBE_SECONDS,
            preexec_fn=tied_to_us(),
        )
    except subprocess.TimeoutExpired:
        raise _missing(linked) from None
    if done.returncode != 0:
        raise _missing(linked)


def _missing(linked: Tuple[int, ...]) -> NotAvailableError:
    return NotAvailableError(
        f"TensorFlow {tf.__version__} needs TensorRT {'.'.join(str(number) for number in linked)}, whose library"
        f" libnvinfer.so.{linked[0]} cannot be loaded"
    )


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def engine_nodes(data: bytes) -> Tuple[int, int]:
    """How many TensorRT engines a converted graph has, and how many nodes are left to TensorFlow."""
    message = tf.compat.v1.GraphDef.FromString(data)
    operations: List[str] = [node.op for node in message.node if node.op not in ("Const", "Placeholder")]
    engines = operations.count("TRTEngineOp")
    return engines, len(operations) - engines
