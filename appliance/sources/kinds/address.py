"""A network camera, by its address."""

import re
from typing import TYPE_CHECKING

from appliance.core.errors import SourceError
from appliance.core.redact import redact
from appliance.sources.address import with_encoded_password
from appliance.sources.gst_command import is_pipeline
from appliance.sources.kind import SourceKind
from appliance.sources.protocol import ReaderSpec

if TYPE_CHECKING:
    from appliance.sources.frame_sender import FrameSender

_SCHEMES = ("rtsp", "rtsps", "rtmp", "rtmps", "http", "https", "udp", "tcp", "rtp", "srt")
_ADDRESS = re.compile(rf"({'|'.join(_SCHEMES)})://\S", re.IGNORECASE)


def _recognises(text: str) -> bool:
    return _ADDRESS.match(text) is not None and not is_pipeline(text)


def _admit(text: str) -> str:
    if re.search(r"\s", text):
        raise SourceError(f"{redact(text)[:80]!r}: an address has no spaces; write %20 for each.")
    return text


def _run(spec: ReaderSpec, sender: "FrameSender") -> None:
    if spec.target.lower().startswith(("http://", "https://")):
        from appliance.sources import http_pictures

        http_pictures.run(spec, sender)  # returns if FFmpeg has to read it instead
    from appliance.sources import opencv

    opencv.run_address(spec, sender)


KIND = SourceKind(
    name="address",
    title="network",
    accepts=f"an address ({', '.join(_SCHEMES[:-1])} or {_SCHEMES[-1]})",
    examples=("rtsp://user:password@camera/1", "http://camera/video.mjpg"),
    order=30,
    is_camera=True,
    is_admitted=True,
    recognises=_recognises,
    admit=_admit,
    prepare=with_encoded_password,
    run=_run,
)
