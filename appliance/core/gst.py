"""What all that starts GStreamer's programs has in common."""

import fcntl
import os
from typing import Dict

LAUNCHER, INSPECTOR = "gst-launch-1.0", "gst-inspect-1.0"
PIPE_BYTES = 1 << 20
"""What an ordinary user may ask a pipe to hold."""

_F_SETPIPE_SZ = 1031  # linux/fcntl.h; in Python's fcntl since 3.10


def english_environment() -> Dict[str, str]:
    """The environment of such a program: what it says is to be English, because it is read."""
    return dict({key: value for key, value in os.environ.items() if key != "LANGUAGE"}, LC_ALL="C")


def widen_pipe(descriptor: int) -> None:
    """Let a pipe hold more of a raw picture, if the system allows it; it works in smaller steps otherwise.

    Args:
        descriptor: Either end of the pipe.
    """
    try:
        fcntl.fcntl(descriptor, _F_SETPIPE_SZ, PIPE_BYTES)
    except OSError:
        pass
