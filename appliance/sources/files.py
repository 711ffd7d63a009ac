"""Open regular files only: opening a device can have effects, and a pipe may never end."""

import os
import stat
from typing import IO


class NoFile(OSError):
    """The path is not a regular file; `strerror` says what it is."""


def open_file(path: str) -> IO[bytes]:
    """Open a regular file; nothing else is opened. Raises OSError, including NoFile."""
    _refuse(os.stat(path))
    # Non-blocking, in case another file takes its place now.
    file = open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK | os.O_NOCTTY))
    try:
        _refuse(os.fstat(file.fileno()))
    except NoFile:
        file.close()
        raise
    return file


def _refuse(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        kinds = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"))
        raise NoFile(0, f"it is {next((name for is_it, name in kinds if is_it(status.st_mode)), 'a device')}, no file")
