"""Stand-ins for the CUDA driver and for TensorRT's Python API, as documented for 8.0, 8.5, 10 and 11.

No TensorRT library is at hand where the tests run. These refuse what the real ones refuse or crash on: calls in the
wrong order, what a version does not have, memory that was freed, results that are read before they are there, one
context in two threads. What a plan computes is computed by TensorFlow: "ONNX" is a GraphDef here.
"""

import ctypes
import enum
import json
import threading
import types
from typing import Any, Dict, List, Tuple

import numpy as np

from appliance.engines.tensorflow.engine import TensorFlowEngine, TensorFlowOptions
from appliance.graph.read.frozen import Tensor
from appliance.graph.read.graph_file import parse_graph
from appliance.graph.rewrite.backbone import Network

INVALID_VALUE, INVALID_CONTEXT = 1, 201


class FakeDriver:
    """libcuda.so.1. Work on a stream is done when it is waited for, not before."""

    def __init__(self, name: bytes = b"Xavier") -> None:
        self.name = name
        self.memory: Dict[int, bytearray] = {}
        self.pinned: Dict[int, Any] = {}
        self.streams: Dict[int, List[Any]] = {}
        self.retained = 0
        self.copied_in: List[int] = []
        self._thread = threading.local()
        self._lock = threading.Lock()
        self._next = 0x700000000

    def _number(self) -> int:
        with self._lock:
            self._next += 1 << 32  # more than 32 bits: a pointer that is passed as an int is cut off
            return self._next

    def _has_context(self) -> bool:
        return self.retained > 0 and getattr(self._thread, "context", None) == 77

    def cuInit(self, flags: Any) -> int:
        return 0

    def cuDeviceGet(self, device: Any, number: Any) -> int:
        device._obj.value = number.value
        return 0

    def cuDevicePrimaryCtxRetain(self, context: Any, device: Any) -> int:
        self.retained += 1
        context._obj.value = 77
        return 0

    def cuDevicePrimaryCtxRelease_v2(self, device: Any) -> int:
        self.retained -= 1
        return 0

    def cuCtxSetCurrent(self, context: Any) -> int:
        self._thread.context = context.value
        return 0

    def cuDeviceGetName(self, name: Any, size: Any, device: Any) -> int:
        name.value = self.name
        return 0

    def cuDeviceGetAttribute(self, value: Any, attribute: Any, device: Any) -> int:
        value._obj.value = {16: 8}[attribute.value]
        return 0

    def cuGetErrorString(self, code: int, text: Any) -> int:
        text._obj.value = {INVALID_VALUE: b"invalid argument", INVALID_CONTEXT: b"invalid device context"}[code]
        return 0

    def cuMemAlloc_v2(self, pointer: Any, size: Any) -> int:
        if not self._has_context():
            return INVALID_CONTEXT
        assert isinstance(size, ctypes.c_size_t)
        pointer._obj.value = self._number()
        self.memory[pointer._obj.value] = bytearray(size.value)
        return 0

    def cuMemFree_v2(self, pointer: ctypes.c_uint64) -> int:
        if not self._has_context():
            return INVALID_CONTEXT
        return 0 if self.memory.pop(pointer.value, None) is not None else INVALID_VALUE

    def cuMemHostAlloc(self, pointer: Any, size: Any, flags: Any) -> int:
        if not self._has_context():
            return INVALID_CONTEXT
        assert isinstance(size, ctypes.c_size_t)
        space = ctypes.create_string_buffer(size.value)
        pointer._obj.value = ctypes.addressof(space)
        self.pinned[pointer._obj.value] = space
        return 0

    def cuMemFreeHost(self, pointer: ctypes.c_void_p) -> int:
        if not self._has_context():
            return INVALID_CONTEXT
        return 0 if self.pinned.pop(pointer.value or 0, None) is not None else INVALID_VALUE

    def cuStreamCreate(self, stream: Any, flags: Any) -> int:
        if not self._has_context():
            return INVALID_CONTEXT
        stream._obj.value = self._number()
        self.streams[stream._obj.value] = []
        return 0

    def cuStreamDestroy_v2(self, stream: ctypes.c_void_p) -> int:
        return 0 if self.streams.pop(stream.value or 0, None) is not None else INVALID_VALUE

    def cuMemcpyHtoDAsync_v2(self, pointer: Any, host: Any, size: Any, stream: Any) -> int:
        if pointer.value not in self.memory or size.value > len(self.memory[pointer.value]):
            return INVALID_VALUE

        def copy() -> None:
            self.memory[pointer.value][: size.value] = ctypes.string_at(host.value, size.value)
            self.copied_in.append(size.value)

        self.streams[stream.value].append(copy)
        return 0

    def cuMemcpyDtoHAsync_v2(self, host: Any, pointer: Any, size: Any, stream: Any) -> int:
        if pointer.value not in self.memory or size.value > len(self.memory[pointer.value]):
            return INVALID_VALUE
        self.streams[stream.value].append(
            lambda: ctypes.memmove(host.value, bytes(self.memory[pointer.value][: size.value]), size.value)
        )
        return 0

    def cuStreamSynchronize(self, stream: ctypes.c_void_p) -> int:
        if not self._has_context():
            return INVALID_CONTEXT
        work = self.streams[stream.value or 0]
        while work:
            work.pop(0)()
        return 0


