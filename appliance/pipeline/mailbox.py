"""Pass items between threads by condition variables: no polling, no sleeping, bounded size."""

import threading
from typing import Dict, Generic, List, Optional, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Holds one item. `put` of another one blocks until the first is taken, or replaces it.

    Attributes:
        drops: Number of items that were replaced before they were taken.

    Args:
        overwrites: Whether the newest item wins, and `put` never blocks.
    """

    def __init__(self, overwrites: bool) -> None:
        self.drops = 0
        self._overwrites = overwrites
        self._item: List[T] = []
        self._closed = False
        self._lock = threading.Lock()
        self._filled, self._emptied = threading.Condition(self._lock), threading.Condition(self._lock)

    def put(self, item: T) -> bool:
        """Add an item. Returns False, and drops the item, if the mailbox is closed."""
        with self._lock:
            while self._item and not self._overwrites and not self._closed:
                self._emptied.wait()
            if self._closed:
                return False
            self.drops += len(self._item)
            self._item = [item]
            self._filled.notify()
            return True

    def take(self) -> Optional[T]:
        """Wait for an item. Returns None once the mailbox is closed and empty."""
        with self._lock:
            while not self._item and not self._closed:
                self._filled.wait()
            if not self._item:
                return None
            self._emptied.notify()
            return self._item.pop()

    def close(self) -> None:
        """Accept no more items. One that is present can still be taken."""
        with self._lock:
            self._closed = True
            self._filled.notify_all()
            self._emptied.notify_all()


class Sequencer(Generic[T]):
    """Restores the order of numbered items, from 0, that several workers finish in any order."""

    def __init__(self) -> None:
        self._next = 0
        self._items: Dict[int, T] = {}
        self._closed = False
        self._changed = threading.Condition()

    def put(self, number: int, item: T) -> bool:
        """Add the item with this number. Returns False if closed."""
        with self._changed:
            if self._closed:
                return False
            self._items[number] = item
            self._changed.notify_all()
            return True

    def take(self) -> Optional[T]:
        """Wait for the next item in order. Returns None once the sequencer is closed and that item is not present."""
        with self._changed:
            while self._next not in self._items and not self._closed:
                self._changed.wait()
            if self._next not in self._items:
                return None
            item = self._items.pop(self._next)
            self._next += 1
            return item

    def close(self) -> None:
        """Accept no more items. Those that are present can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
