"""Messages between a live source and its reader process: JSON over a Unix socket, with a file descriptor
now and then.

Parent to child: the spec, once; then {"free": slot, "ring": number}.
Child to parent: {"opening": true} once all is imported; {"opened": true, "fps": rate or null};
{"ring": number, "width", "height", "stride"} with the ring's descriptor;
{"slot", "ring", "number", "at", "time", "took"} for each frame, `number` counting the dropped ones too;
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
    """What a reader process is to read.

    Attributes:
        kind: Name of the source's kind.
        target: What to open: a path, an address or a pipeline, as the kind's `prepare` returned it.
        width: Pixels to ask of a USB camera; None where any will do.
        height: As `width`.
        snapshot_fps: Requests a second to an HTTP address that gives one JPEG each.
        rtsp_transport: tcp, udp or auto.
        patience: Seconds after which a reader gives up opening or reading; the parent is to notice first.
    """

    kind: str
    target: str
    width: Optional[int] = None
    height: Optional[int] = None
    snapshot_fps: float = 5.0
    rtsp_transport: str = "auto"
    patience: float = 40.0


def make_pair() -> Tuple[socket.socket, socket.socket]:
    """Two ends that keep messages apart. The second one is to be a child's standard input."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def from_stdin() -> socket.socket:
    return socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, fileno=0)


def send(sock: socket.socket, message: Message, descriptor: Optional[int] = None) -> None:
    """Raises OSError where the other end is gone."""
    attached = []
    if descriptor is not None:
        attached.append((socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [descriptor])))
    sock.sendmsg([json.dumps(message).encode("ascii")], attached, socket.MSG_NOSIGNAL)


def receive(sock: socket.socket, wait: bool = True) -> Tuple[Optional[Message], Optional[int]]:
    """The next message and the descriptor that came with it, which the caller has to close.

    The message is None where the other end is gone. Raises BlockingIOError where none is there and `wait`
    is False.
    """
    room = array.array("i", [-1]).itemsize
    flags = 0 if wait else socket.MSG_DONTWAIT
    try:
        data, attached, _, _ = sock.recvmsg(MOST, socket.CMSG_LEN(room), flags | socket.MSG_CMSG_CLOEXEC)
    except ConnectionResetError:
        # It closed without having read all; that is said once, and what it had to tell comes after it.
        data, attached, _, _ = sock.recvmsg(MOST, socket.CMSG_LEN(room), flags | socket.MSG_CMSG_CLOEXEC)
    descriptor: Optional[int] = None
    for _, kind, content in attached:
        if kind == socket.SCM_RIGHTS:
            descriptor = array.array("i", content[:room])[0]
    return (json.loads(data.decode("ascii")) if data else None), descriptor
