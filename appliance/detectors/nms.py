"""Class-wise non-maximum suppression in numpy, equal to TensorFlow's above a threshold.

Boxes below the threshold can never suppress one above it, so they are dropped first; few remain. The images of a batch
are processed together, as a numpy call costs more than the few numbers of one image.
"""

from typing import Dict, Iterator, List, NamedTuple, Sequence, Tuple, Union

import numpy as np

from appliance.engines.candidates import PickedScores
from appliance.graph.recognise.suppression import Suppression

WHOLE_IMAGE = np.array([[0.0, 0.0, 1.0, 1.0]], np.float32)
# Number of an image's candidates that are compared all with all; for more this is slower.
TOGETHER = 128
# Number of candidates per block if there are many: the best block nearly always fills the result.
BLOCK = 2000


class Candidates(NamedTuple):
    """Boxes of several images. A tuple, as all its arrays are indexed together.

    Attributes:
        images: int [n], ascending: index of the image.
        boxes: float32 [n, 4], (y_min, x_min, y_max, x_max), 0 to 1.
        classes: int [n]: columns of the scores.
        scores: float32 [n].
        windows: float32 [n, 4]: boxes are clipped to these.
    """

    images: np.ndarray
    boxes: np.ndarray
    classes: np.ndarray
    scores: np.ndarray
    windows: np.ndarray

    def taken(self, which: Union[np.ndarray, slice]) -> "Candidates":
        """Return the candidates at these indices."""
        return Candidates(*(field[which] for field in self))

    def clipped(self) -> "Candidates":
        """Return the candidates clipped to their windows, without those of which nothing is left."""
        low, high = self.windows[:, [0, 1, 0, 1]], self.windows[:, [2, 3, 2, 3]]
        boxes = np.maximum(np.minimum(self.boxes, high), low)
        return self._replace(boxes=boxes).taken(_areas(boxes) > 0)


def candidates_of(picked: PickedScores, settings: Suppression) -> Candidates:
    """Return the boxes of the selected scores.

    Args:
        picked: The selected scores of a front.
        settings: They say which other outputs hold the windows, float32 [images or 1, 4], and the number of real
            anchors, int [images or 1].
    """
    rows, classes = np.divmod(picked.positions, settings.classes)
    images, rows = np.divmod(rows, picked.anchors)
    windows = WHOLE_IMAGE if settings.window is None else picked.other_outputs[settings.window].reshape(-1, 4)
    candidates = Candidates(images, picked.boxes, classes, picked.scores, _of_images(windows, images))
    if settings.valid is None:
        return candidates
    return candidates.taken(rows < _of_images(picked.other_outputs[settings.valid].reshape(-1), images))


