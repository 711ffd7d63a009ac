"""TensorFlow with several images per call: on a GPU, the call itself costs more than the computation.

The calling threads copy the images into an array of one of a few fixed sizes; the GPU reads and resizes its bytes. The
sizes are fixed because XLA compiles the network, and cuDNN selects its algorithms, again for each size. The engine
returns only the scores that count.
"""

import contextlib
import dataclasses
import logging
import time
from typing import Iterator, List, Sequence, Tuple

import numpy as np

from appliance.core.errors import ModelError
from appliance.engines.base import Engine
from appliance.engines.candidates import PickedScores, anchors_of, has_own_boxes, other_outputs
from appliance.engines.tensorflow.engine import TensorFlowEngine, TensorFlowOptions
from appliance.engines.tensorflow.host_memory import HostMemory
from appliance.graph.recognise.score_selection import with_score_selection
from appliance.graph.recognise.suppression import Suppression
from appliance.graph.rewrite.backbone import Network, with_batches

log = logging.getLogger(__name__)

# Ratio of one array size to the next; it limits the computation that is wasted on unused images.
_STEP = 4
# Bytes of an array (each thread has one): 32 images of 1280x720, 16 of 1920x1080, 4 of 3840x2160.
_MOST_BYTES = 1 << 27
_WARMING_RUNS = 3


def sizes_up_to(batch: int) -> Tuple[int, ...]:
    """Return the numbers of images that the arrays may hold: 1, 4, 16 and so on, and `batch`."""
    sizes = [1]
    while sizes[-1] * _STEP < batch:
        sizes.append(sizes[-1] * _STEP)
    return tuple(sizes) if batch == 1 else (*sizes, batch)


class BatchEngine(Engine):
    """The network of a front, run on several images per call."""

    name = "tensorflow"

    def __init__(self, network: Network, settings: Suppression, options: TensorFlowOptions, batch: int) -> None:
        """Load a network and warm it up.

        Args:
            network: The network to run.
            settings: The suppression that follows.
            options: How the session is set up.
            batch: Largest number of images per call.

        Raises:
            ModelError: TensorFlow cannot run the network on several images, or returns other values for an image in a
                batch than for the same image alone.
        """
        self.batch = batch
        self._sizes = sizes_up_to(batch)
        moving = network.graph.descendants([network.input.node])
        self._is_shared = [tensor.node not in moving for tensor in network.outputs]
        graph, images = with_batches(network)
        picking = with_score_selection(
            graph, network.outputs[settings.boxes], network.outputs[settings.scores], settings.classes
        )
        # Measured: for batches, TensorFlow's conversion to channels-first costs a sixth.
        options = dataclasses.replace(options, keep_layout=True)
        self._engine = TensorFlowEngine(picking.graph, [images], network.outputs, options)
        self.device = self._engine.device
        self._memory = HostMemory(self.device == "GPU")
        try:
            shape = batch, network.height, network.width, 3
            noise = list(np.random.RandomState(1).randint(0, 256, shape).astype(np.uint8))
            alone = self._run(noise[-1:])
            self._check(noise, alone)
            self._anchors = anchors_of(alone, 1, settings)
            self._others = other_outputs(alone, settings)
            boxes = picking.own_boxes if has_own_boxes(alone, settings) else picking.boxes
            self._pick = self._engine.function(
                [images, picking.threshold],
                [picking.positions, picking.scores, boxes, *(network.outputs[index] for index in self._others)],
            )
            self._warm(noise, settings, alone[settings.scores].max())
        except BaseException:
            self.close()
            raise

    def run(self, *feeds: np.ndarray) -> List[np.ndarray]:
        return self._run(list(feeds[0]))

    def batch_size_for(self, width: int, height: int) -> int:
        return max(size for size in self._sizes if size == 1 or size * width * height * 3 <= _MOST_BYTES)

    def run_batch(self, images: Sequence[np.ndarray], settings: Suppression, min_score: np.float32) -> PickedScores:
        with self._filled(images) as array:
            positions, scores, boxes, *outputs = self._pick(array, min_score)
        positions = positions[:, 0]
        # Old images at the end of the array are computed too, and their results ignored.
        count = int(np.searchsorted(positions, len(images) * self._anchors * settings.classes))
        return PickedScores(
            positions[:count], scores[:count], boxes[:count], self._anchors, dict(zip(self._others, outputs))
        )

    def close(self) -> None:
        self._engine.close()
        self._memory.close()

    def _run(self, images: Sequence[np.ndarray]) -> List[np.ndarray]:
        with self._filled(images) as array:
            return self._engine.run(array)

    @contextlib.contextmanager
    def _filled(self, images: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
        """Yield an array that begins with these images; the rest holds old data."""
        shape = (next(size for size in self._sizes if size >= len(images)), *images[0].shape)
        with self._memory.borrowed(int(np.prod(shape))) as space:
            array = space.reshape(shape)
            for place, image in zip(array, images):
                place[...] = image
            yield array

    def _check(self, noise: Sequence[np.ndarray], alone: Sequence[np.ndarray]) -> None:
        """Compare an image's values in a batch with those it has alone.

        Args:
            noise: The images.
            alone: The outputs for the last image alone.

        Raises:
            ModelError: They differ.
        """
        for size in self._sizes:
            found = self._run(noise[-size:])
            for one, expected, is_shared in zip(found, alone, self._is_shared):
                last = one if is_shared else one[-1:]
                if last.shape != expected.shape or not np.allclose(last, expected, rtol=1e-3, atol=1e-4):
                    raise ModelError(f"TensorFlow finds other things in an image among {size} than alone")

    def _warm(self, noise: Sequence[np.ndarray], settings: Suppression, min_score: np.float32) -> None:
        began = time.monotonic()
        for size in self._sizes:
            # XLA compiles at the second call.
            for _ in range(_WARMING_RUNS):
                self.run_batch(noise[-size:], settings, min_score)
        log.debug("Warm for %s images at once in %.1f s", ", ".join(map(str, self._sizes)), time.monotonic() - began)
