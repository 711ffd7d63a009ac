"""Socket.IO: events of the daemon go to every page, and commands of pages go to the daemon."""

import logging
import threading
from typing import Any, Callable, Dict, Optional

from flask import Flask, current_app, request
from flask_socketio import ConnectionRefusedError, SocketIO  # type: ignore[import-untyped]

from appliance.contract.codec import encode
from appliance.contract.command import Command
from appliance.contract.commands import PAGE_COMMANDS
from appliance.contract.errors import Refused, Unavailable
from appliance.contract.events import DAEMON, LOGS, STATE, STATISTICS
from appliance.contract.fields import JsonObject
from appliance.contract.parsing import parse
from appliance.contract.roles import Role
from web.accounts import TooManyAttempts
from web.packets import LONGEST_MESSAGE
from web.rate import Rate
from web.roles import Denied, Identity, needed_role, needs
from web.socketio_auth import VIEWER
from web.unsent import bounded
from web.websocket import WebSocket

MOST_PAGES = 32
"""Limit for open pages; each holds threads."""
MOST_COMMANDS = 10
"""Commands per second and viewer."""
_COMMANDS_AT_ONCE = 20
_MOST_VIEWERS = 100
_FIRST_LOGS = 200
_CHECK_SECONDS = 3.0

log = logging.getLogger(__name__)


class GuardedSocketIO(SocketIO):  # type: ignore[misc]
    """Handlers declare the role they need by `@needs`; a handler without it is refused to all.

    Attributes:
        identities: Who opened each connection, by its id.
    """

    def __init__(self, app: Flask, **options: Any) -> None:
        self.identities: Dict[str, Identity] = {}
        self._commands: Dict[str, Rate] = {}
        self._lock = threading.Lock()
        super().__init__(app, **options)
        # Our own queues for both kinds of threads: Socket.IO's are not bounded.
        parts = self.server.eio._async
        self.server.eio._async = dict(parts, websocket=WebSocket, queue=bounded(parts["queue"]))

    def cut_off(self, sid: str) -> None:
        """Close a connection of Engine.IO at once; Engine.IO's own method first waits until all is sent."""
        found = self.server.eio.sockets.pop(sid, None)
        if found is not None:
            found.close(wait=False, abort=True)

    def allows_command(self, viewer: str) -> bool:
        """Return whether a viewer may send one more command now; if so, count it."""
        with self._lock:
            if viewer not in self._commands and len(self._commands) >= _MOST_VIEWERS:
                self._commands.clear()
            return self._commands.setdefault(viewer, Rate(MOST_COMMANDS, _COMMANDS_AT_ONCE)).allows()

    def on(self, message: str, namespace: Optional[str] = None) -> Callable[..., Any]:
        register = super().on(message, namespace)

        def decorate(handler: Callable[..., Any]) -> Any:
            return register(_guarded(self, message, handler))

        return decorate


def make_socketio(app: Flask, worker: str) -> GuardedSocketIO:
    """Make Socket.IO with a handler for each command of the contract.

    Args:
        app: The application.
        worker: The worker's kind, as in `Options`.
    """
    loggers = {name: logging.getLogger(name) for name in ("socketio", "engineio")}
    for found in loggers.values():
        found.setLevel(logging.ERROR)  # they warn about what pages send, for example a page that was cut off
    socketio = GuardedSocketIO(
        app,
        async_mode="eventlet" if worker == "eventlet" else "threading",
        manage_session=False,
        cors_allowed_origins=[],  # SocketIOAuth checks origins; no CORS header is sent to other origins
        max_http_buffer_size=LONGEST_MESSAGE,
        serveClient=False,
        logger=loggers["socketio"],
        engineio_logger=loggers["engineio"],
    )

    @socketio.on("connect")
    @needs(Role.VIEWER)
    def connect(auth: Any = None) -> None:
        daemon = current_app.extensions["dashboard"].daemon
        socketio.emit(DAEMON, encode(daemon.connection), to=_sid())
        socketio.emit(LOGS, encode(daemon.logs(_FIRST_LOGS)), to=_sid())
        for topic, message in ((STATE, daemon.state), (STATISTICS, daemon.statistics)):
            if message is not None:
                socketio.emit(topic, encode(message), to=_sid())

    @socketio.on("disconnect")
    @needs(Role.ANONYMOUS)
    def disconnect(*reason: Any) -> None:
        socketio.identities.pop(_sid(), None)

    for command in PAGE_COMMANDS:
        socketio.on(command.name)(_make_handler(command, socketio))
    return socketio


