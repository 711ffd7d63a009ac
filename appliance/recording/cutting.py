"""Cut a part out of recordings, without encoding again: from the last key frame before it, to its end."""

import contextlib
import os
import time
from pathlib import Path
from typing import IO, Callable, List, Sequence

from appliance.recording.avi import AviWriter
from appliance.recording.avi_reader import AviError, read_fps, read_pictures, read_size
from appliance.recording.encoders import MP4
from appliance.recording.index import Entry
from appliance.recording.mp4_reader import Mp4Error, Sample, read_track
from appliance.recording.mp4_writer import Piece, write_mp4

MOST_SECONDS = 1800.0
MOST_BYTES = 1500 * 1000**2


class NothingToCut(Exception):
    """The recordings have no picture of that time, or are gone."""


class TooSlow(Exception):
    """The time is over."""


def cut(folder: Path, entries: Sequence[Entry], start: float, end: float, target: str, deadline: float) -> float:
    """Write what recordings show from start to end.

    Args:
        folder: Where they are.
        entries: The recordings, all of one format, the first first.
        start, end: Unix times. What is recorded of them may have gaps: the parts follow each other.
        target: The file to write, which must not exist.
        deadline: `time.monotonic()` when to give up.

    Returns:
        Unix time of the first picture.

    Raises:
        NothingToCut, TooSlow, OSError: No file is left.
    """

    def check() -> None:
        if time.monotonic() > deadline:
            raise TooSlow

    opened: List[IO[bytes]] = []
    kept: List[Entry] = []
    try:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):
                opened.append((folder / entry.name).open("rb"))
                kept.append(entry)
        if not kept:
            raise NothingToCut
        cut_them = _cut_mp4 if kept[0].format == MP4 else _cut_avi
        return cut_them(opened, kept, start, min(end, start + MOST_SECONDS), target, check)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(target)
        if isinstance(error, (EOFError, Mp4Error, AviError)):
            raise NothingToCut from error
        raise
    finally:
        for file in opened:
            file.close()


def _cut_mp4(
    files: Sequence[IO[bytes]],
    entries: Sequence[Entry],
    start: float,
    end: float,
    target: str,
    check: Callable[[], None],
) -> float:
    pieces: List[Piece] = []
    began, total = 0.0, 0
    for file, entry in zip(files, entries):
        check()
        try:
            track = read_track(file)
        except Mp4Error:
            continue
        samples = _part(track.samples, (start - entry.began) * track.scale, (end - entry.began) * track.scale)
        total += sum(sample.size for sample in samples)
        if total > MOST_BYTES:
            break
        if samples:
            began = began if pieces else entry.began + samples[0].time / track.scale
            pieces.append((file, track, samples))
    if not pieces:
        raise NothingToCut
    with open(target, "xb") as out:
        write_mp4(out, pieces, check)
    return began


def _part(samples: Sequence[Sample], start: float, end: float) -> Sequence[Sample]:
    """Return the samples from the last key frame at or before start, until end. start, end: ticks."""
    keys = [number for number, sample in enumerate(samples) if sample.is_key]
    before = [number for number in keys if samples[number].time <= start]
    first = before[-1] if before else keys[0] if keys else len(samples)
    return [sample for sample in samples[first:] if sample.time < end]


def _cut_avi(
    files: Sequence[IO[bytes]],
    entries: Sequence[Entry],
    start: float,
    end: float,
    target: str,
    check: Callable[[], None],
) -> float:
    """Files that differ in size from the first are left out; those of other rates are brought to its rate."""
    began, total, due = 0.0, 0, 0.0
    with contextlib.ExitStack() as closing:
        writer = None
        for file, entry in zip(files, entries):
            try:
                fps, size = read_fps(file), read_size(file)
            except AviError:
                continue
            if writer is None:
                writer = AviWriter(target, size[0], size[1], fps)
                closing.callback(writer.close)
                rate, shape = fps, size
            if size != shape:
                continue
            skipped = max(0, int((start - entry.began) * fps))
            for number, jpeg in enumerate(read_pictures(file, skipped), skipped):
                check()
                total += len(jpeg)
                if entry.began + number / fps >= end or total > MOST_BYTES:
                    break
                began = began or entry.began + number / fps
                due += rate / fps
                while writer.frames < round(due):
                    writer.write(jpeg)
        if writer is None or not writer.frames:
            raise NothingToCut
    return began
