"""What ties a process to the one that started it, in calls of the C library that Python does not have."""

import ctypes
import functools
import os
import signal
from typing import Callable, Optional

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h

_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(parent: int) -> None:
    """From now on the kernel kills this process when the thread that started it ends.

    Args:
        parent: The id of that thread's process; where it is gone already, this process ends at once.
    """
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def tied_to_us() -> Callable[[], None]:
    """For Popen's `preexec_fn`: the child dies with the thread that starts it."""
    return functools.partial(die_with_parent, os.getpid())


def adopt_orphans() -> None:
    """Processes below this one whose own parent ends become children of this one, not of the machine's first."""
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


class Heartbeat:
    """Tells a supervisor that this process is alive.

    Args:
        descriptor: Of a pipe to it; None where nobody listens.
    """

    BUSY, WELL = b"b", b"w"

    def __init__(self, descriptor: Optional[int] = None) -> None:
        self._descriptor = descriptor

    def beat(self, is_busy: bool = False) -> None:
        """Say it once. Never blocks.

        Args:
            is_busy: Whether the process is at work that may keep it from the next beat for minutes.
        """
        if self._descriptor is None:
            return
        try:
            os.write(self._descriptor, self.BUSY if is_busy else self.WELL)
        except OSError:
            pass  # full, as nobody reads: a supervisor that is gone, or stopped itself
