"""Mask R-CNN: boxes, each with an instance mask."""

import dataclasses
from typing import Optional, Tuple

import numpy as np

from appliance.core.detector import Detector, Raw, to_detections
from appliance.core.frame import Detections
from appliance.detectors.boxes import ExactDetector
from appliance.detectors.family import Family, ModelInfo
from appliance.engines.base import Engine
from appliance.graph.read.frozen import Graph
from appliance.graph.recognise.family import DETECTION_OUTPUTS, MASK_OUTPUT
from appliance.graph.recognise.output_heads import mask_classes


class MaskDetector(ExactDetector):
    """Runs the graph's own operations in one part, or in two with the light tail after the mask head as the back."""

    def set_threshold(self, shown: float, tracked: float) -> None:
        self.threshold = shown  # each mask takes long to reframe

    def back(self, raw: Raw, width: int, height: int) -> Detections:
        outputs = self._back.run(*raw) if self._back else raw
        boxes, scores, classes, count, masks = (output[0] for output in outputs)
        above = np.flatnonzero(scores[: int(count)] >= self.threshold)
        found = to_detections(boxes[above], scores[above], classes[above], np.array([width, height], np.float32))
        return dataclasses.replace(found, masks=reframe_masks(masks[above], boxes[above], width, height))


def reframe_masks(masks: np.ndarray, boxes: np.ndarray, width: int, height: int) -> np.ndarray:
    """Paste every mask into its box.

    Follows the Object Detection API's `reframe_box_masks_to_image_masks`, as the network is trained on masks that were
    cropped in this way: the centres of a mask's outer cells lie on the box's edges, and boxes and pixels are counted
    from pixel 0 to pixel size - 1. `cv2.resize` of the mask to the box would put the cells' edges there, and so make a
    15 x 15 mask smaller by 1/15 of the box.

    Args:
        masks: float32 [n, h, w], 0 to 1.
        boxes: float32 [n, 4], (y_min, x_min, y_max, x_max), 0 to 1.
        width: Of the image, in pixels.
        height: Of the image, in pixels.

    Returns:
        bool [n, height, width], true where the resized mask is above 0.5.
    """
    # Untouched pages of zeros use no memory; only the pixels in boxes do.
    framed = np.zeros((len(masks), height, width), np.bool_)
    for mask, (y_min, x_min, y_max, x_max), target in zip(masks, boxes, framed):
        rows, y_places = _places(y_min, y_max, height, mask.shape[0])
        columns, x_places = _places(x_min, x_max, width, mask.shape[1])
        target[rows, columns] = _bilinear(mask, y_places, x_places) > 0.5
    return framed


def _places(start: np.float32, end: np.float32, pixels: int, cells: int) -> Tuple[slice, np.ndarray]:
    """Return the pixels that a box spans along one axis, and their positions in the mask: float32, 0 to cells - 1.

    Computed in float32, in the order of `CropAndResize` for the whole image relative to the box.
    """
    extent = end - start
    if not extent > 0:
        return slice(0, 0), np.zeros(0, np.float32)
    first, last = (np.float32(0) - start) / extent, (np.float32(1) - start) / extent
    step = (last - first) * np.float32(cells - 1) / np.float32(max(pixels - 1, 1))
    places = first * np.float32(cells - 1) + np.arange(pixels, dtype=np.float32) * step
    inside = np.flatnonzero((places >= 0) & (places <= cells - 1))
    if not len(inside):
        return slice(0, 0), np.zeros(0, np.float32)
    return slice(inside[0], inside[-1] + 1), places[inside]


def _bilinear(mask: np.ndarray, y_places: np.ndarray, x_places: np.ndarray) -> np.ndarray:
    """Return the mask's values at these positions, float32 [rows, columns]."""
    left, right, x_share = _neighbours(x_places, mask.shape[1])
    columns = mask[:, left] + (mask[:, right] - mask[:, left]) * x_share
    top, bottom, y_share = _neighbours(y_places, mask.shape[0])
    upper = columns[top]
    values: np.ndarray = upper + (columns[bottom] - upper) * y_share[:, np.newaxis]
    return values


def _neighbours(places: np.ndarray, cells: int) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the cells before and after each position, and its fraction of the way to the latter, 0 to 1."""
    before = np.floor(places)
    after = np.minimum(np.ceil(places), cells - 1)
    return before.astype(np.intp), after.astype(np.intp), places - before


def _recognise(graph: Graph) -> bool:
    return True  # no other family has masks


def _class_ids(graph: Graph) -> Optional[range]:
    classes = mask_classes(graph, MASK_OUTPUT)
    return None if classes is None else range(1, classes + 1)  # as the API numbers them


def _make_detector(about: ModelInfo, front: Engine, back: Optional[Engine], threshold: float, graph: Graph) -> Detector:
    return MaskDetector(about, front, threshold, back)


FAMILY = Family(
    key="mask_rcnn",
    title="Mask R-CNN",
    outputs=(*DETECTION_OUTPUTS, MASK_OUTPUT),
    recognise=_recognise,
    rank=10,
    class_ids=_class_ids,
    make_detector=_make_detector,
    # Measured: docs/models.md.
    why_whole="what lies behind its mask head is too light for a part of its own; --exact splits it all the same",
    model_types=("mask_v1",),
)
