"""The models on trial when the last daemon crashed: each may be the cause, and crash it again at every start."""

import contextlib
import faulthandler
import logging
import os
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, List, Optional

from appliance.core.files import PRIVATE
from appliance.daemon.json_store import JsonStore

log = logging.getLogger(__name__)

TRIAL_SECONDS = 60.0
"""A model is on trial from the start of loading until it has run for this many seconds."""
_MOST_MODELS, _LONGEST_MODEL = 100, 1000
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NONBLOCK | os.O_NOFOLLOW


@dataclass(frozen=True)
class _LastTrials:
    """The last daemon's record: models on trial, and how many processes the out-of-memory killer had killed by then."""

    models: List[str]
    killed_for_memory: Optional[int]


class Trials:
    """The files `trials.json` and `crash.txt` of a state folder. Thread-safe.

    Attributes:
        crashed: The models that were on trial when the last daemon crashed (SIGSEGV and similar signals) or was killed
            by the kernel because of low memory; not if somebody sent SIGKILL.
    """

    def __init__(self, state_dir: Path) -> None:
        self._store = JsonStore(state_dir / "trials.json", _check_trials, "which models were on trial is not known")
        self._lock = threading.Lock()
        self._models: List[str] = []
        last = self._store.read(_LastTrials([], None))
        self.crashed = last.models if _has_crashed(state_dir / "crash.txt", last) else []
        self._write()
        self._file: Optional[IO[bytes]] = None
        try:
            # Python's signal handler writes the traceback of a crash there.
            # Only a regular file: a pipe would block, and the target of a link would be emptied.
            self._file = os.fdopen(os.open(str(state_dir / "crash.txt"), _NEW_FILE, PRIVATE), "wb", buffering=0)
            faulthandler.enable(self._file)
        except OSError as error:
            log.warning("%s cannot be written (%s): a model that crashes is loaded again", state_dir, error.strerror)

    def begin(self, model: str) -> None:
        """Put a model on trial: it is being loaded."""
        with self._lock:
            if model not in self._models:
                self._models = [*self._models, model][-_MOST_MODELS:]
                self._write()

    def end(self, model: str) -> None:
        """End a trial: the model ran for long enough, or could not be loaded."""
        with self._lock:
            if model in self._models:
                self._models = [one for one in self._models if one != model]
                self._write()

    def close(self) -> None:
        """End all trials: the daemon ends normally."""
        with self._lock:
            self._models = []
            self._write()

    def _write(self) -> None:
        if self._models:
            problem = self._store.write({"models": self._models, "killed_for_memory": _killed_for_memory()})
            if problem is not None:
                log.debug("%s: %s", self._store.path, problem)
            return
        with contextlib.suppress(OSError):
            self._store.path.unlink()


def _check_trials(content: Any) -> _LastTrials:
    models = content.get("models") if isinstance(content, dict) else None
    if not isinstance(models, list):
        raise ValueError("it is not as it was written")
    killed = content.get("killed_for_memory")
    return _LastTrials(
        [one for one in models if isinstance(one, str) and len(one) <= _LONGEST_MODEL][:_MOST_MODELS],
        killed if isinstance(killed, int) else None,
    )


def _has_crashed(report: Path, last: _LastTrials) -> bool:
    try:
        if report.stat().st_size:
            return True
    except OSError:
        pass
    return last.killed_for_memory is not None and _killed_for_memory() > last.killed_for_memory


def _killed_for_memory() -> int:
    """Return how many processes the kernel has killed for lack of memory since boot; 0 if it does not count them."""
    try:
        found = re.search(r"^oom_kill (\d{1,18})$", Path("/proc/vmstat").read_text(encoding="ascii"), re.MULTILINE)
    except (OSError, UnicodeDecodeError):
        found = None
    return int(found.group(1)) if found else 0
