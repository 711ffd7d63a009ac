"""A small typed event bus inside one process.

An event is a frozen dataclass. Publishers do not know the subscribers:

    events = EventBus()
    events.subscribe(StateChanged, lambda event: wake_up())
    events.publish(StateChanged())
"""

import logging
import threading
from typing import Any, Callable, Dict, Tuple, Type, TypeVar

log = logging.getLogger(__name__)

E = TypeVar("E")


class EventBus:
    """Calls the handlers that are subscribed to an event's type.

    Handlers run one after another in the publishing thread, in order of subscription, and `publish` returns when all
    have finished. The publisher may hold locks: a handler must be quick, must not wait for anything that the publisher
    may hold, and starts a thread for long work. The bus itself holds no lock during the calls, so a handler may publish
    and subscribe.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._handlers: Dict[type, Tuple[Callable[[Any], None], ...]] = {}

    def subscribe(self, kind: Type[E], handler: Callable[[E], None]) -> None:
        """Call a handler with every future event of exactly this type. Any thread may subscribe."""
        with self._lock:
            self._handlers[kind] = (*self._handlers.get(kind, ()), handler)

    def publish(self, event: object) -> None:
        """Call all handlers that are subscribed to the event's type. Any thread may publish.

        Never raises: a handler that fails is logged, and the other handlers are still called.
        """
        for handler in self._handlers.get(type(event), ()):
            try:
                handler(event)
            except Exception as error:
                log.error("%s could not be handled (%s: %s)", type(event).__name__, type(error).__name__, error)
                log.debug("", exc_info=True)
