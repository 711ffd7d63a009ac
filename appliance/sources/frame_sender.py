"""The reader process's connection to its parent: sends frames, and receives free slots and the end."""

import select
import socket
import time
from typing import List, Optional, Sequence

from appliance.sources import protocol
from appliance.sources.shared_frames import Layout, SharedFrameWriter

# Pixels of one frame: 8K has 33 million.
MOST_PIXELS = 40 * 10**6


class ParentGone(Exception):
    """The parent closed its end or died: stop and release the camera."""


class Ended(Exception):
    """There will be no more frames. The message is the reason, as it follows "camera X: "."""


class FrameSender:
    """Sends frames through shared memory. Only `wait` and `receive_spec` block; every method raises ParentGone.

    Args:
        sock: This process's end of the socket pair.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._ring: Optional[SharedFrameWriter] = None
        self._rings = 0
        self._slot: Optional[int] = None
        self._number = 0

    def receive_spec(self) -> protocol.ReaderSpec:
        """Wait for the spec of what to read."""
        message, _ = protocol.receive(self._sock)
        if message is None:
            raise ParentGone
        return protocol.ReaderSpec(**message)

    def tell(self, descriptor: Optional[int] = None, **message: object) -> None:
        """Send a message of `protocol`, with a file descriptor if one is given."""
        try:
            protocol.send(self._sock, message, descriptor)
        except OSError as error:
            raise ParentGone from error

    def wait(self, seconds: Optional[float], files: Sequence[int] = ()) -> List[int]:
        """Wait until a file is readable, or the time is over.

        Args:
            seconds: Longest wait; None for no limit.
            files: File descriptors.

        Returns:
            The readable ones of `files`.
        """
        until = None if seconds is None else time.monotonic() + seconds
        while True:
            left = None if until is None else max(0.0, until - time.monotonic())
            ready, _, _ = select.select([self._sock.fileno(), *files], [], [], left)
            if self._sock.fileno() in ready:
                self._hear()
                ready.remove(self._sock.fileno())
            if ready or left == 0.0:
                return ready

    def claim(self, layout: Layout) -> Optional[memoryview]:
        """Get memory for the next frame.

        Args:
            layout: The frame's layout; it may change between frames.

        Returns:
            Where to write the frame, BGR; None if all slots are in use, and the frame is dropped.

        Raises:
            Ended: The frame is too large, or there is no memory for it.
        """
        self.wait(0.0)
        self._number += 1
        if self._ring is None or self._ring.layout != layout:
            self.refuse_too_large(layout)
            try:
                self._ring = SharedFrameWriter(layout)
            except OSError as error:
                raise Ended(
                    f"no room for frames of {layout.width}x{layout.height} in memory: {error.strerror}; a container"
                    " needs more of it, or a larger /dev/shm"
                ) from error
            self._rings += 1
            with self._ring.file:
                self.tell(
                    self._ring.file.fileno(),
                    ring=self._rings,
                    width=layout.width,
                    height=layout.height,
                    stride=layout.stride,
                )
        self._slot = self._ring.take()
        return None if self._slot is None else self._ring.bytes_of(self._slot)

    def refuse_too_large(self, layout: Layout) -> None:
        """Raise Ended if a frame is too large: the camera decides about its size."""
        if layout.width * layout.height > MOST_PIXELS:
            raise Ended(
                f"its pictures of {layout.width}x{layout.height} are larger than {MOST_PIXELS // 10**6} megapixels; set"
                " a smaller size in the camera"
            )

    def publish(self, at: float, took: float) -> None:
        """Send the frame that was written to the claimed memory.

        Args:
            at: Seconds of `time.monotonic()` when the frame was complete.
            took: Seconds that it took to read and decode the frame.
        """
        age = time.monotonic() - at
        self.tell(slot=self._slot, ring=self._rings, number=self._number, at=at, time=time.time() - age, took=took)
        self._slot = None

    def _hear(self) -> None:
        message, _ = protocol.receive(self._sock)
        if message is None:
            raise ParentGone
        if self._ring is not None and message["ring"] == self._rings:
            self._ring.give_back(message["free"])
