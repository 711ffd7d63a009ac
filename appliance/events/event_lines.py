"""Write what happens to tracks as JSON, one line for each happening."""

from typing import Callable

from appliance.contract.codec import encode_message
from appliance.core.frame import Result
from appliance.core.sink import Sink
from appliance.events.bus_events import Happened
from appliance.events.engine import EventEngine
from appliance.events.report_queue import ReportQueue
from appliance.events.reports import TrackReport
from appliance.events.totals import Totals
from appliance.outputs.lines_file import LinesFile


class EventLines(Sink):
    """Writes a line when something happens, and counts.

    Of a movie lines are written in the loop's back thread, which waits for them: they have the same order in each run.
    Of a live source they are written in the sink's thread.

    Attributes:
        totals: What was counted.
        end: Called once, before the last lines are written: ends all tracks.

    Args:
        file: Where to write; closed with this sink.
        is_live: Whether the source is live.
    """

    name = "events"
    every_result = True

    def __init__(self, file: LinesFile, is_live: bool) -> None:
        self.totals = Totals({})
        self.end: Callable[[], None] = lambda: None
        self._file, self._is_live = file, is_live
        self._queue = ReportQueue()
        self._engine = EventEngine(self._publish)

    def report(self, report: TrackReport) -> bool:
        """Take a report of the tracker. Returns False if the track is refused. Raises OutputError."""
        if self._is_live:
            return self._queue.put(report)
        self._engine.take(report)
        return True

    def write(self, result: Result) -> None:
        self._write_waiting()

    def close(self) -> None:
        try:
            self.end()
            self._write_waiting()
        finally:
            self._file.close()

    def _write_waiting(self) -> None:
        for report in self._queue.take(0.0) or ():
            self._engine.take(report)

    def _publish(self, event: object) -> None:
        if isinstance(event, Happened):
            self.totals.take(event.happening)
            self._file.write(encode_message(event.happening))
