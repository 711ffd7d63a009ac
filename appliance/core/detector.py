"""What a detector is: a loaded model whose two parts can be called by different threads."""

from typing import Any, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from appliance.core.frame import Detections, Prediction

Raw = Any
"""What a front hands to its back."""


class Detector:
    """A loaded model.

    name: what to call it. family: ssd, faster_rcnn, mask_rcnn, deeplab. labels: class id to name.
    path: "fast", "exact" or "whole"; reason: why it is not a faster one, or "".
    engine: what runs the front, as in the setting. device: where, "CPU" or "GPU".
    workers: how many threads should call `front` or `infer` at once.
    batch: how many images `infer` takes together at most; see `together`. May be set to fewer.
    classes, anchors: how many the graph has, as far as they were recognised.
    threshold: detections with a lower score are left out; may be set while frames are under way.
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
        """What the front gives for an image, uint8 [height, width, 3], BGR. Several threads may call it."""
        raise NotImplementedError

    def batch_size_for(self, width: int, height: int) -> int:
        """How many images of this size should go through `infer` together."""
        return self.batch

    def infer(self, images: Sequence[np.ndarray]) -> Raw:
        """The same for several images of any sizes; for `postprocess`."""
        return [self.front(image) for image in images]

    def back(self, raw: Raw, width: int, height: int) -> Prediction:
        """What was found, from the front's outputs, in pixels of an image of this size."""
        raise NotImplementedError

    def postprocess(self, raw: Raw, sizes: Sequence[Tuple[int, int]]) -> List[Prediction]:
        """What was found in each of the images that went through `infer`. sizes: their widths and heights."""
        return [self.back(one, width, height) for one, (width, height) in zip(raw, sizes)]

    def detect(self, image: np.ndarray) -> Prediction:
        """Both parts, one after the other."""
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
