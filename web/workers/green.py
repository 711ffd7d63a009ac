"""gunicorn's eventlet worker: a green thread a connection."""

import logging
import time
from functools import partial
from itertools import count
from typing import Any

import eventlet  # type: ignore[import-untyped]
from eventlet.event import Event  # type: ignore[import-untyped]
from eventlet.greenio import GreenSocket  # type: ignore[import-untyped]
from gunicorn.workers.geventlet import EventletWorker  # type: ignore[import-untyped]

from web.intake import Refusal
from web.workers.reception import CHUNK, CONTINUE, LATE, LINGER_SECONDS, PAUSE_SECONDS, Connection, Reception, refusal
from web.workers.turns import Turns

_AT_ONCE = 32
"""Connections let in before those that are there have their turn again."""
_ANSWERED_AT_ONCE = 4
"""Requests answered before others have come nearer."""

logger = logging.getLogger(__name__)


class GreenWorker(EventletWorker):  # type: ignore[misc]
    def load_wsgi(self) -> None:
        super().load_wsgi()
        self.reception = Reception(self)
        self._turns = Turns()
        self._is_giving = False

    def run(self) -> None:
        listeners = [GreenSocket(sock) for sock in self.sockets]
        acceptors = [eventlet.spawn(self._accept, listener) for listener in listeners]
        while self.alive:
            self.notify()
            self.reception.hang_up_late()
            eventlet.sleep(1.0)
        self.notify()
        for acceptor in acceptors:
            acceptor.kill()
        for listener in listeners:
            listener.close()
        until = time.monotonic() + self.cfg.graceful_timeout
        while self.reception.ceilings.count() and time.monotonic() < until:
            eventlet.sleep(0.05)

    def _accept(self, listener: Any) -> None:
        """For ever: a failure, such as no descriptor left, is waited for and no end."""
        server = listener.getsockname()
        for number in count(1):
            try:
                sock, client = listener.accept()
            except OSError as error:
                logger.debug("accept: %s", error)
                eventlet.sleep(PAUSE_SECONDS)
                continue
            try:
                connection = self.reception.let_in(sock, client, server)
                if connection is None:
                    sock.close()
                else:
                    eventlet.spawn(self._attend, connection)
            except Exception:
                logger.exception("a connection could not be let in")
                sock.close()
            if not number % _AT_ONCE:  # those that must go for it have their turn
                eventlet.sleep(0)

    def _attend(self, connection: Connection) -> None:
        try:
            while self._read(connection):
                self._wait_for_turn(connection)
                handle = partial(self.handle_request, connection.server, sock=connection.sock, addr=connection.client)
                if not self.reception.answer(connection, handle):
                    break
        except OSError:
            pass
        except Exception:
            logger.exception("a connection failed")
        finally:
            self.reception.leave(connection)

    def _wait_for_turn(self, connection: Connection) -> None:
        """Or until it is hung up on."""
        self.reception.group(connection)
        turn = Event()
        self._turns.add(connection.group, turn)
        if not self._is_giving:
            self._is_giving = True
            eventlet.spawn(self._give_turns)
        connection.at_end = lambda: self._turns.discard(connection.group, turn) and turn.send()
        turn.wait()

    def _give_turns(self) -> None:
        while self._turns:
            for _ in range(_ANSWERED_AT_ONCE):
                if self._turns:
                    self._turns.take().send()
            eventlet.sleep(0)
        self._is_giving = False

    def _read(self, connection: Connection) -> bool:
        """Whether there is a whole request."""
        sock, intake = connection.sock, connection.intake
        while True:
            if intake.refusal:
                return self._refuse(connection, intake.refusal)
            if intake.is_whole:
                return True
            left = intake.deadline - time.monotonic()
            if left <= 0:
                return self._refuse(connection, LATE) if intake.is_begun else False
            sock.settimeout(left)
            if intake.wants_continue:
                intake.wants_continue = False
                sock.sendall(CONTINUE)
            try:
                data = sock.recv(CHUNK)
            except OSError as error:
                if "timed out" in str(error):  # of sockets and of TLS, each has its own class for it
                    continue
                return False
            if not data:
                return False
            intake.feed(data)

    def _refuse(self, connection: Connection, reason: Refusal) -> bool:
        sock = connection.sock
        sock.settimeout(LINGER_SECONDS)
        sock.sendall(refusal(reason))
        connection.stop_sending()
        until = time.monotonic() + LINGER_SECONDS
        while time.monotonic() < until and sock.recv(CHUNK):
            pass
        return False
