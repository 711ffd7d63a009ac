"""Bounded queues of messages to a page: a page that reads too slowly would fill the memory."""

from typing import Any

MOST_UNSENT = 300
"""Number of messages: about 20 seconds."""


def bounded(queue: Any) -> Any:
    """Make a class of bounded queues for Engine.IO's packets.

    Args:
        queue: The base class, for threads or for green threads. None in a queue marks its end.
    """

    class Unsent(queue):  # type: ignore[misc]
        def put(self, item: Any, *options: Any, **more: Any) -> None:
            if item is not None and self.qsize() >= MOST_UNSENT:
                while self.qsize():
                    self.get(False)
                    self.task_done()
                item = None  # the page is cut off, and reconnects by itself
            super().put(item, *options, **more)

    return Unsent
