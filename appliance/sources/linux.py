"""Calls of the C library that Python 3.6 does not have."""

import ctypes
import os

LINE_BUFFERED = 1  # _IOLBF of stdio.h
MFD_CLOEXEC = 1  # linux/memfd.h

_libc = ctypes.CDLL(None, use_errno=True)


def die_first() -> None:
    """Where memory runs out, the kernel ends this process (and what it starts), not the one that has the models."""
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")
    except OSError:
        pass  # a system that does not let anybody


def print_by_lines() -> None:
    """OpenCV lets FFmpeg speak on standard output; into a pipe that would come out at the end only."""
    _libc.setvbuf(ctypes.c_void_p.in_dll(_libc, "stdout"), None, LINE_BUFFERED, 0)


def make_memory_file() -> int:
    """Descriptor of a file that has no name and lies in memory, whatever is mounted. Raises OSError, also where
    the C library is older than 2.27.
    """
    try:
        descriptor: int = _libc.memfd_create(b"splitlens", MFD_CLOEXEC)
    except AttributeError:
        raise OSError("no memfd_create") from None
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return descriptor
