"""Graphs whose input has a fixed size: images are resized to it first."""

from typing import Any, List, Optional, Sequence, Tuple

import cv2
import numpy as np

from appliance.engines.base import Engine
from appliance.engines.candidates import PickedScores
from appliance.graph.read.frozen import Graph
from appliance.graph.recognise.suppression import Suppression


def fixed_size(graph: Graph, image: str) -> Optional[Tuple[int, int]]:
    """Return the (width, height) in pixels that an input is fixed to; None if it takes any size."""
    dims: Any = graph.nodes[image].attr["shape"].shape.dim
    if len(dims) != 4 or dims[1].size <= 0 or dims[2].size <= 0:
        return None
    return int(dims[2].size), int(dims[1].size)


class FittingEngine(Engine):
    """An engine that resizes its image, uint8 [1, h, w, 3], to the only size that the graph takes.

    Boxes are fractions of the image, so they stay valid.
    """

    def __init__(self, engine: Engine, size: Tuple[int, int]) -> None:
        self.name, self.device, self.batch, self.workers = engine.name, engine.device, engine.batch, engine.workers
        self._engine = engine
        self._size = size

    def run(self, *feeds: np.ndarray) -> List[np.ndarray]:
        return self._engine.run(self._fit(feeds[0][0])[np.newaxis])

    def batch_size_for(self, width: int, height: int) -> int:
        return self._engine.batch_size_for(*self._size)

    def run_batch(self, images: Sequence[np.ndarray], settings: Suppression, min_score: np.float32) -> PickedScores:
        return self._engine.run_batch([self._fit(image) for image in images], settings, min_score)

    def _fit(self, image: np.ndarray) -> np.ndarray:
        fitted: np.ndarray = cv2.resize(image, self._size, interpolation=cv2.INTER_LINEAR)
        return fitted

    def close(self) -> None:
        self._engine.close()
