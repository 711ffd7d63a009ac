"""The daemon's process: from the configuration to the end of the last stream."""

import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import List

from appliance.bus import CONFLICT, LOG, BusServer, Message, Refused, write_last_words
from appliance.core.errors import EngineHang, SplitlensError
from appliance.core.logging_setup import Repeats, told_before
from appliance.core.process import Heartbeat, die_with_parent
from appliance.daemon.appliance import Appliance
from appliance.daemon.commands import dispatch
from appliance.settings import LoadedSettings, compatibility_notes, redact

log = logging.getLogger(__name__)

CLOSE_SECONDS = 8.0
"""For closing all files after an engine hung."""


def run(loaded: LoadedSettings, run_dir: Path, heartbeat: Heartbeat) -> None:
    """Until a signal asks for the end. Raises SplitlensError where the appliance cannot run, or its loop failed."""
    os.umask(0o077)  # recordings and state are for this user alone
    die_with_parent(os.getppid())  # a supervisor that was killed must not leave a daemon behind that holds the camera
    ending = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: ending.set())
    appliance: List[Appliance] = []

    def answer(message: Message) -> Message:
        if not appliance:
            raise Refused(CONFLICT, "The daemon is starting. Try again in some seconds.")
        return dispatch(appliance[0], message)

    house = Appliance(loaded, run_dir, answer, heartbeat)
    teller = BusLogHandler(house.station)
    logging.getLogger("appliance").addHandler(teller)
    try:
        for note in compatibility_notes(loaded.settings, loaded.origins):
            log.info("%s", note)
        house.start()
        appliance.append(house)
        # In slices: a thread that sets the event cannot wake a main thread in which Python has to run a handler first.
        while not ending.wait(0.2) and not house.failed.is_set():
            pass
        if house.failure is not None:
            log.error("The detection failed, and the daemon starts anew: %s", house.failure)
            write_last_words(run_dir, redact(str(house.failure)))
        if isinstance(house.failure, EngineHang):
            _end_within(CLOSE_SECONDS, house.failure.exit_code)
    finally:
        house.close()
        logging.getLogger("appliance").removeHandler(teller)
        if house.is_loading and house.failure is None:
            # Python would end while TensorFlow is at work in a thread, and crash. All files are closed.
            sys.stderr.flush()
            os._exit(0)
    if isinstance(house.failure, EngineHang):
        # Python's end would wait for libraries whose thread does not return. All files are closed.
        sys.stderr.flush()
        os._exit(house.failure.exit_code)
    if isinstance(house.failure, SplitlensError):
        raise house.failure
    if house.failure is not None:
        raise SplitlensError(f"{type(house.failure).__name__}: {house.failure}")


def _end_within(seconds: float, code: int) -> None:
    """End the process then, whatever is not closed: what hangs may hold what closing waits for."""
    timer = threading.Timer(seconds, os._exit, (code,))
    timer.daemon = True
    timer.start()


class BusLogHandler(logging.Handler):
    """Sends what is logged to the dashboard, without credentials."""

    def __init__(self, station: BusServer) -> None:
        super().__init__()
        self._station = station
        self.addFilter(Repeats())

    def emit(self, record: logging.LogRecord) -> None:
        level = "error" if record.levelno >= logging.ERROR else "warning"
        level = level if record.levelno >= logging.WARNING else "info"
        text = redact(self.format(record) + told_before(record))
        self._station.publish(LOG, {"time": time.time(), "level": level, "text": text})
