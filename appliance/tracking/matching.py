"""Which object each detection of a frame shows: first by where it is expected, then by overlap, then by its looks."""

from typing import List, NamedTuple, Optional, Set, Tuple

import numpy as np

from appliance.tracking.appearance import unlikeness
from appliance.tracking.assignment import Pairs, assign
from appliance.tracking.association import areas_of, costs, distances, overlaps, shared_areas
from appliance.tracking.likelihood import doubtful, surprisals
from appliance.tracking.motion import centres_of, log_sizes
from appliance.tracking.objects import STILL_SECONDS, Objects
from appliance.tracking.reidentify import costs_of_looks
from appliance.tracking.settings import SettingsTable

ENTRY_SECONDS, ENTRY_EDGE, ENTRY_GROWTH = 2.0, 0.02, 0.4
"""Who came so lately and is so close to the edge, in shares of the picture, is coming in: what its growth counts."""
LOWEST_SCORE = 0.1
LOW_SECONDS, LOW_IOU, LOW_TOLERANCE = 0.6, 0.4, 0.4
"""A low score keeps a track alive that was seen so lately, where it overlaps so much and has nearly its size."""
OTHER_IOU = 0.6
"""A track takes a detection of another label, which none of its own is for, where it overlaps so much."""
DOUBLE_IOU, DOUBLE_SHARE = 0.75, 0.59
"""A detection that overlaps so much with one that a track took shows the same again; so does one that is inside it by
such a share, where there is an image: who was only hidden is then found again by looks."""
START_SCORE, START_IOU, START_SHARE = 0.18, 0.25, 0.25
"""From this score on a detection may be the first sight of an object, if it overlaps with no other more than so."""
STILL_IOU = 0.4
"""Who stands still takes only boxes that overlap so much, these of any label, and nothing else begins there."""
JUMP_SHARE, JUMP_IOU = 0.4, 0.2
"""Boxes of which so much is inside the place of who stands still, or of the place inside them, are of it, unless they
are much smaller or larger."""
LOOKS_WEIGHT, MOST_UNLIKE = 4.0, 0.6
"""What looking different costs, and from where on it is another object."""


class Shown(NamedTuple):
    """What a frame shows; see `Tracker.update` and `Detections`. looks: float32 [n, BINS], if there is an image."""

    time: float
    boxes: np.ndarray
    scores: np.ndarray
    class_ids: np.ndarray
    size: Tuple[int, int]
    image: Optional[np.ndarray]
    looks: Optional[np.ndarray] = None


class Match(NamedTuple):
    """Which detections of a frame show which objects.

    Attributes:
        pairs: (row of an object, column of a detection).
        doubtful: The columns of those that may well be exchanged with another object's.
        new: The columns that show new objects.
    """

    pairs: Pairs
    doubtful: Set[int]
    new: List[int]


def select(shown: Shown, settings: SettingsTable, class_ids: Optional[List[int]]) -> Tuple[List[int], List[int]]:
    """Return the columns of the detections that may be tracked: those of a high score, and those of a low one.

    Args:
        shown: The frame.
        settings: The limits of each label.
        class_ids: The classes that are tracked; None: all.
    """
    boxes, scores, rows = shown.boxes, shown.scores, settings.rows(shown.class_ids)
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    is_right = (width > 0) & (height > 0)
    area = width * height / max(shown.size[0] * shown.size[1], 1)
    ratio = width / np.where(height > 0, height, 1)
    for name, value in (("area", area), ("ratio", ratio)):
        is_right &= value >= settings.get("min_" + name, rows)
        is_right &= value <= settings.get("max_" + name, rows)
    if class_ids is not None:
        is_right &= np.isin(shown.class_ids, class_ids)
    is_high = scores >= settings.get("min_score", rows)
    is_low = ~is_high & (scores >= LOWEST_SCORE)
    return np.flatnonzero(is_right & is_high).tolist(), np.flatnonzero(is_right & is_low).tolist()


def match(objects: Objects, shown: Shown, high: List[int], low: List[int]) -> Match:
    """Return which detections show which objects.

    Args:
        objects: Those that are followed, predicted for the time of the frame.
        shown: The frame.
        high: The columns of high score.
        low: Those of low score.
    """
    unseen = shown.time - objects.last
    iou = overlaps(objects.motion.boxes(), shown.boxes)
    is_other = objects.class_ids[:, np.newaxis] != shown.class_ids[np.newaxis]
    change = _changes(objects, shown)
    squared, surprisal = surprisals(objects.motion, shown.boxes)
    cost = _costs(objects, shown, iou, unseen, change, squared)
    unlike = None if shown.looks is None else unlikeness(objects.looks, shown.looks)
    if unlike is not None:
        cost = np.where(unlike > MOST_UNLIKE, np.inf, cost + LOOKS_WEIGHT * unlike)
        surprisal = surprisal + LOOKS_WEIGHT * unlike
    pairs = _part(np.where(is_other, np.inf, cost), high, [])
    doubts = doubtful(np.where(is_other, np.inf, surprisal), pairs, [track.id > 0 for track in objects.tracks], unseen)
    pairs += _part(np.where((iou >= OTHER_IOU) & is_other, 1 - iou, np.inf), high, pairs)
    is_low = (iou >= LOW_IOU) & ~is_other & (unseen <= LOW_SECONDS)[:, np.newaxis] & (change <= LOW_TOLERANCE)
    pairs += _part(np.where(is_low, 1 - iou, np.inf), low, pairs)
    near_still = _near_still(objects, shown, iou, is_other)
    if near_still.any():
        pairs += _part(np.where(near_still, 1 - iou, np.inf), high, pairs)
    if unlike is not None and all(_free(len(objects), high, pairs)):
        again = costs_of_looks(objects, shown.boxes, unseen[:, np.newaxis], change, unlike)
        pairs += _part(np.where(is_other, np.inf, again), high, pairs)
    taken = [column for _, column in pairs]
    return Match(pairs, doubts, _new(objects, shown, high, low, taken, np.asarray(near_still.any(axis=0))))


