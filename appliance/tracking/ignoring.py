"""Masks that drop detections before anything follows them."""

import functools
from typing import Mapping, Optional, Sequence, Tuple

import numpy as np

from appliance.core.frame import Detections
from appliance.schema.places import Mask
from appliance.tracking.tables import PolygonTable


def kept_by_masks(
    detections: Detections, masks: Sequence[Mask], labels: Mapping[int, str], size: Tuple[int, int]
) -> Optional[np.ndarray]:
    """Return which detections no mask drops: the bottom centre of their box is in none that is for their class.

    Args:
        detections: What was found in a frame.
        masks: The masks.
        labels: Label map, class id to name.
        size: Width and height of the frame, in pixels.

    Returns:
        bool [n]; None if all are kept.
    """
    if not masks or not len(detections.boxes):
        return None
    boxes = detections.boxes.astype(np.float64)
    points = np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]], axis=1) / size
    names = [labels.get(class_id, f"id {class_id}") for class_id in detections.class_ids.tolist()]
    kept: np.ndarray = np.ones(len(names), bool)
    for mask, inside in zip(masks, _table(tuple(masks)).inside(points)):
        meant = inside if mask.labels is None else [one and name in mask.labels for one, name in zip(inside, names)]
        kept &= ~np.array(meant, bool)
    return None if kept.all() else kept


@functools.lru_cache(maxsize=32)
def _table(masks: Tuple[Mask, ...]) -> PolygonTable:
    return PolygonTable([mask.polygon for mask in masks])
