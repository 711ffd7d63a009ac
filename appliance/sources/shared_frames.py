"""Shared memory for a few frames: written by the reader process, copied from by the daemon."""

import errno
import mmap
import os
import tempfile
from dataclasses import dataclass
from typing import IO, List, Optional

import numpy as np

from appliance.sources.linux import make_memory_file

# One being written, one waiting, one being copied, and a spare one.
SLOTS = 4


@dataclass(frozen=True)
class Layout:
    """The layout of a frame in shared memory.

    Attributes:
        width: Pixels.
        height: Pixels.
        stride: Bytes from one row of BGR to the next.
    """

    width: int
    height: int
    stride: int

    @property
    def frame_bytes(self) -> int:
        """The size of a frame in bytes."""
        return self.stride * self.height

    @property
    def slot_bytes(self) -> int:
        """The size of a frame, rounded up to whole pages."""
        return -(-self.frame_bytes // mmap.PAGESIZE) * mmap.PAGESIZE


class SharedFrameWriter:
    """The child's side: knows which slots are free. Raises OSError if there is no room for the frames.

    Attributes:
        file: What the other side maps; may be closed once it has been sent.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.file = _make_file(layout.slot_bytes * SLOTS)
        self._memory = mmap.mmap(self.file.fileno(), layout.slot_bytes * SLOTS)
        self._free: List[int] = list(range(SLOTS))

    def take(self) -> Optional[int]:
        """Take a free slot; None if there is none."""
        return self._free.pop() if self._free else None

    def give_back(self, slot: int) -> None:
        """Make a slot free again."""
        self._free.append(slot)

    def bytes_of(self, slot: int) -> memoryview:
        """Return the frame's bytes in shared memory, to write to."""
        start = slot * self.layout.slot_bytes
        return memoryview(self._memory)[start : start + self.layout.frame_bytes]


class SharedFrameReader:
    """The parent's side. The memory is freed with the last reference to this object."""

    def __init__(self, descriptor: int, layout: Layout) -> None:
        self._layout = layout
        self._memory = mmap.mmap(descriptor, layout.slot_bytes * SLOTS, access=mmap.ACCESS_READ)

    def copy(self, slot: int) -> np.ndarray:
        """Return a copy of a frame: uint8 [height, width, 3], contiguous."""
        layout = self._layout
        shared: np.ndarray = np.ndarray(
            (layout.height, layout.width, 3), np.uint8, self._memory, slot * layout.slot_bytes, (layout.stride, 3, 1)
        )
        return shared.copy()


def _make_file(size: int) -> IO[bytes]:
    """Return a file in memory with all its space allocated: too little is an error here, not a SIGBUS at a write.

    /dev/shm, of which a container gets 64 MB or none, is used on old systems. Never a disk: a camera would wear it out.
    """
    if size > _available_memory() // 2:
        # Nothing else limits a memory file: the kernel would kill processes until there is room.
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
    try:
        file: IO[bytes] = os.fdopen(make_memory_file(), "r+b", buffering=0)
    except OSError:
        file = tempfile.TemporaryFile(dir="/dev/shm", buffering=0)
    try:
        os.posix_fallocate(file.fileno(), 0, size)
    except OSError:
        file.close()
        raise
    return file


def _available_memory() -> int:
    """Return the bytes that the kernel can allocate without swapping."""
    with open("/proc/meminfo", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvailable:"))
