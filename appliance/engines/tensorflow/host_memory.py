"""Host arrays that TensorFlow reads in place, without a copy, and a GPU as well."""

import contextlib
import ctypes
import logging
import threading
from typing import Iterator, List, Optional, Set

import numpy as np

from appliance.core.errors import ModelError
from appliance.engines.cuda import Cuda

log = logging.getLogger(__name__)

# Bytes: EIGEN_MAX_ALIGN_BYTES with AVX-512, the most that TensorFlow is built with. It copies arrays that are not
# aligned, and no Python thread runs meanwhile.
_ALIGNMENT = 64


class HostMemory:
    """A pool of arrays. Returned arrays are kept for reuse, as pinning memory is slow.

    Args:
        on_gpu: Whether an NVIDIA GPU reads the arrays. They are then pinned; the driver would otherwise copy every byte
            first, in the calling thread.
    """

    def __init__(self, on_gpu: bool) -> None:
        self._cuda: Optional[Cuda] = None
        self._pinned: Set[int] = set()
        self._idle: List[np.ndarray] = []
        self._lock = threading.Lock()
        self._is_said = False
        if on_gpu:
            try:
                self._cuda = Cuda()
            except ModelError as error:
                self._say(error)

    @contextlib.contextmanager
    def borrowed(self, size: int) -> Iterator[np.ndarray]:
        """Lend an array for exclusive use, uint8 [size]. Its content is whatever the last user left.

        Any thread may call this.
        """
        whole = self._take(size)
        try:
            yield whole[:size]
        finally:
            with self._lock:
                self._idle.append(whole)

    def close(self) -> None:
        """Free all arrays. None may be in use."""
        self._idle.clear()
        if self._cuda is not None:
            cuda, self._cuda = self._cuda, None
            try:
                cuda.enter()
                while self._pinned:
                    cuda.free_host(self._pinned.pop())
                cuda.close()
            except ModelError as error:
                log.warning("Pinned memory could not be given back: %s", error)

    def _take(self, size: int) -> np.ndarray:
        """Return the smallest free array that is large enough; otherwise replace a smaller one by a new one."""
        with self._lock:
            self._idle.sort(key=len)
            place = next((place for place, array in enumerate(self._idle) if len(array) >= size), None)
            if place is not None:
                return self._idle.pop(place)
            too_small = self._idle.pop() if self._idle else None
        if too_small is not None:
            self._free(too_small)
        return self._new(size)

    def _new(self, size: int) -> np.ndarray:
        if self._cuda is None:
            return _aligned(size)
        self._cuda.enter()
        try:
            address = self._cuda.allocate_host(size)
        except ModelError as error:
            self._say(error)
            return _aligned(size)
        with self._lock:
            self._pinned.add(address)
        pinned: np.ndarray = np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(address))
        return pinned

    def _free(self, array: np.ndarray) -> None:
        address = array.ctypes.data
        with self._lock:
            is_pinned = address in self._pinned
            self._pinned.discard(address)
        if is_pinned and self._cuda is not None:
            self._cuda.enter()
            self._cuda.free_host(address)

    def _say(self, error: ModelError) -> None:
        if not self._is_said:
            self._is_said = True
            log.warning("Images go to the GPU from memory that is not pinned, which is slower: %s", error)


def _aligned(size: int) -> np.ndarray:
    space = np.empty(size + _ALIGNMENT, np.uint8)
    begin = -space.ctypes.data % _ALIGNMENT
    return space[begin : begin + size]
