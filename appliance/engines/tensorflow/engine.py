"""The TensorFlow engine: a frozen graph in its own session, for 1.15 and every 2.x."""

import contextlib
import dataclasses
import gc
import logging
from typing import Any, Callable, Iterator, List, Sequence

import numpy as np

from appliance.core.errors import GpuMemoryError, ModelError, SplitlensError
from appliance.core.hardware import available_cores
from appliance.core.names import PROGRAM
from appliance.engines.base import Engine
from appliance.engines.tensorflow.parts import import_parts
from appliance.graph.read.frozen import Graph, Tensor

try:
    tf = import_parts()
except ImportError as error:
    raise SplitlensError(
        f"TensorFlow cannot be imported ({error}). `{PROGRAM} doctor` says what is missing; `make setup` "
        "installs it on a PC, a Jetson uses the build of its JetPack."
    ) from error

_freeze = getattr(gc, "freeze", None)  # Python 3.7
if _freeze is not None:
    # The objects that exist now, mostly TensorFlow's, are permanent. To search them for garbage takes 0.1 s, in which
    # no thread runs.
    _freeze()

logging.getLogger("tensorflow").setLevel(logging.ERROR)

# Of tensorflow/core/protobuf/rewriter_config.proto (RewriterConfig.OFF) and config.proto (OptimizerOptions.ON_1).
_OFF = 2
_XLA_ON = 1

if hasattr(tf.config, "enable_tensor_float_32_execution"):
    # Newer GPUs would round factors to 10 bits (TF32), which changes scores by up to 0.01.
    tf.config.enable_tensor_float_32_execution(False)


@dataclasses.dataclass(frozen=True)
class TensorFlowOptions:
    """How a session is set up.

    Attributes:
        workers: Number of threads that will call `run` at once; they share the cores. 0 for TensorFlow's own thread
            pools.
        allow_memory_growth: Allocate GPU memory as needed.
        force_gpu_compatible: Keep all tensors in pinned memory.
        log_device: Log the device of every operation.
        fold_constants: Let TensorFlow fold constants. This also turns (a * b) * c into a * (b * c), with different
            results in a whole graph and in its parts. Without it, both give the same bits, but are 0 to 5 % slower
            (measured on MobileNet and Inception).
        xla: Let XLA compile what runs on a GPU.
        keep_layout: Keep images channels-last on a GPU.
    """

    workers: int = 1
    allow_memory_growth: bool = True
    force_gpu_compatible: bool = False
    log_device: bool = False
    fold_constants: bool = False
    xla: bool = False
    keep_layout: bool = False


def gpu_names() -> List[str]:
    """Return the names of the GPUs that this TensorFlow can use."""
    return [device.name for device in tf.config.list_physical_devices("GPU")]


class TensorFlowEngine(Engine):
    """A session over one graph."""

    name = "tensorflow"

    def __init__(
        self,
        graph: Graph,
        feeds: Sequence[Tensor],
        fetches: Sequence[Tensor],
        options: TensorFlowOptions,
        on_cpu: bool = False,
    ) -> None:
        """Load a graph.

        Args:
            graph: The graph.
            feeds: Its inputs, in the order in which `run` takes them.
            fetches: Its outputs, in the order in which `run` returns them.
            options: How the session is set up.
            on_cpu: Keep all of it off the GPU.

        Raises:
            ModelError: TensorFlow refuses the graph.
        """
        self.device = "CPU" if on_cpu or not gpu_names() else "GPU"
        with tf.Graph().as_default() as loaded:
            with loaded.device("/CPU:0" if on_cpu else None):
                message = tf.GraphDef.FromString(graph.message.SerializeToString())
                try:
                    tf.import_graph_def(message, name="")
                except (ValueError, tf.errors.OpError) as error:
                    raise ModelError(f"TensorFlow {tf.version} cannot load the graph: {_first_line(error)}.") from error
            self._session: Any = tf.Session(graph=loaded, config=self._config(options))
        try:
            self._run = self.function(feeds, fetches)
        except ModelError:
            self.close()
            raise

    def _config(self, options: TensorFlowOptions) -> Any:
        config = tf.ConfigProto(log_device_placement=options.log_device, allow_soft_placement=True)
        if not options.fold_constants:
            config.graph_options.rewrite_options.constant_folding = _OFF
        if options.keep_layout:
            config.graph_options.rewrite_options.layout_optimizer = _OFF
        config.gpu_options.allow_growth = options.allow_memory_growth
        config.gpu_options.force_gpu_compatible = options.force_gpu_compatible
        if options.xla and self.device == "GPU":
            config.graph_options.optimizer_options.global_jit_level = _XLA_ON
        if self.device == "CPU" and options.workers:
            # One frame per thread, every operation in the calling thread: thread pools cost more than they save.
            config.intra_op_parallelism_threads = max(1, available_cores() // options.workers)
            config.inter_op_parallelism_threads = -1
            config.use_per_session_threads = True
        return config

    def run(self, *feeds: np.ndarray) -> List[np.ndarray]:
        return self._run(*feeds)

    def function(self, feeds: Sequence[Tensor], fetches: Sequence[Tensor]) -> Callable[..., List[np.ndarray]]:
        """Return a function that runs the same graph with other inputs and outputs.

        Raises ModelError if TensorFlow cannot run it.
        """
        options = tf.CallableOptions(feed=[str(tensor) for tensor in feeds], fetch=[str(tensor) for tensor in fetches])
        # As Keras does. With inputs, the public `make_callable` uses `Session.run`: 0.3 ms per call, in which no other
        # Python thread runs.
        with _told():
            call = self._session._make_callable_from_options(options)

        def run(*arrays: np.ndarray) -> List[np.ndarray]:
            with _told():
                outputs: List[np.ndarray] = call(*arrays)
            return outputs

        return run

    def close(self) -> None:
        self._session.close()


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Turn TensorFlow's exceptions into readable ones: GpuMemoryError, or ModelError for all else."""
    try:
        yield
    except tf.errors.OpError as error:
        kind = GpuMemoryError if isinstance(error, tf.errors.ResourceExhaustedError) else ModelError
        raise kind(f"TensorFlow {tf.version} cannot run the graph: {_first_line(error)}.") from error


def _first_line(error: Exception) -> str:
    """Return what is wrong, without the pages of node names that follow."""
    text = getattr(error, "message", None) or str(error)
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("Graph execution")]
    return lines[0].rstrip(".") if lines else type(error).__name__
