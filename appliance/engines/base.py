"""What an engine is: a graph made ready to run, called with arrays."""

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
        batch: How many images `run_batch` takes together at most; see `batch_size_for`.
        workers: How many threads should call it at once.
    """

    name: str = ""
    device: str = "CPU"
    batch: int = 1
    workers: int = 1

    def run(self, *feeds: "np.ndarray") -> "List[np.ndarray]":
        """The outputs for these inputs, in the order that was given when it was loaded.

        A front has one input, an image: uint8 [1, height, width, 3], BGR.
        """
        raise NotImplementedError

    def batch_size_for(self, width: int, height: int) -> int:
        """How many images of this size `run_batch` takes."""
        return 1

    def run_batch(
        self, images: "Sequence[np.ndarray]", settings: "Suppression", min_score: "np.float32"
    ) -> "PickedScores":
        """What images of one size have at or above a score. For fronts.

        Args:
            images: Each uint8 [height, width, 3], BGR; as many as `batch_size_for` says at most.
            settings: Of the suppression behind it, which say what outputs are boxes and scores.
            min_score: The lowest score that counts.
        """
        from appliance.engines.candidates import pick

        (image,) = images
        return pick(self.run(image[None]), 1, settings, min_score)

    def close(self) -> None:
        """Give its memory back."""
