"""Small grey pictures, and whether two of them show the same whatever the light does."""

from typing import Optional, Tuple

import numpy as np

LEAST_TEXTURE = 5.0
"""A block of less contrast (standard deviation of its grey levels, 0 to 255) shows nothing that can be compared."""
FEWEST_BLOCKS = 1 / 6
"""Share of the blocks that must show something in both pictures."""
SAME_PATTERN = 0.5
"""Blocks whose correlation is higher show the same pattern."""


def grey(image: np.ndarray, box: Tuple[float, float, float, float], shape: Tuple[int, int]) -> np.ndarray:
    """Return a part of a picture as a small one of grey levels, float32.

    Args:
        image: uint8 [height, width, 3], BGR.
        box: The part, in pixels; outside the picture its edge is repeated.
        shape: Height and width of the result; each of its points is the mean of four.
    """
    height, width = image.shape[:2]
    rows = np.linspace(box[1], box[3], 2 * shape[0], endpoint=False).astype(np.int64).clip(0, height - 1)
    columns = np.linspace(box[0], box[2], 2 * shape[1], endpoint=False).astype(np.int64).clip(0, width - 1)
    green = image[rows[:, np.newaxis], columns[np.newaxis], 1].astype(np.float32)  # it has most of the brightness
    half = green[::2] + green[1::2]
    small: np.ndarray = (half[:, ::2] + half[:, 1::2]) * np.float32(0.25)
    return small


def likeness(first: np.ndarray, second: np.ndarray, side: int) -> Optional[float]:
    """Return the share of the blocks that show the same pattern in both; None if too little can be compared.

    Each block is compared by itself and without its brightness and contrast: a change of the light changes neither the
    pattern nor, if it falls on a part only, the other blocks.

    Args:
        first: Grey levels, float32 [height, width].
        second: Of the same shape.
        side: Of the square blocks, a divisor of height and width.
    """
    blocks, others = _blocks(first, side), _blocks(second, side)
    texture, other_texture = np.einsum("ij,ij->i", blocks, blocks), np.einsum("ij,ij->i", others, others)
    can_tell = np.minimum(texture, other_texture) >= LEAST_TEXTURE**2 * side * side
    if can_tell.sum() < FEWEST_BLOCKS * len(blocks):
        return None
    is_same = np.einsum("ij,ij->i", blocks, others) > SAME_PATTERN * np.sqrt(texture * other_texture)
    return float((is_same & can_tell).sum() / can_tell.sum())


def _blocks(picture: np.ndarray, side: int) -> np.ndarray:
    """The square blocks of a picture, each less its mean, float32 [n, side * side]."""
    height, width = picture.shape
    parts = picture.reshape(height // side, side, width // side, side).transpose(0, 2, 1, 3).reshape(-1, side * side)
    blocks: np.ndarray = parts - parts.mean(axis=1, keepdims=True)
    return blocks
