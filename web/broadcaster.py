"""Live images: one subscription per stream, shared by all its viewers, and only while there are any."""

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Dict, Iterator, Optional

from appliance.bus import FrameSubscriber
from web.mjpeg import ViewerLimit, part

_WAIT_SECONDS = 0.2


@dataclass(frozen=True)
class Picture:
    """A live image.

    Attributes:
        number: Number within the stream, from 1.
        jpeg: The image.
        part: The image as a part of the multipart response, made once for all viewers.
    """

    number: int
    jpeg: bytes
    part: bytes


class _FrameBroadcaster:
    """Keeps the newest image of one stream.

    Attributes:
        viewers: Number of viewers; counted by the owner.
    """

    def __init__(self, run_dir: str, stream: str) -> None:
        self.viewers = 0
        self.is_closed = False
        self._run_dir, self._stream = run_dir, stream
        self._newest: Optional[Picture] = None
        self._came = threading.Condition()
        threading.Thread(target=self._receive, name="pictures of " + stream, daemon=True).start()

    def wait(self, after: int, seconds: float) -> Optional[Picture]:
        """Wait for an image with a number above `after`; None if none comes within this time."""
        with self._came:
            self._came.wait_for(lambda: self._newest is not None and self._newest.number > after, seconds)
            newest = self._newest
        return newest if newest is not None and newest.number > after else None

    def _receive(self) -> None:
        listener = FrameSubscriber(self._run_dir, self._stream)
        number = 0
        try:
            while not self.is_closed:
                jpeg = listener.receive(_WAIT_SECONDS)
                if jpeg is not None:
                    number += 1
                    picture = Picture(number, jpeg, part(jpeg))
                    with self._came:
                        self._newest = picture
                        self._came.notify_all()
        finally:
            listener.close()


class Viewer:
    """One viewer, who always gets the newest image: a slow one skips some and delays nobody."""

    def __init__(self, broadcaster: _FrameBroadcaster) -> None:
        self._broadcaster = broadcaster
        self._shown = 0

    def next(self, seconds: float) -> Optional[Picture]:
        """Wait for an image that this viewer has not seen; None if none comes within this time."""
        picture = self._broadcaster.wait(self._shown, seconds)
        if picture is not None:
            self._shown = picture.number
        return picture


class FrameBroadcasters:
    """The live images of all streams.

    Args:
        run_dir: Folder of the bus sockets.
        limit: Counts the viewers.
    """

    def __init__(self, run_dir: str, limit: ViewerLimit) -> None:
        self._run_dir = run_dir
        self._limit = limit
        self._broadcasters: Dict[str, _FrameBroadcaster] = {}
        self._lock = threading.Lock()

    @contextmanager
    def view(self, stream: str, who: str) -> Iterator[Viewer]:
        """Subscribe to a stream for the duration of the context.

        Args:
            stream: Its name.
            who: The viewer's key for limits.

        Raises:
            TooManyViewers: The limit is reached.
        """
        with self._limit.take(who):
            with self._lock:
                broadcaster = self._broadcasters.get(stream)
                if broadcaster is None:
                    broadcaster = self._broadcasters[stream] = _FrameBroadcaster(self._run_dir, stream)
                broadcaster.viewers += 1
            try:
                yield Viewer(broadcaster)
            finally:
                with self._lock:
                    broadcaster.viewers -= 1
                    if not broadcaster.viewers:
                        broadcaster.is_closed = True
                        del self._broadcasters[stream]

    def count(self) -> Dict[str, int]:
        """Return the number of viewers by stream."""
        with self._lock:
            return {stream: broadcaster.viewers for stream, broadcaster in self._broadcasters.items()}
