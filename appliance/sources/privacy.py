"""Privacy masks: black in the frame itself, before anything else sees it."""

import dataclasses
import math
import time
from typing import Callable, List, NamedTuple, Sequence, Tuple

import numpy as np

from appliance.core.frame import Frame, Result
from appliance.schema.polygons import Polygon

MARGIN = 3
"""Pixels around a polygon that are black, too: the next ones hold some of its colour, as cameras store colour at half
the size, and the polygon is drawn in whole pixels."""

Polygons = Sequence[Polygon]


class _Block(NamedTuple):
    """Rows that are black between the same columns: from `top` and `left` to before `bottom` and `right`."""

    top: int
    bottom: int
    left: int
    right: int


class PrivacyMask:
    """Blacks the polygons of one stream in its frames. Thread-safe.

    Args:
        polygons: Returns them, in shares of the picture; called for each frame, so that they can change at any time.
    """

    def __init__(self, polygons: Callable[[], Polygons]) -> None:
        self._polygons = polygons
        self._drawn: Tuple[Polygons, Tuple[int, int], List[_Block]] = ((), (0, 0), [])
        self._seen: Polygons = ()
        self._changed_at = -math.inf

    def __call__(self, frame: Frame) -> Frame:
        """Return a frame that a source has just made, with its polygons black.

        Nobody else may have it yet: its image is written to, unless the memory belongs to something else.
        """
        polygons = self._polygons()
        if polygons is not self._seen:
            self._seen, self._changed_at = polygons, time.monotonic()
        if not polygons:
            return frame
        image = frame.image
        if image.base is not None or not image.flags.writeable or not image.flags.c_contiguous:
            return self.copy(frame)
        self._black(image, polygons)
        return frame

    def again(self, result: Result) -> Result:
        """Return a result that no output has yet, with what became private since its frame was read."""
        if result.frame.captured_at > self._changed_at and self._polygons() is self._seen:
            return result
        frame = self(result.frame)
        return result if frame is result.frame else dataclasses.replace(result, frame=frame)

    def copy(self, frame: Frame) -> Frame:
        """Return a frame with the polygons black; the frame itself is left as it is."""
        polygons = self._polygons()
        if not polygons:
            return frame
        image = frame.image.copy()
        self._black(image, polygons)
        return dataclasses.replace(frame, image=image)

    def _black(self, image: np.ndarray, polygons: Polygons) -> None:
        height, width = image.shape[:2]
        known, size, blocks = self._drawn
        if known is not polygons or size != (width, height):
            blocks = _blocks(polygons, width, height)
            self._drawn = (polygons, (width, height), blocks)
        for top, bottom, left, right in blocks:
            image[top:bottom, left:right] = 0


def _blocks(polygons: Polygons, width: int, height: int) -> List[_Block]:
    """Return what is black of a picture: the fewer blocks, the faster they are filled."""
    import cv2

    drawn: np.ndarray = np.zeros((height + 2 * MARGIN, width + 2 * MARGIN), np.uint8)
    for polygon in polygons:
        corners = np.array(polygon, np.float64) * (width, height) - 0.5 + MARGIN
        cv2.fillPoly(drawn, [np.rint(corners).astype(np.int32)], 1)
    drawn = cv2.dilate(drawn, np.ones((2 * MARGIN + 1, 2 * MARGIN + 1), np.uint8))
    inside = drawn[MARGIN : MARGIN + height, MARGIN : MARGIN + width]
    blocks: List[_Block] = []
    open_runs: List[Tuple[int, int]] = []
    since = 0
    for row in range(height + 1):
        runs = _runs(inside[row]) if row < height else []
        if runs != open_runs:
            blocks += [_Block(since, row, left, right) for left, right in open_runs]
            open_runs, since = runs, row
    return blocks


def _runs(row: np.ndarray) -> List[Tuple[int, int]]:
    """Return where a row is black: from each first column to before each last."""
    steps = np.flatnonzero(np.diff(np.concatenate(([0], row, [0])).astype(np.int8)))
    return list(zip(steps[::2].tolist(), steps[1::2].tolist()))
