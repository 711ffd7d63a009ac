"""Reads the requests of all connections of a worker in one thread, and passes complete ones to others.

The same for green and real threads: an incomplete request occupies no thread.
"""

import heapq
import itertools
import logging
import os
import select
import ssl
import time
from collections import deque
from functools import partial
from typing import Any, Callable, Deque, Dict, List, Sequence, Tuple

from web.request_buffer import Refusal
from web.workers.reception import Connection, Reception, refusal
from web.workers.turns import Turns

_CHUNK = 64 * 1024
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_LATE = Refusal(408, "The request did not come in time.")
_LINGER_SECONDS = 1.0
"""How long the rest of a refused request is read; if closed earlier, the refusal might be lost."""
_ACCEPT_PAUSE_SECONDS = 0.2
"""How long nothing is accepted after a failed accept, for example for lack of descriptors."""
_TICK_SECONDS = 0.5
_TURN_SECONDS = 0.02
_AT_ONCE = 16
"""Number of connections to accept before handling others again."""
_ANSWERED_AT_ONCE = 8
"""Limit for requests in progress. One that takes longer than `_QUICK_SECONDS` is waiting, and does not count."""
_QUICK_SECONDS = 0.25
_SHORTEST_PAUSE = 0.02

log = logging.getLogger(__name__)


