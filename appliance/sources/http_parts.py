"""Extract JPEGs from a camera's HTTP response as tolerantly as browsers: without boundaries, lengths or headers."""

import re
from typing import Callable, Iterator, Optional

from appliance.sources import jpeg
from appliance.sources.frame_sender import Ended

MOST_BYTES = 32 << 20
"""Limit for one part, and for bytes without an image."""
MOST_HEAD_BYTES = 64 << 10
_LINE = 8 << 10
_HEADER = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}[ \t]*:")


class Parts:
    """Iterates over the JPEGs in a response: multipart, a single image, or images one after the other.

    Holds at most one part and one `read` in memory. Iterating raises Ended if a limit is exceeded, and whatever `read`
    raises.

    Args:
        read: Returns the next bytes, at least one; b"" at the end.
        boundary: As declared; cameras often send another one.
        passed_over: Called for each part without a complete JPEG.
    """

    def __init__(self, read: Callable[[], bytes], boundary: Optional[bytes], passed_over: Callable[[], None]) -> None:
        self._read = read
        self._boundary = b"--" + boundary.lstrip(b"-") if boundary else None
        self._passed_over = passed_over
        self._data = bytearray()
        self._is_over = False

    def __iter__(self) -> Iterator[bytes]:
        is_head, head_bytes = False, 0
        length: Optional[int] = None
        without = 0  # bytes since the last picture
        while self._fill(1):
            if not self._at_picture():
                line = self._take_line()
                without += len(line)
                self._limit(without)
                if line.startswith(b"--"):
                    is_head, head_bytes, length = True, len(line), None
                    self._boundary = line.strip()
                    continue
                if _HEADER.match(line):
                    is_head, head_bytes = True, head_bytes + len(line)
                    length = read_length(line, length)
                    if length is not None and length > MOST_BYTES:
                        raise Ended(f"announces a picture of {length} bytes; up to {MOST_BYTES} are taken")
                    if head_bytes > MOST_HEAD_BYTES:
                        raise Ended(f"sends a head of more than {MOST_HEAD_BYTES} bytes before a picture")
                    continue
                if line.strip() or not is_head:
                    is_head, head_bytes, length = False, 0, None
                    continue  # the rest of a part, or an empty line between two
            # The header is over, or there was none.
            declared, is_head, head_bytes, length = length, False, 0, None
            picture = self._take_picture(declared) if self._at_picture() else b""
            if is_whole(picture):
                without = 0
                yield picture
            else:
                self._passed_over()
                without += len(picture) or self._skip(declared or 0)
                self._limit(without)

    def _take_line(self) -> bytes:
        """Return the next line, or as much of it as a line may have."""
        end = self._data.find(b"\n")
        while end < 0 and len(self._data) < _LINE and self._more():
            end = self._data.find(b"\n")
        return self._take(end + 1 if 0 <= end < _LINE else _LINE)

    def _at_picture(self) -> bool:
        return self._fill(len(jpeg.START)) and self._data.startswith(jpeg.START)

    def _take_picture(self, length: Optional[int]) -> bytes:
        """Return the part that begins here.

        If the declared length is missing or wrong, it ends with the JPEG or at the next boundary, as in browsers.
        """
        if length is not None and self._fill(length):
            if self._data[max(0, length - 16) : length].rstrip(b"\0\r\n ").endswith(jpeg.END):
                return self._take(length)
        head: Optional[jpeg.Head] = None
        searched = 0
        while True:
            try:
                head = head or jpeg.read_head(self._data)
            except jpeg.Damaged:
                return self._take(len(jpeg.START))  # the rest of it is skipped line by line
            if head is not None:
                end = jpeg.find_end(self._data, max(head.scan, searched))
                if self._boundary is not None:
                    mark = self._data.find(b"\n" + self._boundary, max(head.scan, searched), end or len(self._data))
                    end = mark + 1 if mark >= 0 else end
                if end is not None:
                    return self._take(end)
                searched = max(0, len(self._data) - len(self._boundary or b"") - 1)
            self._limit(len(self._data))
            if not self._more():
                return self._take(len(self._data))

    def _skip(self, count: int) -> int:
        left = count
        while left and self._fill(1):
            left -= len(self._take(min(left, len(self._data))))
        return count - left

    def _fill(self, count: int) -> bool:
        """Return False if the response ends before `count` bytes."""
        while len(self._data) < count:
            if not self._more():
                return False
        return True

    def _more(self) -> bool:
        data = b"" if self._is_over else self._read()
        self._is_over = not data
        self._data += data
        return bool(data)

    def _take(self, count: int) -> bytes:
        taken = bytes(self._data[:count])
        del self._data[:count]
        return taken

    @staticmethod
    def _limit(count: int) -> None:
        if count > MOST_BYTES:
            raise Ended(f"sends more than {MOST_BYTES} bytes without a whole picture in them")


def read_length(line: bytes, other: Optional[int]) -> Optional[int]:
    """Return the Content-Length in this header line, or `other` if it has none."""
    match = re.match(rb"content-length[ \t]*:[ \t]*(\d{1,18})", line, re.IGNORECASE)
    return int(match.group(1)) if match else other


def is_whole(picture: bytes) -> bool:
    """Return whether this is a complete JPEG, from its first byte to its end marker."""
    try:
        head = jpeg.read_head(picture)
    except jpeg.Damaged:
        return False
    return head is not None and jpeg.find_end(picture, head.scan) is not None
