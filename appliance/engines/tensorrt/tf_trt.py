"""TensorRT through TensorFlow's own converter (TF-TRT), which builds of 1.15 to 2.17 may include.

The converted front is again a graph, with TRTEngineOp nodes for what TensorRT runs; the TensorFlow engine runs it. The
converter is the one for graphs (`TrtGraphConverter`): the same class since 1.15, except for one argument's name.
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

# Modules that report what TensorFlow was built with: 2.x, 1.15.
_BUILD_MODULES = ("tensorflow.compiler.tf2tensorrt._pywrap_py_utils", "tensorflow.compiler.tf2tensorrt.wrap_py_utils")
# The converter's default: a smaller segment is faster in TensorFlow than a switch to TensorRT and back.
_SMALLEST_SEGMENT = 3
_WORKSPACE_BYTES = 1 << 28
_PROBE_SECONDS = 120


class NotAvailableError(Exception):
    """This TensorFlow cannot use TensorRT; the message is the reason, in a sentence."""


def tensorrt_version() -> str:
    """Return the version of TensorRT that TensorFlow uses. Raises NotAvailableError."""
    build = _build_module()
    linked: Tuple[int, ...] = tuple(build.get_linked_tensorrt_version()) if build is not None else ()
    if build is None or not any(linked):
        raise NotAvailableError(f"TensorFlow {tf.__version__} was built without TensorRT")
    # 2.x tries to load the libraries; 1.15 reports how it was built.
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
    """Convert a front.

    With FP32 and FP16 the graph holds the engines. With INT8 it holds the ranges, and each start builds the engines.

    Args:
        front: The graph to convert.
        image: Its input.
        outputs: Its outputs.
        in_tensorflow: Names of the nodes that TensorFlow must run.
        precision: FP32, FP16 or INT8.
        pictures: Required for INT8.

    Returns:
        A serialized GraphDef.

    Raises:
        ModelError: It cannot be converted.
    """
    trt_convert = load_operations()
    converter_class = trt_convert.TrtGraphConverter
    # Renamed in 2.4.
    parameters = inspect.signature(converter_class.__init__).parameters
    kept = "nodes_denylist" if "nodes_denylist" in parameters else "nodes_blacklist"
    names = sorted({tensor.node for tensor in outputs} | set(in_tensorflow))
    try:
        with tf.Graph().as_default():  # it does not support eager mode
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
    """Return TensorFlow's converter module. Importing it registers TRTEngineOp in this process."""
    return importlib.import_module("tensorflow.python.compiler.tensorrt.trt_convert")


def _calibrate(converter: Any, image: Tensor, outputs: Sequence[Tensor], pictures: Pictures) -> Any:
    indices = iter(range(len(pictures)))

    def feed() -> Any:
        return {str(image): pictures.read(next(indices))[np.newaxis]}

    return converter.calibrate(
        fetch_names=[str(tensor) for tensor in outputs], num_runs=len(pictures), feed_dict_fn=feed
    )


def _message(front: Graph, image: Tensor) -> Any:
    """Return the front for one image at a time: engines can be built before the first image only for known sizes."""
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
    """Raise NotAvailableError if TensorRT's library is missing; TensorFlow would abort the process."""
    exact = "libnvinfer.so." + ".".join(str(number) for number in linked)
    if _loads(exact):
        return
    if not _loads(f"libnvinfer.so.{linked[0]}"):
        raise _missing(linked)
    # TensorFlow's build decides which of the two names it loads, so both are tried.
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
    """Return the numbers of TensorRT engines and of remaining TensorFlow nodes in a converted graph."""
    message = tf.compat.v1.GraphDef.FromString(data)
    operations: List[str] = [node.op for node in message.node if node.op not in ("Const", "Placeholder")]
    engines = operations.count("TRTEngineOp")
    return engines, len(operations) - engines
