"""What a detector is: a loaded model whose two parts can be called by different threads."""

from typing import Any, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from appliance.core.frame import Detections, Prediction

Raw = Any
"""What a front hands to its back."""


class Detector:
    """A loaded model in two parts: the front, on the accelerator, and the back, on the CPU.

    The loop calls `infer` from `workers` threads at once, `postprocess` from them or from one other, and any thread may
    set `threshold`. Whoever loaded it closes it.

    Attributes:
        name: What to call it.
        family: ssd, faster_rcnn, mask_rcnn or deeplab.
        labels: Class id to name; ids may be missing.
        path: "fast", "exact" or "whole".
        reason: Why it is not a faster path; "" where it is the fastest.
        engine: What runs the front, as in the setting.
        device: Where that runs, "CPU" or "GPU".
        workers: How many threads should call `front` or `infer` at once.
        batch: How many images `infer` takes together at most; see `batch_size_for`. May be set to fewer.
        classes: How many classes the graph has, where that was recognised.
        anchors: How many anchors it has, where that was recognised.
        threshold: Detections with a lower score, 0 to 1, are left out; may be set while frames are under way.
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

    def front(self, image: np.ndarray) -> Raw:
        """Run the front.

        Args:
            image: uint8 [height, width, 3], BGR; not written to.

        Returns:
            Whatever `back` takes.
        """
        raise NotImplementedError

    def batch_size_for(self, width: int, height: int) -> int:
        """How many images of this size, in pixels, should go through `infer` together, from 1 to `batch`."""
        return self.batch

    def infer(self, images: Sequence[np.ndarray]) -> Raw:
        """Run the front for several images.

        Args:
            images: Each uint8 [height, width, 3], BGR, of any sizes; at most `batch`.

        Returns:
            Whatever `postprocess` takes.
        """
        return [self.front(image) for image in images]

    def back(self, raw: Raw, width: int, height: int) -> Prediction:
        """Run the back.

        Args:
            raw: What `front` gave for the image.
            width: Of the image, in pixels.
            height: Of the image, in pixels.

        Returns:
            What was found in it.
        """
        raise NotImplementedError

    def postprocess(self, raw: Raw, sizes: Sequence[Tuple[int, int]]) -> List[Prediction]:
        """Run the back for several images.

        Args:
            raw: What `infer` gave for them.
            sizes: Their widths and heights, in pixels.

        Returns:
            What was found in each of them.
        """
        return [self.back(one, width, height) for one, (width, height) in zip(raw, sizes)]

    def detect(self, image: np.ndarray) -> Prediction:
        """Run both parts, one after the other, for an image as `front` takes it."""
        height, width = image.shape[:2]
        return self.back(self.front(image), width, height)

    def close(self) -> None:
        """Give the memory back. No call may be under way."""


def to_detections(boxes: np.ndarray, scores: np.ndarray, class_ids: np.ndarray, size: np.ndarray) -> Detections:
    """Detections from boxes as graphs give them: float32 [n, 4], (y_min, x_min, y_max, x_max), 0 to 1.

    size: width and height of their image, float32 [2], or of each one's own, [n, 2].
    """
    limits = np.concatenate([size, size], axis=-1)
    pixels = boxes[:, [1, 0, 3, 2]] * limits
    return Detections(
        np.clip(pixels, 0, limits).astype(np.float32),
        scores.astype(np.float32),
        class_ids.astype(np.int32),
    )
