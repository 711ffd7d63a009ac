"""Find boxes in MP4 files, also in one that is being written or was cut off by a crash. ISO/IEC 14496-12."""

import os
import struct
from typing import IO, Iterator, Tuple

LARGEST_BOX = 1 << 24
"""Of those that are read as a whole: moov and moof."""


def boxes_of_file(file: IO[bytes]) -> Iterator[Tuple[bytes, int, int]]:
    """Kind, start and end of what is in each box that is whole."""
    size = os.fstat(file.fileno()).st_size
    place = 0
    while place + 8 <= size:
        file.seek(place)
        head = file.read(16)
        length, kind = struct.unpack_from(">I4s", head)
        start = place + 8
        if length == 1:
            length, start = struct.unpack_from(">Q", head, 8)[0], place + 16
        end = place + length if length else size
        if end <= place or end > size:
            return
        yield kind, start, end
        place = end


def boxes(data: bytes, start: int, end: int) -> Iterator[Tuple[bytes, int, int]]:
    while start + 8 <= end:
        length, kind = struct.unpack_from(">I4s", data, start)
        if length < 8 or start + length > end:
            return
        yield kind, start + 8, start + length
        start += length


def find(data: bytes, *path: bytes) -> Iterator[Tuple[int, int]]:
    """Return start and end of all boxes at the end of this path."""
    places = [(0, len(data))]
    for wanted in path:
        places = [(start, end) for place in places for kind, start, end in boxes(data, *place) if kind == wanted]
    return iter(places)


def scale_and_duration(data: bytes, start: int) -> Tuple[int, int]:
    """Read mvhd or mdhd: ticks per second, and ticks."""
    scale, duration = (
        struct.unpack_from(">IQ", data, start + 20) if data[start] == 1 else struct.unpack_from(">II", data, start + 12)
    )
    return scale, duration
