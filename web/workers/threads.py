"""gunicorn's gthread worker: one thread reads from all connections, and others answer complete requests."""

import os
import select
from functools import partial

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from web.workers.reader import Reader
from web.workers.reception import Connection, Reception


class ThreadsWorker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's worker with our reader instead of its own."""

    def load_wsgi(self) -> None:
        super().load_wsgi()
        self.reception = Reception(self)
        poll = select.epoll()
        self.reader = Reader(self.reception, poll, poll.poll, self._submit)
        # gunicorn's limit, which would close connections that it does not track here.
        self.max_keepalived = self.cfg.worker_connections

    def run(self) -> None:
        self.reader.watch_signals(self.PIPE[0])
        for listener in self.sockets:
            listener.setblocking(False)
        while self.alive and self.ppid == os.getppid():
            self.notify()
            self.reader.turn(self.sockets)
        self.reader.finish(self.cfg.graceful_timeout)
        for listener in self.sockets:
            listener.close()
        self.tpool.shutdown(wait=False)

    def _submit(self, connection: Connection) -> None:
        self.tpool.submit(self._answer, connection)

    def _answer(self, connection: Connection) -> None:
        """Answer a request, in another thread."""
        goes_on = self.reception.answer(connection, partial(self.handle_request, conn=connection))
        self.reader.take_back(connection, goes_on)