def _make_handler(command: Command, socketio: GuardedSocketIO) -> Callable[..., Any]:
    @needs(command.role)
    def handler(fields: Any = None, *more: Any) -> JsonObject:
        known = {command.user_field: socketio.identities[_sid()].name} if command.user_field else None
        answer = encode(current_app.extensions["dashboard"].daemon.ask(parse(command, fields, known)))
        answer.pop("state", None)  # it is sent as an event to every page
        return dict(answer, ok=True)

    return handler


def _guarded(socketio: GuardedSocketIO, message: str, handler: Callable[..., Any]) -> Callable[..., Any]:
    role = needed_role(handler)

    def refused() -> Optional[str]:
        """Why it is refused; None if it is not. Identified at the connection, authorised again with every event."""
        guard = current_app.extensions["dashboard"].guard
        if role is None:
            return "This is for nobody: it declares no role."
        if role == Role.ANONYMOUS:
            return None
        if message == "connect":
            if len(socketio.identities) >= MOST_PAGES:
                return f"{MOST_PAGES} open pages is the most; close one."
            try:
                guard.check_origin(request)
                who = guard.identify(request)
            except (Denied, TooManyAttempts) as error:
                return str(error)
            if who.role >= role:
                socketio.identities[_sid()] = who
                return None
            return "Sign in first."
        known = socketio.identities.get(_sid())
        if known is None or not guard.is_valid(known):
            return "Sign in first."
        return None if known.role >= role else "Only an operator may do that; you are signed in as a viewer."

    def run(*arguments: Any) -> Any:
        why = refused()
        if (
            not why
            and role != Role.ANONYMOUS
            and message != "connect"
            and not socketio.allows_command(request.environ.get(VIEWER, _sid()))
        ):
            why = f"{MOST_COMMANDS} commands a second is the most; wait a little."
        if message in ("connect", "disconnect"):
            if why:
                raise ConnectionRefusedError(why)
            return handler(*arguments)
        try:
            return {"ok": False, "error": why} if why else handler(*arguments)
        except (Refused, Unavailable) as error:
            return {"ok": False, "error": str(error)}
        except Exception:
            log.exception("Socket.IO %s", message)
            return {"ok": False, "error": "The dashboard failed; its log says why."}

    run.needed_role = role  # type: ignore[attr-defined]
    return run


def drop_session(socketio: GuardedSocketIO, session: str) -> None:
    """Disconnect the pages of a session."""
    _drop(socketio, lambda who: who.session == session)


def watch_sessions(socketio: GuardedSocketIO, is_valid: Callable[[Identity], bool], stopped: threading.Event) -> None:
    """Disconnect the pages of expired sessions; runs until `stopped`."""
    while not stopped.wait(_CHECK_SECONDS):
        try:
            _drop(socketio, lambda who: not is_valid(who))
        except Exception:
            log.exception("the pages of ended sessions could not be disconnected")


def _drop(socketio: GuardedSocketIO, is_ended: Callable[[Identity], bool]) -> None:
    for sid, who in list(socketio.identities.items()):
        if is_ended(who):
            socketio.identities.pop(sid, None)
            connection = socketio.server.manager.eio_sid_from_sid(sid, "/")
            socketio.server.disconnect(sid)  # this only asks the page to disconnect
            socketio.cut_off(connection)


def _sid() -> str:
    sid: str = request.sid  # type: ignore[attr-defined]
    return sid
