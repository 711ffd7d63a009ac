"""Write an AVI file of JPEG pictures that can be played at any moment while it is written.

OpenCV's own writers fill in the header when they are closed, so a killed process leaves a file that many players
refuse. Here each picture goes to the file at once, and the counts and sizes in the headers follow. Beyond 1 GiB the
file continues in further RIFF parts, as specified by OpenDML 1.02 ("AVI 2.0").
"""

import os
import struct
from array import array
from fractions import Fraction
from typing import IO, List

import numpy as np

from appliance.core.sink import write_all

PART_BYTES = 1 << 30  # well under the 2 GiB that old readers can address in the first part
MAX_PARTS = 256  # room in the index of indexes: 256 GiB a file
_CHUNK_ID = b"00dc"
_HAS_INDEX, _IS_KEYFRAME = 0x10, 0x10


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack("<4sI", kind, len(data)) + data + b"\0" * (len(data) % 2)


def _list(kind: bytes, data: bytes) -> bytes:
    return _chunk(b"LIST", kind + data)


class AviWriter:
    """Creates the file `path`, which must not exist yet. Every method may raise OSError.

    Attributes:
        frames: Number of pictures written.
    """

    def __init__(self, path: str, width: int, height: int, fps: float, part_bytes: int = PART_BYTES) -> None:
        self.frames = 0
        # 29.97002997 becomes 30000/1001. The bound keeps the numerator in the header's 32 bits.
        self._rate = Fraction(min(fps, 1e6)).limit_denominator(1001)
        if self._rate <= 0:
            raise ValueError(f"fps must be above 0, not {fps}")
        self._part_bytes = part_bytes
        self._parts: List[bytes] = []  # of every finished part: its entry in the index of indexes
        self._index = array("I")  # of this part: where each picture starts, counted from "movi", and its size
        self._end = 0
        self._file: IO[bytes] = open(path, "xb", buffering=0)
        try:
            self._write_headers(width, height)
        except OSError:
            self._file.close()
            os.unlink(path)
            raise

    @property
    def is_full(self) -> bool:
        """Whether to start a new file: the last part for which the index has room has begun."""
        return len(self._parts) == MAX_PARTS - 1

    def fileno(self) -> int:
        return self._file.fileno()

    def write(self, jpeg: bytes) -> None:
        """Append one picture. If that fails, the file is as it was before and can still be closed."""
        if self._index and self._end - self._riff + len(jpeg) > self._part_bytes:
            self._finish_part()
            self._start_part(b"AVIX")
        start = self._end + 8 - self._movi
        self._append(_chunk(_CHUNK_ID, jpeg))
        self._index.extend((start, len(jpeg)))
        self.frames += 1
        self._update_headers()

    def close(self) -> None:
        """Add the index. If the disk has no room for it the file plays without, so that is not an error."""
        if self._file.closed:
            return
        with self._file:
            try:
                self._finish_part()
                os.fdatasync(self.fileno())
            except OSError:
                return
            # Announced only now: players believe an index, and one of a few parts would hide the others.
            self._patch(self._indx_at + 24, b"".join(self._parts))
            self._patch(self._indx_at + 4, struct.pack("<I", len(self._parts)))
            self._patch(self._flags_at, struct.pack("<I", _HAS_INDEX))

    def _write_headers(self, width: int, height: int) -> None:
        size = width * height * 3
        rate = self._rate
        avih = struct.pack("<14I", round(1000000 / rate), 0, 0, 0, 0, 0, 1, size, width, height, 0, 0, 0, 0)
        times = (rate.denominator, rate.numerator, 0, 0)
        rest = (
            size,
            0xFFFFFFFF,
            0,
            0,
            0,
            width,
            height,
        )  # quality: the encoder's own; samples of varying size
        strh = struct.pack("<4s4sI2HI4I3I4H", b"vids", b"MJPG", 0, 0, 0, 0, *times, *rest)
        strf = struct.pack("<3I2H4s5I", 40, width, height, 1, 24, b"MJPG", size, 0, 0, 0, 0)
        indx = struct.pack("<HBBI4s3I", 4, 0, 0, 0, _CHUNK_ID, 0, 0, 0) + bytes(16 * MAX_PARTS)
        strl = _list(b"strl", _chunk(b"strh", strh) + _chunk(b"strf", strf) + _chunk(b"indx", indx))
        odml = _list(b"odml", _chunk(b"dmlh", bytes(248)))
        headers = _list(b"hdrl", _chunk(b"avih", avih) + strl + odml)
        # Where the fields are that change while frames come in.
        avih_at = 12 + 12 + 8
        strh_at = avih_at + len(avih) + 12 + 8
        self._flags_at = avih_at + 12
        self._indx_at = strh_at + len(strh) + 8 + len(strf) + 8
        self._frame_counts_at = (avih_at + 16, strh_at + 32, 12 + len(headers) - 248)
        self._start_part(b"AVI ", headers)

    def _start_part(self, kind: bytes, headers: bytes = b"") -> None:
        self._riff = self._end
        self._append(struct.pack("<4sI4s", b"RIFF", 0, kind) + headers + struct.pack("<4sI4s", b"LIST", 0, b"movi"))
        self._movi = self._end - 4
        self._update_headers()

    def _finish_part(self) -> None:
        """Index the part's pictures: in OpenDML's format in every part, and also in the old format in the first."""
        if not self._index:
            return
        entries = np.array(self._index, "<u4").reshape(-1, 2)
        head = struct.pack("<HBBI4sQI", 2, 0, 1, len(entries), _CHUNK_ID, self._movi, 0)
        index_at = self._end
        self._append(_chunk(b"ix00", head + entries.tobytes()))
        self._index = array("I")
        self._parts.append(struct.pack("<QII", index_at, self._end - index_at, len(entries)))
        self._update_headers()
        if len(self._parts) == 1:
            old = np.empty((len(entries), 4), "<u4")
            old[:, 0] = int.from_bytes(_CHUNK_ID, "little")
            old[:, 1] = _IS_KEYFRAME
            old[:, 2] = entries[:, 0] - 8  # this one points at the chunk, the other at what is in it
            old[:, 3] = entries[:, 1]
            self._append(_chunk(b"idx1", old.tobytes()))
            self._patch(self._riff + 4, struct.pack("<I", self._end - self._riff - 8))

    def _append(self, data: bytes) -> None:
        try:
            write_all(self._file, data)
        except OSError:
            self._file.seek(self._end)
            self._file.truncate()
            raise
        self._end += len(data)

    def _patch(self, position: int, data: bytes) -> None:
        os.pwrite(self._file.fileno(), data, position)

    def _update_headers(self) -> None:
        self._patch(self._riff + 4, struct.pack("<I", self._end - self._riff - 8))
        self._patch(self._movi - 4, struct.pack("<I", self._end - self._movi))
        for position in self._frame_counts_at:
            self._patch(position, struct.pack("<I", self.frames))
