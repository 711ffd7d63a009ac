"""A recording without boxes: they can be drawn when it is shown, and cannot be taken out of a picture."""

from typing import Tuple

import numpy as np

from appliance.core.frame import Result


class CleanCopy:
    """Takes the place of an `Overlay` where nothing is to be drawn."""

    def size(self, result: Result) -> Tuple[int, int]:
        """Return width and height of the picture that `draw` returns."""
        height, width = result.frame.image.shape[:2]
        return width, height

    def draw(self, result: Result) -> np.ndarray:
        """Return the frame's own picture, which is not to be written to."""
        return result.frame.image
