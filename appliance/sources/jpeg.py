"""What a JPEG says of itself before it is decoded."""

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
    """No JPEG, or one whose beginning no decoder would understand."""


@dataclass(frozen=True)
class Head:
    """What stands before the coded picture.

    Attributes:
        width: Pixels.
        height: Pixels.
        scan: Where the coded picture begins, in bytes from the start.
    """

    width: int
    height: int
    scan: int


def read_head(data: Bytes) -> Optional[Head]:
    """None where `data` ends before the head does. Raises Damaged.

    Stricter than decoders, which look for the next mark where a length is wrong: they are to find no other size.
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
    """Where the picture ends whose scan begins at or before `start`. None: not yet."""
    place = data.find(END, start)
    return None if place < 0 else place + len(END)
