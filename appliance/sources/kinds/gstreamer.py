"""A GStreamer pipeline, run by its own gst-launch-1.0."""

from typing import TYPE_CHECKING, Optional

from appliance.sources.gst_command import ORDERLY_END, find_launcher, is_pipeline, split_pipeline
from appliance.sources.kind import SourceKind
from appliance.sources.protocol import ReaderSpec

if TYPE_CHECKING:
    from appliance.sources.frame_sender import FrameSender


def _admit(text: str) -> str:
    from appliance.sources.elements import check_elements

    check_elements(text)
    return text


def _prepare(text: str) -> str:
    split_pipeline(text)
    find_launcher()
    return text


def _check(text: str) -> Optional[str]:
    _prepare(text)
    return None


def _run(spec: ReaderSpec, sender: "FrameSender") -> None:
    from appliance.sources import gstreamer

    gstreamer.run(spec, sender)


KIND = SourceKind(
    name="gstreamer",
    title="GStreamer",
    accepts='a GStreamer pipeline that ends in " ! appsink"',
    examples=("nvarguscamerasrc ! nvvidconv ! video/x-raw,format=I420 ! appsink",),
    order=40,
    is_camera=True,
    is_admitted=True,
    recognises=is_pipeline,
    admit=_admit,
    prepare=_prepare,
    check=_check,
    run=_run,
    grace_seconds=ORDERLY_END,
)
