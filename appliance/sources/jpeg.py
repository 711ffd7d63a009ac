"""Parse a JPEG's header before decoding."""

import struct
from dataclasses import dataclass
from typing import Optional, Union

Bytes = Union[bytes, bytearray]

START = b"\xff\xd8\xff"
END = b"\xff\xd9"
# Start of frame, of any coding; DHT, JPG and DAC lie between them.
_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN = 0xDA


class Damaged(ValueError):
    """Not a JPEG, or one whose header no decoder would accept."""


@dataclass(frozen=True)
class Head:
    """The header of a JPEG.

    Attributes:
        width: Pixels.
        height: Pixels.
        scan: Offset of the coded image, in bytes.
    """

    width: int
    height: int
    scan: int


def read_head(data: Bytes) -> Optional[Head]:
    """Return the header; None if `data` ends before the header does. Raises Damaged.

    Stricter than decoders, which skip to the next marker if a length is wrong: they must not find another size.
    """
    if not START.startswith(bytes(data[:3])):
        raise Damaged("no JPEG")
    size = None
    place = 2
    while place + 4 <= len(data):
        if data[place] != 0xFF:
            raise Damaged("something between the segments")
        mark = data[place + 1]
        if mark == 0xFF:
            place += 1  # a fill byte
            continue
        (length,) = struct.unpack_from(">H", data, place + 2)
        if mark in (0x00, 0x01) or 0xD0 <= mark <= 0xD9 or length < 2:
            raise Damaged("a segment that cannot be")
        if mark in _SIZES:
            if place + 9 > len(data):
                return None
            height, width = struct.unpack_from(">HH", data, place + 5)
            if size is not None or not width or not height:
                raise Damaged("no size, or two")
            size = width, height
        if mark == _SCAN:
            if size is None:
                raise Damaged("no size")
            return Head(size[0], size[1], place)
        place += 2 + length
    return None


def find_end(data: Bytes, start: int) -> Optional[int]:
    """Return the offset of the end of the image whose scan begins at or before `start`; None if not there yet."""
    place = data.find(END, start)
    return None if place < 0 else place + len(END)
