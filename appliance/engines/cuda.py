"""The few calls of the CUDA driver API that an engine needs, through ctypes.

Every system with an NVIDIA GPU has the driver's library, under one name and with one interface since CUDA 10. The
runtime library has another name in every release, and no JetPack has Python packages for CUDA. Both use the device's
primary context, so TensorRT can use memory and streams that are made here.
"""

import ctypes
from typing import Any

import numpy as np

from appliance.core.errors import ModelError

LIBRARY = "libcuda.so.1"
_MULTIPROCESSORS = 16  # CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT


def load_library() -> Any:
    """Load and return the driver's library. Raises ModelError."""
    try:
        return ctypes.CDLL(LIBRARY)
    except OSError as error:
        raise ModelError(
            f"The driver of an NVIDIA GPU cannot be loaded ({error}). In a container, start it with --runtime nvidia."
        ) from error


class Cuda:
    """The first GPU. A thread must call `enter` before it calls anything but `identity`."""

    def __init__(self) -> None:
        """Raises ModelError if there is no GPU."""
        self._library = load_library()
        self._call("cuInit", ctypes.c_uint(0))
        self._device = ctypes.c_int()
        self._call("cuDeviceGet", ctypes.byref(self._device), ctypes.c_int(0))
        self._context = ctypes.c_void_p()
        self._call("cuDevicePrimaryCtxRetain", ctypes.byref(self._context), self._device)

    def enter(self) -> None:
        """Make the GPU current in this thread."""
        self._call("cuCtxSetCurrent", self._context)

    def identity(self) -> str:
        """Return the GPU's name and memory size. A built engine can be used on this GPU only."""
        name = ctypes.create_string_buffer(256)
        self._call("cuDeviceGetName", name, ctypes.c_int(len(name)), self._device)
        count = ctypes.c_int()
        self._call("cuDeviceGetAttribute", ctypes.byref(count), ctypes.c_int(_MULTIPROCESSORS), self._device)
        return f"{name.value.decode('utf-8', 'replace')}, {count.value} multiprocessors"

    def allocate(self, size: int) -> int:
        """Allocate GPU memory of `size` bytes and return its address."""
        pointer = ctypes.c_uint64()
        self._call("cuMemAlloc_v2", ctypes.byref(pointer), ctypes.c_size_t(size))
        return pointer.value

    def free(self, pointer: int) -> None:
        """Free GPU memory of `allocate`."""
        self._call("cuMemFree_v2", ctypes.c_uint64(pointer))

    def allocate_host(self, size: int) -> int:
        """Allocate pinned host memory of `size` bytes, which the GPU reads directly, and return its address."""
        pointer = ctypes.c_void_p()
        self._call("cuMemHostAlloc", ctypes.byref(pointer), ctypes.c_size_t(size), ctypes.c_uint(0))
        return int(pointer.value or 0)

    def free_host(self, pointer: int) -> None:
        """Free memory of `allocate_host`."""
        self._call("cuMemFreeHost", ctypes.c_void_p(pointer))

    def make_stream(self) -> int:
        """Create a stream and return its handle."""
        stream = ctypes.c_void_p()
        self._call("cuStreamCreate", ctypes.byref(stream), ctypes.c_uint(1))  # CU_STREAM_NON_BLOCKING
        return int(stream.value or 0)

    def destroy_stream(self, stream: int) -> None:
        """Destroy a stream of `make_stream`."""
        self._call("cuStreamDestroy_v2", ctypes.c_void_p(stream))

    def copy_in(self, pointer: int, array: np.ndarray, stream: int) -> None:
        """Start to copy a contiguous array to the GPU. The array must live until `wait` returns."""
        self._call(
            "cuMemcpyHtoDAsync_v2", ctypes.c_uint64(pointer), ctypes.c_void_p(array.ctypes.data),
            ctypes.c_size_t(array.nbytes), ctypes.c_void_p(stream),
        )  # fmt: skip

    def copy_out(self, array: np.ndarray, pointer: int, stream: int) -> None:
        """Start to copy from the GPU into a contiguous array. It is filled when `wait` returns."""
        self._call(
            "cuMemcpyDtoHAsync_v2", ctypes.c_void_p(array.ctypes.data), ctypes.c_uint64(pointer),
            ctypes.c_size_t(array.nbytes), ctypes.c_void_p(stream),
        )  # fmt: skip

    def wait(self, stream: int) -> None:
        """Wait until everything that was started on a stream is done."""
        self._call("cuStreamSynchronize", ctypes.c_void_p(stream))

    def close(self) -> None:
        """Release the context. Nothing that was made with it may be used afterwards."""
        self._call("cuDevicePrimaryCtxRelease_v2", self._device)

    def _call(self, name: str, *arguments: Any) -> None:
        code = getattr(self._library, name)(*arguments)
        if code:
            text = ctypes.c_char_p()
            self._library.cuGetErrorString(code, ctypes.byref(text))
            reason = text.value.decode("utf-8", "replace") if text.value else f"error {code}"
            raise ModelError(f"The GPU refuses: {reason} ({name}).")
