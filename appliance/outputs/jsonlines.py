"""Write results as JSON, one line per frame."""

import json
from typing import IO, Any, Dict

from appliance.core.frame import Result
from appliance.core.sink import OutputClosed, Sink, cannot_write, write_all
from appliance.outputs.rle import encode_mask

STANDARD_OUTPUT = "-"


def as_json(result: Result) -> Dict[str, Any]:
    """Return the line of one frame.

    Scores have 6 decimals: a score that is not below `det_th` is not rounded to below it, as long as `det_th` has no
        more
    decimals. Boxes are exact to 0.01 pixel. With instance masks each detection has its "mask" in COCO's compressed
    run-length encoding; a segmentation is the area of each class in pixels and as a share of the picture, including the
    background, the largest first.
    """
    frame, found = result.frame, result.detections
    height, width = frame.image.shape[:2]
    line: Dict[str, Any] = {
        "frame": frame.index,
        "source": frame.source,
        "time": round(float(frame.time), 6),
        "width": width,
        "height": height,
        "detections": [
            {
                "class_id": int(class_id),
                "label": result.label(int(class_id)),
                "score": round(float(score), 6),
                "box": [round(float(side), 2) for side in box],
            }
            for box, score, class_id in zip(found.boxes, found.scores, found.class_ids)
        ],
    }
    if found.masks is not None:
        for detection, mask in zip(line["detections"], found.masks):
            detection["mask"] = encode_mask(mask)
    if result.segmentation is not None:
        line["segmentation"] = [
            {
                "class_id": class_id,
                "label": result.label(class_id),
                "area": area,
                "share": round(area / (width * height), 6),
            }
            for class_id, area in result.segmentation.areas().items()
        ]
    return line


class JsonLines(Sink):
    """Writes to `path`, replacing an existing file; "-" is standard output. A line is written when `write` returns.

    Args:
        path: The file.
        standard_output: The descriptor that "-" stands for.

    Raises:
        OutputError: The file cannot be opened or written.
        OutputClosed: The reader has gone away.
    """

    name = "json"
    every_result = True

    def __init__(self, path: str, standard_output: int = 1) -> None:
        is_standard = path == STANDARD_OUTPUT
        self._path = "standard output" if is_standard else path
        try:
            # Unbuffered: a pipe that closed must be noticed here, and not once more when Python ends.
            self._file: IO[bytes] = (
                open(standard_output, "wb", buffering=0, closefd=False)
                if is_standard
                else open(path, "wb", buffering=0)
            )
        except OSError as problem:
            raise cannot_write(self._path, problem) from problem

    def write(self, result: Result) -> None:
        line = json.dumps(as_json(result), allow_nan=False) + "\n"
        try:
            write_all(self._file, line.encode("ascii"))
        except BrokenPipeError as problem:
            raise OutputClosed(f"{self._path}: its reader closed it.") from problem
        except OSError as problem:
            raise cannot_write(self._path, problem) from problem

    def close(self) -> None:
        self._file.close()
