"""Helpers for starting GStreamer's programs."""

import fcntl
import os
from typing import Dict

LAUNCHER, INSPECTOR = "gst-launch-1.0", "gst-inspect-1.0"
PIPE_BYTES = 1 << 20
"""The largest pipe buffer that an ordinary user may set."""

_F_SETPIPE_SZ = 1031  # linux/fcntl.h; in Python's fcntl since 3.10


def english_environment() -> Dict[str, str]:
    """Return the environment for such a program: its messages must be English, because they are parsed."""
    return dict({key: value for key, value in os.environ.items() if key != "LANGUAGE"}, LC_ALL="C")


def widen_pipe(descriptor: int) -> None:
    """Enlarge the buffer of a pipe for raw pictures, if the system allows it; else data moves in smaller steps.

    Args:
        descriptor: Either end of the pipe.
    """
    try:
        fcntl.fcntl(descriptor, _F_SETPIPE_SZ, PIPE_BYTES)
    except OSError:
        pass
