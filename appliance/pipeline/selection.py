"""Select the detections of a result that go to the sinks."""

from typing import Optional, Sequence

import numpy as np

from appliance.core.frame import Result


def select(result: Result, lowest_score: float = 0.0, shown_classes: Optional[Sequence[str]] = None) -> Result:
    """Return a result with only the requested detections; the same object if those are all.

    Args:
        result: The objects found in one frame; a segmentation is not changed.
        lowest_score: Minimum score of a detection.
        shown_classes: Class names to keep; None keeps all.
    """
    found = result.detections
    keep = found.scores >= np.float32(lowest_score)
    if shown_classes is not None:
        shown = [result.label(int(class_id)) in shown_classes for class_id in found.class_ids]
        keep &= np.array(shown, dtype=bool)
    if keep.all():
        return result
    return result.keep(keep)
