"""Build a TensorRT plan from ONNX with the TensorRT Python API, 8.0 to 10."""

import importlib
import logging
from typing import Any, Callable, List, Optional

import numpy as np

from appliance.core.errors import ModelError
from appliance.engines.cuda import Cuda

log = logging.getLogger(__name__)

# The builder's workspace while it tries kernels; engines use what they need. A TX1 has 4 GB in total.
WORKSPACE_BYTES = 1 << 28

REMEDY = (
    "JetPack 5 and newer bring it as python3-libnvinfer (`sudo apt install tensorrt`, in a container the "
    "l4t-tensorrt images); a PC gets it with `pip install tensorrt`."
)


def import_tensorrt() -> Any:
    """Return the TensorRT module. Raises ModelError, which names where to get it."""
    try:
        trt = importlib.import_module("tensorrt")
    except Exception as error:  # its libraries fail in many ways
        raise ModelError(f"TensorRT's Python module cannot be imported ({error}). {REMEDY}") from error
    if int(trt.__version__.split(".")[0]) < 8:
        raise ModelError(f"TensorRT {trt.__version__} is too old; 8.0 or newer is needed. {REMEDY}")
    return trt


def make_logger(trt: Any) -> Any:
    """Return a TensorRT logger that forwards to logging and collects errors in `problems`.

    It must outlive everything that was made with it.
    """

    class Log(trt.ILogger):  # type: ignore[misc]  # the base is a class of a module that is known at run time
        def __init__(self) -> None:
            trt.ILogger.__init__(self)
            self.problems: List[str] = []

        def log(self, severity: Any, msg: str) -> None:
            if severity.name in ("INTERNAL_ERROR", "ERROR"):
                self.problems.append(msg)
            # Errors are raised as a ModelError with these lines; a warning is TensorRT's advice to developers.
            log.debug("TensorRT: %s", msg)

        def reason(self) -> str:
            return "; ".join(self.problems[-2:]) or "it does not say why"

    return Log()


def build_plan(trt: Any, logger: Any, onnx: bytes, precision: str, calibrator: Optional[Any]) -> bytes:
    """Build a plan for this machine's GPU.

    Args:
        trt: TensorRT's module.
        logger: From `make_logger`.
        onnx: The serialized model.
        precision: FP32, FP16 or INT8.
        calibrator: Required for INT8.

    Returns:
        The serialized plan.

    Raises:
        ModelError: TensorRT cannot build it.
    """
    builder = trt.Builder(logger)
    # Since TensorRT 10 every network has an explicit batch, and the flag is deprecated.
    explicit = getattr(trt.NetworkDefinitionCreationFlag, "EXPLICIT_BATCH", None)
    network = builder.create_network(0 if explicit is None else 1 << int(explicit))
    parser = trt.OnnxParser(network, logger)
    if not parser.parse(onnx):
        reasons = [parser.get_error(index).desc() for index in range(parser.num_errors)]
        raise ModelError(
            f"TensorRT {trt.__version__} cannot take this model ({'; '.join(reasons) or logger.reason()}). Run it with"
            " --engine tensorflow."
        )
    config = builder.create_builder_config()
    if hasattr(config, "set_memory_pool_limit"):  # 8.4
        config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, WORKSPACE_BYTES)
    else:
        config.max_workspace_size = WORKSPACE_BYTES
    if hasattr(trt.BuilderFlag, "TF32"):
        # TF32, with 10 bits of mantissa, is on by default; here FP32 means FP32.
        config.clear_flag(trt.BuilderFlag.TF32)
    _set_precision(trt, builder, config, precision)
    if calibrator is not None:
        config.int8_calibrator = calibrator
    plan = builder.build_serialized_network(network, config)
    if plan is None or (calibrator is not None and calibrator.failure is not None):
        raise ModelError(f"TensorRT {trt.__version__} cannot build this model: {logger.reason()}")
    return bytes(plan)


def _set_precision(trt: Any, builder: Any, config: Any, precision: str) -> None:
    if precision == "FP32":
        return
    flag = getattr(trt.BuilderFlag, precision, None)
    if flag is None:
        raise ModelError(
            f"TensorRT {trt.__version__} cannot be told to run a model in {precision}: from 11 on the model itself must"
            " be so. Set precision_model to FP32, or install TensorRT 10."
        )
    if precision == "INT8":
        if not getattr(builder, "platform_has_fast_int8", True):
            raise ModelError("This GPU has no INT8 (Jetson Nano, TX1 and TX2 have none). Set precision_model to FP16.")
        # Layers without an INT8 kernel run in half precision instead of single.
        if getattr(builder, "platform_has_fast_fp16", True):
            config.set_flag(trt.BuilderFlag.FP16)
    elif not getattr(builder, "platform_has_fast_fp16", True):
        log.warning("precision_model is FP16, but this GPU is no faster with it; FP32 is as fast and more exact")
    config.set_flag(flag)


def make_calibrator(trt: Any, cuda: Cuda, batches: int, read: Callable[[int], np.ndarray]) -> Any:
    """Return a calibrator that passes `read(0)` ... `read(batches - 1)` to TensorRT.

    These are contiguous arrays of one size.
    """

    class Calibrator(trt.IInt8EntropyCalibrator2):  # type: ignore[misc]  # see make_logger
        def __init__(self) -> None:
            trt.IInt8EntropyCalibrator2.__init__(self)
            self.failure: Optional[Exception] = None
            self._next = 0
            self._stream = cuda.make_stream()
            self._memory = 0

        def get_batch_size(self) -> int:
            return 1

        def get_batch(self, names: List[str]) -> Optional[List[int]]:
            if self._next == batches:
                return None
            try:
                batch = read(self._next)
                if not self._memory:
                    self._memory = cuda.allocate(batch.nbytes)
                cuda.copy_in(self._memory, batch, self._stream)
                cuda.wait(self._stream)
            except Exception as error:  # an exception must not cross TensorRT's C++; it is raised after the build
                self.failure = error
                return None
            self._next += 1
            return [self._memory]

        def read_calibration_cache(self) -> Optional[bytes]:
            return None  # the whole engine is kept, under the pictures' hash

        def write_calibration_cache(self, cache: Any) -> None:
            pass

        def close(self) -> None:
            if self._memory:
                cuda.free(self._memory)
            cuda.destroy_stream(self._stream)

    return Calibrator()
