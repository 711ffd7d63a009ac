"""The TensorRT engine: runs a plan of the network after the resize; the resize itself runs on the CPU.

Addresses tensors by name if TensorRT can (8.5 and newer), otherwise by binding index.
"""

import queue
from dataclasses import dataclass
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np

from appliance.core.errors import ModelError
from appliance.engines.base import Engine
from appliance.engines.cuda import Cuda
from appliance.engines.resize import Resizer

# By the name of TensorRT's type; TensorRT's own table (trt.nptype) fails on newer numpy.
_TYPES: Dict[str, type] = {
    "FLOAT": np.float32,
    "HALF": np.float16,
    "INT8": np.int8,
    "INT32": np.int32,
    "INT64": np.int64,
    "BOOL": np.bool_,
    "UINT8": np.uint8,
}


@dataclass(frozen=True)
class _Tensor:
    """An input or output of a plan."""

    name: str
    is_input: bool
    shape: Tuple[int, ...]
    dtype: Any

    @property
    def nbytes(self) -> int:
        return int(np.prod(self.shape)) * int(np.dtype(self.dtype).itemsize)


@dataclass(frozen=True)
class _Lane:
    """What one concurrent call needs: a context, a stream, and memory for every tensor, in the plan's order."""

    context: Any
    stream: int
    memory: List[int]


class TensorRTEngine(Engine):
    """A plan with one execution context per worker; further callers wait for a free one."""

    name, device = "tensorrt", "GPU"

    def __init__(
        self,
        trt: Any,
        logger: Any,
        cuda: Cuda,
        plan: bytes,
        resizer: Resizer,
        input_name: str,
        outputs: Sequence[str],
        constants: Dict[str, np.ndarray],
        workers: int,
    ) -> None:
        """Load a plan.

        Args:
            trt: TensorRT's module.
            logger: From `make_logger`.
            cuda: The GPU; the engine owns and closes it.
            plan: The serialized plan.
            resizer: The resize before the network.
            input_name: The plan's only input.
            outputs: Names of the arrays that `run` returns, in order.
            constants: Values of the outputs that do not depend on the image.
            workers: Largest number of concurrent calls.

        Raises:
            ModelError: The plan was built from another network.
        """
        self._cuda, self._logger, self._resizer = cuda, logger, resizer
        self._constants, self._outputs = constants, list(outputs)
        self._runtime = trt.Runtime(logger)
        self._engine = self._runtime.deserialize_cuda_engine(plan)
        if self._engine is None:
            raise ModelError(f"TensorRT {trt.__version__} cannot load the plan: {logger.reason()}")
        self._has_names = hasattr(self._engine, "num_io_tensors")
        self._tensors = _named_tensors(trt, self._engine) if self._has_names else _bindings(self._engine)
        self._input = self._check(input_name)
        self._lanes: Any = queue.LifoQueue()
        self._all_lanes: List[_Lane] = []
        for _ in range(max(1, workers)):
            lane = self._make_lane()
            self._all_lanes.append(lane)
            self._lanes.put(lane)

    def _check(self, input_name: str) -> int:
        """Return the index of the input. Raises ModelError if the plan has unexpected tensors."""
        names = [tensor.name for tensor in self._tensors]
        wanted = [name for name in self._outputs if name not in self._constants]
        inputs = [tensor.name for tensor in self._tensors if tensor.is_input]
        if inputs != [input_name] or sorted(names) != sorted([input_name, *wanted]):
            raise ModelError(f"the plan takes {', '.join(inputs)} and has {', '.join(names)}")
        for tensor in self._tensors:
            if any(size < 1 for size in tensor.shape):
                raise ModelError(f"the size of {tensor.name} is not fixed in the plan")
        return names.index(input_name)

    def _make_lane(self) -> _Lane:
        context = self._engine.create_execution_context()
        if context is None:
            raise ModelError(f"TensorRT cannot start the engine: {self._logger.reason()}")
        memory = [self._cuda.allocate(tensor.nbytes) for tensor in self._tensors]
        if self._has_names:
            for tensor, pointer in zip(self._tensors, memory):
                if not context.set_tensor_address(tensor.name, pointer):
                    raise ModelError(f"TensorRT does not take memory for {tensor.name}")
        return _Lane(context, self._cuda.make_stream(), memory)

    def run(self, *feeds: np.ndarray) -> List[np.ndarray]:
        """Return the outputs for one image.

        Args:
            feeds: One BGR image, uint8 [1, height, width, 3].
        """
        resized = np.ascontiguousarray(self._resizer.resize(feeds[0][0]), self._tensors[self._input].dtype)
        results = {tensor.name: np.empty(tensor.shape, tensor.dtype) for tensor in self._tensors if not tensor.is_input}
        self._cuda.enter()
        lane = self._lanes.get()
        try:
            self._cuda.copy_in(lane.memory[self._input], resized, lane.stream)
            if self._has_names:
                started = lane.context.execute_async_v3(lane.stream)
            else:
                started = lane.context.execute_async_v2(lane.memory, lane.stream)
            if started:
                for tensor, pointer in zip(self._tensors, lane.memory):
                    if not tensor.is_input:
                        self._cuda.copy_out(results[tensor.name], pointer, lane.stream)
            # Also if the run was not started: the copy must end before `resized` is freed.
            self._cuda.wait(lane.stream)
        finally:
            self._lanes.put(lane)
        if not started:
            raise ModelError(f"TensorRT failed while it ran the model: {self._logger.reason()}")
        results.update(self._constants)
        return [results[name] for name in self._outputs]

    def close(self) -> None:
        self._cuda.enter()
        # Contexts must be deleted before the engine, and the engine before its runtime.
        self._lanes = queue.LifoQueue()
        while self._all_lanes:
            self._free(self._all_lanes.pop())
        self._engine = None
        self._runtime = None
        self._cuda.close()

    def _free(self, lane: _Lane) -> None:
        for pointer in lane.memory:
            self._cuda.free(pointer)
        self._cuda.destroy_stream(lane.stream)


def _named_tensors(trt: Any, engine: Any) -> List[_Tensor]:
    names = [engine.get_tensor_name(index) for index in range(engine.num_io_tensors)]
    return [
        _Tensor(
            name,
            engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT,
            tuple(engine.get_tensor_shape(name)),
            _TYPES[engine.get_tensor_dtype(name).name],
        )
        for name in names
    ]


def _bindings(engine: Any) -> List[_Tensor]:
    return [
        _Tensor(
            engine.get_binding_name(index),
            engine.binding_is_input(index),
            tuple(engine.get_binding_shape(index)),
            _TYPES[engine.get_binding_dtype(index).name],
        )
        for index in range(engine.num_bindings)
    ]
