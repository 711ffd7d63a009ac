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
        options: What it was started with.
        accounts: Who may sign in.
        sessions: Who is signed in.
        guard: Says who sends a request, and what they may do.
        daemon: The daemon, as far as it was heard.
        viewer_limit: Counts who looks at pictures.
        broadcasters: The live pictures.
        socketio: The pages that are open.
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
    """The dashboard that answers the current request."""
    found: Dashboard = current_app.extensions["dashboard"]
    return found


def viewer() -> str:
    """The key that limits count the sender of the current request by."""
    return dashboard().guard.viewer(identity(), request)


def identity() -> Identity:
    """Who sends the current request."""
    found: Optional[Identity] = g.get("identity")
    return found or NOBODY
