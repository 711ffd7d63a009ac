"""What both kinds of worker share: admitting connections, and passing complete requests to gunicorn's own code.

gunicorn reads from a connection without a time limit, and occupies a thread while it reads.
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
from web.client_address import is_trusted, read_networks
from web.connection_limits import MOST_BUSY, MOST_UNFINISHED, ConnectionLimits, ConnectionSlot
from web.environ import Environ, StartResponse
from web.request_buffer import Refusal, RequestBuffer
from web.websocket import TAKEN

SEND_SECONDS = 20.0
"""How long an answer waits for a client that does not read it."""
STRANGER_SECONDS = 30.0
"""How long a request of a stranger may take."""

# Errors of connections that clients end.
_ENDINGS = (errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN, errno.EBADF, errno.ETIMEDOUT, errno.ESHUTDOWN)

log = logging.getLogger(__name__)


class Connection:
    """A connection of a client.

    Attributes:
        sock: Its socket.
        client: The client's address.
        server: The address of this end.
        descriptor: The socket's descriptor.
        group: The group whose turn its complete request uses.
        busy_since: When the request was passed to the app, monotonic.
        slot: Its accounting.
        buffer: The request that is being received.
    """

    def __init__(self, reception: "Reception", sock: Any, client: Any, server: Any) -> None:
        self.sock, self.client, self.server = sock, client, server
        self.descriptor = sock.fileno()
        self.group: Tuple[bool, str] = (False, "")
        self.busy_since = 0.0
        self.slot: ConnectionSlot  # set when it is admitted
        self._limits = reception.limits
        self.buffer = RequestBuffer(reception.admission.longest_body)

    def know(self) -> None:
        """Note that a signed-in client uses it."""
        self._limits.know(self.slot)

    def hang_up(self) -> None:
        """Shut it down: the thread that waits for it wakes up, and closes it."""
        self._shut_down(socket.SHUT_RDWR)

    def stop_sending(self) -> None:
        """Shut down the sending side."""
        self._shut_down(socket.SHUT_WR)

    def _shut_down(self, how: int) -> None:
        try:
            if isinstance(
                self.sock, ssl.SSLSocket
            ):  # not SSLSocket.shutdown, which drops TLS while a thread may read or send
                _socket.socket.shutdown(self.sock, how)
            else:
                self.sock.shutdown(how)
        except (OSError, ValueError):  # it is closed already, or the client has gone
            pass


class Reception:
    """The connections of one worker."""

    def __init__(self, worker: Any) -> None:
        app = worker.wsgi
        dashboard = app.extensions["dashboard"]
        self.admission = Admission(dashboard.guard, dashboard.socketio.server.eio.sockets)
        self._trusted = read_networks(dashboard.options.trusted_proxy)
        descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self.limits = ConnectionLimits(min(MOST_UNFINISHED, descriptors // 2), min(MOST_BUSY, descriptors // 8))
        self._worker = worker
        self._connections: Dict[Any, Connection] = {}
        self._context = ssl_context(worker.cfg) if worker.cfg.is_ssl else None
        worker.wsgi = self._with_connection(app)

    def _with_connection(self, app: Callable[..., Any]) -> Callable[..., Any]:
        def call(environ: Environ, start_response: StartResponse) -> Any:
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

    def admit(self, sock: Any, client: Any, server: Any) -> Tuple[Connection, Optional[Connection]]:
        """Accept a new connection. A TLS handshake happens with the first bytes.

        Returns:
            The connection, and the one to close for it, or None.

        Raises:
            OSError: The client is gone already.
        """
        if self._context is not None:
            sock = self._context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        connection = Connection(self, sock, client, server)
        connection.slot, victim = self.limits.enter(connection, client[0], is_trusted(client[0], self._trusted))
        self._connections[sock] = connection
        return connection, victim.connection if victim is not None else None

    def begin(self, connection: Connection) -> bool:
        """Return whether the complete request of a connection may be answered now."""
        begins, victim = self.limits.begin(connection.slot, connection.group[0])
        if victim is not None:
            victim.connection.hang_up()
        connection.busy_since = time.monotonic()
        return begins

    def rest(self, connection: Connection) -> Optional[Connection]:
        """Mark a request as answered; returns the connection to close for this one, or None."""
        victim = self.limits.rest(connection.slot)
        return victim.connection if victim is not None else None

    def leave(self, connection: Connection) -> None:
        """Close a connection."""
        self._connections.pop(connection.sock, None)
        self.limits.leave(connection.slot)
        try:
            connection.sock.close()
        except OSError:
            pass

    def hang_up_late(self) -> None:
        """End strangers' requests that take too long, for example because they do not read the response."""
        now = time.monotonic()
        for connection in list(self._connections.values()):
            slot = connection.slot
            if slot.is_busy and not slot.is_known and now - connection.busy_since > STRANGER_SECONDS:
                connection.hang_up()

    def group(self, connection: Connection) -> None:
        """Set the group of a complete request: by address, strangers apart from signed-in clients."""
        assert connection.buffer.head is not None
        slot = connection.slot
        connection.group = (slot.is_known or self.admission.is_known(connection.buffer.head), slot.group)

    def answer(self, connection: Connection, handle: Callable[[Any], Any]) -> bool:
        """Answer the request.

        Args:
            connection: The connection.
            handle: gunicorn's handler of a parsed request.

        Returns:
            Whether another request may follow.
        """
        if connection.slot.must_go:
            return False
        request = None
        try:
            connection.sock.setblocking(True)  # which a timeout alone does not do where TLS is green
            connection.sock.settimeout(SEND_SECONDS)
            # A separate parser for these bytes: however it parses them, it never reads more.
            request = next(RequestParser(self._worker.cfg, [connection.buffer.take()], connection.client))
            return bool(handle(request))
        except (StopIteration, NoMoreData):
            return False
        except (socket.timeout, ssl.SSLError):
            return False
        except OSError as error:
            if error.errno not in _ENDINGS:
                log.exception("a connection failed")
            return False
        except Exception as error:
            self._worker.handle_error(request, connection.sock, connection.client, error)
            return False


def refusal(reason: Refusal) -> bytes:
    """Return the complete response to a refused request."""
    body = json.dumps({"error": reason.sentence, "kind": "denied" if reason.status == 403 else "invalid"}).encode()
    head = (
        f"HTTP/1.1 {reason.status} {responses.get(reason.status, '')}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\r\n"
    )
    return head.encode() + body
