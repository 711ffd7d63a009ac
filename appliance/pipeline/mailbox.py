"""Hand-over between threads by condition variable: no polling, no sleep, nothing piles up."""

import threading
from typing import Dict, Generic, Optional, TypeVar

from appliance.pipeline.frame_queue import FrameQueue

T = TypeVar("T")

_ONLY = 0  # the place of a mailbox, which has one


class Mailbox(Generic[T]):
    """Holds one item. Who puts a second one waits until the first is taken, or overwrites it.

    overwrites: the newest item wins; `drops` counts those that nobody took.
    """

    def __init__(self, overwrites: bool) -> None:
        self._intake: FrameQueue[int, T] = FrameQueue()
        self._intake.open(_ONLY, overwrites)

    @property
    def drops(self) -> int:
        return self._intake.drops(_ONLY)

    def put(self, item: T) -> bool:
        """Leave an item. False, and the item is gone, if the mailbox is closed."""
        return self._intake.put(_ONLY, item)

    def take(self) -> Optional[T]:
        """Wait for an item. None: closed and empty."""
        taken = self._intake.take_with(lambda: None)
        return None if taken is None else taken[2][0][1]

    def close(self) -> None:
        """Take no more items. One that lies here can still be taken."""
        self._intake.close()


class Sequencer(Generic[T]):
    """Brings items that several workers finish in any order back into the order of their numbers."""

    def __init__(self) -> None:
        self._next = 0
        self._items: Dict[int, T] = {}
        self._closed = False
        self._changed = threading.Condition()

    def put(self, number: int, item: T) -> bool:
        """Leave the item with this number. False if closed."""
        with self._changed:
            if self._closed:
                return False
            self._items[number] = item
            self._changed.notify_all()
            return True

    def take(self) -> Optional[T]:
        """Wait for the item that is next in order. None: closed, and it will not come."""
        with self._changed:
            while self._next not in self._items and not self._closed:
                self._changed.wait()
            if self._next not in self._items:
                return None
            item = self._items.pop(self._next)
            self._next += 1
            return item

    def close(self) -> None:
        """Take no more items. Those that are here can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
