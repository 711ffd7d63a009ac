"""TensorFlow with several images at once: on a GPU a call costs more than what it computes.

The threads that call pick the pixels that the resize needs, and the GPU gets them as one array of a few fixed sizes:
for each size XLA compiles the network anew, and cuDNN looks for its fastest ways.
"""

import logging
import threading
import time
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import cv2
import numpy as np

from appliance.engines.base import Engine
from appliance.engines.resize import Axis, make_axis
from appliance.engines.tensorflow import TensorFlowEngine, TensorFlowOptions
from appliance.errors import ModelError
from appliance.graph.network import Network, with_batches

log = logging.getLogger(__name__)

# From one size of array to the next: at most so much of what is computed is thrown away.
_STEP = 4
_WARMING_RUNS = 3
_KEPT_SIZES = 16
# Of a pixel: by how many rows and columns the neighbours lie further on, in the order of BatchNetwork's corners.
_NEIGHBOURS = ((0, 0), (0, 1), (1, 0), (1, 1))
# Bytes: EIGEN_MAX_ALIGN_BYTES with AVX-512, the most that TensorFlow is built with.
_ALIGNMENT = 64


def sizes_up_to(batch: int) -> Tuple[int, ...]:
    """How many images the arrays hold: 1, 4, 16 and so on, and `batch`."""
    sizes = [1]
    while sizes[-1] * _STEP < batch:
        sizes.append(sizes[-1] * _STEP)
    return tuple(sizes) if batch == 1 else (*sizes, batch)


class _Picker:
    """For images of one size: gets the four neighbours of each pixel of the resized image."""

    def __init__(self, network: Network, width: int, height: int) -> None:
        x = make_axis(width, network.width, network.align_corners, network.half_pixel_centers)
        y = make_axis(height, network.height, network.align_corners, network.half_pixel_centers)
        self.across, self.down = x.fraction[:, np.newaxis], y.fraction[:, np.newaxis, np.newaxis]
        self._scales = network.width / width, network.height / height
        self._can_shift = _shifts(x, width, self._scales[0]) and _shifts(y, height, self._scales[1])
        maps = [np.stack(np.broadcast_arrays(columns[np.newaxis], rows[:, np.newaxis]), axis=-1)
                for rows in (y.low, y.high) for columns in (x.low, x.high)]
        # All four by one call: beneath each other. Whole numbers, so that nothing is interpolated.
        self._map = np.concatenate(maps).astype(np.int16)
        self._no_fractions = np.empty(0, np.uint16)

    def pick(self, image: np.ndarray, corners: np.ndarray) -> None:
        """corners: uint8 [4, height, width, 3], to be filled."""
        if self._can_shift:
            for corner, (down, right) in zip(corners, _NEIGHBOURS):
                _nearest(image[down:, right:], self._scales, corner)
            return
        cv2.remap(image, self._map, self._no_fractions, cv2.INTER_NEAREST,
                  dst=corners.reshape(-1, *corners.shape[2:]), borderMode=cv2.BORDER_REPLICATE)


def _nearest(image: np.ndarray, scales: Tuple[float, float], resized: Optional[np.ndarray] = None) -> np.ndarray:
    found: np.ndarray = cv2.resize(
        image, None, dst=resized, fx=scales[0], fy=scales[1], interpolation=cv2.INTER_NEAREST)
    return found


def _shifts(axis: Axis, size: int, scale: float) -> bool:
    """Whether OpenCV's nearest neighbours, of an image and of the same without its first row or column, are those that
    are needed. It is a quarter faster, but rounds otherwise and has its own mind of the size of the result: tried."""
    if size == 1:
        return False
    numbers = np.arange(size, dtype=np.float32)[np.newaxis]
    low, high = (_nearest(numbers[:, first:], (scale, 1.0))[0] for first in (0, 1))
    return np.array_equal(low, axis.low) and np.array_equal(high, axis.high)


