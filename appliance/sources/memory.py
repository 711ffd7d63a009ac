"""Frames from memory, for measurements and tests."""

import threading
import time
from typing import Optional, Sequence

import numpy as np

from appliance.core.frame import Frame
from appliance.core.source import Source


class MemorySource(Source):
    """Repeats the same images, without copying them.

    Args:
        images: uint8 [height, width, 3], BGR, at least one.
        frames: Number of frames before the end; None for no end.
        fps: Frames per second, counted from the first `read`; None for a frame at every request.
        is_live: Whether frames that are not read in time are dropped; otherwise they are returned late.
    """

    name = "memory"

    def __init__(
        self,
        images: Sequence[np.ndarray],
        frames: Optional[int] = None,
        fps: Optional[float] = None,
        is_live: bool = False,
    ) -> None:
        if not images:
            raise ValueError("MemorySource needs an image")
        self.frame_count = frames
        self.fps = fps
        self.is_live = is_live
        self._images = [image[:] for image in images]  # views: whoever writes to a frame copies it
        self._turn = 0
        self._index = 0
        self._began: Optional[float] = None
        self._closed = False
        self._changed = threading.Condition()

    def read(self) -> Optional[Frame]:
        with self._changed:
            if self._began is None:
                self._began = time.monotonic()
            if self.fps is not None:
                self._await_turn(self._began, self.fps)
            if self._closed or (self.frame_count is not None and self._turn >= self.frame_count):
                return None
            position = self._turn / self.fps if self.fps else 0.0
            frame = Frame(
                self._images[self._turn % len(self._images)],
                self._index,
                self.name,
                time.time() if self.is_live else position,
                time.monotonic(),
                0.0,
            )
            self._turn += 1
            self._index += 1
            return frame

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _await_turn(self, began: float, fps: float) -> None:
        if self.is_live:
            due = int((time.monotonic() - began) * fps)
            if self.frame_count is not None:
                due = min(due, self.frame_count)
            self.drops += max(0, due - self._turn)
            self._turn = max(due, self._turn)
        while not self._closed:
            wait = began + self._turn / fps - time.monotonic()
            if wait <= 0:
                return
            self._changed.wait(wait)
