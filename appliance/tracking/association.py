"""Which detection shows which tracked object: what each pair costs."""

import numpy as np

IOU_WEIGHT, DISTANCE_WEIGHT, SIZE_WEIGHT = 0.18, 0.274, 0.26
RANK_WEIGHT, TAIL = 0.4, 6.0
"""Rivals are ranked by the logarithm of a distance that counts less where it is large: objects do turn and stop."""
UNSEEN_CHARGE, LONGEST_CHARGED = 1.18, 2.0
"""What rivals are charged for each second unseen, and the seconds that are charged at most."""
GATE, GATE_GROWTH, WIDEST_GATE = 0.4, 1.2, 1.5
"""How far from its prediction an object may be, in box sizes: at once, more for each second unseen, at most."""
TOLERANCE, TOLERANCE_GROWTH, WIDEST_TOLERANCE = 0.33, 0.26, 0.8
"""How much its size may differ, as a logarithm of the ratio: likewise."""
DEAREST = 0.46
SURE_IOU = 0.4
"""A pair that overlaps so much is never refused for its size or cost."""
PATH_SECONDS = 0.5
"""Unseen for longer it may be anywhere between where it was last seen and its prediction: it may have stopped."""
SHORT_CHARGE = 0.15
"""What falling short of the prediction costs, of its share of the way."""


def areas_of(boxes: np.ndarray) -> np.ndarray:
    """float64 [n] of boxes float64 [n, 4]."""
    areas: np.ndarray = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return areas


def shared_areas(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Area of the intersection, float64 [n, m], of boxes [n, 4] and [m, 4]."""
    low = np.maximum(boxes[:, np.newaxis, :2], others[np.newaxis, :, :2])
    high = np.minimum(boxes[:, np.newaxis, 2:], others[np.newaxis, :, 2:])
    sides = np.maximum(high - low, 0.0)
    shared: np.ndarray = sides[..., 0] * sides[..., 1]
    return shared


def overlaps(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union, float64 [n, m], of boxes [n, 4] and [m, 4]."""
    shared = shared_areas(boxes, others)
    union = areas_of(boxes)[:, np.newaxis] + areas_of(others)[np.newaxis] - shared
    found: np.ndarray = shared / np.maximum(union, 1e-9)
    return found


def distances(last: np.ndarray, predicted: np.ndarray, centres: np.ndarray, unseen: np.ndarray) -> np.ndarray:
    """How far each detection is from where each object may be, in pixels, float64 [n, m].

    Args:
        last: [n, 2], where each object was last seen.
        predicted: [n, 2], where it is expected now.
        centres: [m, 2], of the detections.
        unseen: [n], seconds since it was last seen.
    """
    to_predicted = np.linalg.norm(centres[np.newaxis] - predicted[:, np.newaxis], axis=2)
    path = predicted - last
    length = np.maximum((path**2).sum(axis=1), 1e-9)
    along = ((centres[np.newaxis] - last[:, np.newaxis]) * path[:, np.newaxis]).sum(axis=2) / length[:, np.newaxis]
    along = np.clip(along, 0.0, 1.0)
    nearest = last[:, np.newaxis] + along[..., np.newaxis] * path[:, np.newaxis]
    to_path = np.linalg.norm(centres[np.newaxis] - nearest, axis=2)
    to_path += SHORT_CHARGE * (1 - along) * np.sqrt(length)[:, np.newaxis]
    is_long = (unseen > PATH_SECONDS)[:, np.newaxis]
    found: np.ndarray = np.where(is_long, np.minimum(to_path, to_predicted), to_predicted)
    return found


def costs(
    distance: np.ndarray, iou: np.ndarray, size_change: np.ndarray, unseen: np.ndarray, squared: np.ndarray
) -> np.ndarray:
    """The cost of each pair of object and detection, float64 [n, m]; infinite where they cannot be the same.

    Args:
        distance: [n, m], in box sizes.
        iou: [n, m], of detection and predicted box.
        size_change: [n, m], absolute logarithm of the ratio of sizes.
        unseen: [n], seconds.
        squared: [n, m], squared distance in standard deviations.
    """
    seconds = unseen[:, np.newaxis]
    gate = np.minimum(GATE + GATE_GROWTH * seconds, WIDEST_GATE)
    tolerance = np.minimum(TOLERANCE + TOLERANCE_GROWTH * seconds, WIDEST_TOLERANCE)
    cost = IOU_WEIGHT * (1 - iou) + DISTANCE_WEIGHT * distance / gate + SIZE_WEIGHT * size_change / tolerance
    is_doubtful = (cost > DEAREST) | (size_change > tolerance)
    is_refused = (distance > gate) | (is_doubtful & (iou < SURE_IOU))
    rank = RANK_WEIGHT * np.log1p(squared / TAIL) + UNSEEN_CHARGE * np.minimum(seconds, LONGEST_CHARGED)
    found: np.ndarray = np.where(is_refused, np.inf, rank)
    return found
