"""Masks as COCO's compressed run-length encoding, held against a plain decoder and against pycocotools."""

import numpy as np
import pytest

from appliance.contract.codec import encode
from appliance.outputs.rle import encode_mask


def decode(encoded):
    """The format, read plainly: groups of five bits, lowest first; from the fourth on, differences."""
    runs, value, shift = [], 0, 0
    for character in encoded.counts:
        group = ord(character) - 48
        value |= (group & 31) << shift
        shift += 5
        if not group & 32:
            if group & 16:
                value -= 1 << shift
            if len(runs) > 2:
                value += runs[-2]
            runs.append(value)
            value, shift = 0, 0
    height, width = encoded.size
    assert sum(runs) == height * width and all(run > 0 for run in runs[1:]) and runs[0] >= 0
    pixels = np.concatenate([np.full(run, number % 2 == 1) for number, run in enumerate(runs)])
    return pixels.reshape(width, height).T


def random_mask(seed, height, width, share):
    return np.random.RandomState(seed).rand(height, width) < share


def ellipse(height, width):
    y, x = np.mgrid[:height, :width]
    return ((y - height / 2) / (height / 3)) ** 2 + ((x - width / 4) / (width / 5)) ** 2 < 1


MASKS = {
    "empty": np.zeros((6, 9), np.bool_),
    "full": np.ones((6, 9), np.bool_),
    "one pixel": np.array([[True]]),
    "no pixel": np.array([[False]]),
    "first pixel": np.arange(54).reshape(9, 6).T == 0,
    "last pixel": np.arange(54).reshape(9, 6).T == 53,
    "first column": np.arange(54).reshape(9, 6).T < 6,
    "last column": np.arange(54).reshape(9, 6).T >= 48,
    "rows": np.arange(6)[:, None] % 2 == np.zeros((1, 9), int),
    "noise": random_mask(1, 37, 53, 0.5),
    "sparse": random_mask(2, 120, 160, 0.001),
    "dense": random_mask(3, 120, 160, 0.999),
    "large": ellipse(1080, 1920),
    "larger": ellipse(2160, 3840),
}


@pytest.mark.parametrize("name", sorted(MASKS))
def test_what_was_encoded_can_be_decoded(name):
    mask = MASKS[name]
    encoded = encode_mask(mask)
    assert encoded.size == mask.shape
    assert np.array_equal(decode(encoded), mask)


def test_the_text_is_the_published_one():
    """6 False, 1 True, 40 False, 4 True, 3 False: 6, 1, 40 = 8 + 1 * 32, 4 - 1 = 3, 3 - 40 = -37."""
    pixels = np.concatenate([np.full(run, number % 2 == 1) for number, run in enumerate([6, 1, 40, 4, 3])])
    assert encode_mask(pixels.reshape(9, 6).T).counts == "61X13kN"


@pytest.mark.parametrize("name", sorted(MASKS))
def test_it_is_what_pycocotools_writes(name):
    coco = pytest.importorskip("pycocotools.mask", reason="pycocotools is not here (requirements/test.txt)")
    mask = MASKS[name]
    expected = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    encoded = encode(encode_mask(mask))
    assert encoded["counts"] == expected["counts"].decode("ascii")
    assert encoded["size"] == list(expected["size"])
    assert np.array_equal(coco.decode(encoded).astype(np.bool_), mask)
    assert coco.area(encoded) == mask.sum()