def _changes(objects: Objects, shown: Shown) -> np.ndarray:
    """How much the sizes of each pair of object and detection differ: logarithm of the ratio, float64 [n, m].

    Who has just come in at the picture's edge grows until all of it is inside.
    """
    growth = log_sizes(shown.boxes)[np.newaxis] - objects.motion.log_size[:, np.newaxis]
    edges = np.array(shown.size, np.float64) * ENTRY_EDGE
    centre, half = objects.motion.centre, np.exp(objects.motion.log_size) / 2
    enters = (centre - half < edges) | (centre + half > np.array(shown.size) - edges)
    enters &= (shown.time - objects.first < ENTRY_SECONDS)[:, np.newaxis]
    grows = np.where(enters[:, np.newaxis] & (growth > 0), ENTRY_GROWTH * growth, np.abs(growth))
    change: np.ndarray = grows.max(axis=2)
    return change


def _costs(
    objects: Objects, shown: Shown, iou: np.ndarray, unseen: np.ndarray, change: np.ndarray, squared: np.ndarray
) -> np.ndarray:
    """The cost of each pair of object and detection by place and size, float64 [n, m]."""
    scale = objects.motion.scale()[:, np.newaxis]
    distance = distances(objects.last_centre, objects.motion.centre, centres_of(shown.boxes), unseen) / scale
    still = objects.is_still(STILL_SECONDS)
    unseen = unseen.copy()
    unseen[objects.pinned(shown.time)] = 0.0  # they are where they were
    cost = costs(distance, iou, change, unseen, squared)
    found: np.ndarray = np.where(still[:, np.newaxis] & (iou < STILL_IOU), np.inf, cost)
    return found


def _part(cost: np.ndarray, columns: List[int], before: Pairs) -> Pairs:
    """Pair rows and columns that are in no pair yet. cost: float64 [n, m]; columns: those to pair."""
    rows, columns = _free(len(cost), columns, before)
    if not rows or not columns:
        return []
    part = cost[np.array(rows)[:, np.newaxis], np.array(columns)]
    return [(rows[row], columns[column]) for row, column in assign(part)]


def _near_still(objects: Objects, shown: Shown, iou: np.ndarray, is_other: np.ndarray) -> np.ndarray:
    """Which detections show a part of who stands still, or a shadow, or take it for something else; bool [n, m]."""
    near = (iou >= STILL_IOU) & np.array([track.is_stationary for track in objects.tracks], bool)[:, np.newaxis]
    pinned = objects.pinned(shown.time)
    if pinned:
        places = objects.motion.boxes()[pinned]
        smaller = np.minimum(areas_of(places)[:, np.newaxis], areas_of(shown.boxes)[np.newaxis])
        is_part = (shared_areas(places, shown.boxes) >= JUMP_SHARE * smaller) & (iou[pinned] >= JUMP_IOU)
        near[pinned] |= is_part & ~is_other[pinned]
    found: np.ndarray = near
    return found


def _free(count: int, columns: List[int], pairs: Pairs) -> Tuple[List[int], List[int]]:
    """The rows of so many, and the columns of these, that are in no pair."""
    paired, taken = {row for row, _ in pairs}, {column for _, column in pairs}
    return [row for row in range(count) if row not in paired], [one for one in columns if one not in taken]


def _new(
    objects: Objects, shown: Shown, high: List[int], low: List[int], taken: List[int], is_double: np.ndarray
) -> List[int]:
    """The columns that no object was seen in, and that show one."""
    boxes, known = shown.boxes, set(taken)
    high = [column for column in high if column not in known]
    starts = [column for column in low if column not in known and shown.scores[column] >= START_SCORE]
    if not high and not starts:
        return []
    is_double = is_double | (overlaps(boxes, boxes[taken]).max(axis=1, initial=0.0) >= DOUBLE_IOU)
    if shown.looks is not None:
        is_double |= shared_areas(boxes, boxes[taken]).max(axis=1, initial=0.0) > DOUBLE_SHARE * areas_of(boxes)
    new = [column for column in high if not is_double[column]]
    for column in starts:  # highest score first
        box, others = boxes[column : column + 1], np.concatenate([objects.motion.boxes(), boxes[new]])
        is_apart = overlaps(box, others).max(initial=0.0) < START_IOU
        if is_apart and shared_areas(box, others).max(initial=0.0) < START_SHARE * areas_of(box)[0]:
            new.append(column)
    return new
