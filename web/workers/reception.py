"""What both kinds of worker share: letting connections in, and giving whole requests to gunicorn's own parts.

gunicorn reads from a connection without any limit of time, and as long as it reads, a thread belongs to that one.
"""

import _socket
import errno
import json
import logging
import resource
import socket
import ssl
import time
from http.client import responses
from typing import Any, Callable, Dict, List, Optional, Tuple

from gunicorn.http.errors import NoMoreData  # type: ignore[import-untyped]
from gunicorn.http.parser import RequestParser  # type: ignore[import-untyped]
from gunicorn.sock import ssl_context  # type: ignore[import-untyped]

from web.access import KNOWN
from web.admission import Admission
from web.ceilings import MOST_CONNECTIONS, Ceilings, Place
from web.client_address import is_trusted, read_networks
from web.intake import Intake, Refusal
from web.websocket import TAKEN

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
CHUNK = 64 * 1024
SEND_SECONDS = 20.0
"""That an answer may wait for a client that does not take it."""
STRANGER_SECONDS = 30.0
"""That a request may take of somebody who is not signed in."""
LINGER_SECONDS = 1.0
"""That a refusal waits for the rest of what is refused: closed before, it would be lost on its way."""
_GRACE_SECONDS = 2 * LINGER_SECONDS
"""That who waits for a request has to end it himself."""
PAUSE_SECONDS = 0.2
"""After an accept that failed, for want of descriptors say."""

# Of connections that end as they like.
_ENDINGS = (errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN, errno.EBADF, errno.ETIMEDOUT, errno.ESHUTDOWN)

logger = logging.getLogger(__name__)


class Connection:
    """client, server: the addresses of both ends. busy_since: when its request was given to the app (monotonic).

    group: of its whole request, for its turn. at_end: called when it is hung up on.
    """

    def __init__(self, reception: "Reception", sock: Any, client: Any, server: Any) -> None:
        self.sock, self.client, self.server = sock, client, server
        self.place: Optional[Place] = None
        self.busy_since = 0.0
        self.group: Tuple[bool, str] = (False, "")
        self.at_end: Callable[[], Any] = lambda: None
        self._reception = reception
        self.intake = Intake(reception.admission.longest_body)

    def know(self) -> None:
        """Somebody who is signed in uses it."""
        if self.place is not None and not self.place.is_known:
            self._reception.ceilings.change(self.place, is_known=True)

    def hang_up(self) -> None:
        """Whoever waits for it is woken, and closes it."""
        self._shut_down(socket.SHUT_RDWR)
        self.at_end()

    def stop_sending(self) -> None:
        self._shut_down(socket.SHUT_WR)

    def _shut_down(self, how: int) -> None:
        try:
            if isinstance(self.sock, ssl.SSLSocket):  # not its own, which takes TLS away from who just reads or sends
                _socket.socket.shutdown(self.sock, how)
            else:
                self.sock.shutdown(how)
        except (OSError, ValueError):  # it is closed already, or the other side has gone
            pass


class Reception:
    """Of one worker."""

    def __init__(self, worker: Any) -> None:
        app = worker.wsgi
        dashboard = app.extensions["dashboard"]
        self.admission = Admission(dashboard.guard, dashboard.socketio.server.eio.sockets)
        self._trusted = read_networks(dashboard.options.trusted_proxy)
        descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self.ceilings = Ceilings(min(MOST_CONNECTIONS, descriptors // 2))
        self._worker = worker
        self._connections: Dict[Any, Connection] = {}
        self._context = ssl_context(worker.cfg) if worker.cfg.is_ssl else None
        worker.wsgi = self._with_connection(app)

    def _with_connection(self, app: Callable[..., Any]) -> Callable[..., Any]:
        def call(environ: Dict[str, Any], start_response: Any) -> Any:
            connection = self._connections.get(environ["gunicorn.socket"])
            if connection is not None:
                environ[KNOWN] = connection.know
            taken: List[Any] = []
            environ[TAKEN] = taken
            answer = app(environ, start_response)
            if taken:  # by a WebSocket, which has ended; gunicorn knows by this that there is no answer to write
                raise StopIteration()
            return answer
        return call

    def let_in(self, sock: Any, client: Any, server: Any) -> Optional[Connection]:
        """The connection, or None where there is no place for one more. Its handshake comes with the first bytes."""
        if self._context is not None:
            sock = self._context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        connection = Connection(self, sock, client, server)
        connection.place, victim = self.ceilings.enter(
            connection, client[0], is_trusted(client[0], self._trusted))
        if victim is not None:
            victim.connection.hang_up()
        if connection.place is None:
            return None
        self._connections[sock] = connection
        return connection

    def leave(self, connection: Connection) -> None:
        self._connections.pop(connection.sock, None)
        if connection.place is not None:
            self.ceilings.leave(connection.place)
        try:
            connection.sock.close()
        except OSError:
            pass

    def hang_up_late(self) -> None:
        """End the requests of strangers that take too long, such as of those who do not read the answer.

        And what does not come in time: of a record of TLS that drips in no byte is read until it is whole.
        """
        now = time.monotonic()
        for connection in list(self._connections.values()):
            place = connection.place
            if place is None:
                continue
            if place.is_busy:
                is_late = not place.is_known and now - connection.busy_since > STRANGER_SECONDS
            else:
                is_late = now > connection.intake.deadline + _GRACE_SECONDS
            if is_late:
                connection.hang_up()

    def group(self, connection: Connection) -> None:
        """Of strangers and of those who are signed in, an address each."""
        intake, place = connection.intake, connection.place
        assert intake.head is not None and place is not None
        connection.group = (place.is_known or self.admission.is_known(intake.head), place.group)

    def answer(self, connection: Connection, handle: Callable[[Any], Any]) -> bool:
        """Have the request that is whole answered; whether the connection goes on. handle: gunicorn's, of a request."""
        intake, place = connection.intake, connection.place
        assert place is not None
        if place.must_go:
            return False
        connection.busy_since = time.monotonic()
        self.ceilings.change(place, is_busy=True, is_known=connection.group[0])
        request = None
        try:
            connection.sock.settimeout(SEND_SECONDS)
            # A parser of its own for these bytes alone: whatever it makes of them, it never reads on.
            request = next(RequestParser(self._worker.cfg, [intake.take()], connection.client))
            if not handle(request):
                return False
        except (StopIteration, NoMoreData):
            return False
        except (socket.timeout, ssl.SSLError):
            return False
        except OSError as error:
            if error.errno not in _ENDINGS:
                logger.exception("a connection failed")
            return False
        except Exception as error:
            self._worker.handle_error(request, connection.sock, connection.client, error)
            return False
        self.ceilings.change(place, is_busy=False)
        intake.go_on()
        return not place.must_go


def refusal(reason: Refusal) -> bytes:
    """The whole answer."""
    body = json.dumps({"error": reason.sentence, "kind": "denied" if reason.status == 403 else "invalid"}).encode()
    head = ("HTTP/1.1 {} {}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n"
            "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\r\n")
    return head.format(reason.status, responses.get(reason.status, ""), len(body)).encode() + body


LATE = Refusal(408, "The request did not come in time.")
