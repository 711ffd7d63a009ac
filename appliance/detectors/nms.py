"""Class-wise non-maximum suppression in numpy, equal to TensorFlow's above a threshold.

Boxes under the threshold can never suppress one above it, so they are left out first; what remains is a handful.
"""

from typing import Iterator, List, NamedTuple, Tuple, Union

import numpy as np

from appliance.graph.suppression import Suppression

WHOLE_IMAGE = np.array([0.0, 0.0, 1.0, 1.0], np.float32)
# Candidates looked at together: the best of them nearly always fill the result, whatever the threshold.
BLOCK = 2000


def suppress(
    boxes: np.ndarray, scores: np.ndarray, window: np.ndarray, settings: Suppression, threshold: float
) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The detections at or above a threshold, as the graph's own suppression gives them.

    boxes: float32 [n, 1 or classes, 4], (y_min, x_min, y_max, x_max). scores: float32 [n, classes].
    window: float32 [4], to which boxes are clipped.
    Returns boxes [n, 4], scores [n] in descending order and class ids int32 [n].
    """
    flat = scores.ravel()
    picked = np.flatnonzero(flat >= np.float32(threshold))
    found = flat[picked]
    if settings.score_threshold >= threshold:
        above = found > np.float32(settings.score_threshold)
        picked, found = picked[above], found[above]
    rows, classes = np.divmod(picked, settings.classes)
    candidates = _Candidates(boxes[rows, classes if boxes.shape[1] > 1 else 0], classes, found)
    if settings.clip == "before":
        candidates = candidates.clipped(window)
        if settings.rescale:
            moved = candidates.boxes - np.tile(window[:2], 2)
            candidates = candidates._replace(boxes=moved * np.tile(1 / (window[2:] - window[:2]), 2))
    kept = candidates.taken(_greedy(candidates, settings))
    if settings.clip == "after":
        kept = kept.clipped(window).taken(slice(settings.in_all))
    return kept.boxes, kept.scores, (kept.classes + settings.class_offset).astype(np.int32)


class _Candidates(NamedTuple):
    """boxes: float32 [n, 4]. classes: columns of the scores [n]. scores: float32 [n]."""

    boxes: np.ndarray
    classes: np.ndarray
    scores: np.ndarray

    def taken(self, which: Union[np.ndarray, slice]) -> "_Candidates":
        return _Candidates(self.boxes[which], self.classes[which], self.scores[which])

    def clipped(self, window: np.ndarray) -> "_Candidates":
        """Those of which something is left in the window, clipped to it."""
        low, high = np.tile(window[:2], 2), np.tile(window[2:], 2)
        boxes = np.maximum(np.minimum(self.boxes, high), low)
        return self._replace(boxes=boxes).taken(_areas(boxes) > 0)


def _greedy(candidates: _Candidates, settings: Suppression) -> np.ndarray:
    """Indices of the boxes that no better one of their class overlaps too much, best first.

    Going through all classes at once gives the best `in_all` of what each class would keep. Where boxes are clipped,
    and some dropped, only afterwards, all are kept.
    """
    limit = len(candidates.boxes) if settings.clip == "after" else settings.in_all
    # TensorFlow overlaps boxes by their corners, whichever way round they are.
    low = np.minimum(candidates.boxes[:, :2], candidates.boxes[:, 2:])
    high = np.maximum(candidates.boxes[:, :2], candidates.boxes[:, 2:])
    corners = np.concatenate([low, high], axis=1)
    areas = _areas(corners)
    kept: List[int] = []
    counts = np.zeros(settings.classes, np.int64)
    for block in _best_first(candidates):
        for index in kept:
            block = block[~_suppressed(index, block, corners, areas, candidates.classes, settings)]
        while len(block) and len(kept) < limit:
            best, block = int(block[0]), block[1:]
            own = candidates.classes[best]
            if counts[own] == settings.per_class:
                continue
            counts[own] += 1
            kept.append(best)
            block = block[~_suppressed(best, block, corners, areas, candidates.classes, settings)]
        if len(kept) >= limit:
            break
    return np.array(kept, np.int64)


def _best_first(candidates: _Candidates) -> Iterator[np.ndarray]:
    """Indices in blocks of about BLOCK, best first; equal scores by class and then by row, as TopK orders them."""
    left = np.arange(len(candidates.scores))
    while len(left):
        block = left
        if len(left) > BLOCK:
            scores = candidates.scores[left]
            best = scores >= np.partition(scores, -BLOCK)[-BLOCK]
            block, left = left[best], left[~best]
        else:
            left = left[:0]
        yield block[np.lexsort((block, candidates.classes[block], -candidates.scores[block]))]


def _suppressed(
    best: int, others: np.ndarray, corners: np.ndarray, areas: np.ndarray, classes: np.ndarray, settings: Suppression
) -> np.ndarray:
    """Which of the others are of the best one's class and overlap it too much."""
    suppressed: np.ndarray = classes[others] == classes[best]
    same = others[suppressed]
    suppressed[suppressed] = _overlaps(corners[best], areas[best], corners[same], areas[same]) > np.float32(
        settings.iou_threshold
    )
    return suppressed


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
