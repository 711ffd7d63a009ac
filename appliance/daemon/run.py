"""The daemon's process, from reading the configuration to closing the last stream."""

import contextlib
import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Iterator

from appliance.bus import BusServer, write_exit_reason
from appliance.contract.events import LogEntry
from appliance.core.database import DATABASE_FILE, Database
from appliance.core.errors import EngineHang, SplitlensError
from appliance.core.logging_setup import Repeats, repeats_note
from appliance.core.process import Heartbeat, die_with_parent
from appliance.daemon.appliance import Appliance
from appliance.daemon.commands import dispatch
from appliance.settings import LoadedSettings, compatibility_notes, redact

log = logging.getLogger(__name__)

CLOSE_SECONDS = 8.0
"""Maximum seconds for closing all files after an engine hung."""


def run(loaded: LoadedSettings, run_dir: Path, heartbeat: Heartbeat) -> None:
    """Run until a signal ends the daemon. Raises SplitlensError if the appliance cannot run, or its loop failed."""
    os.umask(0o077)  # only this user may access recordings and state
    die_with_parent(os.getppid())  # a killed supervisor must not leave a daemon behind that holds the camera
    ending = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: ending.set())
    database_file = Path(loaded.settings.state_dir) / DATABASE_FILE
    with contextlib.closing(Database(database_file)) as database, contextlib.closing(BusServer(run_dir)) as server:
        appliance = Appliance(loaded, server, database, heartbeat)
        with _logging_to(server), contextlib.closing(appliance):
            for note in compatibility_notes(loaded.settings, loaded.origins):
                log.info("%s", note)
            appliance.start()
            server.serve(lambda message: dispatch(appliance, message))
            # In slices: if a thread sets the event, the main thread does not wake up to run Python's signal handlers.
            while not ending.wait(0.2) and not appliance.failed.is_set():
                pass
            failure = appliance.failure
            if failure is not None:
                log.error("The detection failed, and the daemon starts anew: %s", failure)
                write_exit_reason(run_dir, redact(str(failure)))
            if isinstance(failure, EngineHang):
                _end_within(CLOSE_SECONDS, failure.exit_code)
    # All files are closed.
    failure = appliance.failure
    if failure is None and appliance.models.is_loading:
        _end_now(0)  # a regular exit would crash while TensorFlow works in a thread
    if isinstance(failure, EngineHang):
        _end_now(failure.exit_code)  # a regular exit would wait for library threads that do not return
    if isinstance(failure, SplitlensError):
        raise failure
    if failure is not None:
        raise SplitlensError(f"{type(failure).__name__}: {failure}")


@contextlib.contextmanager
def _logging_to(server: BusServer) -> Iterator[None]:
    handler = BusLogHandler(server)
    logging.getLogger("appliance").addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger("appliance").removeHandler(handler)


def _end_now(code: int) -> None:
    sys.stderr.flush()
    os._exit(code)


def _end_within(seconds: float, code: int) -> None:
    """End the process after this time, even if not everything is closed: a hung call may block closing."""
    timer = threading.Timer(seconds, os._exit, (code,))
    timer.daemon = True
    timer.start()


class BusLogHandler(logging.Handler):
    """Sends log lines to the dashboard, without credentials."""

    def __init__(self, server: BusServer) -> None:
        super().__init__()
        self._server = server
        self.addFilter(Repeats())

    def emit(self, record: logging.LogRecord) -> None:
        level = "error" if record.levelno >= logging.ERROR else "warning"
        level = level if record.levelno >= logging.WARNING else "info"
        text = redact(self.format(record) + repeats_note(record))
        self._server.publish(LogEntry(time.time(), level, text))
