"""Messages between a live source and its reader process: JSON over a Unix socket, some with a file descriptor.

Parent to child: the spec, once; then {"free": slot, "ring": number}.
Child to parent: {"opening": true} once all is imported; {"opened": true, "fps": rate or null};
{"ring": number, "width", "height", "stride"} with the descriptor of the shared memory;
{"slot", "ring", "number", "at", "time", "took"} for each frame, `number` including the dropped ones;
{"notice": text}; {"ended": reason} as the last one.
"""

import array
import json
import socket
from dataclasses import dataclass
from typing import Any, Dict, Optional, Tuple

Message = Dict[str, Any]
MOST = 1 << 16


@dataclass(frozen=True)
class ReaderSpec:
    """What a reader process reads.

    Attributes:
        kind: Name of the source's kind.
        target: What to open: a path, an address or a pipeline, as the kind's `prepare` returned it.
        width: Pixels to request from a USB camera; None for any.
        height: As `width`.
        snapshot_fps: Requests per second to an HTTP address that returns one JPEG each.
        rtsp_transport: tcp, udp or auto.
        patience: Seconds after which a reader gives up opening or reading; longer than the parent waits.
    """

    kind: str
    target: str
    width: Optional[int] = None
    height: Optional[int] = None
    snapshot_fps: float = 5.0
    rtsp_transport: str = "auto"
    patience: float = 40.0


def make_pair() -> Tuple[socket.socket, socket.socket]:
    """Return two connected sockets that preserve message boundaries. The second is for a child's standard input."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def from_stdin() -> socket.socket:
    """Return the socket that is this process's standard input."""
    return socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, fileno=0)


def send(sock: socket.socket, message: Message, descriptor: Optional[int] = None) -> None:
    """Send a message. Raises OSError if the other end is closed."""
    attached = []
    if descriptor is not None:
        attached.append((socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [descriptor])))
    sock.sendmsg([json.dumps(message).encode("ascii")], attached, socket.MSG_NOSIGNAL)


def receive(sock: socket.socket, wait: bool = True) -> Tuple[Optional[Message], Optional[int]]:
    """Return the next message and its file descriptor, which the caller must close.

    The message is None if the other end is closed. Raises BlockingIOError if there is none and `wait` is False.
    """
    room = array.array("i", [-1]).itemsize
    flags = 0 if wait else socket.MSG_DONTWAIT
    try:
        data, attached, _, _ = sock.recvmsg(MOST, socket.CMSG_LEN(room), flags | socket.MSG_CMSG_CLOEXEC)
    except ConnectionResetError:
        # It closed without reading everything; this is reported once, before its remaining messages.
        data, attached, _, _ = sock.recvmsg(MOST, socket.CMSG_LEN(room), flags | socket.MSG_CMSG_CLOEXEC)
    descriptor: Optional[int] = None
    for _, kind, content in attached:
        if kind == socket.SCM_RIGHTS:
            descriptor = array.array("i", content[:room])[0]
    return (json.loads(data.decode("ascii")) if data else None), descriptor
