"""Snapshots as pictures: a clean JPEG that knows where its object is, and what is drawn of it when somebody asks."""

import json
import struct
from typing import Optional, Sequence, Tuple, Union

import cv2
import numpy as np

from appliance.core.frame import Detections, Frame, Result, Statistics, Timings
from appliance.core.sink import JPEG_QUALITY
from appliance.drawing.overlay import Overlay

SENT_QUALITY = 85
MOST_WIDTH = 8192
MARGIN = 0.15
"""Around an object that is cut out, as a share of its longer side."""

_COMMENT = b"\xff\xfe"
_NOTHING = Statistics(0.0, 0, 0.0, None, 0.0, 0, 0, 0)

Shares = Tuple[float, float, float, float]


def encode_snapshot(image: np.ndarray, box: Union[Sequence[float], np.ndarray]) -> bytes:
    """Return a JPEG with the box in its comment. image: uint8 BGR. box: x_min, y_min, x_max, y_max in its pixels."""
    height, width = image.shape[:2]
    shares = [round(min(max(side / size, 0.0), 1.0), 5) for side, size in zip(box, (width, height) * 2)]
    comment = json.dumps({"box": shares}).encode("ascii")
    jpeg: bytes = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()
    return jpeg[:2] + _COMMENT + struct.pack(">H", len(comment) + 2) + comment + jpeg[2:]


def read_box(jpeg: bytes) -> Optional[Shares]:
    """Return the box in the comment, in shares of the picture; None if there is none."""
    if jpeg[2:4] != _COMMENT:
        return None
    try:
        length = struct.unpack_from(">H", jpeg, 4)[0]
        sides = [float(side) for side in json.loads(jpeg[6 : 4 + length].decode("ascii"))["box"]]
    except (struct.error, ValueError, KeyError, TypeError):
        return None
    if len(sides) != 4 or not all(0.0 <= side <= 1.0 for side in sides):
        return None
    return sides[0], sides[1], sides[2], sides[3]


def show_snapshot(
    jpeg: bytes, box: Shares, label: str, score: float, bbox: bool, crop: bool, height: Optional[int]
) -> Optional[bytes]:
    """Return what is asked for of a snapshot, as a JPEG; None if it is damaged.

    Args:
        jpeg: As it is stored.
        box: Of the object, in shares of the picture.
        label, score: Of the object.
        bbox: Whether to draw the box, with label and score.
        crop: Whether to show only the object, with a margin.
        height: Of the picture that is returned, in pixels.
    """
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        return None
    if not bbox and not crop and height is None:
        return jpeg
    sides = np.array(box) * (image.shape[1::-1] * 2)
    if bbox:
        frame = Frame(image, 0, "", 0.0, 0.0, 0.0)
        found = Detections(sides[np.newaxis].astype(np.float32), np.array([score], np.float32), np.ones(1, np.int32))
        result = Result(frame, found, Timings(0, 0, 0, 0, 0, 0), {1: label})
        image = Overlay(False, lambda: _NOTHING).draw(result)
    if crop:
        image = _crop(image, sides)
    if height is not None:
        image = _resize(image, height)
    shown: bytes = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, SENT_QUALITY])[1].tobytes()
    return shown


def _crop(image: np.ndarray, sides: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    x_min, y_min, x_max, y_max = (float(side) for side in sides)
    margin = MARGIN * max(x_max - x_min, y_max - y_min)
    left, top = max(0, int(x_min - margin)), max(0, int(y_min - margin))
    right, bottom = min(width, int(x_max + margin) + 1), min(height, int(y_max + margin) + 1)
    if right - left < 2 or bottom - top < 2:
        return image
    return image[top:bottom, left:right]


def _resize(image: np.ndarray, height: int) -> np.ndarray:
    width = min(MOST_WIDTH, max(1, round(image.shape[1] * height / image.shape[0])))
    interpolation = cv2.INTER_AREA if height < image.shape[0] else cv2.INTER_LINEAR
    return cv2.resize(image, (width, height), interpolation=interpolation)
