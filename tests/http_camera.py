"""A loopback HTTP camera for the tests, with the faults of real ones: it answers as a script says, byte for byte."""

import socket
import ssl
import threading
from typing import Callable, Dict, List, Optional, Tuple

import cv2
import numpy as np


def picture(number: int = 0, width: int = 64, height: int = 48, coloured: bool = True) -> bytes:
    """A JPEG; each number has a grey of its own."""
    shape = (height, width, 3) if coloured else (height, width)
    ready, data = cv2.imencode(".jpg", np.full(shape, 40 * number % 240, np.uint8))
    assert ready
    return bytes(data.tobytes())


def part(body: bytes, kind: str = "image/jpeg", boundary: str = "edge", length: bool = True) -> bytes:
    """One of a multipart answer, its boundary before it."""
    head = f"--{boundary}\r\nContent-Type: {kind}\r\n"
    head += f"Content-Length: {len(body)}\r\n" if length else ""
    return head.encode("ascii") + b"\r\n" + body + b"\r\n"


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """A whole answer of HTTP 1.1, without a length unless `headers` have one."""
    lines = ["HTTP/1.1 " + status] + list(headers) + ["", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def multipart(*parts: bytes, kind: str = "multipart/x-mixed-replace;boundary=edge") -> bytes:
    return answer(b"".join(parts), "Content-Type: " + kind)


def snapshot(body: bytes, *headers: str) -> bytes:
    return answer(body, "Content-Type: image/jpeg", f"Content-Length: {len(body)}", *headers)


class Client:
    """One request: its target and headers (names in small letters), and the connection to answer on."""

    def __init__(self, sock: socket.socket, number: int, target: str, headers: Dict[str, str]) -> None:
        self.sock, self.number, self.target, self.headers = sock, number, target, headers

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)


class HttpCamera:
    """Answers each request by `script(client)`; a connection is closed where that returns "close".

    connections: how many there were. requests: targets and headers, in their order.
    """

    def __init__(self, script: Callable[[Client], object], certificate: Optional[ssl.SSLContext] = None) -> None:
        self.script = script
        self.connections = 0
        self.requests: List[Tuple[str, Dict[str, str]]] = []
        self._certificate = certificate
        self._open: List[socket.socket] = []
        self._server = socket.socket()
        self._server.bind(("127.0.0.1", 0))
        self._server.listen(50)
        self.port: int = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def address(self, target: str = "/video", user: str = "") -> str:
        return f"http://{user and user + '@'}127.0.0.1:{self.port}{target}"

    def close(self) -> None:
        for sock in [self._server] + self._open:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()
        self._thread.join()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            if self._certificate is not None:
                sock = self._certificate.wrap_socket(sock, server_side=True)
                self._open.append(sock)
            with sock, sock.makefile("rb") as file:
                while True:
                    words = file.readline().decode("latin-1").split()
                    if len(words) != 3:
                        return
                    headers: Dict[str, str] = {}
                    for line in iter(lambda: file.readline().strip(), b""):
                        name, _, value = line.decode("latin-1").partition(":")
                        headers[name.lower()] = value.strip()
                    self.requests.append((words[1], headers))
                    if self.script(Client(sock, len(self.requests), words[1], headers)) == "close":
                        return
        except OSError:
            pass  # the reader is gone
