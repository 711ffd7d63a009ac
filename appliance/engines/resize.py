"""Bilinear resize on the CPU as in TensorFlow 1, for engines that do not have it.

Follows tensorflow/core/kernels/image/resize_bilinear_op.cc in order and precision (float32): left to right, then top to
bottom. OpenCV's resize uses other pixel centres, and the warps of many OpenCV versions round positions to 1/32 pixel;
both change scores. Where the warp does not round (OpenCV 5), its result is within 3e-5 of 255. It takes a third of the
time for small images, but is slower for large ones, as it converts every pixel to float first.
"""

import functools
import threading
from dataclasses import dataclass
from typing import Dict, List, Tuple

import cv2
import numpy as np

# Images of more pixels than this are slower to warp (measured: 0.8 to 2.4 ms against 2.7).
_LARGEST_WARP = 1000000


@functools.lru_cache(maxsize=None)
def _warps_exactly() -> bool:
    """Return whether this OpenCV's warp is exact. Tested at run time, as versions and processors differ."""
    image = np.random.RandomState(1).randint(0, 256, (31, 47, 3)).astype(np.uint8)
    by_warp, by_rule = Resizer(20, 20), Resizer(20, 20)
    by_rule.can_warp = False
    return bool(np.abs(by_warp.warp(image) - by_rule.resize(image)).max() < 1e-3)


@dataclass(frozen=True)
class _Axis:
    """For each output pixel: its two neighbours, and the fraction of the way from the first to the second."""

    low: np.ndarray
    high: np.ndarray
    fraction: np.ndarray


@dataclass(frozen=True)
class _Grid:
    """For each output value, row by row and with three channels per pixel: the offsets of its four neighbours in the
    image's bytes, and the two fractions.
    """

    corners: Tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
    across: np.ndarray
    down: np.ndarray


class Resizer:
    """Resizes images to one size. Several threads may use it at once.

    Args:
        can_warp: Whether to use OpenCV's warp where it is exact.
    """

    def __init__(self, width: int, height: int, align_corners: bool = False, half_pixel_centers: bool = False) -> None:
        self._width, self._height = width, height
        self._align_corners, self._half_pixel_centers = align_corners, half_pixel_centers
        self._grids: Dict[Tuple[int, int], _Grid] = {}
        self.can_warp = not (align_corners or half_pixel_centers)
        self._local = threading.local()

    def resize(self, image: np.ndarray) -> np.ndarray:
        """Resize an image.

        Args:
            image: uint8 [h, w, 3], BGR.

        Returns:
            float32 [1, height, width, 3], RGB, 0 to 255.
        """
        height, width = image.shape[:2]
        if self.can_warp and height * width < _LARGEST_WARP and _warps_exactly():
            return self.warp(image)
        grid = self._grids.get((width, height))
        if grid is None:
            grid = self._grid(width, height)
            # Most sources keep their size, but a folder of images of many sizes must not fill the memory.
            self._grids = {(width, height): grid}
        values, (taken, corners) = image.reshape(-1), self._buffers()
        for corner, buffer in zip(grid.corners, corners):
            values.take(corner, out=taken, mode="clip")  # no index is out of range; "raise" would make another copy
            buffer[...] = taken
        top_left, top_right, bottom_left, bottom_right = corners
        top = _blend(top_left, top_right, grid.across)
        bottom = _blend(bottom_left, bottom_right, grid.across)
        return _blend(top, bottom, grid.down).reshape(1, self._height, self._width, 3).copy()

    def warp(self, image: np.ndarray) -> np.ndarray:
        """Do the same as `resize`, by OpenCV's warp."""
        scale = np.array([[image.shape[1] / self._width, 0, 0], [0, image.shape[0] / self._height, 0]])
        warped = cv2.warpAffine(
            image.astype(np.float32),
            scale,
            (self._width, self._height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        resized: np.ndarray = cv2.cvtColor(warped, cv2.COLOR_BGR2RGB)[np.newaxis]
        return resized

    def _buffers(self) -> Tuple[np.ndarray, List[np.ndarray]]:
        """Return this thread's buffers; to allocate new ones for each image would take longer than the arithmetic."""
        if not hasattr(self._local, "buffers"):
            shape = self._height, self._width * 3
            self._local.buffers = np.empty(shape, np.uint8), [np.empty(shape, np.float32) for _ in range(4)]
        buffers: Tuple[np.ndarray, List[np.ndarray]] = self._local.buffers
        return buffers

    def _grid(self, width: int, height: int) -> _Grid:
        x, y = self._axis(width, self._width), self._axis(height, self._height)
        # Single bytes, blue last: several times faster than to take pixels and reverse their channels.
        left, right = ((column[:, np.newaxis] * 3 + [2, 1, 0]).reshape(-1) for column in (x.low, x.high))
        top, bottom = (row[:, np.newaxis] * (width * 3) for row in (y.low, y.high))
        return _Grid(
            (top + left, top + right, bottom + left, bottom + right),
            np.repeat(x.fraction, 3)[np.newaxis],
            y.fraction[:, np.newaxis],
        )

    def _axis(self, size: int, resized: int) -> _Axis:
        """Return which pixels a resized row or column is computed from."""
        one, half = np.float32(1), np.float32(0.5)
        if self._align_corners and resized > 1:
            scale = np.float32(size - 1) / np.float32(resized - 1)
        else:
            scale = np.float32(size) / np.float32(resized)
        position = np.arange(resized, dtype=np.float32)
        position = (position + half) * scale - half if self._half_pixel_centers else position * scale
        first = np.floor(position)
        low = np.maximum(first, 0).astype(np.intp)
        high = np.minimum(first + one, size - 1).astype(np.intp)
        return _Axis(low, high, position - first)


def _blend(first: np.ndarray, second: np.ndarray, fraction: np.ndarray) -> np.ndarray:
    """Return first + (second - first) * fraction; overwrites `second`."""
    second -= first
    second *= fraction
    second += first
    return second
