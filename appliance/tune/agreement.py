"""Whether two ways to run a model find the same."""

import numpy as np

from appliance.frame import Detections, Found, Segmentation

TOLERANCE = 1e-4
"""Of scores, and of boxes as a part of the image's longer side."""
SAME_PIXELS = 0.999


def agree(found: Found, expected: Found, threshold: float, longer_side: int) -> bool:
    """Whether both have the same detections above the threshold; one that is right at it may be in either alone."""
    if isinstance(found, Segmentation) or isinstance(expected, Segmentation):
        return (isinstance(found, Segmentation) and isinstance(expected, Segmentation)
                and _same_pixels(found.class_map, expected.class_map))
    return _has_all(found, expected, threshold, longer_side) and _has_all(expected, found, threshold, longer_side)


def _has_all(one: Detections, other: Detections, threshold: float, longer_side: int) -> bool:
    """Whether every detection of the other has its like in the one."""
    wanted = np.flatnonzero(other.scores >= threshold + TOLERANCE)
    return all(_has(one, other, int(index), longer_side) for index in wanted)


def _has(one: Detections, other: Detections, index: int, longer_side: int) -> bool:
    is_like = ((one.class_ids == other.class_ids[index])
               & (np.abs(one.scores - other.scores[index]) <= TOLERANCE)
               & np.all(np.abs(one.boxes - other.boxes[index]) <= TOLERANCE * longer_side, axis=1))
    like = np.flatnonzero(is_like)
    if other.masks is None or one.masks is None:
        return len(like) > 0
    return any(_same_pixels(one.masks[place], other.masks[index]) for place in like)


def _same_pixels(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape == other.shape and bool(np.mean(one == other) >= SAME_PIXELS)
