"""The tracking of one stream of the appliance, over all its sources."""

import dataclasses
import functools
import logging
from typing import Callable, Mapping, Optional

from appliance.contract.events import StreamCounts
from appliance.core.frame import Result
from appliance.daemon.event_services import EventServices
from appliance.events.stream_tracker import Rules, StreamTracker, rules_of
from appliance.schema.places import Places
from appliance.schema.setting import Values
from appliance.settings import Settings

log = logging.getLogger(__name__)

Follow = Callable[[Result], Result]
"""Takes a result and returns it with the tracks of its detections. Never raises."""


class StreamTracking:
    """Makes a tracker for each source of a stream, one after another.

    Args:
        name: Name of the stream.
        settings: Its configuration.
        live: Returns its live settings, by key.
        places: Returns its zones, lines and masks.
        services: What takes the reports.
    """

    def __init__(
        self,
        name: str,
        settings: Settings,
        live: Callable[[], Values],
        places: Callable[[], Places],
        services: EventServices,
    ) -> None:
        self._name, self._settings, self._live, self._places = name, settings, live, places
        self._services = services
        self._tracker: Optional[StreamTracker] = None
        self._has_failed = False

    def begin(self) -> Follow:
        """Return what follows the results of a source that was just opened; the tracks of the one before end."""
        before = self._tracker
        if before is not None:
            before.end()
        self._tracker = StreamTracker(
            self._name,
            True,
            self._rules,
            self._services.report,
            keep_picture=functools.partial(self._services.keep_picture, self._name),
            first_number=1 if before is None else before.next_number,
        )
        return functools.partial(self._follow, self._tracker)

    def end(self) -> None:
        """End all tracks."""
        if self._tracker is not None:
            self._tracker.end()

    def check(self, now: float) -> None:
        """End the tracks of a source that has been silent for long. now: seconds of the monotonic clock."""
        if self._tracker is not None:
            self._tracker.check(now)

    def change(self) -> None:
        """Take over settings and places that have changed; no track ends."""
        if self._tracker is not None:
            self._tracker.change()

    def places(self) -> Places:
        """Return its zones, lines and masks."""
        return self._places()

    def counts(self) -> StreamCounts:
        """Return what is in the zones, and what was counted."""
        places, tracker = self._places(), self._tracker
        now = tracker.zones_now() if tracker is not None else {}
        zones = {zone: now.get(zone, {}) for zone in places.zones}
        return self._services.totals.of(self._name, zones, places.lines)

    def _follow(self, tracker: StreamTracker, result: Result) -> Result:
        try:
            return tracker.follow(result)
        except Exception as error:  # detection continues, and the next frame begins anew
            if not self._has_failed:
                log.error("stream %s: nothing can be followed (%s: %s)", self._name, type(error).__name__, error)
            self._has_failed = True
            log.debug("", exc_info=True)
            tracker.restart()
            return result

    def _rules(self, labels: Mapping[int, str]) -> Rules:
        live = self._live()
        settings = dataclasses.replace(self._settings, det_th=live["det_th"], shown_classes=live["shown_classes"])
        return rules_of(settings, self._places(), labels)
