"""Where frames come from: pictures, movies, cameras, memory. One module per kind, one small interface.

Live sources are read in a child process (`reader`): what runs there is `opencv`, `gstreamer` and `outlet`;
what the daemon holds of it is `live` and `child`; both sides share `wire` and `ring`.
"""

from appliance.core.source import Source
from appliance.sources.open import camera_kind, open_camera, open_images, open_movie

__all__ = ["Source", "camera_kind", "open_camera", "open_images", "open_movie"]
