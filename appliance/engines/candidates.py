"""The scores of a front that count, picked out of all: a few dozen of the hundred thousand that an image has."""

from dataclasses import dataclass
from typing import Dict, List, Sequence

import numpy as np

from appliance.graph.recognise.suppression import Suppression


@dataclass(frozen=True)
class PickedScores:
    """What images have at or above some score.

    Attributes:
        positions: Of the scores, ascending, in those of all images, rows (anchors) and classes one after the other: int
            [n].
        scores: float32 [n].
        boxes: float32 [n, 4], (y_min, x_min, y_max, x_max), as the front gives them.
        anchors: How many an image has.
        other_outputs: What else the front gave, by the number of the output.
    """

    positions: np.ndarray
    scores: np.ndarray
    boxes: np.ndarray
    anchors: int
    other_outputs: Dict[int, np.ndarray]


def min_score_of(settings: Suppression, threshold: float) -> np.float32:
    """The lowest score that counts: at or above a threshold, and above the graph's own."""
    return max(np.float32(threshold), np.nextafter(np.float32(settings.score_threshold), np.float32(np.inf)))


def pick(outputs: Sequence[np.ndarray], images: int, settings: Suppression, min_score: np.float32) -> PickedScores:
    """Select the scores that count, and their boxes.

    Args:
        outputs: Of a front; among them boxes, float32 [images, rows, 1 or classes, 4], and scores, float32 [images,
            rows, classes].
        images: How many images they are of.
        settings: Of the suppression behind it, which say which outputs are boxes and scores.
        min_score: The lowest score that counts.
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
    """Whether each class has boxes of its own."""
    return outputs[settings.boxes].size == outputs[settings.scores].size * 4


def anchors_of(outputs: Sequence[np.ndarray], images: int, settings: Suppression) -> int:
    """The anchors, or proposals, of one image."""
    return outputs[settings.scores].size // settings.classes // images


def other_outputs(outputs: Sequence[np.ndarray], settings: Suppression) -> List[int]:
    """The outputs that are neither boxes nor scores."""
    return [index for index in range(len(outputs)) if index not in (settings.boxes, settings.scores)]
