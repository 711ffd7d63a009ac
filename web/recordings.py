"""Recordings: downloads, and MJPEG for an <img>. Names are looked up in the folder, never turned into paths."""

import os
import time
from contextlib import ExitStack
from typing import IO, Any, Iterator

from flask import Blueprint, Response, request, send_file

from appliance.contract.errors import INVALID, NOT_FOUND, Refused
from appliance.contract.fields import RECORDING_NAME
from appliance.contract.roles import Role
from appliance.core.files import note_access
from appliance.recording.avi_reader import AviError, read_fps, read_pictures
from web.dashboard import Dashboard, dashboard, identity, viewer
from web.mjpeg import END, START, part, respond
from web.roles import Identity, needs

recordings = Blueprint("recordings", __name__)

_TYPES = {".avi": "video/x-msvideo", ".mp4": "video/mp4"}
_CHECK_SECONDS = 2.0


@recordings.route("/recordings/<name>")
@needs(Role.VIEWER)
def download(name: str) -> Any:
    """Return the file, with range requests for seeking; inline if browsers can play it, and without `?download`."""
    path = _find(name)
    closing = ExitStack()
    closing.enter_context(dashboard().viewer_limit.take(viewer()))
    try:
        note_access(path)
        is_kept = "download" in request.args or path.endswith(".avi")
        response = send_file(path, mimetype=_TYPES[path[-4:]], as_attachment=is_kept, conditional=True)
    except BaseException:
        closing.close()
        raise
    # Not `response.close`: it is not called if the server sends the file directly.
    content: Any = response.response
    closing.callback(content.close)
    content.close = closing.close
    return response


@recordings.route("/recordings/<name>.mjpeg")
@needs(Role.VIEWER)
def play(name: str) -> Response:
    """Return the MJPEG of an AVI recording. `?speed=` (0.1 to 16) and `?start=` (seconds)."""
    path = _find(name)
    speed = _number("speed", 1.0, 0.1, 16.0)
    start = _number("start", 0.0, 0.0, 1e6)
    here = dashboard()
    closing = ExitStack()
    try:
        closing.enter_context(here.viewer_limit.take(viewer()))
        file = closing.enter_context(open(path, "rb"))
        fps = read_fps(file)
    except AviError as error:
        closing.close()
        raise Refused(INVALID, f"{name} cannot be played here: {error}.") from error
    except BaseException:
        closing.close()
        raise
    return respond(_parts(here, identity(), file, fps * speed, round(start * fps)), closing.close)


def _parts(here: Dashboard, who: Identity, file: IO[bytes], fps: float, skip: int) -> Iterator[bytes]:
    yield START
    due = checked = time.monotonic()
    for jpeg in read_pictures(file, skip):
        # Also lets other green threads run.
        time.sleep(max(0.0, due - time.monotonic()))
        yield part(jpeg)
        now = time.monotonic()
        due = max(due + 1 / fps, now - 1.0)  # after a stall, do not catch up in a burst
        if now - checked > _CHECK_SECONDS:
            checked = now
            note_access(file.name)
            if not here.guard.is_valid(who):
                break
    yield END


def _find(name: str) -> str:
    """Return the path of a recording. Raises Refused."""
    if RECORDING_NAME.is_right(name):
        try:
            with os.scandir(dashboard().options.recordings_dir) as entries:
                for entry in entries:
                    if entry.name == name and entry.is_file(follow_symlinks=False):
                        return os.path.abspath(entry.path)
        except FileNotFoundError:
            pass
    raise Refused(NOT_FOUND, f"There is no recording {name[:100]}.")


def _number(name: str, default: float, least: float, most: float) -> float:
    text = request.args.get(name)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = least - 1
    if not least <= value <= most:
        raise Refused(INVALID, f"{name} is a number from {least:g} to {most:g}.")
    return value
