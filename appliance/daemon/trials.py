"""Which models the last daemon had on trial when it crashed: each may be the reason, and would be at every start."""

import faulthandler
import logging
import os
import re
import threading
from pathlib import Path
from typing import IO, Any, List, Optional

from appliance.core.files import PRIVATE, read_json, write_json

log = logging.getLogger(__name__)

TRIAL_SECONDS = 60.0
"""A model is on trial from the begin of its load until it has run for so long."""
_MOST_MODELS, _LONGEST_MODEL = 100, 1000
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NONBLOCK | os.O_NOFOLLOW


class Trials:
    """The files `trials.json` and `crash.txt` of a state folder. Any thread may call the methods.

    crashed: the models that were on trial when the last daemon was ended by a signal that its own code caused
    (SIGSEGV and its like), or by the kernel for want of memory; not by somebody's SIGKILL.
    """

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / "trials.json"
        self._lock = threading.Lock()
        self._models: List[str] = []
        self.crashed: List[str] = self._left_behind() if self._has_crashed(state_dir / "crash.txt") else []
        self._write()
        self._file: Optional[IO[bytes]] = None
        try:
            # Python writes there, from the signal's handler, where the process was.
            # To a regular file only: a pipe would be waited for, what a link names would be emptied.
            self._file = os.fdopen(os.open(str(state_dir / "crash.txt"), _NEW_FILE, PRIVATE), "wb", buffering=0)
            faulthandler.enable(self._file)
        except OSError as error:
            log.warning("%s cannot be written (%s): a model that crashes is loaded again", state_dir, error.strerror)

    def begin(self, model: str) -> None:
        with self._lock:
            if model not in self._models:
                self._models = [*self._models, model][-_MOST_MODELS:]
                self._write()

    def end(self, model: str) -> None:
        """It ran for long enough, or could not be loaded."""
        with self._lock:
            if model in self._models:
                self._models = [one for one in self._models if one != model]
                self._write()

    def close(self) -> None:
        """The daemon ends in order."""
        with self._lock:
            self._models = []
            self._write()

    def _has_crashed(self, report: Path) -> bool:
        try:
            if report.stat().st_size:
                return True
        except OSError:
            pass
        killed, before = _killed_for_memory(), self._content().get("killed_for_memory")
        return isinstance(before, int) and killed > before

    def _left_behind(self) -> List[str]:
        models = self._content().get("models")
        if not isinstance(models, list):
            return []
        return [one for one in models if isinstance(one, str) and len(one) <= _LONGEST_MODEL][:_MOST_MODELS]

    def _content(self) -> Any:
        try:
            content = read_json(self._path)
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def _write(self) -> None:
        try:
            if self._models:
                write_json(self._path, {"models": self._models, "killed_for_memory": _killed_for_memory()})
            elif self._path.exists():
                os.unlink(str(self._path))
        except OSError as error:
            log.debug("%s: %s", self._path, error)


def _killed_for_memory() -> int:
    """How many processes the kernel has killed for want of memory since it started; 0 where it does not count them."""
    try:
        found = re.search(r"^oom_kill (\d{1,18})$", Path("/proc/vmstat").read_text(encoding="ascii"), re.MULTILINE)
    except (OSError, UnicodeDecodeError):
        found = None
    return int(found.group(1)) if found else 0
