"""What an engine is: a graph made ready to run, called with arrays."""

import os
from typing import List, Sequence

import numpy as np

from appliance.engines.candidates import PickedScores, pick
from appliance.graph.recognise.suppression import Suppression


class Engine:
    """A loaded graph with fixed inputs and outputs. `run` may be called by several threads at once.

    name: as in the setting `engine`. device: "CPU" or "GPU".
    batch: how many images `run_batch` takes together at most; see `together`.
    """

    name: str = "tensorflow"
    device: str = "CPU"
    batch: int = 1

    def run(self, *feeds: np.ndarray) -> List[np.ndarray]:
        """The outputs for these inputs, in the order that was given when it was loaded."""
        raise NotImplementedError

    def batch_size_for(self, width: int, height: int) -> int:
        """How many images of this size `run_batch` takes."""
        return 1

    def run_batch(self, images: Sequence[np.ndarray], settings: Suppression, least: np.float32) -> PickedScores:
        """What images of one size, uint8 [h, w, 3], have at or above a score.

        For fronts: their only input is an image, and the settings say which outputs are boxes and scores.
        """
        (image,) = images
        return pick(self.run(image[np.newaxis]), 1, settings, least)

    def close(self) -> None:
        """Give its memory back."""


def available_cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0))
