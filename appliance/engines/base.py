"""What an engine is: a graph made ready to run, called with arrays."""

import os
from typing import List, Sequence

import numpy as np


class Engine:
    """A loaded graph with fixed inputs and outputs. `run` may be called by several threads at once.

    name: as in the setting `engine`. device: "CPU" or "GPU".
    batch: how many images `run_many` takes together.
    """

    name: str = "tensorflow"
    device: str = "CPU"
    batch: int = 1

    def run(self, *feeds: np.ndarray) -> List[np.ndarray]:
        """The outputs for these inputs, in the order that was given when it was loaded."""
        raise NotImplementedError

    def run_many(self, images: Sequence[np.ndarray]) -> List[np.ndarray]:
        """The outputs for at most `batch` images, where the only input is an image, uint8 [1, h, w, 3].

        Each output has the images' own one after the other, or one for all where it does not depend on them.
        """
        image, = images
        return self.run(image[np.newaxis])

    def close(self) -> None:
        """Give its memory back."""


def available_cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0))
