"""The parts of one dashboard, for the views."""

from dataclasses import dataclass
from typing import Optional

from flask import current_app, g, request
from flask_socketio import SocketIO  # type: ignore[import-untyped]

from web.access import NOBODY, Guard, Identity
from web.accounts import Accounts, Sessions
from web.broadcaster import FrameBroadcasters
from web.daemon_client import DaemonClient
from web.mjpeg import ViewerLimit
from web.options import Options


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
    """That of the request that is being answered."""
    found: Dashboard = current_app.extensions["dashboard"]
    return found


def viewer() -> str:
    """Whose share it takes who asks."""
    return dashboard().guard.viewer(identity(), request)


def identity() -> Identity:
    """Who asks."""
    found: Optional[Identity] = g.get("identity")
    return found or NOBODY
