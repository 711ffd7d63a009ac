"""Simulated attackers: idle connections, slow ones, and WebSockets that send as fast as they can."""

import base64
import os
import selectors
import socket
import time
from dataclasses import dataclass
from typing import Any, Dict, List

_AGAIN_SECONDS = 1.0
_DRIP_SECONDS = 0.5
_TURN_SECONDS = 0.02


@dataclass(frozen=True)
class Kind:
    """A kind of attacker.

    Attributes:
        first: What each connection sends.
        then: What it sends again every `pause` seconds.
    """

    name: str
    connections: int
    first: bytes
    then: bytes
    pause: float


def websocket_request(authorization: str) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    head = (
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n"
        f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{authorization}\r\n"
    )
    return head.encode()


def frame(text: bytes) -> bytes:
    return bytes((0x81, 0x80 | len(text))) + b"\0\0\0\0" + text


def kinds(form_cookie: str, token: str) -> List[Kind]:
    many = frame(b'42["list_recordings",{}]') * 200
    form = (
        "POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: 5000\r\nCookie: splitlens_form={form_cookie}\r\n\r\n"
    ).encode()
    return [
        Kind("idle", 1200, b"", b"", 0.0),
        Kind("slow bodies", 1200, form, b"a", _DRIP_SECONDS),
        Kind("flooding viewer", 200, websocket_request(f"Authorization: Bearer {token}\r\n"), many, _TURN_SECONDS),
        Kind("flooding stranger", 200, websocket_request(""), many, _TURN_SECONDS),
    ]


class Crowd:
    """Connections of one kind, all in the thread that calls `run`."""

    def __init__(self, port: int, kind: Kind) -> None:
        self._address = ("127.0.0.1", port)
        self._kind = kind
        self._selector = selectors.DefaultSelector()
        self._open: Dict[socket.socket, float] = {}  # and when each sends next
        self._again: List[float] = [0.0] * kind.connections  # when those that are closed are opened
        self.opened = self.closed = 0

    def run(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            began = time.monotonic()
            self._open_due(began)
            for key, _ in self._selector.select(0):
                self._take(key.fileobj)  # type: ignore[arg-type]
            if self._kind.then:
                for connection, due in list(self._open.items()):
                    if began >= due:
                        self._send(connection, began)
            time.sleep(max(0.0, _TURN_SECONDS - (time.monotonic() - began)))

    def close(self) -> None:
        for connection in list(self._open):
            connection.close()
        self._open.clear()
        self._selector.close()

    def _open_due(self, now: float) -> None:
        due = [moment for moment in self._again if moment <= now]
        self._again = [moment for moment in self._again if moment > now]
        for _ in due:
            connection = socket.socket()
            connection.setblocking(False)
            connection.connect_ex(self._address)
            self._selector.register(connection, selectors.EVENT_WRITE)
            self.opened += 1

    def _take(self, connection: socket.socket) -> None:
        """Handle a connection that was established or has data."""
        try:
            if connection not in self._open:
                connection.send(self._kind.first)
                self._selector.modify(connection, selectors.EVENT_READ)
                self._open[connection] = time.monotonic() + self._kind.pause
            elif not connection.recv(1 << 16):
                raise ConnectionError
        except BlockingIOError:
            pass
        except OSError:
            self._drop(connection)

    def _send(self, connection: socket.socket, now: float) -> None:
        try:
            connection.send(self._kind.then)
        except BlockingIOError:
            pass
        except OSError:
            self._drop(connection)
            return
        self._open[connection] = now + self._kind.pause

    def _drop(self, connection: socket.socket) -> None:
        self._selector.unregister(connection)
        connection.close()
        self._open.pop(connection, None)
        self._again.append(time.monotonic() + _AGAIN_SECONDS)
        self.closed += 1


def flood(port: int, kind: Kind, seconds: float, answer: Any) -> None:
    """Run a crowd; in a separate process, so that the observer does not wait for it."""
    crowd = Crowd(port, kind)
    crowd.run(seconds)
    crowd.close()
    answer.send((crowd.opened, time.process_time()))


def burn(cores: float, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        began, used = time.monotonic(), time.process_time()
        while time.process_time() - used < cores * _TURN_SECONDS:
            pass
        time.sleep(max(0.0, _TURN_SECONDS - (time.monotonic() - began)))
