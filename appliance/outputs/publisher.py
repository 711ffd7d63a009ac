"""The live picture of a stream: drawn and encoded only while somebody watches."""

import time
from typing import Callable, Optional

import cv2

from appliance.core.frame import Result
from appliance.core.sink import Sink
from appliance.drawing.overlay import Overlay
from appliance.outputs.rate import RateLimit

JPEG_QUALITY = 80  # of what is only looked at: a third of the bytes of what is kept


class Publisher(Sink):
    """Sends JPEGs of what was found.

    is_watched: whether anybody looks. send: takes a JPEG. count: is told the seconds that drawing and encoding took.
    limit: pictures a second, may be set at any time. newest: the last result, watched or not.
    """

    name = "live"

    def __init__(
        self,
        overlay: Overlay,
        is_watched: Callable[[], bool],
        send: Callable[[bytes], None],
        count: Callable[[float, float], None],
        max_fps: float = 0.0,
    ) -> None:
        self.limit = RateLimit(max_fps)
        self.newest: Optional[Result] = None
        self._overlay = overlay
        self._is_watched = is_watched
        self._send = send
        self._count = count

    def write(self, result: Result) -> None:
        self.newest = result
        if not self._is_watched() or not self.limit.allows():
            return
        began = time.monotonic()
        picture = self._overlay.draw(result)
        drawn = time.monotonic()
        jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()
        encoded = time.monotonic()
        self._send(jpeg)
        self._count(drawn - began, encoded - drawn)
