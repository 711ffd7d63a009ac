"""Encode masks in COCO's compressed run-length encoding, the format that pycocotools reads."""

import numpy as np

from appliance.contract.events import Mask


def encode_mask(mask: np.ndarray) -> Mask:
    """Encode a mask, bool [height, width].

    Pixels are read column by column; the counts are the lengths of alternating runs of False and True, False first.
    """
    height, width = mask.shape
    return Mask((height, width), _as_text(_runs(mask)))


def _runs(mask: np.ndarray) -> np.ndarray:
    height, width = mask.shape
    columns = np.flatnonzero(mask.any(axis=0))
    if not len(columns):
        return np.array([height * width])
    # Only the columns with something in them are turned; what lies before and after is False.
    first, end = int(columns[0]), int(columns[-1]) + 1
    padded = np.zeros((end - first) * height + 2, np.int8)
    padded[1:-1] = mask[:, first:end].T.ravel()
    changes = np.flatnonzero(padded[1:] != padded[:-1]) + first * height
    if changes[-1] == height * width:
        changes = changes[:-1]
    return np.diff(np.concatenate([[0], changes, [height * width]]))


def _as_text(runs: np.ndarray) -> str:
    """From the fourth on, a run is written as its difference to the last but one, which is small.

    A number is written in groups of five bits, the lowest first; the sixth bit says that another group follows, and the
    fifth of the last group is the sign. 48 is added to make a printable character.
    """
    rest = runs.astype(np.int64)
    rest[3:] -= runs[1:-2]
    groups, used = [], []
    more = np.ones(len(rest), np.bool_)
    while more.any():
        used.append(more)
        group = rest & 31
        rest = rest >> 5
        more = more & (rest != np.where(group & 16, -1, 0))
        groups.append(group + 32 * more + 48)
    return np.stack(groups, 1)[np.stack(used, 1)].astype(np.uint8).tobytes().decode("ascii")
