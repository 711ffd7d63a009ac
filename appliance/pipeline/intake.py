"""Where the frames of several streams wait for the detector: one place each, taken from in turn."""

import threading
from collections import OrderedDict
from typing import Callable, Generic, Optional, Tuple, TypeVar

K = TypeVar("K")
T = TypeVar("T")
C = TypeVar("C")


class _Place(Generic[T]):
    """Holds one item of a stream."""

    def __init__(self, overwrites: bool) -> None:
        self.overwrites = overwrites
        self.drops = 0
        self.is_full = False
        self.item: Optional[T] = None


class Intake(Generic[K, T]):
    """Holds one item of every stream. They are taken in turn, so that a fast stream leaves the others their share.

    A stream that overwrites keeps its newest item; who puts a second one into another waits until the first is taken.
    """

    def __init__(self) -> None:
        self._places: OrderedDict[K, _Place[T]] = OrderedDict()  # who is at the front is next
        self._taken = 0
        self._closed = False
        self._changed = threading.Condition()

    def open(self, key: K, overwrites: bool) -> None:
        """Make a place for a stream."""
        with self._changed:
            self._places[key] = _Place(overwrites)

    def shut(self, key: K) -> None:
        """Close the place of a stream. An item that lies there is gone."""
        with self._changed:
            self._places.pop(key, None)
            self._changed.notify_all()

    def drops(self, key: K) -> int:
        """How many items of a stream nobody took."""
        with self._changed:
            place = self._places.get(key)
            return 0 if place is None else place.drops

    def put(self, key: K, item: T) -> bool:
        """Leave an item. False, and the item is gone, if there is no such place (any more)."""
        with self._changed:
            place = self._places.get(key)
            while place is not None and place.is_full and not place.overwrites and not self._closed:
                self._changed.wait()
                if self._places.get(key) is not place:
                    return False
            if place is None or self._closed:
                return False
            if place.is_full:
                place.drops += 1
            place.item, place.is_full = item, True
            self._changed.notify_all()
            return True

    def take_with(self, claim: Callable[[], C]) -> Optional[Tuple[int, K, T, C]]:
        """Wait for an item; returns its number among all taken, from 0, its stream, the item, and what `claim` gave.

        Claims are made in the order in which items are taken. None: closed and empty.
        """
        with self._changed:
            while True:
                key = self._next()
                if key is not None:
                    break
                if self._closed:
                    return None
                self._changed.wait()
            place = self._places[key]
            self._places.move_to_end(key)
            item: T = place.item  # type: ignore[assignment]
            place.item, place.is_full = None, False
            self._taken += 1
            self._changed.notify_all()
            return self._taken - 1, key, item, claim()

    def close(self) -> None:
        """Take no more items. Those that lie here can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _next(self) -> Optional[K]:
        return next((key for key, place in self._places.items() if place.is_full), None)
