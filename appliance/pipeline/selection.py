"""Which detections of a result go on to the sinks."""

import dataclasses
from typing import Optional, Sequence

import numpy as np

from appliance.core.frame import Result


def select(result: Result, lowest_score: float = 0.0, shown_classes: Optional[Sequence[str]] = None) -> Result:
    """A result without the detections that are not asked for; the same object where all are.

    Args:
        result: what a detector found in one frame; a segmentation is left as it is.
        lowest_score: detections with a lower score are left out.
        shown_classes: names of the classes that stay; None keeps all.
    """
    found = result.detections
    keep = found.scores >= np.float32(lowest_score)
    if shown_classes is not None:
        shown = [result.label(int(class_id)) in shown_classes for class_id in found.class_ids]
        keep &= np.array(shown, dtype=bool)
    if keep.all():
        return result
    return dataclasses.replace(result, detections=found.select(keep))
