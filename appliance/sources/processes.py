"""Children that do not outlive their parents, and what they print."""

import ctypes
import os
import signal
import subprocess

PR_SET_PDEATHSIG = 1  # linux/prctl.h
LINE_BUFFERED = 1  # _IOLBF of stdio.h

_libc = ctypes.CDLL(None)


def die_with_parent() -> None:
    """From now on the kernel kills this process when the thread that started it ends. A parent that is
    already dead is not noticed: look at the socket or pipe to it afterwards.
    """
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def print_by_lines() -> None:
    """OpenCV lets FFmpeg speak on standard output; into a pipe that would come out at the end only."""
    _libc.setvbuf(ctypes.c_void_p.in_dll(_libc, "stdout"), None, LINE_BUFFERED, 0)


def kill_group(process: "subprocess.Popen[bytes]") -> None:
    """Kill a child that leads a session of its own, with its children, and reap it. One that hangs in the
    kernel is left behind after two seconds.
    """
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:
        pass
