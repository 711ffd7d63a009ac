"""A movie that plays like a camera: at its own speed, in a loop."""

import dataclasses
import threading
import time
from typing import Optional

from appliance.core.frame import Frame
from appliance.sources.kind import StreamSource
from appliance.sources.movie import MovieSource

# For a movie that does not declare its frame rate.
USUAL_FPS = 25.0
# A reader that is later than this restarts the clock instead of catching up.
LONGEST_DELAY = 1.0
# Longest time to skip late frames: if decoding takes as long as playing, none is ever in time.
LONGEST_SKIPPING = 0.5


class PlaybackSource(StreamSource):
    """Returns the frames of a movie when they are due, and starts again after the last one.

    Live: late frames are dropped, but a frame comes at least every half second, or as often as one can be decoded.

    Args:
        path: The movie.

    Raises:
        SourceError: It is not a movie, or can no longer be read.
    """

    def __init__(self, path: str) -> None:
        self.name = path
        self._movie = MovieSource(path)
        self.fps = self._movie.fps or USUAL_FPS
        self._step = 1 / self.fps
        self._index = 0
        self._due: Optional[float] = None
        self._closing = threading.Event()

    def read(self) -> Optional[Frame]:
        began = time.monotonic()
        frame = self._next()
        now = time.monotonic()
        if self._due is None or now - self._due > LONGEST_DELAY:
            self._due = now
        # Frames that are late by more than one frame are dropped, as a camera would do.
        while frame is not None and now - self._due > self._step:
            if now - began >= LONGEST_SKIPPING:
                self._due = now
                break
            self.drops += 1
            self._due += self._step
            frame = self._next()
            now = time.monotonic()
        if frame is None or self._closing.wait(max(0.0, self._due - now)):
            return None
        self._due += self._step
        self._index += 1
        return dataclasses.replace(frame, index=self._index - 1, time=time.time(), captured_at=time.monotonic())

    def close(self) -> None:
        self._closing.set()
        self._movie.close()

    def _next(self) -> Optional[Frame]:
        """Return the next frame of the movie; None only after `close`."""
        frame = self._movie.read()
        if frame is None and not self._closing.is_set():
            self._movie.close()
            self._movie = MovieSource(self.name)
            if self._closing.is_set():
                self._movie.close()
            frame = self._movie.read()
        return frame
