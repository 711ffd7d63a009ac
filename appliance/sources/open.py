"""Which source is meant by what a user wrote."""

import os
import re
from typing import TYPE_CHECKING, Callable, Optional, Union

from appliance.core.errors import SourceError
from appliance.core.redact import redact
from appliance.core.source import Source
from appliance.settings import Settings
from appliance.sources.address import with_encoded_password

if TYPE_CHECKING:
    from appliance.sources.live import LiveSource

ADDRESS = re.compile(r"(rtsps?|rtmps?|https?|udp|tcp|rtp|srt)://\S", re.IGNORECASE)
# What ends like the name of a file, as nothing else does that is accepted.
_ENDING = re.compile(r"\.[A-Za-z]\w{1,4}$")
_FILE = re.compile(r"[^:/]{1,200}\.[A-Za-z]\w{1,4}$")
ACCEPTED = (
    "an index (0), a device path (/dev/video0), an address (rtsp, rtsps, rtmp, rtmps, http, https, udp, tcp, "
    'rtp or srt) or a GStreamer pipeline that ends in " ! appsink"'
)


def open_images(path: str, left_out: Optional[str] = None) -> Source:
    """A picture, or all pictures of a folder and its subfolders but `left_out`. Raises SourceError."""
    from appliance.sources.images import ImagesSource

    return ImagesSource(path, left_out)


def open_movie(path: str) -> Source:
    """Every frame of a movie file. Raises SourceError."""
    from appliance.sources.movie import MovieSource

    return MovieSource(path)


def open_camera(
    camera_input: Union[int, str],
    width: Optional[int] = None,
    height: Optional[int] = None,
    live_timeout: float = 20.0,
    on_notice: Optional[Callable[[str], None]] = None,
    patient: bool = False,
    snapshot_fps: float = 5.0,
    rtsp_transport: str = "auto",
    open_timeout: float = 30.0,
) -> "LiveSource":
    """A live source. Returns at once; what is wrong with the camera is raised by the first `read`.

    patient: nothing is raised; a camera that is not there is tried for ever.

    width, height: asked of a USB camera; other cameras send what they send.
    live_timeout: seconds without a frame after which the camera is opened anew.
    open_timeout: seconds that it may take from there to its first frame; never less than live_timeout.
    snapshot_fps: requests a second to an HTTP address that gives one JPEG each. rtsp_transport: tcp, udp or auto.
    on_notice: told, beside the log, when the camera was lost and when it is back; runs in a thread of the
    source. Raises SourceError where `camera_input` cannot be understood.
    """
    from appliance.sources.live import LiveSource

    kind = camera_kind(camera_input)
    target = str(camera_input).strip()
    if kind == "gstreamer":
        from appliance.sources.gst_command import find_launcher, launch_words

        launch_words(target, 0)
        find_launcher()
    elif kind == "index":
        target = f"/dev/video{int(target)}"
    elif kind == "address":
        target = with_encoded_password(target)
    open_timeout = max(open_timeout, live_timeout)
    spec = {
        "kind": kind,
        "target": target,
        "width": width,
        "height": height,
        "snapshot_fps": snapshot_fps,
        "rtsp_transport": rtsp_transport,
        "patience": open_timeout + 10,
    }  # the parent is to notice first
    return LiveSource(redact(str(camera_input).strip()), spec, live_timeout, on_notice, patient, open_timeout)


def open_set_camera(camera_input: Union[int, str], settings: Settings, patient: bool = False) -> "LiveSource":
    """As `open_camera`, as the settings have it."""
    return open_camera(
        camera_input,
        settings.width,
        settings.height,
        settings.live_timeout,
        patient=patient,
        snapshot_fps=settings.snapshot_fps,
        rtsp_transport=settings.rtsp_transport,
        open_timeout=settings.open_timeout,
    )


def camera_kind(value: Union[int, str]) -> str:
    """'index', 'device', 'address' or 'gstreamer'. Touches no device; raises SourceError for what is none of them."""
    text = str(value).strip()
    if not isinstance(value, bool):
        if re.match(r"\d+$", text):
            return "index"
        if re.search(r"\s!\s", text):
            return "gstreamer"
        if ADDRESS.match(text):
            return "address"
        if text and "://" not in text and (os.sep in text or os.path.exists(text)):
            return "device"
    if _FILE.match(text):
        raise SourceError(f"{redact(text)}: there is no such file in {os.getcwd()}")
    raise SourceError(f"{redact(text)!r} is no camera; accepted are {ACCEPTED}")


def is_missing_file(text: str) -> bool:
    """Whether it is the path of a file that is not there now, and of no device: of a movie, perhaps on a disk that is
    mounted later. A path without an ending, such as a link to a device has, is none.
    """
    try:
        return (
            camera_kind(text) == "device"
            and _ENDING.search(text) is not None
            and not text.startswith("/dev/")
            and not os.path.exists(text)
        )
    except SourceError:
        return _FILE.match(text) is not None
