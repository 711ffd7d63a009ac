"""Identify camera nodes under /dev by their device numbers, without opening them: opening can have effects."""

import os
import re
import stat
from typing import Optional

VIDEO4LINUX = 81  # its major number: linux/Documentation/admin-guide/devices.txt

# Folders with names of cameras, for a camera that is not plugged in now.
_NAMES = re.compile(r"/dev/(video\d{1,3}|v4l/by-(id|path)/[\w.,:+@-]{1,200})", re.ASCII)


def allowed_camera(path: str) -> bool:
    """Return whether a path from the dashboard is a camera, or a camera's name that does not exist now."""
    if not path.startswith("/dev/") or "\0" in path or ".." in path.split("/"):
        return False
    try:
        return is_camera(os.stat(path))
    except OSError:
        return _NAMES.fullmatch(path) is not None


def is_camera(status: os.stat_result) -> bool:
    """Return whether the status is that of a Video4Linux device."""
    return stat.S_ISCHR(status.st_mode) and os.major(status.st_rdev) == VIDEO4LINUX


def why_unreadable(path: str, status: os.stat_result) -> Optional[str]:
    """Return why an existing path is neither a camera nor a file that could be played; None if it is one."""
    if is_camera(status) or stat.S_ISREG(status.st_mode):
        return None
    what = "a folder" if stat.S_ISDIR(status.st_mode) else "no video device"
    return f"{path} is {what}; cameras are /dev/video* (major number {VIDEO4LINUX})"
