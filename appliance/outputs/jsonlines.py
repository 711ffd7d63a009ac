"""Write results as JSON, one line per frame."""

from typing import Tuple

import numpy as np

from appliance.contract.codec import encode_message
from appliance.contract.events import ClassArea, Detection, Detections
from appliance.core.frame import Result
from appliance.core.sink import Sink
from appliance.outputs.lines_file import LinesFile
from appliance.outputs.rle import encode_mask


def detections_of(result: Result, with_masks: bool = True) -> Detections:
    """What was found in one frame, as it is published and written.

    Scores have 6 decimals: a score that is not below `det_th` is not rounded to below it, as long as `det_th` has no
    more decimals. Boxes are exact to 0.01 pixel. With instance masks each detection has its `mask` in COCO's compressed
    run-length encoding; a segmentation is the area of each class in pixels and as a share of the picture, including the
    background, the largest first.

    Args:
        result: The frame with what was found in it.
        with_masks: Whether instance masks are wanted; they take long to encode.
    """
    frame, found = result.frame, result.detections
    height, width = frame.image.shape[:2]
    masks = found.masks if with_masks and found.masks is not None else [None] * len(found.boxes)
    tracks = result.tracks if result.tracks is not None else [None] * len(found.boxes)
    areas = None if result.segmentation is None else result.segmentation.areas()
    return Detections(
        stream=frame.stream,
        frame=frame.index,
        source=frame.source,
        time=round(float(frame.time), 6),
        width=width,
        height=height,
        detections=[
            Detection(
                class_id=int(class_id),
                label=result.label(int(class_id)),
                score=round(float(score), 6),
                box=_rounded(box),
                mask=None if mask is None else encode_mask(mask),
                track=None if track is None else track.id,
                stationary=None if track is None else track.is_stationary,
            )
            for box, score, class_id, mask, track in zip(found.boxes, found.scores, found.class_ids, masks, tracks)
        ],
        segmentation=None
        if areas is None
        else [
            ClassArea(class_id, result.label(class_id), area, round(area / (width * height), 6))
            for class_id, area in areas.items()
        ],
    )


def _rounded(box: np.ndarray) -> Tuple[float, float, float, float]:
    left, top, right, bottom = (round(float(side), 2) for side in box)
    return left, top, right, bottom


class JsonLines(Sink):
    """Writes what was found in each frame, one line a frame.

    Args:
        path: The file; see `LinesFile`.
        standard_output: The descriptor that "-" stands for.

    Raises:
        OutputError: The file cannot be opened or written.
        OutputClosed: The reader has gone away.
    """

    name = "json"
    every_result = True

    def __init__(self, path: str, standard_output: int = 1) -> None:
        self._file = LinesFile(path, standard_output)

    def write(self, result: Result) -> None:
        line = encode_message(detections_of(result))
        del line["stream"]  # there is one only
        self._file.write(line)

    def close(self) -> None:
        self._file.close()
