"""Whether two detectors find the same: a speed without that is worth nothing."""

from typing import List, NamedTuple, Sequence

import numpy as np

from appliance.detectors.base import Detector
from appliance.frame import Detections, Found

TOLERANCE = 1e-4


class Agreement(NamedTuple):
    """detections: how many were compared. unmatched: those that only one of the two found.

    score, box: the largest difference of those that both found; of boxes as a fraction of the picture.
    """

    detections: int
    unmatched: int
    score: float
    box: float

    @property
    def is_equal(self) -> bool:
        return self.detections > 0 and not self.unmatched and max(self.score, self.box) <= TOLERANCE


def detect_all(detector: Detector, images: Sequence[np.ndarray]) -> List[Found]:
    """What is found in each, through the detector's batches."""
    found: List[Found] = []
    for start in range(0, len(images), detector.batch):
        some = images[start:start + detector.batch]
        found += detector.back_many(detector.front_many(some), [image.shape[1::-1] for image in some])
    return found


def compare(
    expected: Sequence[Found], found: Sequence[Found], images: Sequence[np.ndarray], threshold: float
) -> Agreement:
    """Compare what was found in each image. One within the tolerance of the threshold may lie on either side of it.

    Segmentations are not compared: their graphs have no part to leave out.
    """
    total, unmatched, score, box = 0, 0, 0.0, 0.0
    for wanted, given, image in zip(expected, found, images):
        if not isinstance(wanted, Detections) or not isinstance(given, Detections):
            continue
        left = list(range(len(given.scores)))
        scale = np.array([image.shape[1], image.shape[0]] * 2, np.float32)
        for index in range(len(wanted.scores)):
            # The nearest of its class: two with the same score may come in either order.
            differences = [
                (abs(float(wanted.scores[index] - given.scores[other])),
                 float(np.max(np.abs(wanted.boxes[index] - given.boxes[other]) / scale)), other)
                for other in left if given.class_ids[other] == wanted.class_ids[index]]
            if differences:
                nearest = min(differences, key=lambda difference: max(difference[:2]))
                left.remove(nearest[2])
                score, box = max(score, nearest[0]), max(box, nearest[1])
            elif wanted.scores[index] >= threshold + TOLERANCE:
                unmatched += 1
        unmatched += sum(1 for other in left if given.scores[other] >= threshold + TOLERANCE)
        total += len(wanted.scores)
    return Agreement(total, unmatched, score, box)
