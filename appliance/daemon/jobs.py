"""Periodic jobs, each in a thread of its own."""

import logging
import threading
from dataclasses import dataclass
from typing import Callable, Dict, Sequence

from appliance.core.events import EventBus
from appliance.core.threads import start_thread
from appliance.daemon.events import ApplianceFailed

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """A periodic job.

    Attributes:
        name: Name of the job and of its thread.
        seconds: Pause between the end of one run and the start of the next.
        run: Runs the job once.
    """

    name: str
    seconds: float
    run: Callable[[], None]


class Jobs:
    """Runs jobs until `close`.

    A job that raises anything ends the daemon, by an `ApplianceFailed`: without it the appliance would be incomplete.
    """

    def __init__(self, jobs: Sequence[Job], events: EventBus) -> None:
        self._jobs = jobs
        self._events = events
        self._due = {job.name: threading.Event() for job in jobs}
        self._threads: Dict[str, threading.Thread] = {}
        self._closing = False

    def start(self) -> None:
        """Start the threads. The first run of each job comes after its pause."""
        for job in self._jobs:
            self._threads[job.name] = start_thread(job.name, self._repeat, job)

    def run_soon(self, name: str) -> None:
        """Let a job run now, or again as soon as its current run ends. Thread-safe; does not block."""
        self._due[name].set()

    def close(self) -> None:
        """Stop all jobs. Returns when all runs have ended."""
        self._closing = True
        for due in self._due.values():
            due.set()
        for thread in self._threads.values():
            thread.join()

    def _repeat(self, job: Job) -> None:
        due = self._due[job.name]
        try:
            while True:
                due.wait(job.seconds)
                if self._closing:
                    return
                due.clear()
                job.run()
        except Exception as error:
            log.debug("", exc_info=True)
            self._events.publish(ApplianceFailed(error))
