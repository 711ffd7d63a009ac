"""What to look at: pictures, movies, cameras and how they are read."""

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
        "for `up`: cameras, or movies that play in a loop, by name, each with a source as for camera_input and, if it "
        "needs, a `model` of its own and settings that hold for it alone; left out, "
        "camera_input is one stream called main",
    )
    width: int = setting(
        1280,
        INTEGER,
        INPUT,
        "width to ask of a USB camera; see also mask_output_size",
        unit="pixels",
        minimum=1,
        maximum=16384,
        per_stream=True,
    )
    height: int = setting(
        720,
        INTEGER,
        INPUT,
        "height to ask of a USB camera; see also mask_output_size",
        unit="pixels",
        minimum=1,
        maximum=16384,
        per_stream=True,
    )
    live_timeout: float = setting(
        20.0,
        NUMBER,
        INPUT,
        "a camera that gave no frame for so long is opened again",
        unit="seconds",
        minimum=0.1,
        maximum=86400,
        per_stream=True,
    )
    open_timeout: float = setting(
        30.0,
        NUMBER,
        INPUT,
        "a camera may take so long from being opened to its first frame; where live_timeout is longer, that long",
        unit="seconds",
        minimum=0.1,
        maximum=86400,
        per_stream=True,
    )
    snapshot_fps: float = setting(
        5.0,
        NUMBER,
        INPUT,
        "an HTTP address that gives one JPEG a request is asked so often",
        unit="requests a second",
        minimum=0.01,
        maximum=60,
        per_stream=True,
    )
    rtsp_transport: str = setting(
        "auto",
        TEXT,
        INPUT,
        "how RTSP cameras send their pictures; auto = tcp, and udp where the camera has no tcp",
        choices=("auto", "tcp", "udp"),
        per_stream=True,
    )
