"""Hand-over between threads by condition variable: no polling, no sleep, nothing piles up."""

import threading
from typing import Dict, Generic, Optional, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Holds one item. Who puts a second one waits until the first is taken, or overwrites it.

    overwrites: the newest item wins; `drops` counts those that nobody took.
    """

    def __init__(self, overwrites: bool) -> None:
        self.drops = 0
        self._overwrites = overwrites
        self._item: Optional[T] = None
        self._is_full = False
        self._closed = False
        self._changed = threading.Condition()

    def put(self, item: T) -> bool:
        """Leave an item. False, and the item is gone, if the mailbox is closed."""
        with self._changed:
            while self._is_full and not self._overwrites and not self._closed:
                self._changed.wait()
            if self._closed:
                return False
            if self._is_full:
                self.drops += 1
            self._item, self._is_full = item, True
            self._changed.notify_all()
            return True

    def take(self) -> Optional[T]:
        """Wait for an item. None: closed and empty."""
        with self._changed:
            while not self._is_full and not self._closed:
                self._changed.wait()
            if not self._is_full:
                return None
            item: T = self._item  # type: ignore[assignment]
            self._item, self._is_full = None, False
            self._changed.notify_all()
            return item

    def close(self) -> None:
        """Take no more items. One that lies here can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


class Sequencer(Generic[T]):
    """Brings items that several workers finish in any order back into the order of their numbers.

    capacity: how many items may wait here for an earlier one.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._next = 0
        self._items: Dict[int, T] = {}
        self._closed = False
        self._changed = threading.Condition()

    def widen(self, capacity: int) -> None:
        """Let at least so many items wait."""
        with self._changed:
            self._capacity = max(self._capacity, capacity)
            self._changed.notify_all()

    def put(self, number: int, item: T) -> bool:
        """Leave the item with this number; waits while it is too far ahead. False if closed."""
        with self._changed:
            while number >= self._next + self._capacity and not self._closed:
                self._changed.wait()
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
            self._changed.notify_all()
            return item

    def close(self) -> None:
        """Take no more items. Those that are here can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
