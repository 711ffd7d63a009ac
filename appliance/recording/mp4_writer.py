"""Write an MP4 of coded pictures that are in other files: its index comes first, so that a browser can seek at once."""

import struct
from typing import IO, Callable, Iterable, List, Sequence, Tuple

from appliance.recording.mp4_reader import Mp4Track, Sample

SCALE = 90000
"""Ticks per second."""
CHUNK_SAMPLES = 30

_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_BLOCK = 1 << 20

Piece = Tuple[IO[bytes], Mp4Track, Sequence[Sample]]
"""A part of a file: the file, its track, and the samples that are taken, of which the first is a key frame."""


def write_mp4(out: IO[bytes], pieces: Sequence[Piece], check: Callable[[], None] = lambda: None) -> None:
    """Write pieces one after another; nothing is encoded again.

    Args:
        out: An empty file.
        pieces: At least one, none without samples.
        check: Called for each megabyte; may raise.

    Raises:
        OSError: A file cannot be read or written; EOFError: one has become shorter.
    """
    entries: List[bytes] = []
    codings: List[bytes] = []
    for _, track, _ in pieces:
        if track.coding not in codings:
            codings.append(track.coding)
            entries.append(track.entry)
    ftyp = _box(b"ftyp", b"isom", struct.pack(">I", 512), b"isomiso2avc1mp41")
    size = sum(sample.size for _, _, samples in pieces for sample in samples)
    head = struct.pack(">I4s", 8 + size, b"mdat") if size < 1 << 31 else struct.pack(">I4sQ", 1, b"mdat", 16 + size)
    # Its length does not depend on the positions that it tells.
    start = len(ftyp) + len(_moov(pieces, entries, codings, 0)) + len(head)
    out.write(ftyp + _moov(pieces, entries, codings, start) + head)
    for file, _, samples in pieces:
        for position, length in _runs(samples):
            _copy(file, position, length, out, check)


def _moov(pieces: Sequence[Piece], entries: Sequence[bytes], codings: Sequence[bytes], start: int) -> bytes:
    """Return the index. start: where the first sample is in the file that is written."""
    durations = [one for _, track, samples in pieces for one in _durations(track, samples)]
    shifts = [sample.shift * SCALE // track.scale for _, track, samples in pieces for sample in samples]
    sizes = [sample.size for _, _, samples in pieces for sample in samples]
    keys, chunks, number, position = [], [], 0, start
    for _, track, samples in pieces:
        for first in range(0, len(samples), CHUNK_SAMPLES):
            part = samples[first : first + CHUNK_SAMPLES]
            chunks.append((position, len(part), codings.index(track.coding) + 1))
            position += sum(sample.size for sample in part)
            keys += [number + at + 1 for at, sample in enumerate(part) if sample.is_key]
            number += len(part)
    total = sum(durations)
    width, height = pieces[0][1].width, pieces[0][1].height
    stbl = [
        _full(b"stsd", 0, 0, struct.pack(">I", len(entries)), *entries),
        _full(b"stts", 0, 0, _table(_run_lengths(durations), ">II")),
    ]
    if any(shifts):
        stbl.append(_full(b"ctts", 1, 0, _table(_run_lengths(shifts), ">Ii")))
    stbl += [
        _full(b"stss", 0, 0, _table([(key,) for key in keys], ">I")),
        _full(b"stsc", 0, 0, _table(_chunk_runs(chunks), ">III")),
        _full(b"stsz", 0, 0, struct.pack(">II", 0, len(sizes)), struct.pack(f">{len(sizes)}I", *sizes)),
        _full(b"co64", 0, 0, _table([(at,) for at, _, _ in chunks], ">Q")),
    ]
    mvhd = struct.pack(">4I", 0, 0, SCALE, total) + struct.pack(">IH10x", 0x10000, 0x100) + _MATRIX + bytes(24)
    tkhd = (
        struct.pack(">5I", 0, 0, 1, 0, total) + bytes(8 + 8) + _MATRIX + struct.pack(">II", width << 16, height << 16)
    )
    dref = _full(b"dref", 0, 0, struct.pack(">I", 1), _full(b"url ", 0, 1))
    minf = _box(b"minf", _full(b"vmhd", 0, 1, bytes(8)), _box(b"dinf", dref), _box(b"stbl", *stbl))
    mdia = _box(
        b"mdia",
        _full(b"mdhd", 0, 0, struct.pack(">4IHH", 0, 0, SCALE, total, 0x55C4, 0)),
        _full(b"hdlr", 0, 0, struct.pack(">I4s12x", 0, b"vide"), b"video\0"),
        minf,
    )
    return _box(
        b"moov",
        _full(b"mvhd", 0, 0, mvhd + struct.pack(">I", 2)),
        _box(b"trak", _full(b"tkhd", 0, 7, tkhd), mdia),
    )


def _durations(track: Mp4Track, samples: Sequence[Sample]) -> List[int]:
    """Return durations in our ticks, rounded so that the errors do not add up."""
    times = [(sample.time - samples[0].time) * SCALE // track.scale for sample in samples]
    end = (samples[-1].time + samples[-1].duration - samples[0].time) * SCALE // track.scale
    return [after - before for before, after in zip(times, times[1:] + [end])]


def _run_lengths(values: Iterable[int]) -> List[Tuple[int, int]]:
    runs: List[Tuple[int, int]] = []
    for value in values:
        if runs and runs[-1][1] == value:
            runs[-1] = (runs[-1][0] + 1, value)
        else:
            runs.append((1, value))
    return runs


def _chunk_runs(chunks: Sequence[Tuple[int, int, int]]) -> List[Tuple[int, int, int]]:
    """Return from which chunk on there are how many samples of which description."""
    runs: List[Tuple[int, int, int]] = []
    for number, (_, count, description) in enumerate(chunks, 1):
        if not runs or runs[-1][1:] != (count, description):
            runs.append((number, count, description))
    return runs


def _runs(samples: Sequence[Sample]) -> List[Tuple[int, int]]:
    """Return position and length of what is read in one piece."""
    runs: List[Tuple[int, int]] = []
    for sample in samples:
        if runs and sum(runs[-1]) == sample.position:
            runs[-1] = (runs[-1][0], runs[-1][1] + sample.size)
        else:
            runs.append((sample.position, sample.size))
    return runs


def _copy(file: IO[bytes], position: int, length: int, out: IO[bytes], check: Callable[[], None]) -> None:
    file.seek(position)
    while length > 0:
        check()
        data = file.read(min(length, _BLOCK))
        if not data:
            raise EOFError("it has become shorter")
        out.write(data)
        length -= len(data)


def _box(kind: bytes, *content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + sum(map(len, content)), kind) + b"".join(content)


def _full(kind: bytes, version: int, flags: int, *content: bytes) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags), *content)


def _table(rows: Sequence[Tuple[int, ...]], form: str) -> bytes:
    return struct.pack(">I", len(rows)) + b"".join(struct.pack(form, *row) for row in rows)
