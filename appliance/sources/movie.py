"""Movies: every frame of a file, in order."""

import logging
import os
import threading
import time
from typing import Optional

# Silences FFmpeg's message for every damaged packet; one sentence here sums them up.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

import cv2

from appliance.core.errors import SourceError
from appliance.core.frame import Frame
from appliance.core.redact import redact
from appliance.core.source import Source
from appliance.sources.files import open_file

log = logging.getLogger(__name__)

ACCEPTED = "mp4, avi and mkv files are accepted"
# FFmpeg plays any text file as a movie of letters.
TEXT_CODEC = int.from_bytes(b"ansi", "little")


class MovieSource(Source):
    """A movie file, read by FFmpeg in OpenCV. If it is incomplete, it is played as far as possible, and that is logged.

    Args:
        path: The file.

    Raises:
        SourceError: It cannot be opened.
    """

    def __init__(self, path: str) -> None:
        self.name = path
        self._index = 0
        self._time = 0.0
        self._offset: Optional[float] = None
        self._closed = False
        self._lock = threading.Lock()
        self._capture = _open(path)
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        self.fps = fps if 0 < fps < 1e4 else None
        count = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self.frame_count = int(count) if 0 < count < 1e9 else None

    def read(self) -> Optional[Frame]:
        with self._lock:
            if self._closed:
                return None
            started = time.monotonic()
            ready, image = self._capture.read()
            if not ready:
                self._say_what_is_missing()
                self._release()
                if not self._index:
                    raise SourceError(f"{self.name} holds no frame that can be read; {ACCEPTED}")
                return None
            now = time.monotonic()
            self._time = self._position()
            frame = Frame(image, self._index, self.name, self._time, now, now - started)
            self._index += 1
            return frame

    def close(self) -> None:
        with self._lock:
            self._release()

    def _release(self) -> None:
        if not self._closed:
            self._closed = True
            self._capture.release()

    def _position(self) -> float:
        """Return seconds from the first frame.

        OpenCV 4.6 returns wrong positions for the last frames; the declared rate is used for these.
        """
        position = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        if self._offset is None:
            self._offset = position
        position -= self._offset
        if self._index and position <= self._time:
            position = self._time + 1 / (self.fps or 25.0)
        return position

    def _say_what_is_missing(self) -> None:
        """Log that the movie is incomplete if both its frames and its duration fall short.

        Some containers only declare a duration, and the frame rate may vary.
        """
        if self.frame_count is None or self.fps is None:
            return
        declared = self.frame_count / self.fps
        played = self._time + 1 / self.fps
        short_of_frames = self.frame_count - self._index > max(2.0, self.frame_count * 0.01)
        short_of_time = declared - played > max(2 / self.fps, declared * 0.01)
        if short_of_frames and short_of_time:
            log.warning(
                "%s is cut off or damaged: it ends after frame %d (%.1f s) and declares %d frames (%.1f s)",
                self.name,
                self._index - 1,
                played,
                self.frame_count,
                declared,
            )


def _open(path: str) -> cv2.VideoCapture:
    if "://" in path:
        raise SourceError(f"{redact(path)} is an address, no file; `stream` reads addresses")
    if not os.path.exists(path):
        raise SourceError(f"{path} does not exist; {ACCEPTED}")
    if os.path.isdir(path):
        raise SourceError(f"{path} is a folder; {ACCEPTED}; `image` reads folders of pictures")
    try:
        file = open_file(path)
    except PermissionError as error:
        raise SourceError(f"{path} cannot be read: no permission") from error
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}; {ACCEPTED}") from error
    with file:
        if not os.fstat(file.fileno()).st_size:
            raise SourceError(f"{path} is empty; {ACCEPTED}")
        # OpenCV crashes on a name that is not UTF-8: in Python 3.6 without a locale, on every name with an accent.
        is_plain = path.encode("utf-8", "replace").decode("utf-8") == path
        name = path if is_plain else f"/proc/self/fd/{file.fileno()}"
        capture = cv2.VideoCapture(name, cv2.CAP_FFMPEG)
    if not capture.isOpened() or int(capture.get(cv2.CAP_PROP_FOURCC)) == TEXT_CODEC:
        capture.release()
        raise SourceError(f"{path} is no movie, or was cut off while it was recorded and has no index; {ACCEPTED}")
    return capture
