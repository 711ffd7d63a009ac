"""Read where the pictures of a fragmented MP4 are, as mp4.py writes it: also while it is written, or after a crash."""

import struct
from dataclasses import dataclass
from typing import IO, Dict, List, NamedTuple, Tuple

from appliance.recording.mp4_boxes import LARGEST_BOX, boxes, boxes_of_file, find, scale_and_duration

MOST_SAMPLES = 2000 * 1000
"""Of one file: over nine hours at 60 pictures a second."""

_NOT_SYNC = 0x10000
_ENTRY_HEADER = 78
"""Bytes of a sample entry of video before the boxes in it."""


class Mp4Error(Exception):
    """The file is not a fragmented MP4 with one track of H.264."""


class Sample(NamedTuple):
    """One coded picture.

    Attributes:
        position, size: Where it is in the file, in bytes.
        time: When it is to be decoded, in ticks from the file's beginning.
        duration: In ticks.
        shift: From decoding to showing, in ticks.
        is_key: Whether it can be decoded without those before it.
    """

    position: int
    size: int
    time: int
    duration: int
    shift: int
    is_key: bool


@dataclass(frozen=True)
class Mp4Track:
    """The video of a file.

    Attributes:
        scale: Ticks per second.
        width, height: Pixels.
        entry: The box that describes how it is coded.
        coding: What of that a decoder needs: the same in two files if one can go on with the other.
        samples: All pictures, in order.
    """

    scale: int
    width: int
    height: int
    entry: bytes
    coding: bytes
    samples: List[Sample]


def read_track(file: IO[bytes]) -> Mp4Track:
    """Return the complete fragments of a file. Raises Mp4Error, OSError."""
    head: Tuple[int, int, int, bytes, bytes, Dict[str, int]] = (0, 0, 0, b"", b"", {})
    samples: List[Sample] = []
    found: List[Sample] = []
    try:
        for kind, start, end in boxes_of_file(file):
            if kind == b"mdat":  # only now the fragment is whole
                samples += [sample for sample in found if sample.position + sample.size <= end]
                found = []
            if kind not in (b"moov", b"moof"):
                continue
            if end - start > LARGEST_BOX or len(samples) > MOST_SAMPLES:
                raise Mp4Error("it is too large")
            file.seek(start)
            data = file.read(end - start)
            if kind == b"moov":
                head = _read_moov(data)
            elif head[0]:
                found = _read_moof(data, start - 8, head[5], _end(samples))
    except (struct.error, IndexError, StopIteration) as error:
        raise Mp4Error("it is damaged") from error
    if not head[0]:
        raise Mp4Error("it has no H.264 in fragments")
    return Mp4Track(*head[:5], samples)


def _end(samples: List[Sample]) -> int:
    return samples[-1].time + samples[-1].duration if samples else 0


def _read_moov(data: bytes) -> Tuple[int, int, int, bytes, bytes, Dict[str, int]]:
    """Return scale, width, height, sample entry and coding of the first track, and the defaults of its samples."""
    scale = scale_and_duration(data, next(find(data, b"trak", b"mdia", b"mdhd"))[0])[0]
    start, end = next(find(data, b"trak", b"mdia", b"minf", b"stbl", b"stsd"))
    kind, at, entry_end = next(boxes(data, start + 8, end))
    if kind != b"avc1" or not scale:
        raise Mp4Error("it is not H.264")
    width, height = struct.unpack_from(">HH", data, at + 24)
    coding = next(data[one:two] for name, one, two in boxes(data, at + _ENTRY_HEADER, entry_end) if name == b"avcC")
    trex = next(find(data, b"mvex", b"trex"))[0]
    _, duration, size, flags = struct.unpack_from(">4I", data, trex + 8)
    defaults = {"duration": duration, "size": size, "flags": flags}
    return scale, width, height, data[at - 8 : entry_end], struct.pack(">HH", width, height) + coding, defaults


def _read_moof(data: bytes, moof_at: int, defaults: Dict[str, int], end: int) -> List[Sample]:
    """Return the samples of the first track. moof_at: where the box begins in the file. end: of those before."""
    start, stop = next(find(data, b"traf"))
    values, base, time, position = dict(defaults), moof_at, end, moof_at
    samples: List[Sample] = []
    for kind, at, _ in boxes(data, start, stop):
        version, flags = data[at], int.from_bytes(data[at + 1 : at + 4], "big")
        if kind == b"tfhd":
            at += 8
            if flags & 0x01:
                base, at = struct.unpack_from(">Q", data, at)[0], at + 8
            at += 4 if flags & 0x02 else 0
            for bit, name in ((0x08, "duration"), (0x10, "size"), (0x20, "flags")):
                if flags & bit:
                    values[name], at = struct.unpack_from(">I", data, at)[0], at + 4
        elif kind == b"tfdt":
            time = struct.unpack_from(">Q" if version else ">I", data, at + 4)[0]
        elif kind == b"trun":
            count = struct.unpack_from(">I", data, at + 4)[0]
            at += 8
            if flags & 0x01:
                position, at = base + struct.unpack_from(">i", data, at)[0], at + 4
            first = None
            if flags & 0x04:
                first, at = struct.unpack_from(">I", data, at)[0], at + 4
            for number in range(count):
                one = dict(values, shift=0)
                if first is not None and not number:
                    one["flags"] = first
                for bit, name in ((0x100, "duration"), (0x200, "size"), (0x400, "flags"), (0x800, "shift")):
                    if flags & bit:
                        signed = name == "shift" and version
                        one[name], at = struct.unpack_from(">i" if signed else ">I", data, at)[0], at + 4
                is_key = not one["flags"] & _NOT_SYNC
                samples.append(Sample(position, one["size"], time, one["duration"], one["shift"], is_key))
                time, position = time + one["duration"], position + one["size"]
    return samples
