"""The client end of the bus: subscriptions and requests, for the dashboard, tools and tests.

Waits with `select`, which eventlet replaces by its own, so that the same code works in threads and green threads.
"""

import json
import select
import time
from pathlib import Path
from typing import Any, Iterable, List, Optional, Tuple, Union

import zmq

from appliance.bus.protocol import EVENTS_KEPT, Message
from appliance.bus.run_dir import socket_addresses
from appliance.contract.errors import ErrorKind, Refused, Unavailable
from appliance.contract.events import EVENTS

_POLL_SECONDS = 0.1
"""ZeroMQ's descriptor signals each change only once, so the socket is polled at least this often."""


class _Subscriber:
    """A subscription, for use by one thread. A context manager: leaving it ends the subscription."""

    def __init__(self, address: str, topics: List[bytes], newest_only: bool) -> None:
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.SUB)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.RCVHWM, EVENTS_KEPT)
        if newest_only:
            self._socket.setsockopt(zmq.CONFLATE, 1)
        for topic in topics:
            self._socket.setsockopt(zmq.SUBSCRIBE, topic)
        self._socket.connect(address)

    def _receive(self, seconds: float) -> Optional[Tuple[bytes, bytes]]:
        if not _wait(self._socket, seconds):
            return None
        topic, _, data = self._socket.recv(zmq.NOBLOCK).partition(b"\0")
        return topic, data

    def close(self) -> None:
        self._socket.close()


class FrameSubscriber(_Subscriber):
    """Subscribes to the pictures of one stream for as long as it is open."""

    def __init__(self, run_dir: Union[str, Path], stream: str) -> None:
        super().__init__(socket_addresses(run_dir).frames, [stream.encode() + b"\0"], newest_only=True)

    def receive(self, seconds: float) -> Optional[bytes]:
        """Return the newest JPEG that was not received yet; None if none arrived within `seconds`."""
        received = self._receive(seconds)
        return None if received is None else received[1]


class EventSubscriber(_Subscriber):
    """Subscribes to events by topic. Reconnects by itself when the daemon is restarted."""

    def __init__(self, run_dir: Union[str, Path], topics: Iterable[str] = EVENTS) -> None:
        super().__init__(
            socket_addresses(run_dir).events, [topic.encode() + b"\0" for topic in topics], newest_only=False
        )

    def receive(self, seconds: float) -> Optional[Tuple[str, Message]]:
        """Return topic and content of the next event; None if none arrived within `seconds`."""
        received = self._receive(seconds)
        return None if received is None else (received[0].decode(), json.loads(received[1].decode()))


def request(run_dir: Union[str, Path], command: Message, seconds: float = 5.0) -> Message:
    """Send a command and wait for its answer.

    Args:
        run_dir: The directory of the daemon's sockets.
        command: An object with a text `command`, and the fields of that command.
        seconds: How long to wait.

    Returns:
        The fields of the answer.

    Raises:
        Refused: The daemon refuses the command.
        Unavailable: No answer arrived in time.
    """
    channel: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.REQ)
    try:
        channel.setsockopt(zmq.LINGER, 0)
        channel.connect(socket_addresses(run_dir).control)
        channel.send(json.dumps(command).encode())
        if not _wait(channel, seconds):
            raise Unavailable(
                f"The daemon did not answer within {seconds:g} seconds. If it is only busy, it does what was asked "
                "later."
            )
        reply: Message = json.loads(channel.recv(zmq.NOBLOCK).decode())
    finally:
        channel.close()
    if not reply.pop("ok"):
        raise Refused(ErrorKind(reply["kind"]), reply["error"])
    return reply


def _wait(channel: Any, seconds: float) -> bool:
    """Return whether something can be received within `seconds`."""
    until = time.monotonic() + seconds
    descriptor = channel.getsockopt(zmq.FD)
    while not channel.getsockopt(zmq.EVENTS) & zmq.POLLIN:
        left = until - time.monotonic()
        if left <= 0:
            return False
        select.select([descriptor], [], [], min(left, _POLL_SECONDS))
    return True
