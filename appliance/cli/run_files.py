"""The files that `up` writes into the run directory for its child processes and for the page."""

import logging
import os
import time
from pathlib import Path
from typing import Callable, Dict, Optional

from appliance.bus import is_open, make_run_dir, read_exit_reason, write_exit_reason
from appliance.contract.fields import JsonObject
from appliance.core.errors import SplitlensError
from appliance.core.files import read_json, write_json

log = logging.getLogger(__name__)

# Cleaners of temporary folders delete files that were not touched for days.
_TOUCH_SECONDS = 3600.0
# Time limit for the daemon to open its sockets again.
_SOCKET_SECONDS = 5.0
_AGAIN = " It is started again after "


class RunFiles:
    """The start files of both processes in the run directory; rewritten if they are deleted.

    Args:
        run_dir: The directory.
        contents: Each file's content, by its name.
        restart: Restarts a daemon that cannot open its sockets in a new directory, as it may write to the old one only.
    """

    def __init__(self, run_dir: Path, contents: Dict[str, JsonObject], restart: Callable[[], None]) -> None:
        self._run_dir = run_dir
        self._contents = contents
        self._restart = restart
        self._made_again: Optional[float] = None
        self._touched = time.monotonic()
        for name, content in contents.items():
            write_json(run_dir / name, content)

    def keep(self) -> None:
        """Write again what is missing or was changed. A failure is retried at the next call.

        The daemon may write to this directory, but processes that are not confined, and the next daemon, rely on these
        files.
        """
        try:
            for name, content in self._contents.items():
                is_there = (self._run_dir / name).exists()
                if not is_there:
                    make_run_dir(self._run_dir)
                    self._made_again = time.monotonic()
                if not is_there or not self._is_right(name, content):
                    write_json(self._run_dir / name, content)
            if self._made_again is not None and time.monotonic() - self._made_again >= _SOCKET_SECONDS:
                self._made_again = None
                if not is_open(self._run_dir):
                    self._restart()
            if time.monotonic() - self._touched >= _TOUCH_SECONDS:
                self._touched = time.monotonic()
                for path in [self._run_dir, *self._run_dir.iterdir()]:
                    os.utime(str(path))
        except (OSError, SplitlensError) as error:
            log.warning("%s: %s", self._run_dir, error)

    def _is_right(self, name: str, content: JsonObject) -> bool:
        try:
            return not (self._run_dir / name).is_symlink() and bool(read_json(self._run_dir / name) == content)
        except ValueError:
            return False


def leave_reason(run_dir: Path, why: str, delay: float) -> None:
    """Write for the page why the daemon ended, in its own words if it left any, and what happens next.

    Args:
        run_dir: Where to write.
        why: What the supervisor saw: "The daemon crashed."
        delay: Seconds until it is restarted.
    """
    reason = read_exit_reason(run_dir)
    if not reason or _AGAIN in reason:  # it left none; this one is an earlier daemon's
        reason = why
    write_exit_reason(run_dir, f"{reason}{_AGAIN}{delay:g} s.")