class Reader:
    """The loop of one worker.

    Args:
        reception: The connections and their limits.
        poll: An epoll.
        look: Waits for its events, for at most this many seconds.
        work: Lets another thread answer a connection's request, and then call `take_back`.
    """

    def __init__(
        self,
        reception: Reception,
        poll: Any,
        look: Callable[[float], List[Tuple[int, int]]],
        work: Callable[[Connection], None],
    ) -> None:
        self._reception, self._poll, self._poll_for, self._work = reception, poll, look, work
        self._watched: Dict[int, Callable[[], None]] = {}
        self._unfinished: Dict[Connection, float] = {}  # being read, or lingering, and until when
        self._paused: List[Tuple[float, int, Connection]] = []
        self._numbers = itertools.count()
        self._turns = Turns()  # connections whose requests are complete
        self._working: Dict[Connection, float] = {}  # being answered, and since when
        self._back: Deque[Tuple[Connection, bool]] = deque()  # answered, and whether they continue
        self._wake_end, self._wake_start = os.pipe()
        for end in (self._wake_end, self._wake_start):
            os.set_blocking(end, False)
        self._watch(self._wake_end, self._take_all_back)
        self._listeners: Sequence[Any] = ()
        self._is_listening = False
        self._paused_until = self._looked = 0.0

    def watch_signals(self, pipe: int) -> None:
        """Wake up by the worker's own pipe too, to which signals are written."""
        self._watch(pipe, partial(os.read, pipe, 4096))

    def turn(self, listeners: Sequence[Any]) -> None:
        """Wait for events and handle them."""
        self._listeners = listeners
        now = time.monotonic()
        if now >= self._paused_until:
            self._listen(True)
        if now - self._looked >= _TICK_SECONDS:
            self._looked = now
            self._end_late(now)
            self._reception.hang_up_late()
        while self._paused and self._paused[0][0] <= now:
            connection = heapq.heappop(self._paused)[2]
            if connection in self._unfinished and not connection.buffer.refusal:
                self._safely(partial(self._read, connection))
        seconds = min(self._give_turns(now), _TICK_SECONDS if self._is_listening else _ACCEPT_PAUSE_SECONDS)
        if self._paused:
            seconds = max(0.0, min(seconds, self._paused[0][0] - now))
        self._look(seconds)

    def finish(self, seconds: float) -> None:
        """Stop accepting connections, and wait until busy ones are answered."""
        self._listen(False)
        until = time.monotonic() + seconds
        while self._reception.limits.count_busy() and time.monotonic() < until:
            self._look(_TURN_SECONDS)

    def take_back(self, connection: Connection, goes_on: bool) -> None:
        """Take back a connection whose request was answered. Any thread may call this.

        Args:
            connection: The connection.
            goes_on: Whether another request may follow.
        """
        self._back.append((connection, goes_on))
        try:
            os.write(self._wake_start, b".")
        except BlockingIOError:  # a wake-up is pending already
            pass

    def _look(self, seconds: float) -> None:
        for descriptor, _ in self._poll_for(seconds):
            then = self._watched.get(descriptor)
            if then is not None:  # not for a connection that was closed in this turn
                self._safely(then)

    def _safely(self, work: Callable[[], Any]) -> None:
        try:
            work()
        except Exception:
            log.exception("a connection failed")

    # Events to watch

    def _watch(self, descriptor: int, then: Callable[[], Any], event: int = select.EPOLLIN) -> None:
        if descriptor in self._watched:
            self._poll.modify(descriptor, event)
        else:
            self._poll.register(descriptor, event)
        self._watched[descriptor] = then

    def _unwatch(self, descriptor: int) -> None:
        if self._watched.pop(descriptor, None) is not None:
            self._poll.unregister(descriptor)

    # New connections

    def _listen(self, on: bool) -> None:
        if on == self._is_listening:
            return
        self._is_listening = on
        for listener in self._listeners:
            if on:
                self._watch(listener.fileno(), partial(self._accept, listener))
            else:
                self._unwatch(listener.fileno())

    def _accept(self, listener: Any) -> None:
        server = listener.getsockname()
        for _ in range(_AT_ONCE):
            try:
                sock, client = listener.accept()
            except BlockingIOError:
                return
            except OSError as error:
                log.debug("accept: %s", error)
                self._paused_until = time.monotonic() + _ACCEPT_PAUSE_SECONDS
                self._listen(False)
                return
            try:
                sock.setblocking(False)
                connection, victim = self._reception.admit(sock, client, server)
            except OSError:  # closed before it was accepted
                sock.close()
                continue
            if victim is not None:
                self._close(victim)
            self._unfinished[connection] = connection.buffer.deadline
            # At once, as its first bytes may be here already.
            self._safely(partial(self._read, connection))

    def _close(self, connection: Connection) -> None:
        self._forget(connection)
        self._turns.discard(connection.group, connection)
        self._reception.leave(connection)

    def _forget(self, connection: Connection) -> None:
        self._unwatch(connection.descriptor)
        self._unfinished.pop(connection, None)

    # Incoming requests

    def _read(self, connection: Connection) -> None:
        buffer = connection.buffer
        while not buffer.refusal and not buffer.is_whole:
            try:
                data = connection.sock.recv(_CHUNK)
            except (BlockingIOError, ssl.SSLWantReadError):
                break
            except ssl.SSLWantWriteError:
                self._watch(connection.descriptor, partial(self._read, connection), select.EPOLLOUT)
                return
            except OSError:
                data = b""
            if not data:
                self._close(connection)
                return
            buffer.feed(data)
        if buffer.refusal:
            self._refuse(connection, buffer.refusal)
        elif buffer.is_whole:
            self._forget(connection)
            self._reception.group(connection)
            self._turns.add(connection.group, connection)
        else:
            self._go_on_reading(connection)

    def _go_on_reading(self, connection: Connection) -> None:
        buffer = connection.buffer
        self._unfinished[connection] = buffer.deadline
        if buffer.wants_continue:
            buffer.wants_continue = False
            self._send(connection, _CONTINUE)
        # A request may come in single bytes. So it is parsed again only after the time that it has taken so far: about
        # ten times in total, and no request takes twice its time.
        pause = buffer.taken()
        if pause < _SHORTEST_PAUSE:
            self._watch(connection.descriptor, partial(self._read, connection))
            return
        self._unwatch(connection.descriptor)
        heapq.heappush(self._paused, (time.monotonic() + pause, next(self._numbers), connection))

    def _give_turns(self, now: float) -> float:
        """Start requests whose turn it is; returns the seconds that the others may wait."""
        if not self._turns:
            return _TICK_SECONDS
        free = _ANSWERED_AT_ONCE - sum(now - since < _QUICK_SECONDS for since in self._working.values())
        while self._turns and free > 0:
            connection = self._turns.take()
            if not self._reception.begin(connection):
                self._turns.add(connection.group, connection)
                break
            self._working[connection] = now
            self._work(connection)
            free -= 1
        return _TURN_SECONDS if self._turns else _TICK_SECONDS

    def _take_all_back(self) -> None:
        os.read(self._wake_end, 4096)
        while self._back:
            connection, goes_on = self._back.popleft()
            del self._working[connection]
            self._safely(partial(self._take_one_back, connection, goes_on))

    def _take_one_back(self, connection: Connection, goes_on: bool) -> None:
        if not goes_on or connection.slot.must_go:
            self._reception.leave(connection)
            return
        victim = self._reception.rest(connection)
        if victim is not None:
            self._close(victim)
        connection.sock.setblocking(False)
        connection.buffer.go_on()
        self._unfinished[connection] = connection.buffer.deadline
        self._read(connection)  # TLS may have buffered bytes that epoll cannot see

    # Refused requests

    def _refuse(self, connection: Connection, reason: Refusal) -> None:
        self._send(connection, refusal(reason))
        connection.stop_sending()
        self._unfinished[connection] = time.monotonic() + _LINGER_SECONDS
        self._watch(connection.descriptor, partial(self._linger, connection))

    def _linger(self, connection: Connection) -> None:
        try:
            if connection.sock.recv(_CHUNK):
                return
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        except OSError:
            pass
        self._close(connection)

    def _send(self, connection: Connection, data: bytes) -> None:
        """Send a few bytes, which fit into the socket's buffer."""
        try:
            connection.sock.send(data)
        except OSError:
            pass

    def _end_late(self, now: float) -> None:
        for connection, deadline in list(self._unfinished.items()):
            if now < deadline:
                continue
            buffer = connection.buffer
            if buffer.is_begun and not buffer.refusal:
                buffer.refusal = _LATE
                self._safely(partial(self._refuse, connection, _LATE))
            else:
                self._close(connection)
