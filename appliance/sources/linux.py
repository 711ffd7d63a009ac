"""Calls of the C library that Python 3.6 does not have."""

import ctypes
import os

LINE_BUFFERED = 1  # _IOLBF of stdio.h
MFD_CLOEXEC = 1  # linux/memfd.h

_libc = ctypes.CDLL(None, use_errno=True)


def die_first() -> None:
    """Make the kernel kill this process (and its children) first if memory runs out, not the one with the models."""
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")
    except OSError:
        pass  # some systems do not allow it


def print_by_lines() -> None:
    """Make standard output line-buffered: FFmpeg's messages would otherwise reach a pipe only at the end."""
    _libc.setvbuf(ctypes.c_void_p.in_dll(_libc, "stdout"), None, LINE_BUFFERED, 0)


def make_memory_file() -> int:
    """Return the descriptor of an anonymous file in memory.

    Raises OSError, also if the C library is older than 2.27.
    """
    try:
        descriptor: int = _libc.memfd_create(b"splitlens", MFD_CLOEXEC)
    except AttributeError:
        raise OSError("no memfd_create") from None
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return descriptor
