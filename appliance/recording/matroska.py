"""Write Matroska: how pictures with their times are piped to GStreamer."""

import struct

import cv2
import numpy as np

TICK = 1e-5  # seconds
PICTURE_COLUMNS = 8  # GStreamer pads the rows of I420 unless the width is a multiple of this


def pad_picture(picture: np.ndarray) -> np.ndarray:
    """The BGR picture, made larger at the right and the bottom so that it can be handed over as I420."""
    height, width = picture.shape[:2]
    right, bottom = -width % PICTURE_COLUMNS, height % 2
    if right or bottom:
        return cv2.copyMakeBorder(picture, 0, bottom, 0, right, cv2.BORDER_REPLICATE)
    return picture


def raw_picture(picture: np.ndarray) -> bytes:
    """A BGR picture as I420: half the bytes. OpenCV computes it by BT.601, in the limited range."""
    return cv2.cvtColor(pad_picture(picture), cv2.COLOR_BGR2YUV_I420).tobytes()


def header(width: int, height: int, fps: float) -> bytes:
    """What comes first. width, height: of the padded picture. fps: 1/fps is how long the last picture stands."""
    video = _number("B0", width) + _number("BA", height) + _element("2EB524", b"I420")
    track = (
        _number("D7", 1)
        + _number("73C5", 1)
        + _number("83", 1)
        + _number("9C", 0)  # number, id, video, no lacing
        + _number("23E383", round(1e9 / fps))
        + _element("86", b"V_UNCOMPRESSED")
        + _element("E0", video)
    )
    return (
        _element("1A45DFA3", _element("4282", b"matroska") + _number("4287", 4) + _number("4285", 2))
        + bytes.fromhex("18538067")
        + b"\x01"
        + b"\xff" * 7  # a segment of unknown length
        + _element("1549A966", _number("2AD7B1", round(TICK * 1e9)))
        + _element("1654AE6B", _element("AE", track))
    )


def picture_header(raw_bytes: int, seconds: float) -> bytes:
    """What comes before each raw picture of this many bytes; seconds: its time, from 0."""
    time = _number("E7", round(seconds / TICK))
    block = bytes.fromhex("A3") + _length(raw_bytes + 4)
    prefix = b"\x81\x00\x00\x80"  # of track 1, at the cluster's own time, stands alone
    return bytes.fromhex("1F43B675") + _length(len(time) + len(block) + 4 + raw_bytes) + time + block + prefix


def _length(count: int) -> bytes:
    return struct.pack(">Q", count | 1 << 56)


def _element(kind: str, data: bytes) -> bytes:
    return bytes.fromhex(kind) + _length(len(data)) + data


def _number(kind: str, value: int) -> bytes:
    return _element(kind, struct.pack(">Q", value))
