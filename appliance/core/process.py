"""Process relations and heartbeats, with calls of the C library that Python does not offer."""

import ctypes
import functools
import os
import signal
from typing import Callable, Optional

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h

_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(parent: int) -> None:
    """Let the kernel kill this process when the thread that started it ends.

    Args:
        parent: The process id of that thread; if it is gone already, this process ends at once.
    """
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def tied_to_us() -> Callable[[], None]:
    """Return a `preexec_fn` for Popen: the child is killed when the thread that starts it ends."""
    return functools.partial(die_with_parent, os.getpid())


def adopt_orphans() -> None:
    """Make this process, instead of init, the parent of descendants whose own parent ends."""
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


class Heartbeat:
    """Tells a supervisor that this process is alive.

    Args:
        descriptor: A pipe to the supervisor; None if there is none.
    """

    BUSY, WELL = b"b", b"w"

    def __init__(self, descriptor: Optional[int] = None) -> None:
        self._descriptor = descriptor

    def beat(self, is_busy: bool = False) -> None:
        """Send one heartbeat. Never blocks.

        Args:
            is_busy: Whether the process does work that may delay its next heartbeat for minutes.
        """
        if self._descriptor is None:
            return
        try:
            os.write(self._descriptor, self.BUSY if is_busy else self.WELL)
        except OSError:
            pass  # full, because the supervisor is gone or suspended
