"""Class-wise non-maximum suppression in numpy, equal to TensorFlow's above a threshold.

Boxes under the threshold can never suppress one above it, so they are left out first; what remains is a handful.
"""

from typing import Tuple

import numpy as np

from appliance.graph.suppression import Suppression

WHOLE_IMAGE = np.array([0.0, 0.0, 1.0, 1.0], np.float32)


def suppress(
    boxes: np.ndarray, scores: np.ndarray, window: np.ndarray, settings: Suppression, threshold: float
) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The detections at or above a threshold, as the graph's own suppression gives them.

    boxes: float32 [n, 1 or classes, 4], (y_min, x_min, y_max, x_max). scores: float32 [n, classes].
    window: float32 [4], to which boxes are clipped.
    Returns boxes [n, 4], scores [n] in descending order and class ids int32 [n].
    """
    rows, classes = np.nonzero((scores >= threshold) & (scores > settings.score_threshold))
    found = scores[rows, classes]
    # Best first; equal scores by class and then by row, as TopK and the suppressions order them.
    order = np.lexsort((rows, classes, -found))
    rows, classes, found = rows[order], classes[order], found[order]
    candidates = boxes[rows, classes if boxes.shape[1] > 1 else 0]
    if settings.clip == "before":
        candidates, classes, found = _clip(candidates, window, classes, found)
        if settings.rescale:
            candidates = (candidates - np.tile(window[:2], 2)) * np.tile(1 / (window[2:] - window[:2]), 2)
    kept = _greedy(candidates, classes, settings)
    candidates, classes, found = candidates[kept], classes[kept], found[kept]
    if settings.clip == "after":
        candidates, classes, found = _clip(candidates, window, classes, found)
    return candidates, found, (classes + settings.class_offset).astype(np.int32)


def _greedy(boxes: np.ndarray, classes: np.ndarray, settings: Suppression) -> np.ndarray:
    """Indices of the boxes that no better one of their class overlaps too much; at most in_all of them.

    Going through all classes at once, best first, gives the best in_all of what each class would keep.
    """
    areas = _areas(boxes)
    alive = np.ones(len(boxes), np.bool_)
    count = np.zeros(settings.classes, np.int64)
    kept = []
    for index in range(len(boxes)):
        if not alive[index]:
            continue
        kept.append(index)
        if len(kept) == settings.in_all:
            break
        own = int(classes[index])
        count[own] += 1
        rest = slice(index + 1, None)
        same = classes[rest] == own
        if count[own] == settings.per_class:
            alive[rest] &= ~same
        else:
            overlap = _overlaps(boxes[index], areas[index], boxes[rest], areas[rest])
            alive[rest] &= ~(same & (overlap > np.float32(settings.iou_threshold)))
    return np.array(kept, np.int64)


def _areas(boxes: np.ndarray) -> np.ndarray:
    areas: np.ndarray = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return areas


def _overlaps(box: np.ndarray, area: np.ndarray, others: np.ndarray, areas: np.ndarray) -> np.ndarray:
    """Intersection over union of one box with others, in float32 as TensorFlow computes it; 0 for empty boxes."""
    height = np.minimum(box[2], others[:, 2]) - np.maximum(box[0], others[:, 0])
    width = np.minimum(box[3], others[:, 3]) - np.maximum(box[1], others[:, 1])
    intersection = np.maximum(height, 0) * np.maximum(width, 0)
    union = area + areas - intersection
    valid = (areas > 0) & (area > 0)
    overlaps: np.ndarray = np.where(valid, intersection / np.where(valid, union, 1), 0)
    return overlaps


def _clip(
    boxes: np.ndarray, window: np.ndarray, classes: np.ndarray, scores: np.ndarray
) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Clip boxes to a window (y_min, x_min, y_max, x_max); those of which nothing is left go."""
    low, high = np.tile(window[:2], 2), np.tile(window[2:], 2)
    clipped = np.maximum(np.minimum(boxes, high), low)
    keep = _areas(clipped) > 0
    return clipped[keep], classes[keep], scores[keep]
