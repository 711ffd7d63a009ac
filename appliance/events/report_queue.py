"""The bounded queue between the tracking of all streams and the events engine."""

import logging
import threading
from collections import OrderedDict
from typing import List, Optional, Set

from appliance.core.threads import start_thread
from appliance.events.reports import TrackReport

log = logging.getLogger(__name__)

MOST_TRACKS = 1000
"""Maximum number of tracks of which reports wait."""
MOST_HAPPENINGS = 200
"""Maximum number of happenings of one track that wait; later ones are missing."""


class ReportQueue:
    """Holds one report of each track: a newer one is merged into it, so that only its state in between is lost.

    `put` never blocks, and refuses whole tracks only: an event whose begin was taken will get its end. So the queue
    stays bounded while the engine is slow, and nothing in it is half an event. That a track was refused is logged once,
    and again only after the queue was emptied. Thread-safe.

    Args:
        most_tracks: Maximum number of tracks of which reports wait.
    """

    def __init__(self, most_tracks: int = MOST_TRACKS) -> None:
        self._most_tracks = most_tracks
        self._waiting: OrderedDict[str, TrackReport] = OrderedDict()
        self._known: Set[str] = set()  # tracks that were taken and have not ended
        self._is_full = False
        self._closed = False
        self._changed = threading.Condition()

    def put(self, report: TrackReport) -> bool:
        """Add a report. Returns False if its track is refused, now and for all its reports to come."""
        with self._changed:
            is_known = report.id in self._known
            if self._closed and not is_known:
                return False
            if not is_known and len(self._waiting) >= self._most_tracks:
                is_news, self._is_full = not self._is_full, True
                if is_news:
                    # In a thread of its own: a terminal that blocks must not delay the detection.
                    start_thread("full queue", _say_full, len(self._waiting))
                return False
            self._known.add(report.id)
            if report.has_ended:
                self._known.discard(report.id)
            earlier = self._waiting.pop(report.id, None)
            if earlier is not None:
                happenings = earlier.happenings + report.happenings
                report.happenings = happenings[: MOST_HAPPENINGS - 1] + happenings[MOST_HAPPENINGS - 1 :][-1:]
            self._waiting[report.id] = report
            self._changed.notify()
        return True

    def take(self, seconds: float) -> Optional[List[TrackReport]]:
        """Wait for reports, and return all, oldest first; an empty list after so many seconds.

        Returns:
            The reports; None once the queue is closed and empty.
        """
        with self._changed:
            if not self._waiting and not self._closed:
                self._changed.wait(seconds)
            if not self._waiting:
                return None if self._closed else []
            reports = list(self._waiting.values())
            self._waiting.clear()
            self._is_full = False
            return reports

    def close(self) -> None:
        """Accept no more tracks. Reports in the queue can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def _say_full(waiting: int) -> None:
    log.warning("Events do not keep up: what appears while %d tracks wait to be written becomes no event", waiting)
