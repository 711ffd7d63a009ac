"""Flush a file to disk regularly, so that a power cut costs no more than about the last second."""

import os
import threading
from pathlib import Path
from typing import Optional

from appliance.core.files import UNSUPPORTED, sync_path
from appliance.core.threads import start_thread

INTERVAL = 1.0  # seconds


class Flusher:
    """Flushes in a thread of its own: a memory card may take long, and the writer must not wait for it.

    Attributes:
        problem: Why the disk did not accept something, once that happened: later data may be lost.
        is_wanted: Whether to flush; while not, the system writes when it likes, or never if the file is deleted soon.
    """

    def __init__(self, descriptor: int, directory: str) -> None:
        """descriptor: of the file, which may be closed before `stop`. directory: where it lies."""
        self.problem: Optional[OSError] = None
        self.is_wanted = True
        self._descriptor = os.dup(descriptor)
        self._directory = directory
        self._stopping = threading.Event()
        self._thread = start_thread("flusher", self._run)

    def stop(self) -> None:
        """Return once everything is on the disk, or was refused by it."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            sync_path(Path(self._directory))
            while not self._stopping.wait(INTERVAL):
                self._flush()
            self._flush()
        except OSError as problem:
            self.problem = problem
        finally:
            os.close(self._descriptor)

    def _flush(self) -> None:
        if not self.is_wanted:
            return
        try:
            os.fdatasync(self._descriptor)
        except OSError as problem:
            if problem.errno not in UNSUPPORTED:
                raise