def fake_onnx(network: Network) -> bytes:
    """What stands for ONNX: the network's graph, with the names of its input and outputs."""
    names = {
        "input": str(network.input),
        "shape": [1, network.height, network.width, 3],
        "outputs": [str(tensor) for tensor in network.outputs],
    }
    graph: bytes = network.graph.message.SerializeToString()
    return b"onnx" + json.dumps(names).encode() + b"\n" + graph


def make_tensorrt(version: str, driver: FakeDriver, fast_int8: bool = True) -> Any:
    """A module `tensorrt` of a version; `gone` on it lists what was destroyed, `built` what was built."""
    number = tuple(int(part) for part in version.split(".")[:2])
    trt: Any = types.ModuleType("tensorrt")
    trt.__version__ = version
    trt.gone, trt.built = [], []
    has_names, has_bindings, is_typed = number >= (8, 5), number < (10, 0), number >= (11, 0)

    class Severity(enum.Enum):
        INTERNAL_ERROR, ERROR, WARNING, INFO, VERBOSE = range(5)

    class ILogger:
        def __init__(self) -> None:
            self.is_ready = True

    def check_logger(logger: Any) -> Any:
        if not isinstance(logger, ILogger) or not hasattr(logger, "is_ready"):
            raise TypeError("a logger whose base was initialised is needed")
        return logger

    flags = ["TF32"] if is_typed else ["FP16", "INT8", "TF32"]
    BuilderFlag = enum.Enum("BuilderFlag", flags)  # type: ignore[misc]
    NetworkFlag = enum.IntEnum("NetworkFlag", {"STRONGLY_TYPED": 1} if is_typed else {"EXPLICIT_BATCH": 0})  # type: ignore[misc]
    MemoryPoolType = enum.Enum("MemoryPoolType", ["WORKSPACE"])
    TensorIOMode = enum.Enum("TensorIOMode", ["NONE", "INPUT", "OUTPUT"])
    DataType = enum.Enum("DataType", ["FLOAT", "HALF", "INT8", "INT32", "BOOL"])

    class Network_:
        def __init__(self, is_explicit: bool) -> None:
            self.is_explicit = is_explicit
            self.model = b""

    class Config:
        def __init__(self) -> None:
            object.__setattr__(self, "flags", {"TF32"})
            object.__setattr__(self, "workspace", None)
            object.__setattr__(self, "int8_calibrator", None)

        def __setattr__(self, name: str, value: Any) -> None:
            if name == "max_workspace_size" and number < (10, 0):
                object.__setattr__(self, "workspace", value)
            elif name == "int8_calibrator" and not is_typed and isinstance(value, IInt8EntropyCalibrator2):
                object.__setattr__(self, name, value)
            else:
                raise AttributeError(name)

        def set_flag(self, flag: Any) -> None:
            assert isinstance(flag, BuilderFlag)
            self.flags.add(flag.name)  # type: ignore[attr-defined]

        def clear_flag(self, flag: Any) -> None:
            assert isinstance(flag, BuilderFlag)
            self.flags.discard(flag.name)  # type: ignore[attr-defined]

    def set_memory_pool_limit(self: Any, pool: Any, size: int) -> None:
        assert pool is MemoryPoolType.WORKSPACE
        object.__setattr__(self, "workspace", size)

    if number >= (8, 4):
        Config.set_memory_pool_limit = set_memory_pool_limit  # type: ignore[attr-defined]
        trt.MemoryPoolType = MemoryPoolType

    class IInt8EntropyCalibrator2:
        def __init__(self) -> None:
            self.is_ready = True

    class HostMemory:
        def __init__(self, data: bytes) -> None:
            self._data = data

        def __bytes__(self) -> bytes:
            return self._data

    class Builder:
        platform_has_fast_fp16 = True
        platform_has_fast_int8 = fast_int8

        def __init__(self, logger: Any) -> None:
            self.logger = check_logger(logger)

        def create_network(self, given: int = 0) -> Network_:
            assert isinstance(given, int)
            return Network_(number >= (10, 0) or given == 1)

        def create_builder_config(self) -> Config:
            return Config()

        def build_serialized_network(self, network: Network_, config: Any) -> Any:
            if config.workspace is None:
                self.logger.log(Severity.ERROR, "no workspace was set")
                return None
            if not network.model:
                self.logger.log(Severity.ERROR, "the network is empty")
                return None
            header = json.loads(network.model.split(b"\n", 1)[0].decode())
            calibration = []
            if "INT8" in config.flags:
                calibration = _calibrate(config.int8_calibrator, header)
            trt.built.append((sorted(config.flags), calibration))
            return HostMemory(b"plan" + version.encode() + b"\n" + network.model)

    def _calibrate(calibrator: Any, header: Any) -> List[np.ndarray]:
        assert calibrator is not None and hasattr(calibrator, "is_ready")
        assert calibrator.get_batch_size() == 1
        assert calibrator.read_calibration_cache() is None
        size = int(np.prod(header["shape"])) * 4
        batches = []
        while True:
            pointers = calibrator.get_batch([header["input"]])
            if pointers is None:
                break
            assert isinstance(pointers[0], int) and len(pointers) == 1
            data = driver.memory[pointers[0]]
            assert len(data) == size, "TensorRT would read past the end"
            batches.append(np.frombuffer(bytes(data), np.float32).reshape(header["shape"]))
        calibrator.write_calibration_cache(b"table")
        return batches

    class ParserError:
        def __init__(self, text: str) -> None:
            self._text = text

        def desc(self) -> str:
            return self._text

    class OnnxParser:
        def __init__(self, network: Network_, logger: Any) -> None:
            self._network, self._logger = network, check_logger(logger)
            self._errors: List[ParserError] = []

        @property
        def num_errors(self) -> int:
            return len(self._errors)

        def get_error(self, index: int) -> ParserError:
            return self._errors[index]

        def parse(self, model: bytes) -> bool:
            assert isinstance(model, bytes)
            if not self._network.is_explicit:
                self._errors.append(ParserError("the parser needs a network with an explicit batch"))
            elif not model.startswith(b"onnx"):
                self._errors.append(ParserError("no ONNX"))
            else:
                self._network.model = model[4:]
            return not self._errors

    class Runtime:
        def __init__(self, logger: Any) -> None:
            self.logger = check_logger(logger)

        def deserialize_cuda_engine(self, plan: bytes) -> Any:
            assert isinstance(plan, bytes)
            start = b"plan" + version.encode() + b"\n"
            if not plan.startswith(start):
                self.logger.log(Severity.ERROR, "the plan is of another version")
                return None
            return CudaEngine(plan[len(start) :])

        def __del__(self) -> None:
            trt.gone.append("runtime")

    class CudaEngine:
        def __init__(self, model: bytes) -> None:
            header, graph = model.split(b"\n", 1)
            names = json.loads(header.decode())
            self.inputs = {names["input"]: tuple(names["shape"])}
            outputs = [_tensor(name) for name in names["outputs"]]
            self.run = TensorFlowEngine(
                parse_graph(graph, "plan"), [_tensor(names["input"])], outputs, TensorFlowOptions()
            )
            found = self.run.run(np.zeros(names["shape"], np.float32))
            # Outputs come first here: nothing may depend on the order.
            self.tensors: List[Tuple[str, Tuple[int, ...]]] = [
                (name, value.shape) for name, value in zip(names["outputs"], found)
            ] + list(self.inputs.items())

        def create_execution_context(self) -> Any:
            return Context(self)

        def __del__(self) -> None:
            trt.gone.append("engine")

    def _shape(self: Any, name: str) -> Tuple[int, ...]:
        shape: Tuple[int, ...] = dict(self.tensors)[name]
        return shape

    if has_names:
        CudaEngine.num_io_tensors = property(lambda self: len(self.tensors))  # type: ignore[attr-defined]
        CudaEngine.get_tensor_name = lambda self, index: self.tensors[index][0]  # type: ignore[attr-defined]
        CudaEngine.get_tensor_shape = _shape  # type: ignore[attr-defined]
        CudaEngine.get_tensor_dtype = lambda self, name: DataType.FLOAT  # type: ignore[attr-defined]
        CudaEngine.get_tensor_mode = lambda self, name: (  # type: ignore[attr-defined]
            TensorIOMode.INPUT if name in self.inputs else TensorIOMode.OUTPUT
        )
        trt.TensorIOMode = TensorIOMode
    if has_bindings:
        CudaEngine.num_bindings = property(lambda self: len(self.tensors))  # type: ignore[attr-defined]
        CudaEngine.get_binding_name = lambda self, index: self.tensors[index][0]  # type: ignore[attr-defined]
        CudaEngine.get_binding_shape = lambda self, index: self.tensors[index][1]  # type: ignore[attr-defined]
        CudaEngine.get_binding_dtype = lambda self, index: DataType.FLOAT  # type: ignore[attr-defined]
        CudaEngine.binding_is_input = lambda self, index: self.tensors[index][0] in self.inputs  # type: ignore[attr-defined]

    class Context:
        def __init__(self, engine: CudaEngine) -> None:
            self._names = [name for name, _ in engine.tensors]
            self._inputs, self._run = engine.inputs, engine.run
            self._addresses: Dict[str, int] = {}
            self._busy = threading.Lock()

        def _enqueue(self, stream: int) -> bool:
            if sorted(self._addresses) != sorted(self._names) or stream not in driver.streams:
                return False
            assert self._busy.acquire(blocking=False), "one context was used by two threads"
            driver.streams[stream].append(self._execute)
            return True

        def _execute(self) -> None:
            name, shape = next(iter(self._inputs.items()))
            picture = np.frombuffer(bytes(driver.memory[self._addresses[name]]), np.float32).reshape(shape)
            values = iter(self._run.run(picture))
            for name in self._names:
                if name not in self._inputs:
                    data = next(values).tobytes()
                    assert len(driver.memory[self._addresses[name]]) == len(data), "TensorRT would write past the end"
                    driver.memory[self._addresses[name]][:] = data
            self._busy.release()

        def __del__(self) -> None:
            trt.gone.append("context")

    def set_tensor_address(self: Any, name: str, memory: int) -> bool:
        if name not in self._names or memory not in driver.memory:
            return False
        self._addresses[name] = memory
        return True

    def execute_async_v2(self: Any, bindings: List[int], stream_handle: int) -> bool:
        assert len(bindings) == len(self._names)
        self._addresses = dict(zip(self._names, bindings))
        return bool(self._enqueue(stream_handle))

    if has_names:
        Context.set_tensor_address = set_tensor_address  # type: ignore[attr-defined]
        Context.execute_async_v3 = lambda self, stream_handle: self._enqueue(stream_handle)  # type: ignore[attr-defined]
    if has_bindings:
        Context.execute_async_v2 = execute_async_v2  # type: ignore[attr-defined]

    trt.ILogger, trt.Builder, trt.OnnxParser, trt.Runtime = ILogger, Builder, OnnxParser, Runtime
    trt.BuilderFlag, trt.NetworkDefinitionCreationFlag = BuilderFlag, NetworkFlag
    trt.DataType = DataType
    if not is_typed:
        trt.IInt8EntropyCalibrator2 = IInt8EntropyCalibrator2
    return trt


def _tensor(text: str) -> Tensor:
    name, _, output = text.rpartition(":")
    return Tensor(name, int(output))
