"""Where frames come from: pictures, movies, cameras, memory.

`kind` says what a text means. `kinds` has one module for each kind of source that a stream may have; a new one is added
there. Live sources are read in a process of their own (`reader_main`): what runs there is `opencv`, `http_pictures` and
`gstreamer`, which hand frames to a `FrameSender`. The daemon's side is `live` and `reader_process`; both sides share
`protocol` and `shared_frames`.
"""

from appliance.core.source import Source
from appliance.sources.kind import camera_kind_of, kind_of
from appliance.sources.open import open_camera, open_images, open_movie

__all__ = ["Source", "camera_kind_of", "kind_of", "open_camera", "open_images", "open_movie"]
