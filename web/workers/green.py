"""gunicorn's eventlet worker: one green thread reads from all connections, others answer complete requests."""

import socket
from functools import partial
from typing import Any, List, Tuple

import eventlet  # type: ignore[import-untyped]
from eventlet import patcher
from eventlet.greenio import GreenSocket  # type: ignore[import-untyped]
from eventlet.hubs import trampoline  # type: ignore[import-untyped]
from gunicorn.workers.geventlet import EventletWorker  # type: ignore[import-untyped]

from web.workers.reader import Reader
from web.workers.reception import Connection, Reception


class _Listener(GreenSocket):  # type: ignore[misc]
    """A listening socket whose connections are green, while `accept` itself does not wait."""

    def accept(self) -> Tuple[Any, Any]:
        sock, client = super().accept()
        return sock if isinstance(sock, GreenSocket) else GreenSocket(sock), client


class GreenWorker(EventletWorker):  # type: ignore[misc]
    """gunicorn's worker with our reader instead of its own."""

    def load_wsgi(self) -> None:
        super().load_wsgi()
        self.reception = Reception(self)
        self._poll = patcher.original("select").epoll()
        self.reader = Reader(self.reception, self._poll, self._look, self._spawn)

    def run(self) -> None:
        self.reader.watch_signals(self.PIPE[0])
        listeners = [_Listener(sock) for sock in self.sockets]
        for listener in listeners:
            listener.setblocking(False)
        while self.alive:
            self.notify()
            self.reader.turn(listeners)
        self.notify()
        self.reader.finish(self.cfg.graceful_timeout)
        for listener in listeners:
            listener.close()

    def _look(self, seconds: float) -> List[Tuple[int, int]]:
        try:
            trampoline(self._poll, read=True, timeout=seconds, timeout_exc=socket.timeout)
        except socket.timeout:
            pass
        found: List[Tuple[int, int]] = self._poll.poll(0)
        return found

    def _spawn(self, connection: Connection) -> None:
        eventlet.spawn(self._answer, connection)

    def _answer(self, connection: Connection) -> None:
        handle = partial(self.handle_request, connection.server, sock=connection.sock, addr=connection.client)
        self.reader.take_back(connection, self.reception.answer(connection, handle))