class _Arrays(NamedTuple):
    """What the network is fed; see BatchNetwork."""

    corners: np.ndarray
    across: np.ndarray
    down: np.ndarray


def _aligned(shape: Sequence[int], dtype: Any) -> np.ndarray:
    """Zeros at an address that TensorFlow takes as it is. Others it copies, and no Python thread runs meanwhile."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    space = np.zeros(size + _ALIGNMENT, np.uint8)
    begin = -space.ctypes.data % _ALIGNMENT
    zeros: np.ndarray = space[begin:begin + size].view(dtype).reshape(shape)
    return zeros


class BatchEngine(Engine):
    """The network of a front.

    Raises ModelError where TensorFlow cannot run it on several images, or finds in one of them what it does not find
    in the same image alone.
    """

    def __init__(self, network: Network, options: TensorFlowOptions, batch: int) -> None:
        # The threads that call are enough for all cores.
        cv2.setNumThreads(1)
        self.batch = batch
        self._sizes = sizes_up_to(batch)
        self._network = network
        moving = network.graph.descendants([network.input.node])
        self._is_shared = [tensor.node not in moving for tensor in network.outputs]
        graph, *feeds = with_batches(network)
        self._engine = TensorFlowEngine(graph, feeds, network.outputs, options)
        self.device = self._engine.device
        self._pickers: Dict[Tuple[int, int], _Picker] = {}
        self._local = threading.local()
        try:
            self._warm()
        except ModelError:
            self.close()
            raise

    def run(self, *feeds: np.ndarray) -> List[np.ndarray]:
        return self.run_many([feeds[0][0]])

    def run_many(self, images: Sequence[np.ndarray]) -> List[np.ndarray]:
        arrays = self._arrays(next(size for size in self._sizes if size >= len(images)))
        for index, image in enumerate(images):
            picker = self._picker(image.shape[1], image.shape[0])
            picker.pick(image, arrays.corners[index])
            arrays.across[index], arrays.down[index] = picker.across, picker.down
        outputs = self._engine.run(*arrays)
        return [output if is_shared else output[:len(images)] for output, is_shared in zip(outputs, self._is_shared)]

    def close(self) -> None:
        self._engine.close()

    def _picker(self, width: int, height: int) -> _Picker:
        picker = self._pickers.get((width, height))
        if picker is None:
            # Streams keep their sizes; a folder of pictures of many sizes must not fill the memory.
            kept = dict(list(self._pickers.items())[-_KEPT_SIZES:])
            picker = kept[width, height] = _Picker(self._network, width, height)
            self._pickers = kept
        return picker

    def _arrays(self, size: int) -> _Arrays:
        """This thread's own. What an earlier batch left in its last images is computed too, and not looked at."""
        own: Dict[Any, _Arrays] = self._local.__dict__
        if size not in own:
            width, height = self._network.width, self._network.height
            own[size] = _Arrays(
                _aligned((size, 4, height, width, 3), np.uint8),
                _aligned((size, 1, width, 1), np.float32),
                _aligned((size, height, 1, 1), np.float32))
        return own[size]

    def _warm(self) -> None:
        began = time.monotonic()
        shape = self.batch, self._network.height, self._network.width, 3
        images = list(np.random.RandomState(1).randint(0, 256, shape).astype(np.uint8))
        alone = self.run_many(images[-1:])
        for size in self._sizes:
            # XLA compiles what it has seen twice.
            for _ in range(_WARMING_RUNS):
                found = self.run_many(images[-size:])
            for one, expected, is_shared in zip(found, alone, self._is_shared):
                last = one if is_shared else one[-1:]
                if last.shape != expected.shape or not np.allclose(last, expected, rtol=1e-3, atol=1e-4):
                    raise ModelError("TensorFlow finds other things in an image among {} than alone".format(size))
        log.debug("Warm for %s images at once in %.1f s", ", ".join(map(str, self._sizes)), time.monotonic() - began)
