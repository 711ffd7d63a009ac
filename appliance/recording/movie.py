"""One movie file while it is written: pictures at their places in time. And AVI, which every machine can write."""

import os
from pathlib import Path

import cv2
import numpy as np

from appliance.core.files import hold
from appliance.core.sink import JPEG_QUALITY
from appliance.recording.avi import AviWriter
from appliance.recording.flusher import Flusher

LONGEST_FREEZE = 10.0  # seconds without a frame that a recording bridges with its last picture


class Movie:
    """A movie file that is being written by one thread.

    `check`, `write`, `fill` and `close` raise OSError or OutputError; after that only `close` may follow.

    Attributes:
        path: A file that did not exist.
        fps: Frames per second of playback, above 0.
        started_at: `captured_at` of the first picture.
        frames: Duration, in pictures of 1/fps seconds; each picture is shown until the next one's place.
    """

    def __init__(self, path: Path, fps: float, started_at: float) -> None:
        self.path = path
        self.fps = fps
        self.started_at = started_at
        self.frames = 0

    @property
    def is_full(self) -> bool:
        """Whether the format cannot take more."""
        return False

    @property
    def seconds(self) -> float:
        return self.frames / self.fps

    @property
    def bytes(self) -> int:
        try:
            return os.stat(str(self.path)).st_size
        except OSError:
            return 0

    @property
    def is_gone(self) -> bool:
        """Whether the file has been deleted: what is written is lost then."""
        return not os.path.exists(str(self.path))

    def set_durable(self, is_durable: bool) -> None:
        """Whether a power cut may cost no more than the last second; it is so from the start."""
        raise NotImplementedError

    def check(self) -> None:
        """Raise what went wrong in the background since the last `write`; `write` may raise it too."""
        raise NotImplementedError

    def place(self, captured_at: float) -> int:
        """Return the place of a picture captured at this time. Below `frames` it is taken: the picture is left out."""
        return int((captured_at - self.started_at) * self.fps + 0.5)

    def write(self, picture: np.ndarray, place: int) -> None:
        """Put a picture, uint8 BGR, always of the same size, at a place that is not yet taken."""
        raise NotImplementedError

    def fill(self, place: int) -> None:
        """Repeat the last picture up to this place."""
        raise NotImplementedError

    def close(self) -> None:
        """Finish the file. What was written before a failure is kept and can be played."""
        raise NotImplementedError

    def tell_what_is_kept(self) -> str:
        """Return a sentence for the message of a failed `write`; "" if nothing was written before."""
        raise NotImplementedError


def tell_kept(seconds: float, may_lack_its_end: bool) -> str:
    if not seconds:
        return ""
    if may_lack_its_end:
        return f"Of the {seconds:.1f} seconds recorded before it the last may be lost."
    return f"The {seconds:.1f} seconds recorded before it are kept and can be played."


class AviMovie(Movie):
    """JPEG pictures in AVI. Can be played at any moment; a picture that is shown for long is stored repeatedly."""

    def __init__(self, path: Path, width: int, height: int, fps: float, started_at: float) -> None:
        super().__init__(path, fps, started_at)
        self._file = AviWriter(str(path), width, height, fps)
        hold(self._file.fileno())
        self._flusher = Flusher(self._file.fileno(), str(path.parent))
        self._last_picture = b""

    @property
    def is_full(self) -> bool:
        """Whether the format cannot take more."""
        return self._file.is_full

    def set_durable(self, is_durable: bool) -> None:
        self._flusher.is_wanted = is_durable

    def check(self) -> None:
        """Raise what went wrong in the background since the last `write`; `write` may raise it too."""
        if self._flusher.problem:
            raise self._flusher.problem

    def write(self, picture: np.ndarray, place: int) -> None:
        self.fill(place)
        jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()
        self._append(jpeg)
        self._last_picture = jpeg

    def fill(self, place: int) -> None:
        while self.frames < place:
            self._append(self._last_picture)

    def _append(self, jpeg: bytes) -> None:
        self._file.write(jpeg)
        self.frames = self._file.frames

    def close(self) -> None:
        try:
            self._file.close()
        finally:
            self._flusher.stop()
        self.check()

    def tell_what_is_kept(self) -> str:
        return tell_kept(self.seconds, may_lack_its_end=self._flusher.problem is not None)
