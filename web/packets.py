"""Limits for Socket.IO messages from a page: short texts, and no more than a person can click."""

import re

from web.rate import Rate

LONGEST_MESSAGE = 48 * 1024
"""In bytes; the longest message of a page has the zones, lines and masks of a stream."""
MOST_MESSAGES = 20
"""A second, of one page."""
MOST_BYTES = 256 * 1024
"""A second, of one page."""

_MOST_LEVELS = 600
"""How deep lists and objects may be nested, at most; Python reads a little more."""
# Engine.IO's close, probe, pong and upgrade, and Socket.IO's messages without attachments.
_PACKET = re.compile(r"[1235].{0,16}|4[0-4].*", re.DOTALL)
_CONNECT = "40"  # Socket.IO's connect, which a page sends once; the answer is the whole state
_SEPARATOR = "\x1e"


class Flood(Exception):
    """A client sends something that pages do not send, or more than a page does."""


class Packets:
    """Counts and checks the packets of one page."""

    def __init__(self) -> None:
        self._messages = Rate(MOST_MESSAGES, MOST_MESSAGES)
        self._bytes = Rate(MOST_BYTES, MOST_BYTES)
        self._is_connected = False

    def count(self, messages: int, length: int) -> None:
        """Count messages and their bytes before they are read. Raises Flood."""
        if length > LONGEST_MESSAGE:
            raise Flood(f"a message of {length} bytes")
        if not self._messages.allows(messages) or not self._bytes.allows(length):
            raise Flood(f"more than {MOST_MESSAGES} messages or {MOST_BYTES} bytes a second")

    def take_posted(self, text: str) -> None:
        """Count and check the packets of one POST, from a page without a WebSocket. Raises Flood."""
        packets = text.split(_SEPARATOR)
        self.count(len(packets), len(text.encode()))
        for packet in packets:
            self.check(packet)

    def check(self, packet: str) -> None:
        """Check one packet. Raises Flood."""
        check_packet(packet)
        if packet.startswith(_CONNECT):
            if self._is_connected:
                raise Flood("a page that connects again")
            self._is_connected = True


def check_packet(text: str) -> None:
    """Check that a packet is one that pages send. Raises Flood."""
    if not _PACKET.fullmatch(text):
        raise Flood(f"no packet that a page sends: {text[:20]!r}")
    # What follows its neighbour, as the points of a polygon do, lies no deeper. This also holds of brackets in texts.
    if text.count("[") + text.count("{") - text.count("],[") - text.count("},{") > _MOST_LEVELS:
        raise Flood("a message of too many parts")
