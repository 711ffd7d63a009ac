"""A small typed event bus inside one process.

An event is a frozen dataclass. Whoever publishes one does not know who hears it:

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
    """Hands events to those who subscribed to their type.

    Handlers run one after the other in the thread that publishes, in the order of their subscriptions, and `publish`
    returns when all have. The publisher may hold locks of its own: a handler is quick, waits for nothing that the
    publisher may hold, and starts a thread for work that takes long. The bus itself holds no lock meanwhile, so a
    handler may publish and subscribe.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._handlers: Dict[type, Tuple[Callable[[Any], None], ...]] = {}

    def subscribe(self, kind: Type[E], handler: Callable[[E], None]) -> None:
        """Call a handler with every event of this very type from now on. Any thread may subscribe."""
        with self._lock:
            self._handlers[kind] = (*self._handlers.get(kind, ()), handler)

    def publish(self, event: object) -> None:
        """Tell all who subscribed to the event's type. Any thread may publish.

        Raises nothing: a handler that fails is logged, and the others are called all the same.
        """
        for handler in self._handlers.get(type(event), ()):
            try:
                handler(event)
            except Exception as error:
                log.error("%s could not be handled (%s: %s)", type(event).__name__, type(error).__name__, error)
                log.debug("", exc_info=True)
