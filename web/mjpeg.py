"""MJPEG over HTTP: JPEGs one after the other in a multipart response that does not end."""

import socket
import threading
from collections import Counter
from contextlib import contextmanager
from typing import Callable, Iterable, Iterator

from flask import Response, request

MOST_VIEWERS = 64
"""Of live pictures and recordings together, downloads too; each holds a thread for as long as it looks."""

_STALLED_SECONDS = 30.0
_BUFFER_BYTES = 128 * 1024
_BOUNDARY = b"picture"

START = b"--" + _BOUNDARY + b"\r\n"
END = b"--" + _BOUNDARY + b"--\r\n"


class TooManyViewers(Exception):
    """There are as many viewers as may be."""


class ViewerLimit:
    """Counts who looks at pictures or downloads recordings; one account, or one address, may have half of them.

    Args:
        most: How many there may be.
    """

    def __init__(self, most: int = MOST_VIEWERS) -> None:
        self._most = most
        self._share = most // 2
        self._taken: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def take(self, who: str) -> Iterator[None]:
        """Count one more while the context lasts. Raises TooManyViewers.

        Args:
            who: The key that viewers are counted by.
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
    """A picture with the boundary behind it, without which a browser shows it only when the next one comes."""
    return b"Content-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n%s" % (len(jpeg), jpeg, START)


def respond(parts: Iterable[bytes], at_end: Callable[[], None]) -> Response:
    """Make a response that sends parts as they come. A client that reads nothing for half a minute is cut off.

    Args:
        parts: What to send.
        at_end: Called when that ends, however it ends.
    """
    connection = request.environ.get("gunicorn.socket")
    if connection is not None:
        connection.settimeout(_STALLED_SECONDS)
        # Little is under way to a slow viewer, so that what it sees is not old.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
    response = Response(parts, mimetype="multipart/x-mixed-replace; boundary=" + _BOUNDARY.decode())
    response.headers["X-Accel-Buffering"] = "no"  # nginx would collect pictures
    response.call_on_close(at_end)
    return response
