"""gunicorn's gthread worker: one thread reads of all connections, and others answer the requests that are whole."""

import logging
import os
import selectors
import ssl
import time
from collections import deque
from functools import partial
from typing import Any, Callable, Deque, Dict, Tuple

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from web.intake import Refusal
from web.workers.reception import CHUNK, CONTINUE, LATE, LINGER_SECONDS, PAUSE_SECONDS, Connection, Reception, refusal
from web.workers.turns import Turns

_TICK_SECONDS = 0.5
_AT_ONCE = 16
"""Connections let in before those that are there have their turn again."""
_ANSWERED_AT_ONCE = 8
"""Requests given to threads at once; who has had one for `_QUICK_SECONDS` waits for something and counts no more."""
_QUICK_SECONDS = 0.25
_TURN_SECONDS = 0.02

logger = logging.getLogger(__name__)


class ThreadsWorker(ThreadWorker):  # type: ignore[misc]
    def load_wsgi(self) -> None:
        super().load_wsgi()
        self.reception = Reception(self)
        self._selector = selectors.DefaultSelector()
        self._waiting: Dict[Connection, float] = {}  # those that are read, or linger, and until when
        self._turns = Turns()
        self._working: Dict[Connection, float] = {}  # those that threads have, since when
        self._back: Deque[Tuple[Connection, bool]] = deque()  # those that were answered, and whether they go on
        self._bell, self._ringer = os.pipe()
        for end in (self._bell, self._ringer):
            os.set_blocking(end, False)
        self._is_listening = False
        self._deaf_until = 0.0
        # Of gunicorn's, which would close what it keeps no count of here.
        self.max_keepalived = self.cfg.worker_connections

    def run(self) -> None:
        self._selector.register(self._bell, selectors.EVENT_READ, self._take_back)
        self._selector.register(self.PIPE[0], selectors.EVENT_READ, partial(os.read, self.PIPE[0], 4096))
        looked = 0.0
        while self.alive and self.ppid == os.getppid():
            self.notify()
            now = time.monotonic()
            if now >= self._deaf_until:
                self._listen(True)
            if now - looked >= _TICK_SECONDS:
                looked = now
                self._end_late(now)
                self.reception.hang_up_late()
            self._turn(_TICK_SECONDS if self._is_listening else PAUSE_SECONDS)
        self._listen(False)
        for listener in self.sockets:
            listener.close()
        until = time.monotonic() + self.cfg.graceful_timeout
        while self.reception.ceilings.count() > len(self._waiting) and time.monotonic() < until:
            self._turn(0.05)
        self.tpool.shutdown(wait=False)

    def _turn(self, seconds: float) -> None:
        for key, _ in self._selector.select(min(seconds, _TURN_SECONDS) if self._turns else seconds):
            try:
                if self._selector.get_map().get(key.fd) == key:  # it may have gone for one that came just now
                    key.data()
            except Exception:
                logger.exception("a connection failed")
        self._give_turns(time.monotonic())

    def _give_turns(self, now: float) -> None:
        if not self._turns:
            return
        free = _ANSWERED_AT_ONCE - sum(now - since < _QUICK_SECONDS for since in self._working.values())
        while self._turns and free > 0:
            connection = self._turns.take()
            self._working[connection] = now
            self.tpool.submit(self._work, connection)
            free -= 1

    def _let_go(self, connection: Connection) -> None:
        """It was hung up on; nothing is left to wait for, if no thread has it."""
        if connection in self._waiting:
            self._close(connection)
        elif self._turns.discard(connection.group, connection):
            self.reception.leave(connection)

    # Connections come

    def _listen(self, on: bool) -> None:
        if on == self._is_listening:
            return
        self._is_listening = on
        for listener in self.sockets:
            if on:
                listener.setblocking(False)
                self._selector.register(listener, selectors.EVENT_READ, partial(self._accept, listener))
            else:
                self._selector.unregister(listener)

    def _accept(self, listener: Any) -> None:
        for _ in range(_AT_ONCE):
            try:
                sock, client = listener.accept()
            except BlockingIOError:
                return
            except OSError as error:
                logger.debug("accept: %s", error)
                self._deaf_until = time.monotonic() + PAUSE_SECONDS
                self._listen(False)
                return
            try:
                sock.setblocking(False)
                connection = self.reception.let_in(sock, client, listener.getsockname())
            except OSError:  # gone before it was there
                connection = None
            if connection is None:
                sock.close()
            else:
                connection.at_end = partial(self._let_go, connection)
                # At once: what is there already must not wait until others took the place.
                self._read(connection)

    def _await(self, connection: Connection, then: Callable[[Connection], None], deadline: float,
               event: int = selectors.EVENT_READ) -> None:
        self._waiting[connection] = deadline
        try:
            self._selector.register(connection.sock, event, partial(then, connection))
        except KeyError:
            self._selector.modify(connection.sock, event, partial(then, connection))

    def _forget(self, connection: Connection) -> None:
        if self._waiting.pop(connection, None) is not None:
            self._selector.unregister(connection.sock)

    def _close(self, connection: Connection) -> None:
        self._forget(connection)
        self.reception.leave(connection)

    # Requests come

    def _read(self, connection: Connection) -> None:
        intake = connection.intake
        while not intake.refusal and not intake.is_whole:
            try:
                data = connection.sock.recv(CHUNK)
            except (BlockingIOError, ssl.SSLWantReadError):
                break
            except ssl.SSLWantWriteError:
                self._await(connection, self._read, intake.deadline, selectors.EVENT_WRITE)
                return
            except OSError:
                data = b""
            if not data:
                self._close(connection)
                return
            intake.feed(data)
        self._go_on(connection)

    def _go_on(self, connection: Connection) -> None:
        intake = connection.intake
        if intake.refusal:
            self._refuse(connection, intake.refusal)
        elif intake.is_whole:
            self._forget(connection)
            self.reception.group(connection)
            self._turns.add(connection.group, connection)
        else:
            self._await(connection, self._read, intake.deadline)
            if intake.wants_continue:
                intake.wants_continue = False
                self._send(connection, CONTINUE)

    def _work(self, connection: Connection) -> None:
        """In a thread of its own."""
        goes_on = self.reception.answer(connection, partial(self.handle_request, conn=connection))
        self._back.append((connection, goes_on))
        try:
            os.write(self._ringer, b".")
        except BlockingIOError:  # it rings already
            pass

    def _take_back(self) -> None:
        os.read(self._bell, 4096)
        while self._back:
            connection, goes_on = self._back.popleft()
            del self._working[connection]
            if not goes_on:
                self.reception.leave(connection)
                continue
            connection.sock.setblocking(False)
            self._read(connection)  # TLS may have bytes of the next that no selector knows of

    # Requests that are not taken

    def _refuse(self, connection: Connection, reason: Refusal) -> None:
        self._send(connection, refusal(reason))
        connection.stop_sending()
        self._await(connection, self._linger, time.monotonic() + LINGER_SECONDS)

    def _linger(self, connection: Connection) -> None:
        try:
            if connection.sock.recv(CHUNK):
                return
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        except OSError:
            pass
        self._close(connection)

    def _send(self, connection: Connection, data: bytes) -> None:
        """A little, which the system has room for."""
        try:
            connection.sock.send(data)
        except OSError:
            pass

    def _end_late(self, now: float) -> None:
        for connection, deadline in list(self._waiting.items()):
            if now < deadline:
                continue
            intake = connection.intake
            if intake.is_begun and not intake.refusal:
                intake.refusal = LATE
                self._refuse(connection, LATE)
            else:
                self._close(connection)
