"""TensorFlow with several images at once: on a GPU a call costs more than what it computes.

The images are resized by the threads that call, and the network gets them as one array of a few fixed sizes: for each
size XLA compiles the network anew, and cuDNN looks for its fastest ways.
"""

import logging
import threading
import time
from typing import Any, List, Sequence, Tuple

import numpy as np

from appliance.engines.base import Engine
from appliance.engines.resize import Resizer
from appliance.engines.tensorflow import TensorFlowEngine, TensorFlowOptions
from appliance.errors import ModelError
from appliance.graph.network import Network

log = logging.getLogger(__name__)

# From one size of array to the next: at most so much of what is computed is thrown away.
_STEP = 4


def sizes_up_to(batch: int) -> Tuple[int, ...]:
    """How many images the arrays hold: 1, 4, 16 and so on, and `batch`."""
    sizes = [1]
    while sizes[-1] * _STEP < batch:
        sizes.append(sizes[-1] * _STEP)
    return tuple(sizes) if batch == 1 else (*sizes, batch)


class BatchEngine(Engine):
    """The network of a front.

    Raises ModelError where TensorFlow cannot run it on several images, or finds in one of them what it does not find
    in the same image alone.
    """

    def __init__(self, network: Network, options: TensorFlowOptions, batch: int) -> None:
        self.batch = batch
        self._sizes = sizes_up_to(batch)
        self._shape = (network.height, network.width, 3)
        self._resizer = Resizer(network.width, network.height, network.align_corners, network.half_pixel_centers)
        moving = network.graph.descendants([network.input.node])
        self._is_shared = [tensor.node not in moving for tensor in network.outputs]
        network = network.with_batches()
        self._engine = TensorFlowEngine(network.graph, [network.input], network.outputs, options)
        self.device = self._engine.device
        self._local = threading.local()
        try:
            self._warm()
        except ModelError:
            self.close()
            raise

    def run(self, *feeds: np.ndarray) -> List[np.ndarray]:
        return self.run_many([feeds[0][0]])[0]

    def run_many(self, images: Sequence[np.ndarray]) -> List[List[np.ndarray]]:
        size = next(size for size in self._sizes if size >= len(images))
        array = self._array(size)
        for image, resized in zip(images, array):
            self._resizer.resize_into(image, resized)
        outputs = self._engine.run(array)
        return [self._of_image(outputs, index) for index in range(len(images))]

    def close(self) -> None:
        self._engine.close()

    def _of_image(self, outputs: Sequence[np.ndarray], index: int) -> List[np.ndarray]:
        return [output if is_shared else output[index:index + 1]
                for output, is_shared in zip(outputs, self._is_shared)]

    def _array(self, size: int) -> np.ndarray:
        """This thread's own. What an earlier batch left in its last images is computed too, and not looked at."""
        arrays: Any = self._local.__dict__
        if size not in arrays:
            arrays[size] = np.zeros((size, *self._shape), np.float32)
        array: np.ndarray = arrays[size]
        return array

    def _warm(self) -> None:
        began = time.monotonic()
        random = np.random.RandomState(1)
        images = list(random.randint(0, 256, (self.batch, *self._shape), np.uint8))
        alone = self.run_many(images[-1:])[0]
        for size in self._sizes[1:]:
            for found, expected in zip(self.run_many(images[-size:])[-1], alone):
                if found.shape != expected.shape or not np.allclose(found, expected, rtol=1e-3, atol=1e-4):
                    raise ModelError("TensorFlow finds other things in an image among {} than alone".format(size))
        log.debug("Warm for %s images at once in %.1f s", ", ".join(map(str, self._sizes)), time.monotonic() - began)
