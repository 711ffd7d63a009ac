"""Pictures and clips of events: the daemon makes them, and they are sent as files."""

import base64
import os
from contextlib import ExitStack
from typing import Any

from flask import Blueprint, Response, request, send_file

from appliance.contract.commands import COMMAND_OF_NAME
from appliance.contract.errors import NOT_FOUND, Refused
from appliance.contract.event_messages import CLIPS
from appliance.contract.openapi import BASE_PATH
from appliance.contract.parsing import parse, parse_query
from appliance.contract.roles import Role
from appliance.core.files import note_access
from web.dashboard import dashboard, viewer
from web.roles import needs
from web.security import REVALIDATED

event_files = Blueprint("event_files", __name__, url_prefix=BASE_PATH)

CLIP_START = "Clip-Start"
"""The header with the Unix time of a clip's first picture."""
_TYPES = {".avi": "video/x-msvideo", ".mp4": "video/mp4"}


@event_files.route("/events/<id>/snapshot.jpg")
@needs(Role.VIEWER)
def snapshot(id: str) -> Response:
    """Return the best picture of an event. `?bbox=1`: with its box; `?crop=1`: only the object; `?height=` pixels."""
    return _picture("get_snapshot", "image/jpeg", id=id)


@event_files.route("/heatmap.png")
@needs(Role.VIEWER)
def heatmap() -> Response:
    """Return where objects stood in a stream's picture. `?stream=`, `?label=`, `?after=`, `?before=`."""
    return _picture("get_heatmap", "image/png")


@event_files.route("/events/<id>/clip.mp4")
@needs(Role.VIEWER)
def clip(id: str) -> Any:
    """Return the recording of an event, with range requests for seeking. `?download`: as a file to keep.

    The header Clip-Start says when it begins. Where recordings are AVI, so is the clip, and always a file to keep.
    """
    here = dashboard()
    closing = ExitStack()
    closing.enter_context(here.viewer_limit.take(viewer()))
    try:
        made: Any = here.daemon.ask(parse(COMMAND_OF_NAME["make_clip"], {"id": id}))
        path = _find(made.name)
        note_access(path)
        is_kept = "download" in request.args or path.endswith(".avi")
        response = send_file(
            path,
            mimetype=_TYPES.get(path[-4:], "video/mp4"),
            conditional=True,
            as_attachment=is_kept,
        )
    except BaseException:
        closing.close()
        raise
    if not is_kept:
        response.headers.pop("Content-Disposition", None)  # the page names what it downloads by stream, time and label
    response.headers[CLIP_START] = f"{made.start:.3f}"
    # Not `response.close`: it is not called if the server sends the file directly.
    content: Any = response.response
    closing.callback(content.close)
    content.close = closing.close
    return response


def _picture(name: str, kind: str, **known: str) -> Response:
    command = COMMAND_OF_NAME[name]
    asked = parse(command, parse_query(command, request.args.items(multi=True)), known)
    made: Any = dashboard().daemon.ask(asked)
    response = Response(base64.b64decode(made.data), mimetype=kind)
    response.add_etag()
    response.headers["Cache-Control"] = REVALIDATED  # kept, and asked about each time: it may become better
    response.make_conditional(request)
    return response


def _find(name: str) -> str:
    """Return the path of a clip. The name is looked up in the folder, never turned into a path. Raises Refused."""
    try:
        with os.scandir(os.path.join(dashboard().options.recordings_dir, CLIPS)) as entries:
            for entry in entries:
                if entry.name == name and entry.is_file(follow_symlinks=False):
                    return os.path.abspath(entry.path)
    except FileNotFoundError:
        pass
    raise Refused(NOT_FOUND, "The clip of this event is gone; ask again.")
