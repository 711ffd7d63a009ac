"""Compare two detectors' results: speed is worth nothing if they differ."""

import dataclasses
from typing import List, Sequence

import numpy as np

from appliance.core.detector import Detector
from appliance.core.frame import Detections, Prediction, Segmentation

TOLERANCE = 1e-4
"""For scores, and for boxes as a fraction of the image."""
SAME_PIXELS = 0.999


@dataclasses.dataclass(frozen=True)
class Agreement:
    """The result of a comparison.

    Attributes:
        detections: Number of compared detections.
        unmatched: Number of detections, or segmentations, that only one of the two found.
        score: Largest difference of the scores of common detections.
        box: Largest difference of their boxes, as a fraction of the image.
    """

    detections: int
    unmatched: int
    score: float
    box: float

    @property
    def is_same(self) -> bool:
        """Whether all detections match, within the tolerance."""
        return not self.unmatched and max(self.score, self.box) <= TOLERANCE


def detect_all(detector: Detector, images: Sequence[np.ndarray]) -> List[Prediction]:
    """Return the predictions for each image, through the detector's batches."""
    found: List[Prediction] = []
    for start in range(0, len(images), detector.batch):
        some = images[start : start + detector.batch]
        found += detector.postprocess(detector.infer(some), [image.shape[1::-1] for image in some])
    return found


def compare(
    expected: Sequence[Prediction], found: Sequence[Prediction], images: Sequence[np.ndarray], threshold: float
) -> Agreement:
    """Compare predictions. A detection within the tolerance of the threshold may be found by only one of the two."""
    total, unmatched, score, box = 0, 0, 0.0, 0.0
    for wanted, given, image in zip(expected, found, images):
        if isinstance(wanted, Segmentation) or isinstance(given, Segmentation):
            unmatched += not (
                isinstance(wanted, Segmentation)
                and isinstance(given, Segmentation)
                and _same_pixels(wanted.class_map, given.class_map)
            )
            continue
        left = list(range(len(given.scores)))
        scale = np.array([image.shape[1], image.shape[0]] * 2, np.float32)
        for index in range(len(wanted.scores)):
            # The nearest of its class, as two with the same score may come in either order.
            differences = [
                (
                    abs(float(wanted.scores[index] - given.scores[other])),
                    float(np.max(np.abs(wanted.boxes[index] - given.boxes[other]) / scale)),
                    other,
                )
                for other in left
                if given.class_ids[other] == wanted.class_ids[index]
            ]
            if differences:
                nearest = min(differences, key=lambda difference: max(difference[:2]))
                left.remove(nearest[2])
                score, box = max(score, nearest[0]), max(box, nearest[1])
                unmatched += not _same_masks(wanted, index, given, nearest[2])
            elif wanted.scores[index] >= threshold + TOLERANCE:
                unmatched += 1
        unmatched += sum(1 for other in left if given.scores[other] >= threshold + TOLERANCE)
        total += len(wanted.scores)
    return Agreement(total, unmatched, score, box)


def _same_masks(one: Detections, index: int, other: Detections, place: int) -> bool:
    if one.masks is None or other.masks is None:
        return True
    return _same_pixels(one.masks[index], other.masks[place])


def _same_pixels(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape == other.shape and bool(np.mean(one == other) >= SAME_PIXELS)
