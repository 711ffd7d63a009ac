"""Settings of the input: pictures, movies, cameras and how they are read."""

import dataclasses
from typing import Mapping, Optional, Union

from appliance.core.source_kinds import accepted_cameras
from appliance.schema.setting import CAMERA, INPUT, INTEGER, NUMBER, STREAMS, TEXT, setting
from appliance.schema.stream_setting import StreamSetting


@dataclasses.dataclass(frozen=True)
class InputSettings:
    """The settings of the inputs."""

    image_input: str = setting(
        "images", TEXT, INPUT, "a picture, or a folder of pictures (with its subfolders), for `image`"
    )
    movie_input: str = setting("input.mp4", TEXT, INPUT, "the movie for `video`")
    camera_input: Union[int, str] = setting(
        0,
        CAMERA,
        INPUT,
        f"the camera for `stream`: {accepted_cameras()}",
        minimum=0,
        maximum=255,
    )
    streams: Optional[Mapping[str, StreamSetting]] = setting(
        None,
        STREAMS,
        INPUT,
        "for `up`: cameras, or movies that play in a loop, by name, each with a source as for camera_input and, "
        "optionally, a `model` and settings of its own; by default camera_input is one stream called main",
    )
    width: int = setting(
        1280,
        INTEGER,
        INPUT,
        "width to request from a USB camera; see also mask_output_size",
        unit="pixels",
        minimum=1,
        maximum=16384,
        per_stream=True,
    )
    height: int = setting(
        720,
        INTEGER,
        INPUT,
        "height to request from a USB camera; see also mask_output_size",
        unit="pixels",
        minimum=1,
        maximum=16384,
        per_stream=True,
    )
    live_timeout: float = setting(
        20.0,
        NUMBER,
        INPUT,
        "a camera without a frame for this long is reopened",
        unit="seconds",
        minimum=0.1,
        maximum=86400,
        per_stream=True,
    )
    open_timeout: float = setting(
        30.0,
        NUMBER,
        INPUT,
        "how long a camera may take from opening to its first frame; at least live_timeout",
        unit="seconds",
        minimum=0.1,
        maximum=86400,
        per_stream=True,
    )
    snapshot_fps: float = setting(
        5.0,
        NUMBER,
        INPUT,
        "how often to read an HTTP address that returns one JPEG per request",
        unit="requests a second",
        minimum=0.01,
        maximum=60,
        per_stream=True,
    )
    rtsp_transport: str = setting(
        "auto",
        TEXT,
        INPUT,
        "how RTSP cameras send their pictures; auto = tcp, or udp if the camera has no tcp",
        choices=("auto", "tcp", "udp"),
        per_stream=True,
    )
