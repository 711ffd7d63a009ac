"""Collects the bytes of a request until it is complete; only then does a thread handle it.

No sockets and no threads: the owner of the connection feeds received bytes, reads the deadline, and takes the request.
"""

import re
import time
from dataclasses import dataclass
from typing import Callable, Dict, Optional

IDLE_SECONDS = 5.0
"""How long a connection may stay open without a byte of a request."""
REQUEST_SECONDS = 5.0
"""From a request's first byte to its last, head and body together."""
LONGEST_HEAD = 16 * 1024
_MOST_LINES = 100
"""Lines of a head: as separate strings, short lines use much more memory than their length."""

_TOKEN = re.compile(rb"[A-Z]{1,20}[ \r]?")
_LENGTH = re.compile(r"[0-9]{1,10}")
_FOLDED = re.compile(r"^[ \t]|[\0\r\n]")
_OF_PROXIES = ("x-forwarded-", "x-ingress-")
_EXPECT = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*(?=\r\n)", re.IGNORECASE)


@dataclass(frozen=True)
class Head:
    """The head of a request.

    Attributes:
        method: GET, for example.
        target: Path and query.
        headers: By their names in lower case; the last one wins.
        length: Of the body, in bytes.
    """

    method: str
    target: str
    headers: Dict[str, str]
    length: int


@dataclass(frozen=True)
class Refusal:
    """Why a request is refused: an HTTP status and a sentence."""

    status: int
    sentence: str


class RequestBuffer:
    """The bytes of consecutive requests.

    Attributes:
        head: The request's head, once it is complete.
        refusal: Why the request is refused; None if it is not.
        is_whole: Whether it can be taken.
        wants_continue: Whether the client waits for a "100 Continue"; set it to False when that was sent.
        deadline: When the request must be complete, on the clock.

    Args:
        longest_body: Returns the largest body after a head, in bytes; raises Refused for none at all.
        clock: Seconds.
    """

    def __init__(self, longest_body: Callable[[Head], int], clock: Callable[[], float] = time.monotonic) -> None:
        self._longest_body = longest_body
        self._clock = clock
        self._data = bytearray()
        self._begin(IDLE_SECONDS)

    def _begin(self, seconds: float) -> None:
        self.head: Optional[Head] = None
        self.refusal: Optional[Refusal] = None
        self.is_whole = self.wants_continue = False
        self.deadline = self._clock() + seconds
        self._searched = 0
        self._head_end = self._end = 0  # end of the request, once its head is parsed

    @property
    def is_begun(self) -> bool:
        """Whether any byte of the request has arrived."""
        return bool(self._data)

    def taken(self) -> float:
        """Return the seconds since the request's first byte."""
        return self._clock() - (self.deadline - REQUEST_SECONDS) if self._data else 0.0

    def feed(self, data: bytes) -> None:
        """Add received bytes."""
        if not self._data:
            self.deadline = self._clock() + REQUEST_SECONDS
        self._data += data
        self._look()

    def take(self) -> bytes:
        """Return and remove the complete request; further bytes begin the next one."""
        head, body = bytes(self._data[: self._head_end]), bytes(self._data[self._head_end : self._end])
        del self._data[: self._end]
        self._begin(IDLE_SECONDS)
        return _EXPECT.sub(b"", head, 1) + body

    def go_on(self) -> None:
        """Parse the bytes after the request that was answered."""
        self._begin(REQUEST_SECONDS if self._data else IDLE_SECONDS)
        self._look()

    def _look(self) -> None:
        try:
            if self.head is None:
                self._look_for_head()
            if self.head is not None and len(self._data) >= self._end:
                self.is_whole, self.wants_continue = True, False
        except Refused as error:
            self.refusal = Refusal(error.status, str(error))

    def _look_for_head(self) -> None:
        if not self._data:
            return
        if not self._searched and not _TOKEN.match(self._data):
            raise Refused(400, "That is no HTTP request.")
        end = self._data.find(b"\r\n\r\n", self._searched)
        if end < 0:
            self._searched = max(0, len(self._data) - 3)
        if end > LONGEST_HEAD or (end < 0 and len(self._data) > LONGEST_HEAD):
            raise Refused(431, f"The request's headers are too long: {LONGEST_HEAD} bytes is the most.")
        if end < 0:
            return
        head = parse_head(bytes(self._data[:end]))
        if head.length:
            most = self._longest_body(head)
            if head.length > most:
                raise Refused(400, f"That is too long: {most} bytes is the most.")
        self.head, self._head_end, self._end = head, end + 4, end + 4 + head.length
        self.wants_continue = head.headers.get("expect", "").lower() == "100-continue"


class Refused(Exception):
    """A request is refused. status: of HTTP."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def parse_head(text: bytes) -> Head:
    """Parse what is needed here; the server's own parser reads the rest. Raises Refused."""
    if text.count(b"\r\n") > _MOST_LINES:
        raise Refused(431, f"The request has too many headers: {_MOST_LINES} is the most.")
    lines = text.decode("latin-1").split("\r\n")
    headers: Dict[str, str] = {}
    for line in lines[1:]:
        if _FOLDED.search(line):
            raise Refused(400, "A header of the request is more than one line.")
        name, _, value = line.partition(":")
        name, value = name.strip().lower(), value.strip()
        if "_" in name and name.replace("_", "-").startswith(_OF_PROXIES):
            # gunicorn before 22 treats _ as -: a proxy replaces the real header but passes this one on.
            raise Refused(400, "A header that proxies set is written with an underscore.")
        if name == "content-length" and headers.get(name, value) != value:
            raise Refused(400, "The request has two lengths.")
        headers[name] = value
    if "transfer-encoding" in headers:
        raise Refused(411, "Send the body's length (Content-Length).")
    length = headers.get("content-length", "0")
    if not _LENGTH.fullmatch(length):
        raise Refused(400, "The Content-Length is no number.")
    words = lines[0].split(" ")
    return Head(words[0], words[1] if len(words) > 1 else "", headers, int(length))
