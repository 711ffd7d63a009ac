"""How many connections there may be, in all and of one address, and which of them must go for a new one."""

import threading
from collections import OrderedDict
from typing import Any, Dict, Optional, Tuple

from web.client_address import limited_as

MOST_CONNECTIONS = 400
MOST_AN_ADDRESS = 100
SPARE = 100
"""Connections that were told to go and have not gone yet; with more of them nobody new is let in."""


class Place:
    """A connection's. is_known: somebody who is signed in uses it. is_busy: a request of it is being answered."""

    def __init__(self, connection: Any, group: str) -> None:
        self.connection = connection
        self.group = group
        self.is_known = self.is_busy = self.must_go = False

    @property
    def rank(self) -> int:
        """Those of the lowest go first: who has asked for nothing and is nobody."""
        return 2 * self.is_busy + self.is_known


class Ceilings:
    """Threads may use it at once."""

    def __init__(self, most: int = MOST_CONNECTIONS, most_an_address: int = MOST_AN_ADDRESS) -> None:
        self._most, self._most_an_address = most, most_an_address
        self._groups: Dict[str, Tuple[OrderedDict[Place, None], ...]] = {}
        self._staying = self._going = 0
        self._lock = threading.Lock()

    def enter(self, connection: Any, address: str, is_proxy: bool = False) -> Tuple[Optional[Place], Optional[Place]]:
        """A place, or None if there is none at all; and the place of the one that must go for it, if one must.

        The oldest of those that matter least goes: of the same address if that has its share, or else of the address
        that has the most. is_proxy: it brings the clients of many addresses, so there is no share for it.
        """
        place = Place(connection, limited_as(address))
        with self._lock:
            if self._going >= SPARE:
                return None, None
            victim = None
            if not is_proxy and self._size(place.group) >= self._most_an_address:
                victim = self._oldest(place.group)
            elif self._staying >= self._most:
                victim = self._oldest(max(self._groups, key=self._size))
            if victim is not None:
                self._remove(victim)
                victim.must_go = True
                self._going += 1
            self._insert(place)
        return place, victim

    def change(self, place: Place, is_busy: Optional[bool] = None, is_known: Optional[bool] = None) -> None:
        """It counts as the newest of its new kind."""
        with self._lock:
            if not place.must_go:
                self._remove(place)
            place.is_busy = place.is_busy if is_busy is None else is_busy
            place.is_known = place.is_known if is_known is None else is_known
            if not place.must_go:
                self._insert(place)

    def leave(self, place: Place) -> None:
        with self._lock:
            if place.must_go:
                self._going -= 1
            else:
                self._remove(place)

    def count(self) -> int:
        """Also those that are going."""
        with self._lock:
            return self._staying + self._going

    def _size(self, group: str) -> int:
        return sum(len(places) for places in self._groups.get(group, ()))

    def _oldest(self, group: str) -> Place:
        return next(iter(next(places for places in self._groups[group] if places)))

    def _insert(self, place: Place) -> None:
        if place.group not in self._groups:
            self._groups[place.group] = tuple(OrderedDict() for _ in range(4))
        self._groups[place.group][place.rank][place] = None
        self._staying += 1

    def _remove(self, place: Place) -> None:
        del self._groups[place.group][place.rank][place]
        self._staying -= 1
        if not self._size(place.group):
            del self._groups[place.group]
