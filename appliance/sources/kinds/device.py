"""A camera by its device path, such as /dev/video0; a file in place of a device is played like a camera."""

import os
from typing import TYPE_CHECKING, Optional

from appliance.core.errors import SourceError
from appliance.sources.device import allowed_camera, why_unreadable
from appliance.sources.gst_command import is_pipeline
from appliance.sources.kind import SourceKind
from appliance.sources.protocol import ReaderSpec

if TYPE_CHECKING:
    from appliance.sources.frame_sender import FrameSender


def _recognises(text: str) -> bool:
    is_path = os.sep in text or (bool(text) and os.path.exists(text))
    return is_path and "://" not in text and not is_pipeline(text)


def _admit(text: str) -> Optional[str]:
    return text if allowed_camera(text) else None


def check_device(path: str) -> Optional[str]:
    """Return what is only missing right now, for `config check`. Raises SourceError if it is no camera and no file."""
    if not os.path.exists(path):
        return f"there is no {path} now"
    complaint = why_unreadable(path, os.stat(path))
    if complaint is not None:
        raise SourceError(complaint)
    return None


def run_device(spec: ReaderSpec, sender: "FrameSender") -> None:
    """Read a device; see `SourceKind.run`."""
    from appliance.sources import opencv

    opencv.run_device(spec, sender)


KIND = SourceKind(
    name="device",
    title="device",
    accepts="a device path (/dev/video0)",
    examples=("/dev/video1", "/dev/v4l/by-id/usb-camera"),
    order=20,
    is_camera=True,
    is_admitted=True,
    recognises=_recognises,
    admit=_admit,
    check=check_device,
    run=run_device,
)
