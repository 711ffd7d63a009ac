"""How many connections there may be, and which of them must go for a new one.

Those of which no whole request has come cost little and may be many. Those that are answered, which have a thread each,
are counted apart: a crowd of the ones takes nothing from the others.
"""

import threading
import time
from collections import OrderedDict
from typing import Any, Callable, Dict, Optional, Tuple

from web.client_address import limited_as

MOST_UNFINISHED = 1000
MOST_BUSY = 250
"""More than all live pictures and pages together."""
MOST_BUSY_AN_ADDRESS = 100
_YOUNG_SECONDS = 1.0
"""That a request has at least before it goes for another of its address."""
SPARE = 100
"""Busy ones that were told to go and have not gone yet; with more of them no new request is answered."""


class ConnectionSlot:
    """A connection's. is_known: somebody who is signed in uses it. is_busy: a request of it is being answered.

    is_proxy: it brings the clients of many addresses. since: when it became what it is (of the clock).
    """

    def __init__(self, connection: Any, group: str, is_proxy: bool) -> None:
        self.connection = connection
        self.group, self.is_proxy = group, is_proxy
        self.is_known = self.is_busy = self.must_go = False
        self.since = 0.0


class _Slots:
    """By addresses, and of each those of nobody apart from those of somebody."""

    def __init__(self) -> None:
        self.count = 0
        self._groups: Dict[str, Tuple[OrderedDict[ConnectionSlot, None], OrderedDict[ConnectionSlot, None]]] = {}

    def insert(self, place: ConnectionSlot) -> None:
        self._groups.setdefault(place.group, (OrderedDict(), OrderedDict()))[place.is_known][place] = None
        self.count += 1

    def remove(self, place: ConnectionSlot) -> None:
        del self._groups[place.group][place.is_known][place]
        self.count -= 1
        if not self.size(place.group):
            del self._groups[place.group]

    def size(self, group: str) -> int:
        return sum(len(places) for places in self._groups.get(group, ()))

    def largest(self) -> str:
        return max(self._groups, key=self.size)

    def oldest(self, group: str) -> ConnectionSlot:
        """Of nobody, or else of somebody."""
        return next(iter(next(places for places in self._groups[group] if places)))


class ConnectionLimits:
    """Threads may use it at once."""

    def __init__(
        self,
        most_unfinished: int = MOST_UNFINISHED,
        most_busy: int = MOST_BUSY,
        most_busy_an_address: int = MOST_BUSY_AN_ADDRESS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most_unfinished, self._most_busy, self._share = most_unfinished, most_busy, most_busy_an_address
        self._unfinished, self._busy = _Slots(), _Slots()
        self._going = 0
        self._clock = clock
        self._lock = threading.Lock()

    def enter(
        self, connection: Any, address: str, is_proxy: bool = False
    ) -> Tuple[ConnectionSlot, Optional[ConnectionSlot]]:
        """A place, and the place of the one that must go for it, if one must: whoever has been unfinished longest.

        That is of the address that has the most of them.
        """
        place = ConnectionSlot(connection, limited_as(address), is_proxy)
        with self._lock:
            return place, self._wait(place)

    def begin(self, place: ConnectionSlot, is_known: bool) -> Tuple[bool, Optional[ConnectionSlot]]:
        """Whether its request may be answered now, and the place of the one that must go for it, if one must.

        The oldest goes: of the same address if that has its share, or else, where all places are taken, of the address
        that has the most. While all are young, only one of nobody goes for somebody, and the others wait.
        """
        with self._lock:
            if place.must_go or self._going >= SPARE:
                return False, None
            is_known = is_known or place.is_known
            victim = None
            if not place.is_proxy and self._busy.size(place.group) >= self._share:
                victim = self._oldest_busy(place.group, is_known)
            if victim is None and self._busy.count >= self._most_busy:
                victim = self._oldest_busy(self._busy.largest(), is_known)
                if victim is None:
                    return False, None
            if victim is not None:
                self._busy.remove(victim)
                victim.must_go = True
                self._going += 1
            self._unfinished.remove(place)
            place.is_known, place.is_busy, place.since = is_known, True, self._clock()
            self._busy.insert(place)
        return True, victim

    def rest(self, place: ConnectionSlot) -> Optional[ConnectionSlot]:
        """Its request was answered; the place of the one that must go for it, if one must."""
        with self._lock:
            if place.must_go:
                return None
            self._busy.remove(place)
            place.is_busy = False
            return self._wait(place)

    def know(self, place: ConnectionSlot) -> None:
        """Somebody who is signed in uses it."""
        with self._lock:
            if place.is_known or place.must_go:
                return
            places = self._busy if place.is_busy else self._unfinished
            places.remove(place)
            place.is_known = True
            places.insert(place)

    def leave(self, place: ConnectionSlot) -> None:
        with self._lock:
            if not place.must_go:
                (self._busy if place.is_busy else self._unfinished).remove(place)
            elif place.is_busy:
                self._going -= 1

    def count_busy(self) -> int:
        """Also those that are going."""
        with self._lock:
            return self._busy.count + self._going

    def _wait(self, place: ConnectionSlot) -> Optional[ConnectionSlot]:
        victim = None
        if self._unfinished.count >= self._most_unfinished:
            victim = self._unfinished.oldest(self._unfinished.largest())
            self._unfinished.remove(victim)
            victim.must_go = True
        place.since = self._clock()
        self._unfinished.insert(place)
        return victim

    def _oldest_busy(self, group: str, for_known: bool) -> Optional[ConnectionSlot]:
        oldest = self._busy.oldest(group)
        is_young = self._clock() - oldest.since < _YOUNG_SECONDS
        return None if is_young and not (for_known and not oldest.is_known) else oldest