def _of_images(values: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Return a value for each image.

    Args:
        values: One for each image, or one for all.
        images: Indices of the images.
    """
    found: np.ndarray = values[images if len(values) > 1 else np.zeros_like(images)]
    return found


def joined(parts: Sequence[Tuple[Sequence[int], Candidates]]) -> Candidates:
    """Return the candidates of several groups of images.

    Args:
        parts: For each group, the indices of its images and its candidates.
    """
    together = Candidates(
        *(
            np.concatenate(fields)
            for fields in zip(*(part._replace(images=np.array(numbers)[part.images]) for numbers, part in parts))
        )
    )
    return together.taken(np.argsort(together.images, kind="stable"))


def suppress(candidates: Candidates, settings: Suppression) -> Candidates:
    """Return the detections of each image, best first, equal to those of the graph's own suppression."""
    if settings.clip == "before":
        candidates = candidates.clipped()
        if settings.rescale:
            windows = candidates.windows
            moved = candidates.boxes - windows[:, [0, 1, 0, 1]]
            candidates = candidates._replace(boxes=moved * np.tile(1 / (windows[:, 2:] - windows[:, :2]), 2))
    counts = np.bincount(candidates.images)
    if counts.max(initial=0) <= min(TOGETHER, settings.per_class, settings.in_all):
        kept = candidates.taken(_greedy_together(candidates, counts, settings))
    else:
        kept = candidates.taken(_greedy_in_turn(candidates, counts, settings))
    return _limited(kept.clipped(), settings.in_all) if settings.clip == "after" else kept


def _limited(kept: Candidates, in_all: int) -> Candidates:
    """Return the first `in_all` candidates of each image."""
    firsts = np.searchsorted(kept.images, kept.images)
    return kept.taken(np.arange(len(kept.images)) - firsts < in_all)


def _greedy_together(candidates: Candidates, counts: np.ndarray, settings: Suppression) -> np.ndarray:
    """Return the indices of the boxes that no better box of their class overlaps too much.

    Ordered by image, best first. For images with so few candidates that no limit applies.
    """
    order = _best_first(candidates, np.arange(len(candidates.scores)))
    images = candidates.images[order]
    places = np.arange(len(order)) - np.searchsorted(images, images)
    # A row for each image; shorter ones are padded.
    table = np.full((len(counts), counts.max(initial=0)), -1)
    table[images, places] = order
    is_left = table >= 0
    suppresses = _Overlaps(candidates, settings.iou_threshold).between(table, table)
    suppresses &= is_left[:, :, np.newaxis] & is_left[:, np.newaxis]
    suppresses &= np.triu(np.ones(suppresses.shape[1:], bool), 1)
    for place in np.flatnonzero(suppresses.any(axis=(0, 2))):
        is_left &= ~(suppresses[:, place] & is_left[:, place, np.newaxis])
    kept: np.ndarray = table[is_left]
    return kept


def _greedy_in_turn(candidates: Candidates, counts: np.ndarray, settings: Suppression) -> np.ndarray:
    """Do the same as `_greedy_together` for any number of candidates."""
    ends = np.cumsum(counts)
    kept = [begin + _greedy(candidates.taken(slice(begin, end)), settings) for begin, end in zip(ends - counts, ends)]
    return np.concatenate(kept)


def _greedy(candidates: Candidates, settings: Suppression) -> np.ndarray:
    """Do the same for one image.

    One pass over all classes gives the best `in_all` of what each class would keep. If boxes are clipped, and some
    dropped, only afterwards, all are kept.
    """
    limit = len(candidates.boxes) if settings.clip == "after" else settings.in_all
    overlaps = _Overlaps(candidates, settings.iou_threshold)
    kept: List[int] = []
    counts: Dict[int, int] = {}
    for block in _blocks(candidates):
        for start in range(0, len(block), TOGETHER):
            group = block[start : start + TOGETHER]
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


def _blocks(candidates: Candidates) -> Iterator[np.ndarray]:
    """Yield the candidates of one image in blocks of about BLOCK, best first."""
    left = np.arange(len(candidates.scores))
    while len(left):
        block = left
        if len(left) > BLOCK:
            scores = candidates.scores[left]
            best = scores >= np.partition(scores, -BLOCK)[-BLOCK]
            block, left = left[best], left[~best]
        else:
            left = left[:0]
        yield _best_first(candidates, block)


def _best_first(candidates: Candidates, which: np.ndarray) -> np.ndarray:
    """Return indices ordered by image and descending score; ties by class, then row, as in TopK."""
    return which[np.lexsort((which, candidates.classes[which], -candidates.scores[which], candidates.images[which]))]


class _Overlaps:
    """Tells which candidates overlap too much: those of one class, by the intersection over union of their boxes.

    Computed in float32 and in TensorFlow's order; empty boxes overlap nothing.
    """

    def __init__(self, candidates: Candidates, iou_threshold: float) -> None:
        # TensorFlow accepts boxes with their corners in any order.
        self._low = np.minimum(candidates.boxes[:, :2], candidates.boxes[:, 2:])
        self._high = np.maximum(candidates.boxes[:, :2], candidates.boxes[:, 2:])
        self._areas = _areas(np.concatenate([self._low, self._high], axis=1))
        self._classes = candidates.classes
        self._threshold = np.float32(iou_threshold)

    def between(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Compare two sets of candidates.

        Args:
            first: Indices [..., n].
            second: Indices [..., m].

        Returns:
            bool [..., n, m].
        """
        first, second = first[..., np.newaxis], second[..., np.newaxis, :]
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
