"""Masks that drop detections before anything follows them."""

from typing import Mapping, Optional, Sequence, Tuple

import numpy as np

from appliance.core.frame import Detections
from appliance.core.geometry import is_inside
from appliance.schema.places import Mask


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
    width, height = size
    boxes = detections.boxes.tolist()
    kept = []
    for (x_min, _, x_max, y_max), class_id in zip(boxes, detections.class_ids.tolist()):
        at = ((x_min + x_max) / 2 / width, y_max / height)
        label = labels.get(class_id, f"id {class_id}")
        kept.append(
            not any((mask.labels is None or label in mask.labels) and is_inside(at, mask.polygon) for mask in masks)
        )
    return None if all(kept) else np.array(kept, bool)
