"""Arrays that TensorFlow reads where they are, and a GPU as well."""

import ctypes
import logging
import threading
from typing import Optional, Set

import numpy as np

from appliance.engines.cuda import Cuda
from appliance.errors import ModelError

log = logging.getLogger(__name__)

# Bytes: EIGEN_MAX_ALIGN_BYTES with AVX-512, the most that TensorFlow is built with. At other addresses it copies, and
# no Python thread runs meanwhile.
_ALIGNMENT = 64


class HostMemory:
    """on_gpu: an NVIDIA GPU reads the arrays. They are pinned then: of others the driver copies every byte first, in
    the thread that called."""

    def __init__(self, on_gpu: bool) -> None:
        self._cuda: Optional[Cuda] = None
        self._pinned: Set[int] = set()
        self._lock = threading.Lock()
        if on_gpu:
            try:
                self._cuda = Cuda()
            except ModelError as error:
                log.info("Images are copied to the GPU from pageable memory, which is slower: %s", error)

    def zeros(self, size: int) -> np.ndarray:
        """So many bytes. Any thread may call this. Raises ModelError where there is no memory to pin."""
        if self._cuda is None:
            space = np.zeros(size + _ALIGNMENT, np.uint8)
            begin = -space.ctypes.data % _ALIGNMENT
            return space[begin:begin + size]
        self._cuda.enter()
        address = self._cuda.allocate_host(size)
        with self._lock:
            self._pinned.add(address)
        pinned = np.frombuffer((ctypes.c_uint8 * size).from_address(address), np.uint8)
        pinned[:] = 0
        return pinned

    def free(self, array: np.ndarray) -> None:
        """Give bytes back; nobody may look at them any more."""
        address = array.ctypes.data
        with self._lock:
            is_pinned = address in self._pinned
            self._pinned.discard(address)
        if is_pinned and self._cuda is not None:
            self._cuda.enter()
            self._cuda.free_host(address)

    def close(self) -> None:
        """Give all of them back."""
        if self._cuda is not None:
            self._cuda.enter()
            for address in self._pinned:
                self._cuda.free_host(address)
            self._pinned.clear()
            self._cuda.close()
            self._cuda = None
