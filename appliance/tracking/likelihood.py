"""How well detections fit where objects are expected, by the noise of both, and where that does not tell who is who."""

from typing import List, Set, Tuple

import numpy as np

from appliance.tracking.assignment import Pairs
from appliance.tracking.motion import Motion, centres_of, log_sizes

CENTRE_NOISE, SIZE_NOISE = 0.06, 0.05
"""Jitter of a detector: of the centre in widths and heights, of the size's logarithm."""
DOUBT_SECONDS, MOST_DOUBT = 0.36, 2.5
"""Who is who is in doubt where another answer is likelier than the chosen one by exp(-doubt). The doubt is the log of
so long over the time since the last sight: the more frames show two who pass, the surer each of them must be."""
FARTHEST = 12.0
"""Who fits less well than that, as -log, is no rival."""


def surprisals(motion: Motion, boxes: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Return the squared distance of each pair of object and detection, and -log of how likely it is, up to a constant.

    Both are float64 [n, m]. The distance is in standard deviations (Mahalanobis), of place and size. The likelihood
    counts in addition how much an object could be elsewhere: one unseen for long fits to much, and well to nothing.

    Args:
        motion: Of n objects.
        boxes: float64 [m, 4], pixels.
    """
    scale = motion.scale()
    variance = motion.covariance[:, 0]
    centres, sizes = centres_of(boxes), log_sizes(boxes)
    size_variance = (motion.size_variance + SIZE_NOISE**2)[:, np.newaxis]
    squared = np.zeros((len(scale), len(boxes)))
    spread = np.zeros(len(scale))
    for axis in range(2):
        extent = np.exp(motion.log_size[:, axis]) / scale  # in box sizes
        total = variance + (CENTRE_NOISE * extent) ** 2
        away = (centres[np.newaxis, :, axis] - motion.centre[:, axis, np.newaxis]) / scale[:, np.newaxis]
        change = sizes[np.newaxis, :, axis] - motion.log_size[:, axis, np.newaxis]
        squared += away**2 / total[:, np.newaxis] + change**2 / size_variance
        spread += np.log(total / CENTRE_NOISE**2) + np.log(size_variance[:, 0] / SIZE_NOISE**2)
    return squared, (squared + spread[:, np.newaxis]) / 2


def doubtful(surprisal: np.ndarray, pairs: Pairs, known: List[bool], unseen: np.ndarray) -> Set[int]:
    """Return the columns of detections of which the pairs do not tell well whom they show.

    Where two objects pass each other one of their two detections may be missed, and which one it was is a guess. A
    wrong guess would show one object with the id of the other, so the detection gets none.

    Args:
        surprisal: float64 [n, m], -log of how likely each pair is.
        pairs: Those that were chosen.
        known: For each of n objects, whether it has an id that could be mistaken.
        unseen: float64 [n], seconds since each was last seen.
    """
    column_of = dict(pairs)
    doubt = np.clip(np.log(DOUBT_SECONDS / np.maximum(unseen, 1e-3)), 0.0, MOST_DOUBT)
    found: Set[int] = set()
    for row, column in pairs:
        if not known[row]:
            continue
        for other in np.flatnonzero(surprisal[:, column] < FARTHEST).tolist():
            if other == row or not known[other]:
                continue
            loss = surprisal[other, column] - surprisal[row, column]
            if other in column_of:
                loss += min(surprisal[row, column_of[other]], FARTHEST) - surprisal[other, column_of[other]]
            if loss < doubt[row]:
                found.add(column)
    return found
