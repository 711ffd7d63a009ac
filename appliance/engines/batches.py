"""TensorFlow with several images at once: on a GPU a call costs more than what it computes.

The threads that call pick the pixels that the resize needs, and the GPU gets them as one array of a few fixed sizes:
for each size XLA compiles the network anew, and cuDNN looks for its fastest ways. It gives back the scores that count.
"""

import logging
import threading
import time
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

import cv2
import numpy as np

from appliance.engines.base import Engine
from appliance.engines.host_memory import HostMemory
from appliance.engines.picked import Picked, has_own_boxes, others, rows_of
from appliance.engines.resize import Axis, make_axis
from appliance.engines.tensorflow import TensorFlowEngine, TensorFlowOptions
from appliance.errors import ModelError
from appliance.graph.network import Network, with_batches
from appliance.graph.picking import with_picking
from appliance.graph.suppression import Suppression

log = logging.getLogger(__name__)

# From one size of array to the next: at most so much of what is computed is thrown away.
_STEP = 4
_WARMING_RUNS = 3
_KEPT_SIZES = 16
# Of a pixel: by how many rows and columns the neighbours lie further on, in the order of BatchNetwork's corners.
_NEIGHBOURS = ((0, 0), (0, 1), (1, 0), (1, 1))


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


class BatchEngine(Engine):
    """The network of a front.

    settings: of the suppression behind it. Raises ModelError where TensorFlow cannot run it on several images, or finds in one of them what it does not find
    in the same image alone.
    """

    def __init__(self, network: Network, settings: Suppression, options: TensorFlowOptions, batch: int) -> None:
        # The threads that call are enough for all cores.
        cv2.setNumThreads(1)
        self.batch = batch
        self._sizes = sizes_up_to(batch)
        self._network = network
        moving = network.graph.descendants([network.input.node])
        self._is_shared = [tensor.node not in moving for tensor in network.outputs]
        graph, *feeds = with_batches(network)
        picking = with_picking(
            graph, network.outputs[settings.boxes], network.outputs[settings.scores], settings.classes)
        self._engine = TensorFlowEngine(picking.graph, feeds, network.outputs, options)
        self.device = self._engine.device
        self._memory = HostMemory(self.device == "GPU")
        self._pickers: Dict[Tuple[int, int], _Picker] = {}
        self._local = threading.local()
        try:
            images = self._noise()
            alone = self.run(images[-1:])
            self._check(images, alone)
            self._rows = rows_of(alone, 1, settings)
            boxes = picking.own_boxes if has_own_boxes(alone, settings) else picking.boxes
            self._others = [index for index, output in enumerate(others(alone, settings)) if output is not None]
            self._pick = self._engine.function(
                [*feeds, picking.threshold],
                [picking.positions, picking.scores, boxes, *(network.outputs[index] for index in self._others)])
            self._warm(images, settings, alone[settings.scores].max())
        except ModelError:
            self.close()
            raise

    def run(self, *feeds: np.ndarray) -> List[np.ndarray]:
        return self._engine.run(*self._filled([feeds[0][0]]))

    def pick_many(self, images: Sequence[np.ndarray], settings: Suppression, threshold: float) -> Picked:
        positions, scores, boxes, *outputs = self._pick(*self._filled(images), np.float32(threshold))
        positions = positions[:, 0]
        # What an earlier batch left in the last images of the arrays is computed too, and not looked at.
        count = int(np.searchsorted(positions, len(images) * self._rows * settings.classes))
        in_places: List[Optional[np.ndarray]] = [None] * len(self._network.outputs)
        for index, output in zip(self._others, outputs):
            in_places[index] = output
        return Picked(positions[:count], scores[:count], boxes[:count], self._rows, in_places)

    def close(self) -> None:
        self._engine.close()
        self._memory.close()

    def _filled(self, images: Sequence[np.ndarray]) -> _Arrays:
        arrays = self._arrays(next(size for size in self._sizes if size >= len(images)))
        for index, image in enumerate(images):
            picker = self._picker(image.shape[1], image.shape[0])
            picker.pick(image, arrays.corners[index])
            arrays.across[index], arrays.down[index] = picker.across, picker.down
        return arrays

    def _picker(self, width: int, height: int) -> _Picker:
        picker = self._pickers.get((width, height))
        if picker is None:
            # Streams keep their sizes; a folder of pictures of many sizes must not fill the memory.
            kept = dict(list(self._pickers.items())[-_KEPT_SIZES:])
            picker = kept[width, height] = _Picker(self._network, width, height)
            self._pickers = kept
        return picker

    def _arrays(self, size: int) -> _Arrays:
        """This thread's own: of the largest that it needed so far, the first."""
        own: Optional[_Arrays] = getattr(self._local, "arrays", None)
        if own is None or len(own.corners) < size:
            if own is not None:
                self._memory.free(own)
            width, height = self._network.width, self._network.height
            own = self._local.arrays = _Arrays(
                self._memory.zeros((size, 4, height, width, 3), np.uint8),
                self._memory.zeros((size, 1, width, 1), np.float32),
                self._memory.zeros((size, height, 1, 1), np.float32))
        return _Arrays(*(array[:size] for array in own))

    def _noise(self) -> np.ndarray:
        """As many images as a batch has."""
        shape = self.batch, self._network.height, self._network.width, 3
        images: np.ndarray = np.random.RandomState(1).randint(0, 256, shape).astype(np.uint8)
        return images

    def _check(self, images: np.ndarray, alone: Sequence[np.ndarray]) -> None:
        """alone: what the last image gives. Raises ModelError where it gives something else among others."""
        for size in self._sizes:
            found = self._engine.run(*self._filled(images[-size:]))
            for one, expected, is_shared in zip(found, alone, self._is_shared):
                last = one if is_shared else one[-1:]
                if last.shape != expected.shape or not np.allclose(last, expected, rtol=1e-3, atol=1e-4):
                    raise ModelError("TensorFlow finds other things in an image among {} than alone".format(size))

    def _warm(self, images: np.ndarray, settings: Suppression, threshold: float) -> None:
        began = time.monotonic()
        for size in self._sizes:
            # XLA compiles what it has seen twice.
            for _ in range(_WARMING_RUNS):
                self.pick_many(images[-size:], settings, threshold)
        # This thread will not need them again.
        self._memory.free(self._local.arrays)
        del self._local.arrays
        log.debug("Warm for %s images at once in %.1f s", ", ".join(map(str, self._sizes)), time.monotonic() - began)
