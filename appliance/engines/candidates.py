"""Select the scores that count from the outputs of a front: a few dozen of the 100,000 of an image."""

from dataclasses import dataclass
from typing import Dict, List, Sequence

import numpy as np

from appliance.graph.recognise.suppression import Suppression


@dataclass(frozen=True)
class PickedScores:
    """The scores of some images that are at or above a limit.

    Attributes:
        positions: int [n], ascending: positions in the flattened scores [images, anchors, classes].
        scores: float32 [n].
        boxes: float32 [n, 4], (y_min, x_min, y_max, x_max), as the front returns them.
        anchors: Number of anchors per image.
        other_outputs: The front's other outputs, by their index.
    """

    positions: np.ndarray
    scores: np.ndarray
    boxes: np.ndarray
    anchors: int
    other_outputs: Dict[int, np.ndarray]


def min_score_of(settings: Suppression, threshold: float) -> np.float32:
    """Return the lowest score that is at or above `threshold` and above the graph's own threshold."""
    return max(np.float32(threshold), np.nextafter(np.float32(settings.score_threshold), np.float32(np.inf)))


def pick(outputs: Sequence[np.ndarray], images: int, settings: Suppression, min_score: np.float32) -> PickedScores:
    """Select the scores that count, and their boxes.

    Args:
        outputs: The front's outputs; among them boxes, float32 [images, rows, 1 or classes, 4], and scores, float32
            [images, rows, classes].
        images: Number of images.
        settings: The suppression that follows; they say which outputs are boxes and which are scores.
        min_score: The lowest score to select.
    """
    scores, boxes = outputs[settings.scores].reshape(-1), outputs[settings.boxes].reshape(-1, 4)
    positions = np.flatnonzero(scores >= min_score)
    of_boxes = positions if has_own_boxes(outputs, settings) else positions // settings.classes
    return PickedScores(
        positions,
        scores[positions],
        boxes[of_boxes],
        anchors_of(outputs, images, settings),
        {index: outputs[index] for index in other_outputs(outputs, settings)},
    )


def has_own_boxes(outputs: Sequence[np.ndarray], settings: Suppression) -> bool:
    """Return whether each class has its own boxes."""
    return outputs[settings.boxes].size == outputs[settings.scores].size * 4


def anchors_of(outputs: Sequence[np.ndarray], images: int, settings: Suppression) -> int:
    """Return the number of anchors, or proposals, per image."""
    return outputs[settings.scores].size // settings.classes // images


def other_outputs(outputs: Sequence[np.ndarray], settings: Suppression) -> List[int]:
    """Return the indices of the outputs that are neither boxes nor scores."""
    return [index for index in range(len(outputs)) if index not in (settings.boxes, settings.scores)]
