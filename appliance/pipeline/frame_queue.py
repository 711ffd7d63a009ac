"""Where the frames of several streams wait for the detector: a place for each, taken from in turn."""

import threading
from collections import OrderedDict, deque
from typing import Callable, Deque, Generic, List, Optional, Tuple, TypeVar

K = TypeVar("K")
T = TypeVar("T")
C = TypeVar("C")


class _Place(Generic[T]):
    """Where the items of one stream wait. changed: notified when there is room, or no more of them are wanted."""

    def __init__(self, overwrites: bool, lock: threading.Lock) -> None:
        self.overwrites = overwrites
        self.drops = 0
        self.items: Deque[T] = deque()
        self.changed = threading.Condition(lock)


class FrameQueue(Generic[K, T]):
    """Holds what came last of every stream. Items are taken in turn, so that a fast stream leaves the others theirs.

    A stream that overwrites keeps its newest item; who puts one too many into another waits until one is taken.
    """

    def __init__(self) -> None:
        self._places: OrderedDict[K, _Place[T]] = OrderedDict()  # who is at the front is next
        self._depth: Callable[[T], int] = lambda item: 1
        self._takings = 0
        self._under_way = 0
        self._is_bounded = True
        self._taken = 0
        self._closed = False
        # A condition for who takes and one for who fills each place: waking all of them for each item costs more
        # than handing it over.
        self._lock = threading.Lock()
        self._filled = threading.Condition(self._lock)

    def open(self, key: K, overwrites: bool) -> None:
        """Make a place for a stream."""
        with self._lock:
            self._places[key] = _Place(overwrites, self._lock)

    def shut(self, key: K) -> None:
        """Close the place of a stream. What lies there is gone."""
        with self._lock:
            place = self._places.pop(key, None)
            if place is not None:
                place.changed.notify_all()
            if self._closed:
                self._filled.notify_all()

    def set_depth(self, depth: Callable[[T], int]) -> None:
        """depth: how many items such as this one may wait, of a stream that does not overwrite."""
        with self._lock:
            self._depth = depth

    def drops(self, key: K) -> int:
        """How many items of a stream nobody took."""
        with self._lock:
            place = self._places.get(key)
            return 0 if place is None else place.drops

    def put(self, key: K, item: T) -> bool:
        """Leave an item. False, and the item is gone, if there is no such place (any more)."""
        with self._lock:
            place = self._places.get(key)
            while (
                place is not None
                and not self._closed
                and not place.overwrites
                and len(place.items) >= self._depth(item)
            ):
                place.changed.wait()
                if self._places.get(key) is not place:
                    return False
            if place is None or self._closed:
                return False
            if place.overwrites and place.items:
                place.drops += 1
                place.items.clear()
            place.items.append(item)
            self._filled.notify()
            return True

    def take_with(
        self,
        claim: Callable[[], C],
        most: Callable[[C, T], int] = lambda claimed, item: 1,
        bound: Optional[Callable[[bool], int]] = None,
    ) -> Optional[Tuple[int, int, List[Tuple[K, T]], C]]:
        """Wait for an item, and take it with those that wait beside it.

        Returns the number of this taking and that of its first item, both from 0; the items, each with its stream;
        and what `claim` gave. Claims are made in the order of takings. most: how many items to take at most, by what
        was claimed and the first of them. None: closed and empty. bound: how many takings may be under way, of which
        `done` was not told; called with whether all that waits is of streams that overwrite.
        """
        with self._lock:
            while not self._may_take(bound):
                if self._closed and self._is_empty():
                    return None
                self._filled.wait()
            claimed = claim()
            items = self._take(lambda item: most(claimed, item))
            self._takings += 1
            self._under_way += 1
            self._taken += len(items)
            if not self._is_empty():
                self._filled.notify()
            elif self._closed:
                self._filled.notify_all()  # nothing will come for whoever waits until more may be taken
            return self._takings - 1, self._taken - len(items), items, claimed

    def done(self) -> None:
        """What was taken at once is done."""
        with self._lock:
            self._under_way -= 1
            self._filled.notify()

    def unbind(self) -> None:
        """From now on nobody waits for what is under way: it may never be done."""
        with self._lock:
            self._is_bounded = False
            self._filled.notify_all()

    def close(self) -> None:
        """Take no more items. Those that lie here can still be taken."""
        with self._lock:
            self._closed = True
            self._filled.notify_all()
            for place in self._places.values():
                place.changed.notify_all()

    def _is_empty(self) -> bool:
        return not any(place.items for place in self._places.values())

    def _may_take(self, bound: Optional[Callable[[bool], int]]) -> bool:
        waiting = [place for place in self._places.values() if place.items]
        if not waiting or bound is None or not self._is_bounded:
            return bool(waiting)
        return self._under_way < bound(all(place.overwrites for place in waiting))

    def _take(self, most: Callable[[T], int]) -> List[Tuple[K, T]]:
        items: List[Tuple[K, T]] = []
        while not items or len(items) < most(items[0][1]):
            key = next((key for key, place in self._places.items() if place.items), None)
            if key is None:
                break
            place = self._places[key]
            self._places.move_to_end(key)
            item = place.items.popleft()
            items.append((key, item))
            # Half empty, so that who fills it is not woken for each item.
            if len(place.items) <= self._depth(item) // 2:
                place.changed.notify()
        return items
