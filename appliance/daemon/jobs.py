"""Work that is done over and over, each in a thread of its own."""

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
    """Something to do regularly.

    Attributes:
        name: Of the job, and of its thread.
        seconds: Between the end of one turn and the next.
        run: One turn.
    """

    name: str
    seconds: float
    run: Callable[[], None]


class Jobs:
    """Runs them until `close`. A job that raises anything ends the daemon, by an `ApplianceFailed`: without one of its
    jobs the appliance would be half there.
    """

    def __init__(self, jobs: Sequence[Job], events: EventBus) -> None:
        self._jobs = jobs
        self._events = events
        self._due = {job.name: threading.Event() for job in jobs}
        self._threads: Dict[str, threading.Thread] = {}
        self._closing = False

    def start(self) -> None:
        """The first turn of each comes after its seconds."""
        for job in self._jobs:
            self._threads[job.name] = start_thread(job.name, self._repeat, job)

    def run_soon(self, name: str) -> None:
        """Let a job have its next turn now, or when its present one is over. From any thread; holds nobody up."""
        self._due[name].set()

    def close(self) -> None:
        """Returns when all turns are over."""
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
