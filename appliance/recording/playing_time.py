"""Measure the duration of recordings that the index does not know: after a crash, and of files copied here.

Reads a few bytes of our AVI, and of MP4 with or without fragments.
"""

import struct
from pathlib import Path
from typing import IO

from appliance.recording import avi_reader
from appliance.recording.mp4_boxes import LARGEST_BOX, boxes, boxes_of_file, find, scale_and_duration


def read_seconds(path: Path) -> float:
    """Return the duration in seconds; 0.0 if the file does not contain it (yet)."""
    try:
        return _read_seconds(path)
    except OSError:
        return 0.0


def is_empty(path: Path) -> bool:
    """Return whether nothing in the file can be played. Raises OSError if it cannot be read."""
    return not _read_seconds(path)


def _read_seconds(path: Path) -> float:
    with path.open("rb") as file:
        try:
            return avi_reader.read_seconds(file) if path.suffix == ".avi" else _mp4_seconds(file)
        except struct.error:
            return 0.0


def _mp4_seconds(file: IO[bytes]) -> float:
    """A fragmented file states its duration only once finished; until then its fragments are added up."""
    timescale, default_duration, ticks, next_ticks = 0, 0, 0, 0
    for kind, start, end in boxes_of_file(file):
        if kind == b"mdat":
            ticks, next_ticks = ticks + next_ticks, 0
        if kind not in (b"moov", b"moof") or end - start > LARGEST_BOX:
            continue
        file.seek(start)
        data = file.read(end - start)
        if kind == b"moof":
            next_ticks = sum(_fragment_ticks(data, *place, default_duration) for place in find(data, b"traf"))
            continue
        for place in find(data, b"mvhd"):
            scale, duration = scale_and_duration(data, place[0])
            for start, end in find(data, b"mvex", b"mehd"):
                duration = duration or int.from_bytes(data[start + 4 : end], "big")
            if duration and scale:
                return duration / scale
        for place in find(data, b"trak", b"mdia", b"mdhd"):
            timescale = scale_and_duration(data, place[0])[0]
        for place in find(data, b"mvex", b"trex"):
            default_duration = struct.unpack_from(">I", data, place[0] + 12)[0]
    return ticks / timescale if timescale else 0.0


def _fragment_ticks(data: bytes, start: int, end: int, default_duration: int) -> int:
    """Return the duration, in ticks, of one track's fragment."""
    ticks = 0
    for kind, at, _ in boxes(data, start, end):
        flags = int.from_bytes(data[at + 1 : at + 4], "big")
        if kind == b"tfhd" and flags & 0x08:
            place = at + 8 + (8 if flags & 0x01 else 0) + (4 if flags & 0x02 else 0)
            default_duration = struct.unpack_from(">I", data, place)[0]
        elif kind == b"trun":
            count = struct.unpack_from(">I", data, at + 4)[0]
            first = at + 8 + (4 if flags & 0x01 else 0) + (4 if flags & 0x04 else 0)
            step = 4 * sum(1 for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit)
            if flags & 0x100:
                ticks += sum(struct.unpack_from(">I", data, first + step * number)[0] for number in range(count))
            else:
                ticks += count * default_duration
    return ticks
