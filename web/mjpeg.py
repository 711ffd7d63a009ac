"""MJPEG over HTTP: JPEGs in a multipart response that does not end."""

import socket
import threading
from collections import Counter
from contextlib import contextmanager
from typing import Callable, Iterable, Iterator

from flask import Response, request

MOST_VIEWERS = 64
"""For live images, recordings and downloads together; each viewer holds a thread."""

_STALLED_SECONDS = 30.0
_BUFFER_BYTES = 128 * 1024
_BOUNDARY = b"picture"

START = b"--" + _BOUNDARY + b"\r\n"
END = b"--" + _BOUNDARY + b"--\r\n"


class TooManyViewers(Exception):
    """The limit of viewers is reached."""


class ViewerLimit:
    """Counts viewers of images and downloads of recordings. One account or address may have half of them.

    Args:
        most: Limit for all.
    """

    def __init__(self, most: int = MOST_VIEWERS) -> None:
        self._most = most
        self._share = most // 2
        self._taken: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def take(self, who: str) -> Iterator[None]:
        """Count one more for the duration of the context. Raises TooManyViewers.

        Args:
            who: The viewer's key for limits.
        """
        with self._lock:
            if sum(self._taken.values()) >= self._most:
                raise TooManyViewers(f"{self._most} viewers is the most; close a live picture or a download somewhere.")
            if self._taken[who] >= self._share:
                raise TooManyViewers(
                    f"You have {self._share} live pictures and downloads, which is the most for one account or "
                    "address; close one somewhere."
                )
            self._taken[who] += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken[who] -= 1
                if not self._taken[who]:
                    del self._taken[who]


def part(jpeg: bytes) -> bytes:
    """Return an image followed by the boundary; without it, browsers show it only when the next one arrives."""
    return b"Content-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n%s" % (len(jpeg), jpeg, START)


def respond(parts: Iterable[bytes], at_end: Callable[[], None]) -> Response:
    """Return a response that sends parts as they come. A client that reads nothing for half a minute is disconnected.

    Args:
        parts: What to send.
        at_end: Called at the end, for whatever reason.
    """
    connection = request.environ.get("gunicorn.socket")
    if connection is not None:
        connection.settimeout(_STALLED_SECONDS)
        # A small buffer, so that a slow viewer does not see old images.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
    response = Response(parts, mimetype="multipart/x-mixed-replace; boundary=" + _BOUNDARY.decode())
    response.headers["X-Accel-Buffering"] = "no"  # nginx would buffer images
    response.call_on_close(at_end)
    return response
