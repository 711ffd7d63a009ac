"""Objects that were hidden are found again by their looks, farther away than their movement alone would allow."""

from typing import Dict, List

import numpy as np

from appliance.tracking.appearance import unlikeness
from appliance.tracking.assignment import assign
from appliance.tracking.association import distances
from appliance.tracking.motion import centres_of
from appliance.tracking.objects import Objects

GATE, GATE_GROWTH, WIDEST_GATE = 0.57, 1.44, 2.2
"""How far an object may be from where it was or is expected, in box sizes: at once, more a second unseen, at most."""
TOLERANCE = 0.8
"""How much its size may differ, as a logarithm of the ratio."""
MOST_UNLIKE, LOOKS_WEIGHT = 0.5, 6.0
"""From where on it is another object, and what looking different costs beside the distance."""
FEWEST_SECONDS = 0.13
"""Who was seen more lately has not been hidden."""


def costs_of_looks(
    objects: Objects, boxes: np.ndarray, unseen: np.ndarray, change: np.ndarray, unlike: np.ndarray
) -> np.ndarray:
    """Return the cost of each pair of object and detection by looks, float64 [n, m]; infinite: not the same.

    Args:
        objects: Those that are followed.
        boxes: float64 [m, 4], pixels.
        unseen: Seconds from the last sight of the object to that of the detection, float64 [n, m] or [n, 1].
        change: float64 [n, m], logarithm of the ratio of their sizes.
        unlike: float32 [n, m], how little they look alike.
    """
    centres = centres_of(boxes)
    seconds = unseen.max(axis=1, initial=0.0)
    distance = distances(objects.last_centre, objects.motion.centre, centres, seconds)
    from_last = np.sqrt(((centres[np.newaxis] - objects.last_centre[:, np.newaxis]) ** 2).sum(axis=2))
    distance = np.minimum(distance, from_last) / objects.motion.scale()[:, np.newaxis]
    gate = np.minimum(GATE + GATE_GROWTH * unseen, WIDEST_GATE)
    is_refused = (distance > gate) | (change > TOLERANCE) | (unlike > MOST_UNLIKE) | (unseen < FEWEST_SECONDS)
    is_refused |= ~objects.has_id()[:, np.newaxis]
    is_refused |= np.array([[track.is_stationary and track.there > track.last] for track in objects.tracks], bool)
    found: np.ndarray = np.where(is_refused, np.inf, distance / gate + LOOKS_WEIGHT * unlike + change)
    return found


def rejoin(objects: Objects, new: List[int], seen: List[int]) -> Dict[int, int]:
    """Return which of the objects that are about to get an id are ones that were hidden: row of the new, of the old.

    Args:
        objects: Those that are followed.
        new: The rows of those that are about to get one.
        seen: The rows of all that are seen in this frame.
    """
    hidden = [row for row, track in enumerate(objects.tracks) if track.id and row not in set(seen)]
    if not new or not hidden:
        return {}
    gaps = objects.first[new][np.newaxis] - objects.last[hidden][:, np.newaxis]
    change = np.abs(objects.motion.log_size[:, np.newaxis] - objects.motion.log_size[new][np.newaxis]).max(axis=2)
    unlike = unlikeness(objects.looks, objects.looks[new])
    boxes = np.array([objects.tracks[row].first_box for row in new])
    unseen = np.full((len(objects), len(new)), -1.0)
    unseen[hidden] = gaps
    cost = costs_of_looks(objects, boxes, unseen, change, unlike)
    cost[objects.class_ids[:, np.newaxis] != objects.class_ids[new][np.newaxis]] = np.inf
    return {new[column]: row for row, column in assign(cost)}
