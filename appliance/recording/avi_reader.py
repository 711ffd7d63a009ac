"""Read the pictures of an AVI of JPEGs, also of one that is being written or was cut off by a crash.

Goes from chunk to chunk and relies neither on the index, which is written last, nor on the sizes of the lists, which
may be out of date. So it also continues into the further parts of OpenDML files, over 1 GiB. The dashboard uses it too:
standard library only.
"""

import struct
from dataclasses import dataclass
from typing import IO, Iterator, Tuple

_HEADER = struct.Struct("<4sI")
_CONTAINERS = (b"RIFF", b"LIST")
_PICTURE = b"00dc"
_LARGEST_PICTURE = 64 << 20
_LONGEST_HEADER = 512


class AviError(Exception):
    """The file is not an AVI of JPEG pictures."""


@dataclass(frozen=True)
class _Chunk:
    """A chunk. start: the position of its data in the file. size: in bytes."""

    kind: bytes
    start: int
    size: int


def _chunks(file: IO[bytes]) -> Iterator[_Chunk]:
    """Yield every chunk from the beginning, entering containers. The file position may change in between."""
    position = 0
    while True:
        file.seek(position)
        header = file.read(_HEADER.size)
        if len(header) < _HEADER.size:
            return
        kind, size = _HEADER.unpack(header)
        yield _Chunk(kind, position + _HEADER.size, size)
        position += 12 if kind in _CONTAINERS else _HEADER.size + size + size % 2


def read_fps(file: IO[bytes]) -> float:
    """Return the frames per second of playback. Raises AviError if the file is not an AVI of JPEG pictures."""
    file.seek(0)
    start = file.read(12)
    if start[:4] != b"RIFF" or start[8:] != b"AVI ":
        raise AviError("it is no AVI file")
    for chunk in _chunks(file):
        if chunk.kind == b"strh":
            file.seek(chunk.start)
            data = file.read(min(chunk.size, 28))
            if len(data) < 28 or data[4:8].upper() != b"MJPG":
                break
            scale, rate = struct.unpack_from("<2I", data, 20)
            if not scale or not 0.01 <= rate / scale <= 1000:
                break
            return float(rate / scale)
        if chunk.kind == _PICTURE:
            break
    raise AviError("it has no pictures in JPEG; play it with another program")


def read_size(file: IO[bytes]) -> Tuple[int, int]:
    """Return width and height of the pictures. Raises AviError."""
    for chunk in _chunks(file):
        if chunk.kind == b"avih" and chunk.size >= 40:
            file.seek(chunk.start + 32)
            width, height = struct.unpack("<2I", file.read(8))
            return int(width), int(height)
        if chunk.kind == _PICTURE:
            break
    raise AviError("its header is damaged")


def read_pictures(file: IO[bytes], skip: int = 0) -> Iterator[bytes]:
    """Yield the JPEGs in order, without the first `skip`. Ends at the first that is incomplete."""
    for chunk in _chunks(file):
        if chunk.kind != _PICTURE:
            continue
        if chunk.size > _LARGEST_PICTURE:
            return
        if skip > 0:
            skip -= 1
            continue
        file.seek(chunk.start)
        jpeg = file.read(chunk.size)
        if len(jpeg) < chunk.size:
            return
        if jpeg:
            yield jpeg


def read_seconds(file: IO[bytes]) -> float:
    """Return the duration, in seconds, from the header that AviWriter writes; 0.0 if it cannot be read."""
    file.seek(0)
    header = file.read(_LONGEST_HEADER)
    stream = header.find(b"strh")
    if not header.startswith(b"RIFF") or stream < 0 or len(header) < stream + 44:
        return 0.0
    scale, rate, _, frames = struct.unpack_from("<4I", header, stream + 8 + 20)
    return float(frames) * scale / rate if rate else 0.0
