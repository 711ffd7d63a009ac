"""Assembles the dashboard."""

import threading
import time

from flask import Flask

from appliance.core.process import Heartbeat
from web.access import Guard
from web.accounts import Accounts, Sessions
from web.api import api
from web.broadcaster import FrameBroadcasters
from web.daemon_client import DaemonClient
from web.dashboard import Dashboard
from web.environ import Application
from web.event_files import event_files
from web.events import make_socketio, watch_sessions
from web.forwarded import Forwarded
from web.live import live
from web.metrics import metrics
from web.mjpeg import ViewerLimit
from web.options import Options
from web.recordings import recordings
from web.security import install_security
from web.socketio_auth import SocketIOAuth
from web.views import pages, static_file

_BEAT_SECONDS = 1.0


def make_app(options: Options) -> Flask:
    """Make the dashboard; it does not listen to the daemon until `start`. Raises AccountsError, OSError."""
    app = Flask(__name__, static_folder=None)
    accounts = Accounts(options.state_dir)
    if options.sign_in:
        accounts.all()
    sessions = Sessions(options.state_dir, accounts)
    guard = Guard(options, accounts, sessions)
    install_security(app, guard, options.framed_by)
    for part in (pages, live, recordings, api, event_files, metrics):
        app.register_blueprint(part)
    app.add_url_rule("/static/<path:filename>", "static", static_file)
    socketio = make_socketio(app, options.worker)
    inner: Application = app.wsgi_app
    authenticated = SocketIOAuth(inner, guard, socketio.server.environ, socketio.cut_off)
    app.wsgi_app = Forwarded(authenticated, options)  # type: ignore[method-assign]
    viewer_limit = ViewerLimit()
    app.extensions["dashboard"] = Dashboard(
        options,
        accounts,
        sessions,
        guard,
        DaemonClient(options.run_dir, socketio.emit),
        viewer_limit,
        FrameBroadcasters(options.run_dir, viewer_limit),
        socketio,
    )
    return app


def start(app: Flask) -> None:
    """Listen to the daemon, and watch for ended sessions, for the lifetime of this process."""
    parts: Dashboard = app.extensions["dashboard"]
    if parts.options.worker == "eventlet":
        from eventlet import debug  # type: ignore[import-untyped]

        # A connection that is closed during a read leaves its descriptor in eventlet's table. A ZeroMQ socket may reuse
        # that number without eventlet's knowledge; waiting for it must not be an error then.
        debug.hub_prevent_multiple_readers(False)
    parts.daemon.start()
    threading.Thread(target=_beat, args=(parts.options.heartbeat,), name="heartbeat", daemon=True).start()
    watching = (parts.socketio, parts.guard.is_valid, threading.Event())
    threading.Thread(target=watch_sessions, args=watching, name="sessions", daemon=True).start()


def _beat(descriptor: int) -> None:
    """Send the supervisor a heartbeat; without it, this process counts as hung and is restarted."""
    heartbeat = Heartbeat(descriptor if descriptor >= 0 else None)
    while True:
        heartbeat.beat()
        time.sleep(_BEAT_SECONDS)
