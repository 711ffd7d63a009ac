"""The services that make events of tracks, count them and publish them."""

import logging
from typing import Callable, Union

import numpy as np

from appliance.contract.errors import Refused
from appliance.contract.event_messages import EventMessage, EventRecord, ReviewMessage
from appliance.core.events import EventBus
from appliance.daemon.event_publisher import EventPublisher
from appliance.events.bus_events import EventChanged, EventEnded, EventStarted, Happened
from appliance.events.reports import TrackReport
from appliance.events.service import EventService
from appliance.events.store import EventStore
from appliance.events.totals import Today, Totals
from appliance.recording.snapshots import SnapshotStore

log = logging.getLogger(__name__)


class EventServices:
    """Takes the reports about tracks of all streams.

    Attributes:
        totals: Counts of events, zones and lines.

    Args:
        store: The database of events, which knows how often lines were crossed today.
        send: Sends a message of the contract to the pages.
        events: Where events are published.
        snapshots: Stores the best pictures.
    """

    def __init__(
        self,
        store: EventStore,
        send: Callable[[Union[EventMessage, ReviewMessage]], None],
        events: EventBus,
        snapshots: SnapshotStore,
    ) -> None:
        self._snapshots = snapshots
        self.totals = Totals(_counted_today(store))
        events.subscribe(Happened, lambda event: self.totals.take(event.happening))
        EventPublisher(events, send)
        self._events = events
        self._service = EventService(events.publish)

    def subscribe(self, take: Callable[[EventRecord], None]) -> None:
        """Call a function with every event that begins, changes or ends."""
        self._events.subscribe(EventStarted, lambda event: take(event.record))
        self._events.subscribe(EventChanged, lambda event: take(event.record))
        self._events.subscribe(EventEnded, lambda event: take(event.record))

    def report(self, report: TrackReport) -> bool:
        """Take a report; never waits. Returns False if the track is refused, now and for its reports to come."""
        return self._service.put(report)

    def keep_picture(self, stream: str, id: str, image: np.ndarray, box: np.ndarray) -> bool:
        """Store the best picture of an event, as `SnapshotStore.keep`."""
        return self._snapshots.keep(id, stream, image, box)

    def close(self) -> None:
        """Publish what is left; all tracks must have ended."""
        self._service.close()


def _counted_today(store: EventStore) -> Today:
    """Return how often each line was crossed today, before this start."""
    try:
        return store.crossings_today()
    except Refused as error:
        log.warning("The crossings of lines today are counted from 0: %s", error)
        return {}
