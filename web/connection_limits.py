"""Limits on the number of connections, and the choice of the one to close for a new one.

Connections without a complete request cost little, so many are allowed. Busy ones, whose requests are answered by a
thread each, are counted separately: many of one kind leave room for the other.
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
"""A request younger than this is not ended for another one."""
SPARE = 100
"""Busy connections that are being closed; with more of them no new request is answered."""


class ConnectionSlot:
    """The accounting of one connection.

    Attributes:
        connection: The connection itself.
        group: The key of its address.
        is_proxy: Whether it is a proxy, with the clients of many addresses.
        is_known: Whether a signed-in client uses it.
        is_busy: Whether a request of it is being answered.
        must_go: Whether it is being closed for another one.
        since: When `is_busy` changed, on the clock.
    """

    def __init__(self, connection: Any, group: str, is_proxy: bool) -> None:
        self.connection = connection
        self.group, self.is_proxy = group, is_proxy
        self.is_known = self.is_busy = self.must_go = False
        self.since = 0.0


class _Slots:
    """The slots by address, those of strangers apart from those of signed-in clients."""

    def __init__(self) -> None:
        self.count = 0
        self._groups: Dict[str, Tuple[OrderedDict[ConnectionSlot, None], OrderedDict[ConnectionSlot, None]]] = {}

    def insert(self, slot: ConnectionSlot) -> None:
        self._groups.setdefault(slot.group, (OrderedDict(), OrderedDict()))[slot.is_known][slot] = None
        self.count += 1

    def remove(self, slot: ConnectionSlot) -> None:
        del self._groups[slot.group][slot.is_known][slot]
        self.count -= 1
        if not self.size(slot.group):
            del self._groups[slot.group]

    def size(self, group: str) -> int:
        return sum(len(slots) for slots in self._groups.get(group, ()))

    def largest(self) -> str:
        return max(self._groups, key=self.size)

    def oldest(self, group: str) -> ConnectionSlot:
        """Return the oldest slot of an address, preferably a stranger's."""
        return next(iter(next(slots for slots in self._groups[group] if slots)))


class ConnectionLimits:
    """Counts connections and chooses which to close. Any thread may call its methods.

    Args:
        most_unfinished: Limit for connections without a complete request.
        most_busy: Limit for connections whose requests are being answered.
        most_busy_an_address: The same per address.
        clock: Seconds.
    """

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
        """Count a new connection.

        Returns:
            Its slot, and the one to close for it or None: the oldest unfinished of the address that has the most of
                them.
        """
        slot = ConnectionSlot(connection, limited_as(address), is_proxy)
        with self._lock:
            return slot, self._wait(slot)

    def begin(self, slot: ConnectionSlot, is_known: bool) -> Tuple[bool, Optional[ConnectionSlot]]:
        """Count a connection as busy, if allowed.

        The oldest one is closed for it: of the same address if that has its share, otherwise, if all slots are used, of
            the
        address with the most. While all are young, only a stranger's is closed, for a signed-in client.

        Returns:
            Whether its request may be answered now, and the slot to close for it, or None.
        """
        with self._lock:
            if slot.must_go or self._going >= SPARE:
                return False, None
            is_known = is_known or slot.is_known
            victim = None
            if not slot.is_proxy and self._busy.size(slot.group) >= self._share:
                victim = self._oldest_busy(slot.group, is_known)
            if victim is None and self._busy.count >= self._most_busy:
                victim = self._oldest_busy(self._busy.largest(), is_known)
                if victim is None:
                    return False, None
            if victim is not None:
                self._busy.remove(victim)
                victim.must_go = True
                self._going += 1
            self._unfinished.remove(slot)
            slot.is_known, slot.is_busy, slot.since = is_known, True, self._clock()
            self._busy.insert(slot)
        return True, victim

    def rest(self, slot: ConnectionSlot) -> Optional[ConnectionSlot]:
        """Count a connection as unfinished again; returns the slot to close for it, or None."""
        with self._lock:
            if slot.must_go:
                return None
            self._busy.remove(slot)
            slot.is_busy = False
            return self._wait(slot)

    def know(self, slot: ConnectionSlot) -> None:
        """Note that a signed-in client uses the connection."""
        with self._lock:
            if slot.is_known or slot.must_go:
                return
            slots = self._busy if slot.is_busy else self._unfinished
            slots.remove(slot)
            slot.is_known = True
            slots.insert(slot)

    def leave(self, slot: ConnectionSlot) -> None:
        """Remove a closed connection."""
        with self._lock:
            if not slot.must_go:
                (self._busy if slot.is_busy else self._unfinished).remove(slot)
            elif slot.is_busy:
                self._going -= 1

    def count_busy(self) -> int:
        """Return the number of busy connections, including those that are being closed."""
        with self._lock:
            return self._busy.count + self._going

    def _wait(self, slot: ConnectionSlot) -> Optional[ConnectionSlot]:
        victim = None
        if self._unfinished.count >= self._most_unfinished:
            victim = self._unfinished.oldest(self._unfinished.largest())
            self._unfinished.remove(victim)
            victim.must_go = True
        slot.since = self._clock()
        self._unfinished.insert(slot)
        return victim

    def _oldest_busy(self, group: str, for_known: bool) -> Optional[ConnectionSlot]:
        oldest = self._busy.oldest(group)
        is_young = self._clock() - oldest.since < _YOUNG_SECONDS
        return None if is_young and not (for_known and not oldest.is_known) else oldest
