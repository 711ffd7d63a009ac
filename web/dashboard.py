"""The parts of one dashboard, for the views."""

from dataclasses import dataclass
from typing import Optional

from flask import current_app, g, request
from flask_socketio import SocketIO  # type: ignore[import-untyped]

from web.access import Guard
from web.accounts import Accounts, Sessions
from web.broadcaster import FrameBroadcasters
from web.daemon_client import DaemonClient
from web.mjpeg import ViewerLimit
from web.options import Options
from web.roles import NOBODY, Identity


@dataclass(frozen=True)
class Dashboard:
    """The parts of one dashboard.

    Attributes:
        options: Its start options.
        accounts: Who may sign in.
        sessions: Who is signed in.
        guard: Authenticates and authorises requests.
        daemon: The connection to the daemon.
        viewer_limit: Counts the viewers.
        broadcasters: The live images.
        socketio: The open pages.
    """

    options: Options
    accounts: Accounts
    sessions: Sessions
    guard: Guard
    daemon: DaemonClient
    viewer_limit: ViewerLimit
    broadcasters: FrameBroadcasters
    socketio: SocketIO


def dashboard() -> Dashboard:
    """Return the dashboard that handles the current request."""
    found: Dashboard = current_app.extensions["dashboard"]
    return found


def viewer() -> str:
    """Return the key for limits of the current request's sender."""
    return dashboard().guard.viewer(identity(), request)


def identity() -> Identity:
    """Return the sender of the current request."""
    found: Optional[Identity] = g.get("identity")
    return found or NOBODY
