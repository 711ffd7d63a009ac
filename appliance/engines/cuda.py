"""The few calls of the CUDA driver that an engine needs, through ctypes.

The driver's own library is the one thing that every system with an NVIDIA GPU has, under one name and with one
interface from CUDA 10 on; the runtime library has another name in every release, and Python packages for CUDA are in
no JetPack. Both use the device's primary context, so memory and streams made here are good for TensorRT.
"""

import ctypes
from typing import Any

import numpy as np

from appliance.core.errors import ModelError

LIBRARY = "libcuda.so.1"
_MULTIPROCESSORS = 16  # CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT


def load_library() -> Any:
    """The driver's library. Raises ModelError."""
    try:
        return ctypes.CDLL(LIBRARY)
    except OSError as error:
        raise ModelError(
            f"The driver of an NVIDIA GPU cannot be loaded ({error}). In a container, start it with --runtime nvidia."
        ) from error


class Cuda:
    """The first GPU. Every thread that calls more than `identity` must have called `enter` before."""

    def __init__(self) -> None:
        """Raises ModelError where there is no GPU."""
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
        """The GPU's name and size: a built engine is good for this one only."""
        name = ctypes.create_string_buffer(256)
        self._call("cuDeviceGetName", name, ctypes.c_int(len(name)), self._device)
        count = ctypes.c_int()
        self._call("cuDeviceGetAttribute", ctypes.byref(count), ctypes.c_int(_MULTIPROCESSORS), self._device)
        return f"{name.value.decode('utf-8', 'replace')}, {count.value} multiprocessors"

    def allocate(self, size: int) -> int:
        """The address of new GPU memory of so many bytes."""
        pointer = ctypes.c_uint64()
        self._call("cuMemAlloc_v2", ctypes.byref(pointer), ctypes.c_size_t(size))
        return pointer.value

    def free(self, pointer: int) -> None:
        self._call("cuMemFree_v2", ctypes.c_uint64(pointer))

    def allocate_host(self, size: int) -> int:
        """The address of new pinned memory of this computer, from which the GPU fetches by itself."""
        pointer = ctypes.c_void_p()
        self._call("cuMemHostAlloc", ctypes.byref(pointer), ctypes.c_size_t(size), ctypes.c_uint(0))
        return int(pointer.value or 0)

    def free_host(self, pointer: int) -> None:
        self._call("cuMemFreeHost", ctypes.c_void_p(pointer))

    def make_stream(self) -> int:
        """A new stream, as a number."""
        stream = ctypes.c_void_p()
        self._call("cuStreamCreate", ctypes.byref(stream), ctypes.c_uint(1))  # CU_STREAM_NON_BLOCKING
        return int(stream.value or 0)

    def destroy_stream(self, stream: int) -> None:
        self._call("cuStreamDestroy_v2", ctypes.c_void_p(stream))

    def copy_in(self, pointer: int, array: np.ndarray, stream: int) -> None:
        """Start to copy a contiguous array to the GPU; it must live until `wait`."""
        self._call(
            "cuMemcpyHtoDAsync_v2", ctypes.c_uint64(pointer), ctypes.c_void_p(array.ctypes.data),
            ctypes.c_size_t(array.nbytes), ctypes.c_void_p(stream),
        )  # fmt: skip

    def copy_out(self, array: np.ndarray, pointer: int, stream: int) -> None:
        """Start to copy from the GPU into a contiguous array; it is filled after `wait`."""
        self._call(
            "cuMemcpyDtoHAsync_v2", ctypes.c_void_p(array.ctypes.data), ctypes.c_uint64(pointer),
            ctypes.c_size_t(array.nbytes), ctypes.c_void_p(stream),
        )  # fmt: skip

    def wait(self, stream: int) -> None:
        """Until all that was started on a stream is done."""
        self._call("cuStreamSynchronize", ctypes.c_void_p(stream))

    def close(self) -> None:
        """Give the context back; nothing made with it may be used any more."""
        self._call("cuDevicePrimaryCtxRelease_v2", self._device)

    def _call(self, name: str, *arguments: Any) -> None:
        code = getattr(self._library, name)(*arguments)
        if code:
            text = ctypes.c_char_p()
            self._library.cuGetErrorString(code, ctypes.byref(text))
            reason = text.value.decode("utf-8", "replace") if text.value else f"error {code}"
            raise ModelError(f"The GPU refuses: {reason} ({name}).")
