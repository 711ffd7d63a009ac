"""What is to be sent to a page and is not sent yet, with a bound: a page that takes little would fill the memory."""

from typing import Any

MOST_UNSENT = 300
"""Messages, some 20 seconds of them."""


def bounded(queue: Any) -> Any:
    """Of a class of queues, threads' or green threads', one for Engine.IO's packets; None among them is the end."""

    class Unsent(queue):  # type: ignore[misc]
        def put(self, item: Any, *options: Any, **more: Any) -> None:
            if item is not None and self.qsize() >= MOST_UNSENT:
                while self.qsize():
                    self.get(False)
                    self.task_done()
                item = None  # the page is cut off, and comes again by itself if it is one
            super().put(item, *options, **more)

    return Unsent
