"""Live images of a stream: MJPEG, for an <img>, VLC or Home Assistant, and snapshots."""

import time
from contextlib import ExitStack
from typing import Any, Iterator

from flask import Blueprint, Response, request

from appliance.contract.errors import INVALID, Refused, Unavailable
from appliance.contract.roles import Role
from web.broadcaster import Picture, Viewer
from web.dashboard import Dashboard, dashboard, identity, viewer
from web.mjpeg import END, START, respond
from web.roles import Identity, needs

live = Blueprint("live", __name__)

_FIRST_SECONDS = 10.0
# A viewer that left is noticed when something is sent, and one that was signed out at the next check.
_AGAIN_SECONDS = 2.0


@live.route("/streams/<name>.mjpeg")
@needs(Role.VIEWER)
def mjpeg(name: str) -> Response:
    """Return the MJPEG of a stream. `?fps=` limits the frame rate."""
    here = dashboard()
    here.daemon.get_stream(name)
    pause = _pause()
    closing = ExitStack()
    try:
        view = closing.enter_context(here.broadcasters.view(name, viewer()))
        first = _wait_for_first(here, name, view)
    except BaseException:
        closing.close()
        raise
    return respond(_parts(here, identity(), name, view, first, pause), closing.close)


@live.route("/streams/<name>.jpg")
@needs(Role.VIEWER)
def snapshot(name: str) -> Any:
    """Return the newest image of a stream."""
    here = dashboard()
    here.daemon.get_stream(name)
    with here.broadcasters.view(name, viewer()) as view:
        return Response(_wait_for_first(here, name, view).jpeg, mimetype="image/jpeg")


def _parts(here: Dashboard, who: Identity, name: str, view: Viewer, first: Picture, pause: float) -> Iterator[bytes]:
    yield START + first.part
    newest, sent = first, time.monotonic()
    checked = sent
    while True:
        wait = sent + pause - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        picture = view.next(_AGAIN_SECONDS)
        now = time.monotonic()
        if now - checked > _AGAIN_SECONDS or picture is None:
            checked = now
            if not here.guard.is_valid(who) or _is_removed(here, name):
                yield END
                return
        newest, sent = picture or newest, now
        yield newest.part


def _wait_for_first(here: Dashboard, name: str, view: Viewer) -> Picture:
    picture = view.next(_FIRST_SECONDS)
    if picture is None:
        problem = here.daemon.get_stream(name).problem
        raise Unavailable(problem or f"The stream {name} gives no pictures now.")
    return picture


def _is_removed(here: Dashboard, name: str) -> bool:
    try:
        here.daemon.get_stream(name)
    except Refused:
        return True
    except Unavailable:
        pass
    return False


def _pause() -> float:
    text = request.args.get("fps")
    if text is None:
        return 0.0
    try:
        fps = float(text)
    except ValueError:
        fps = 0.0
    if not 0.1 <= fps <= 100:
        raise Refused(INVALID, "fps is a number from 0.1 to 100.")
    return 1 / fps
