"""What an engine is: a graph made ready to run, called with arrays."""

import os
from typing import List

import numpy as np


class Engine:
    """A loaded graph with fixed inputs and outputs. `run` may be called by several threads at once.

    name: as in the setting `engine`. device: "CPU" or "GPU".
    """

    name: str = "tensorflow"
    device: str = "CPU"

    def run(self, *feeds: np.ndarray) -> List[np.ndarray]:
        """The outputs for these inputs, in the order that was given when it was loaded."""
        raise NotImplementedError

    def close(self) -> None:
        """Give its memory back."""


def available_cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0))
