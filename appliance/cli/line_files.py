"""The files for JSON lines that a command line names: none may take the place of another or of the source."""

import os
from typing import Optional

from appliance.core.errors import ConfigError
from appliance.outputs.lines_file import STANDARD_OUTPUT


def check_line_files(json_path: Optional[str], events_path: Optional[str], source: str) -> None:
    """Check the paths of --json and --events before anything is opened.

    Args:
        json_path, events_path: "-" for standard output, None for nowhere.
        source: The path of the movie or picture; "" for another source.

    Raises:
        ConfigError: Both are the same, or one is the source, which would be overwritten.
    """
    if json_path == events_path == STANDARD_OUTPUT:
        raise ConfigError("--json and --events cannot both write to standard output; name a file for one of them.")
    for option, path in (("--json", json_path), ("--events", events_path)):
        if path is not None and path != STANDARD_OUTPUT and _is_same(path, source):
            raise ConfigError(f"{option} {path} would overwrite the source; name another file.")
    if json_path is not None and events_path is not None and _is_same(json_path, events_path):
        raise ConfigError(f"--json and --events cannot both write to {events_path}; name another file for one of them.")


def _is_same(one: str, other: str) -> bool:
    """Return whether two paths name one regular file, or would if it existed: devices may be written to twice."""
    if os.path.exists(one) and os.path.exists(other):
        return os.path.isfile(one) and os.path.samefile(one, other)
    return os.path.realpath(one) == os.path.realpath(other)
