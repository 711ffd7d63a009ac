"""The interface of every sink, and error messages for failed writes."""

import errno
import os
import tempfile
from typing import IO

from appliance.core.errors import OutputError
from appliance.core.frame import Result

JPEG_QUALITY = 95  # of all that is kept

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
_NO_PERMISSION = (errno.EACCES, errno.EPERM, errno.EROFS)


class OutputClosed(OutputError):
    """The reader of our output closed it (`| head`). Not a failure: end the run quietly, with exit code 0."""

    exit_code = 0


class Sink:
    """Takes results one by one, in the order of their frames.

    A pipeline gives each of its sinks a thread, which alone calls `write` and then, once, `close`.

    Attributes:
        name: Its name in messages and statistics.
        every_result: Whether it gets every result of a live source, in order; only for cheap sinks, since results wait
            in a queue for it. These results come without their picture: `frame.image` has the size, and is black. Other
            sinks of a live source get only the newest result.
    """

    name = "sink"
    every_result = False

    def write(self, result: Result) -> None:
        """Take one result. Raises OutputError if it cannot be written."""
        raise NotImplementedError

    def close(self) -> None:
        """Finish the output; no `write` follows. Raises OutputError if it cannot be finished."""


def cannot_write(path: str, problem: OSError, kept: str = "") -> OutputError:
    """Make the error for a failed write to `path`; `kept` says which part of it was saved nevertheless."""
    if problem.errno in _NO_SPACE:
        reason, remedy = "no space left", "Free some space or choose another place."
    elif problem.errno == errno.EFBIG:
        reason, remedy = "this file system takes no larger file", "Choose a place on another one."
    elif problem.errno in _NO_PERMISSION:
        reason, remedy = (
            "no permission to write",
            "Choose a place that you may write to, or correct its owner.",
        )
    elif problem.errno == errno.ENOENT:
        reason, remedy = "no such directory", "Make it first, or choose another place."
    else:
        reason, remedy = problem.strerror or str(problem), "Choose another place."
    return OutputError(f"{path}: {reason}.{' ' + kept if kept else ''} {remedy}")


def make_writable_directory(path: str) -> None:
    """Create the directory if it is missing and write a test file: a run should fail early."""
    try:
        os.makedirs(path, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as problem:
        raise cannot_write(path, problem) from problem


def check_writable_file(path: str) -> None:
    """Raise OutputError if a file cannot be written, before the work for it starts. It is left unchanged."""
    is_there = os.path.lexists(path)
    try:
        with open(path, "ab"):
            pass
        if not is_there:
            os.remove(path)
    except OSError as problem:
        raise cannot_write(path, problem) from problem


def write_all(file: IO[bytes], data: bytes) -> None:
    """Write to an unbuffered file, whose `write` may accept only a part of the data."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]
