"""A file of JSON objects, one a line, for sinks."""

import json
from typing import IO

from appliance.contract.fields import JsonObject
from appliance.core.sink import OutputClosed, cannot_write, write_all

STANDARD_OUTPUT = "-"


class LinesFile:
    """Replaces an existing file; "-" is standard output. A line is written when `write` returns.

    Args:
        path: The file.
        standard_output: The descriptor that "-" stands for.

    Raises:
        OutputError: The file cannot be opened or written.
        OutputClosed: The reader has gone away.
    """

    def __init__(self, path: str, standard_output: int = 1) -> None:
        is_standard = path == STANDARD_OUTPUT
        self._path = "standard output" if is_standard else path
        try:
            # Unbuffered: a pipe that closed must be noticed here, and not once more when Python ends.
            self._file: IO[bytes] = (
                open(standard_output, "wb", buffering=0, closefd=False)
                if is_standard
                else open(path, "wb", buffering=0)
            )
        except OSError as problem:
            raise cannot_write(self._path, problem) from problem

    def write(self, line: JsonObject) -> None:
        """Write one line."""
        try:
            write_all(self._file, json.dumps(line, allow_nan=False).encode("ascii") + b"\n")
        except BrokenPipeError as problem:
            raise OutputClosed(f"{self._path}: its reader closed it.") from problem
        except OSError as problem:
            raise cannot_write(self._path, problem) from problem

    def close(self) -> None:
        """Close the file. May be called any number of times."""
        self._file.close()
