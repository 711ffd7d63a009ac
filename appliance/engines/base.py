"""The interface of an engine: a loaded graph that is called with arrays."""

from typing import TYPE_CHECKING, List, Sequence

if TYPE_CHECKING:
    import numpy as np

    from appliance.engines.candidates import PickedScores
    from appliance.graph.recognise.suppression import Suppression


class Engine:
    """A loaded graph with fixed inputs and outputs. `run` may be called by several threads at once.

    Attributes:
        name: As in the setting `engine`.
        device: "CPU" or "GPU".
        batch: Largest number of images that `run_batch` takes; see `batch_size_for`.
        workers: Number of threads that should call it at once.
    """

    name: str = ""
    device: str = "CPU"
    batch: int = 1
    workers: int = 1

    def run(self, *feeds: "np.ndarray") -> "List[np.ndarray]":
        """Return the outputs for these inputs, in the order that was given when the graph was loaded.

        A front has one input, an image: uint8 [1, height, width, 3], BGR.
        """
        raise NotImplementedError

    def batch_size_for(self, width: int, height: int) -> int:
        """Return how many images of this size, in pixels, one call of `run_batch` may have."""
        return 1

    def run_batch(
        self, images: "Sequence[np.ndarray]", settings: "Suppression", min_score: "np.float32"
    ) -> "PickedScores":
        """Run a front on images of one size and return what scores at least `min_score`.

        Args:
            images: Each uint8 [height, width, 3], BGR; at most as many as `batch_size_for` returns.
            settings: The suppression that follows; they say which outputs are boxes and which are scores.
            min_score: The lowest score to return.
        """
        from appliance.engines.candidates import pick

        (image,) = images
        return pick(self.run(image[None]), 1, settings, min_score)

    def close(self) -> None:
        """Free its memory."""
