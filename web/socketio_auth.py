"""Authentication in front of Socket.IO, which handles requests before Flask does."""

import io
import json
import threading
import time
from typing import Callable, Dict, Iterable, Set, Tuple
from urllib.parse import parse_qs

from werkzeug.wrappers import Request
from werkzeug.wrappers import Response as PlainResponse

from appliance.contract.answers import Error
from appliance.contract.codec import encode
from appliance.contract.errors import DENIED
from appliance.contract.roles import Role
from web.access import SOCKET_PATH, Guard
from web.accounts import TooManyAttempts
from web.environ import Application, Environ, StartResponse
from web.packets import LONGEST_MESSAGE, Flood, Packets
from web.roles import Denied, check_role
from web.websocket import FLOODED

MOST_OF_A_VIEWER = 16
"""Limit for the open pages of one account, or of one address if sign-in is off."""
VIEWER = "splitlens.viewer"
"""Key in a connection's environ: its owner's key for limits."""
_MOST_BEGUN = 64
_PENALTY_SECONDS = 10.0
_MOST_PENALTIES = 1000


class SocketIOAuth:
    """WSGI middleware. Without sign-in there is no handshake, and clients may only send what pages send.

    After the handshake the secret `sid` identifies the connection, and every event is authorised again.

    Args:
        inner: The application.
        guard: Authenticates requests.
        connections: The environ of each handshake by its `sid`, as Socket.IO keeps it.
        disconnect: Ends the connection of a `sid`.
    """

    def __init__(
        self, inner: Application, guard: Guard, connections: Dict[str, Environ], disconnect: Callable[[str], None]
    ) -> None:
        self._inner = inner
        self._guard = guard
        self._connections = connections
        self._disconnect = disconnect
        self._packets: Dict[str, Packets] = {}  # for connections that send by POST
        self._held: Set[Tuple[str, str]] = set()  # `sid` and kind of request that hold a thread
        self._until: Dict[str, float] = {}  # viewers that flooded, and until when they must wait
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if not environ.get("PATH_INFO", "").startswith(SOCKET_PATH):
            answer: Iterable[bytes] = self._inner(environ, start_response)
            return answer
        asked = Request(environ)
        query = parse_qs(environ.get("QUERY_STRING", ""))
        sid = query.get("sid", [None])[0]
        try:
            self._guard.check_origin(asked)
            if "j" in query:  # JSONP: any page could load it as a script, and get the `sid`
                raise Denied(400, "Answers are no scripts here.")
            if sid is None:
                self._open(asked)
            else:
                viewer = self._connections.get(sid, {}).get(VIEWER, "")
                environ[FLOODED] = lambda: self._punish(viewer)
                if asked.method == "POST":
                    self._receive(sid, viewer, environ)
                elif asked.method == "GET":
                    return self._hold(sid, environ, start_response)
            answer = self._inner(environ, start_response)
            return answer
        except (Denied, TooManyAttempts) as error:
            body = json.dumps(encode(Error(str(error), DENIED)))
            refusal: Iterable[bytes] = PlainResponse(body, error.status, mimetype="application/json")(
                environ, start_response
            )
            return refusal

    def _open(self, asked: Request) -> None:
        """Authorise a handshake. Raises Denied."""
        identity = self._guard.identify(asked)
        check_role(identity.role, Role.VIEWER)
        viewer = self._guard.viewer(identity, asked)
        own = [sid for sid, environ in list(self._connections.items()) if environ.get(VIEWER) == viewer]
        if time.monotonic() < self._until.get(viewer, 0.0):
            raise Denied(429, "A page of yours sent more than a page does; wait ten seconds.")
        if len(own) >= MOST_OF_A_VIEWER or len(self._connections) >= _MOST_BEGUN:
            raise Denied(429, "There are too many open pages; close one.")
        asked.environ[VIEWER] = viewer
        asked.environ[FLOODED] = lambda: self._punish(viewer)

    def _punish(self, viewer: str) -> None:
        if len(self._until) >= _MOST_PENALTIES:
            self._until.clear()
        self._until[viewer] = time.monotonic() + _PENALTY_SECONDS

    def _receive(self, sid: str, viewer: str, environ: Environ) -> None:
        """Check posted packets. Raises Denied."""
        with self._lock:
            if len(self._packets) > _MOST_BEGUN:
                self._packets = {sid: packets for sid, packets in self._packets.items() if sid in self._connections}
            packets = self._packets.setdefault(sid, Packets())
        data = environ["wsgi.input"].read(min(int(environ.get("CONTENT_LENGTH") or 0), LONGEST_MESSAGE + 1))
        try:
            packets.take_posted(data.decode())
        except (Flood, UnicodeDecodeError):
            if sid in self._connections:
                self._punish(viewer)
                self._disconnect(sid)
            raise Denied(400, "That is more than a page sends, or something else.") from None
        environ["wsgi.input"] = io.BytesIO(data)

    def _hold(self, sid: str, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Allow one poll and one upgrade at a time, as each holds a thread. Raises Denied."""
        held = (sid, "upgrade" if _is_upgrade(environ) else "poll")
        with self._lock:
            if held in self._held:
                raise Denied(400, "This connection is waited for already.")
            self._held.add(held)
        try:
            answer: Iterable[bytes] = self._inner(environ, start_response)
            return answer
        finally:
            with self._lock:
                self._held.discard(held)


def _is_upgrade(environ: Environ) -> bool:
    """Return whether Engine.IO treats it as an upgrade to a WebSocket."""
    words = [word.strip() for word in environ.get("HTTP_CONNECTION", "").lower().split(",")]
    return "upgrade" in words and environ.get("HTTP_UPGRADE", "").lower() == "websocket"
