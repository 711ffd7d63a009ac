"""Open the source that a user named."""

from typing import TYPE_CHECKING, Callable, Optional, Union

from appliance.core.redact import redact
from appliance.core.source import Source
from appliance.settings import Settings
from appliance.sources.kind import StreamSource, camera_kind_of, kind_of
from appliance.sources.protocol import ReaderSpec

if TYPE_CHECKING:
    from appliance.sources.live import LiveSource


def open_images(path: str, left_out: Optional[str] = None) -> Source:
    """Open an image, or all images of a folder and its subfolders except `left_out`. Raises SourceError."""
    from appliance.sources.images import ImagesSource

    return ImagesSource(path, left_out)


def open_movie(path: str) -> Source:
    """Open a movie file to read every frame. Raises SourceError."""
    from appliance.sources.movie import MovieSource

    return MovieSource(path)


def open_stream_source(source: Union[int, str], settings: Settings, patient: bool = False) -> StreamSource:
    """Open the source of a stream of `up`: like `open_set_camera`, and movies too. Raises SourceError."""
    kind = kind_of(source)
    if kind.open is not None:
        return kind.open(str(source).strip())
    return open_set_camera(source, settings, patient)


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
    """Open a live source. Returns at once; the first `read` raises a failure of the camera.

    Args:
        camera_input: A text of any kind that a reader process reads, or an index.
        width: Pixels to request from a USB camera; other cameras decide themselves.
        height: As `width`.
        live_timeout: Seconds without a frame after which the camera is reopened.
        on_notice: Called, in a thread of the source, with what is logged when the camera is lost and when it is back.
        patient: Raise nothing and retry forever if the camera is not there.
        snapshot_fps: Requests per second to an HTTP address that returns one JPEG each.
        rtsp_transport: tcp, udp or auto.
        open_timeout: Seconds from there to the first frame; at least live_timeout.

    Raises:
        SourceError: `camera_input` cannot be understood.
    """
    from appliance.sources.live import LiveSource

    kind = camera_kind_of(camera_input)
    text = str(camera_input).strip()
    open_timeout = max(open_timeout, live_timeout)
    spec = ReaderSpec(
        kind=kind.name,
        target=kind.prepare(text),
        width=width,
        height=height,
        snapshot_fps=snapshot_fps,
        rtsp_transport=rtsp_transport,
        patience=open_timeout + 10,
    )
    return LiveSource(redact(text), spec, live_timeout, on_notice, patient, open_timeout)


def open_set_camera(camera_input: Union[int, str], settings: Settings, patient: bool = False) -> "LiveSource":
    """Do the same as `open_camera`, with these settings."""
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
