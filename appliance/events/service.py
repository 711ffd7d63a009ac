"""The thread in which reports about tracks become events."""

import logging
import time
from typing import Callable

from appliance.core.threads import start_thread
from appliance.events.engine import EventEngine
from appliance.events.report_queue import ReportQueue
from appliance.events.reports import TrackReport

log = logging.getLogger(__name__)

TICK_SECONDS = 1.0


class EventService:
    """Takes the reports of all streams, and publishes events in one thread of its own.

    Args:
        publish: Takes the events of `appliance.events.bus_events`, in order.
        clock: The clock of the reports' capture times.
    """

    def __init__(self, publish: Callable[[object], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = EventEngine(publish)
        self._queue = ReportQueue()
        self._clock = clock
        self._has_failed = False
        self._thread = start_thread("events", self._run)

    def put(self, report: TrackReport) -> bool:
        """Take a report; never blocks. Returns False if the track is refused, now and for its reports to come."""
        return self._queue.put(report)

    def close(self) -> None:
        """End all reviews, once what waits was published. All tracks must have ended before."""
        self._queue.close()
        self._thread.join()

    def _run(self) -> None:
        while True:
            reports = self._queue.take(TICK_SECONDS)
            if reports is None:
                break
            for report in reports:
                self._try(self._engine.take, report)
            self._try(self._engine.tick, self._clock())
        self._try(self._engine.close)

    def _try(self, step: Callable[..., None], *arguments: object) -> None:
        try:
            step(*arguments)
        except Exception as error:  # detection continues, and so do the other events
            if not self._has_failed:
                log.error("An event could not be made (%s: %s)", type(error).__name__, error)
            self._has_failed = True
            log.debug("", exc_info=True)
