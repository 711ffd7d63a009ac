"""Class-wise non-maximum suppression in numpy, equal to TensorFlow's above a threshold.

Boxes under the threshold can never suppress one above it, so they are left out first; what remains is a handful.
"""

from typing import Dict, Iterator, List, NamedTuple, Tuple, Union

import numpy as np

from appliance.graph.suppression import Suppression

WHOLE_IMAGE = np.array([0.0, 0.0, 1.0, 1.0], np.float32)
# Candidates looked at together: the best of them nearly always fill the result, whatever the threshold.
BLOCK = 2000
# Candidates compared with each other at once: more costs more than it saves.
TOGETHER = 128


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
    overlaps = _Overlaps(candidates, settings.iou_threshold)
    kept: List[int] = []
    counts: Dict[int, int] = {}
    for block in _best_first(candidates):
        for start in range(0, len(block), TOGETHER):
            group = block[start:start + TOGETHER]
            if kept:
                group = group[~overlaps.between(np.array(kept), group).any(axis=0)]
            suppresses = overlaps.between(group, group)
            is_left = np.ones(len(group), bool)
            # A box overlaps itself; most overlap no other.
            overlaps_others = (suppresses.sum(axis=1) > 1).tolist()
            for place, (index, own) in enumerate(zip(group.tolist(), candidates.classes[group].tolist())):
                if not is_left[place] or counts.get(own, 0) == settings.per_class:
                    continue
                counts[own] = counts.get(own, 0) + 1
                kept.append(index)
                if len(kept) >= limit:
                    return np.array(kept, np.int64)
                if overlaps_others[place]:
                    is_left &= ~suppresses[place]
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


class _Overlaps:
    """Tells which candidates overlap too much: those of one class, by the intersection over union of their boxes.

    In float32 and in the order in which TensorFlow computes it; empty boxes overlap nothing.
    """

    def __init__(self, candidates: _Candidates, iou_threshold: float) -> None:
        # TensorFlow overlaps boxes by their corners, whichever way round they are.
        self._low = np.minimum(candidates.boxes[:, :2], candidates.boxes[:, 2:])
        self._high = np.maximum(candidates.boxes[:, :2], candidates.boxes[:, 2:])
        self._areas = _areas(np.concatenate([self._low, self._high], axis=1))
        self._classes = candidates.classes
        self._threshold = np.float32(iou_threshold)

    def between(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Indices [n] and [m]; returns bool [n, m]."""
        first = first[:, np.newaxis]
        sides = np.minimum(self._high[first], self._high[second]) - np.maximum(self._low[first], self._low[second])
        sides = np.maximum(sides, 0)
        intersection = sides[..., 0] * sides[..., 1]
        areas, others = self._areas[first], self._areas[second]
        is_candidate = (self._classes[first] == self._classes[second]) & (areas > 0) & (others > 0)
        union = np.where(is_candidate, areas + others - intersection, 1)
        too_much: np.ndarray = is_candidate & (intersection / union > self._threshold)
        return too_much


def _areas(boxes: np.ndarray) -> np.ndarray:
    areas: np.ndarray = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return areas
