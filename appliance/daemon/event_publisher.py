"""Publish events and reviews on the bus, for the pages: the newest matter, and a flood of them does not."""

import time
from typing import Callable, Dict, Union

from appliance.contract.event_messages import END, NEW, UPDATE, EventMessage, EventRecord, Review, ReviewMessage
from appliance.core.events import EventBus
from appliance.events.bus_events import (
    EventChanged,
    EventEnded,
    EventStarted,
    ReviewChanged,
    ReviewEnded,
    ReviewStarted,
)

UPDATES_A_SECOND, OTHERS_A_SECOND = 10, 20
"""More are left out: a page that gets too many messages is cut off. What it misses is in the lists it asks for."""


class EventPublisher:
    """Sends what the events engine publishes as messages of the contract.

    Args:
        events: What to listen to.
        send: Takes a message.
        clock: Monotonic, in seconds.
    """

    def __init__(
        self,
        events: EventBus,
        send: Callable[[Union[EventMessage, ReviewMessage]], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._send = send
        self._clock = clock
        self._second = clock()
        self._sent: Dict[bool, int] = {}  # in this second; True: of updates
        events.subscribe(EventStarted, lambda event: self._tell(NEW, event.record))
        events.subscribe(EventChanged, lambda event: self._tell(UPDATE, event.record))
        events.subscribe(EventEnded, lambda event: self._tell(END, event.record))
        events.subscribe(ReviewStarted, lambda event: self._tell(NEW, event.review))
        events.subscribe(ReviewChanged, lambda event: self._tell(UPDATE, event.review))
        events.subscribe(ReviewEnded, lambda event: self._tell(END, event.review))

    def _tell(self, type: str, what: Union[EventRecord, Review]) -> None:
        if self._may_send(type == UPDATE):
            self._send(EventMessage(type, what) if isinstance(what, EventRecord) else ReviewMessage(type, what))

    def _may_send(self, is_update: bool) -> bool:
        now = self._clock()
        if now - self._second >= 1.0:
            self._second, self._sent = now, {}
        sent = self._sent[is_update] = self._sent.get(is_update, 0) + 1
        return sent <= (UPDATES_A_SECOND if is_update else OTHERS_A_SECOND)
