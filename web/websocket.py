"""The server's side of a WebSocket (RFC 6455), as far as pages need it: short texts, each in one frame.

The same for green and real threads. A frame counts towards the limits before it is read.
"""

import base64
import binascii
import hashlib
import logging
import select
import socket
import struct
import threading
import time
from typing import Any, Callable, List, Optional, Tuple

from web.environ import Environ, StartResponse
from web.packets import Flood, Packets

TAKEN = "splitlens.taken"
"""Key in a request's environ: a list; if it is not empty, the connection needs no other response."""
FLOODED = "splitlens.flooded"
"""Key in a request's environ: a function to call when the page is cut off for flooding."""

_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _BINARY, _CLOSE, _PING, _PONG = 1, 2, 8, 9, 10
_CLOSED, _NO_PROTOCOL, _NO_TEXT, _POLICY = 1000, 1002, 1007, 1008
_LONGEST_CONTROL = 125
_CHUNK = 16 * 1024

log = logging.getLogger(__name__)


class _Ended(Exception):
    """The connection ends. code: the protocol's close code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class WebSocket:
    """A WebSocket with Engine.IO's interface: called as a WSGI application, it calls the handler with itself.

    Attributes:
        socket: The connection's socket, for its timeout.
    """

    def __init__(self, handler: Callable[["WebSocket"], Any], server: Any = None) -> None:
        self._handler = handler
        self._packets = Packets()
        self._buffer = bytearray()
        self._sending = threading.Lock()
        self._is_closed = False
        self.socket: Any = None

    def __call__(self, environ: Environ, start_response: StartResponse) -> List[bytes]:
        accept = _accept(environ)
        if accept is None or "gunicorn.socket" not in environ:
            start_response("400 Bad Request", [("Content-Type", "text/plain")])
            return [b"This is no WebSocket of version 13."]
        self.socket = environ["gunicorn.socket"]
        self._flooded = environ.get(FLOODED, lambda: None)
        environ.get(TAKEN, []).append(self)
        self.socket.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        try:
            self._handler(self)
        finally:
            self.close()
        return []

    def wait(self) -> Optional[str]:
        """Wait for the next text; None at the end. Raises OSError, also at the socket's timeout."""
        try:
            while True:
                time.sleep(0)  # let others run even if the client sends without a pause
                opcode, data = self._read_frame()
                if opcode == _TEXT:
                    text = _text(data)
                    self._packets.check(text)
                    return text
                if opcode == _CLOSE:
                    raise _Ended(_CLOSED)
                if opcode == _PING:
                    self._send_frame(_PONG, data)
        except Flood as error:
            log.warning("a page is cut off: %s", error)
            self._flooded()
            self.close(_POLICY)
        except _Ended as ended:
            self.close(ended.code)
        return None

    def send(self, message: Any) -> None:
        """Send a text or bytes in one frame. Raises OSError."""
        if isinstance(message, bytes):
            self._send_frame(_BINARY, message)
        else:
            self._send_frame(_TEXT, message.encode())

    def close(self, code: int = _CLOSED) -> None:
        """Close the connection if it is open. code: the protocol's close code."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            self._send_frame(_CLOSE, struct.pack("!H", code))
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def _send_frame(self, opcode: int, data: bytes) -> None:
        length = len(data)
        if length < 126:
            head = struct.pack("!BB", 0x80 | opcode, length)
        elif length < 1 << 16:
            head = struct.pack("!BBH", 0x80 | opcode, 126, length)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 127, length)
        with self._sending:
            self.socket.sendall(head + data)

    def _read_frame(self) -> Tuple[int, bytes]:
        """Return opcode and content of the next frame. Raises _Ended, Flood, OSError."""
        first, second = self._read(2)
        opcode, length = first & 15, second & 127
        # Complete, without extensions, and masked, as pages send them; fragments would have no limit.
        if first & 0xF0 != 0x80 or not second & 0x80 or opcode not in (_TEXT, _CLOSE, _PING, _PONG):
            raise _Ended(_NO_PROTOCOL)
        if opcode != _TEXT and length > _LONGEST_CONTROL:
            raise _Ended(_NO_PROTOCOL)
        if length == 126:
            (length,) = struct.unpack("!H", self._read(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self._read(8))
        self._packets.count(1, length)
        mask = self._read(4)
        return opcode, _unmask(self._read(length), mask)

    def _receive(self) -> bytes:
        """Receive bytes. With TLS in real threads, never while another thread sends: OpenSSL does not support both."""
        if type(self.socket).__module__ == "ssl":
            if not self.socket.pending():
                poll = select.poll()
                poll.register(self.socket, select.POLLIN)
                seconds = self.socket.gettimeout()
                if not poll.poll(None if seconds is None else seconds * 1000):
                    raise socket.timeout("nothing came")
            with self._sending:
                return bytes(self.socket.recv(_CHUNK))
        return bytes(self.socket.recv(_CHUNK))

    def _read(self, count: int) -> bytes:
        while len(self._buffer) < count:
            data = self._receive()
            if not data:
                raise _Ended(_CLOSED)
            self._buffer += data
        data = bytes(self._buffer[:count])
        del self._buffer[:count]
        return data


def _text(data: bytes) -> str:
    """Decode a text. Raises _Ended."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise _Ended(_NO_TEXT) from None


def _unmask(data: bytes, mask: bytes) -> bytes:
    whole = (mask * (len(data) // 4 + 1))[: len(data)]
    return (int.from_bytes(data, "big") ^ int.from_bytes(whole, "big")).to_bytes(len(data), "big")


def _accept(environ: Environ) -> Optional[bytes]:
    """Return the response to the client's key; None if the key is invalid."""
    key = environ.get("HTTP_SEC_WEBSOCKET_KEY", "").strip().encode("latin-1")
    try:
        is_key = len(base64.b64decode(key, validate=True)) == 16
    except binascii.Error:
        is_key = False
    if not is_key or environ.get("HTTP_SEC_WEBSOCKET_VERSION") != "13":
        return None
    return base64.b64encode(hashlib.sha1(key + _MAGIC).digest())
