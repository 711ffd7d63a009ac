"""The interface of a detector: a loaded model whose two parts can be called by different threads."""

from typing import Any, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from appliance.core.frame import Detections, Prediction

Raw = Any
"""The result of a front, the input of its back."""


class Detector:
    """A loaded model in two parts: the front, on the accelerator, and the back, on the CPU.

    The loop calls `infer` from `workers` threads at once, `postprocess` from them or from one other, and any thread may
    set `threshold`. The code that loaded a detector closes it.

    Attributes:
        name: Its name, for people.
        family: ssd, faster_rcnn, mask_rcnn or deeplab.
        labels: Class id to name; ids may be missing.
        path: "fast", "exact" or "whole".
        reason: Why it is not a faster path; "" if it is the fastest.
        engine: The engine that runs the front, as in the setting `engine`.
        device: The device that runs the front, "CPU" or "GPU".
        workers: How many threads should call `front` or `infer` at once.
        batch: Maximum number of images per call of `infer`; see `batch_size_for`. May be set to fewer.
        classes: Number of classes of the graph, if that was recognised.
        anchors: Number of anchors, if that was recognised.
        threshold: Minimum score of a detection, 0 to 1; may be set while frames are in flight.
    """

    name: str
    family: str
    labels: Mapping[int, str]
    path: str
    reason: str
    engine: str = ""
    device: str
    workers: int
    batch: int = 1
    classes: Optional[int] = None
    anchors: Optional[int] = None
    threshold: float = 0.0

    def set_threshold(self, shown: float, tracked: float) -> None:
        """Set the minimum score.

        Args:
            shown: Minimum score of what is shown.
            tracked: Minimum score of what helps to follow objects; lower.
        """
        self.threshold = min(shown, tracked)

    def front(self, image: np.ndarray) -> Raw:
        """Run the front.

        Args:
            image: uint8 [height, width, 3], BGR; not written to.

        Returns:
            The input of `back`.
        """
        raise NotImplementedError

    def batch_size_for(self, width: int, height: int) -> int:
        """Return how many images of this size, in pixels, should share a call of `infer`, from 1 to `batch`."""
        return self.batch

    def infer(self, images: Sequence[np.ndarray]) -> Raw:
        """Run the front for several images.

        Args:
            images: Each uint8 [height, width, 3], BGR, of any size; at most `batch`.

        Returns:
            The input of `postprocess`.
        """
        return [self.front(image) for image in images]

    def back(self, raw: Raw, width: int, height: int) -> Prediction:
        """Run the back.

        Args:
            raw: The result of `front` for the image.
            width: Width of the image, in pixels.
            height: Height of the image, in pixels.

        Returns:
            What was found in the image.
        """
        raise NotImplementedError

    def postprocess(self, raw: Raw, sizes: Sequence[Tuple[int, int]]) -> List[Prediction]:
        """Run the back for several images.

        Args:
            raw: The result of `infer` for them.
            sizes: Their widths and heights, in pixels.

        Returns:
            What was found in each of them.
        """
        return [self.back(one, width, height) for one, (width, height) in zip(raw, sizes)]

    def detect(self, image: np.ndarray) -> Prediction:
        """Run both parts, one after the other. image: uint8 [height, width, 3], BGR."""
        height, width = image.shape[:2]
        return self.back(self.front(image), width, height)

    def close(self) -> None:
        """Free the memory. No call may be in progress."""


def to_detections(boxes: np.ndarray, scores: np.ndarray, class_ids: np.ndarray, size: np.ndarray) -> Detections:
    """Convert boxes as graphs return them: float32 [n, 4], (y_min, x_min, y_max, x_max), 0 to 1.

    size: width and height of the image, float32 [2], or [n, 2] if each box has its own.
    """
    limits = np.concatenate([size, size], axis=-1)
    pixels = boxes[:, [1, 0, 3, 2]] * limits
    return Detections(
        np.clip(pixels, 0, limits).astype(np.float32),
        scores.astype(np.float32),
        class_ids.astype(np.int32),
    )
