"""Which nodes under /dev are cameras: known by their numbers, without opening them. Opening some does something."""

import os
import re
import stat
from typing import Optional

VIDEO4LINUX = 81  # its major number: linux/Documentation/admin-guide/devices.txt

# Where the names of cameras are, for one that is not plugged in now.
_NAMES = re.compile(r"/dev/(video\d{1,3}|v4l/by-(id|path)/[\w.,:+@-]{1,200})", re.ASCII)


def allowed_camera(path: str) -> bool:
    """Whether a path that came from the dashboard is a camera's, or the name of one that is not there now."""
    if not path.startswith("/dev/") or "\0" in path or ".." in path.split("/"):
        return False
    try:
        return is_camera(os.stat(path))
    except OSError:
        return _NAMES.fullmatch(path) is not None


def is_camera(status: os.stat_result) -> bool:
    return stat.S_ISCHR(status.st_mode) and os.major(status.st_rdev) == VIDEO4LINUX


def why_unreadable(path: str, status: os.stat_result) -> Optional[str]:
    """Why something that exists is neither a camera nor a file that could be played, if so."""
    if is_camera(status) or stat.S_ISREG(status.st_mode):
        return None
    what = "a folder" if stat.S_ISDIR(status.st_mode) else "no video device"
    return f"{path} is {what}; cameras are /dev/video* (major number {VIDEO4LINUX})"
