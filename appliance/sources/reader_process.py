"""A reader process, seen from the daemon: start it, hear it, end it."""

import contextlib
import dataclasses
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from typing import Deque, Dict, List, Optional, Tuple

from appliance.core.redact import redact
from appliance.sources import camera_errors, protocol
from appliance.sources.kind import kind_named

PACKAGE_HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Seconds that an orderly end may take: a reader ends between two frames, and after its pipeline.
GRACE = 1.0
# Over UDP, FFmpeg shows every lost packet as grey blocks: `auto` takes it after a 461 only.
RTSP_OPTIONS = {"tcp": "rtsp_transport;tcp", "udp": "rtsp_transport;udp", "auto": "rtsp_flags;prefer_tcp"}


class ReaderProcess:
    """A running reader process, for one thread: when that ends, the kernel kills it. `free` is for any thread.

    Args:
        spec: What it is to read.

    Attributes:
        pid: Its process id.
        has_ended: Whether it closed its socket.

    Raises:
        OSError: It cannot be started.
    """

    def __init__(self, spec: protocol.ReaderSpec) -> None:
        self._sock, theirs = protocol.make_pair()
        self._lock = threading.Lock()
        self._remarks: Deque[str] = deque(maxlen=100)
        self._half_line = b""
        self._grace = GRACE + kind_named(spec.kind).grace_seconds
        self.has_ended = False
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "appliance.sources.reader_main", str(os.getpid())],
                stdin=theirs.fileno(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=environment(spec.rtsp_transport),
            )
        except OSError:
            self._sock.close()
            raise
        finally:
            theirs.close()
        assert self._process.stdout is not None
        self._output = self._process.stdout
        self.pid = self._process.pid
        try:
            protocol.send(self._sock, dataclasses.asdict(spec))
        except OSError:
            pass  # it died already, which `listen` will see

    def listen(self, seconds: float, alarm: int) -> List[Tuple[protocol.Message, Optional[int]]]:
        """Wait for messages.

        Args:
            seconds: How long to wait at most.
            alarm: A file descriptor; the wait ends when it can be read.

        Returns:
            Messages, each with the file descriptor that came with it, which the caller has to close.
        """
        ours, output = self._sock.fileno(), self._output.fileno()
        ready, _, _ = select.select([ours, output, alarm], [], [], max(0.0, seconds))
        if output in ready:
            self._hear_output()
        messages = []
        while ours in ready and not self.has_ended:
            try:
                message, descriptor = protocol.receive(self._sock, wait=False)
            except BlockingIOError:
                break
            if message is None:
                self.has_ended = True
            else:
                messages.append((message, descriptor))
        return messages

    def free(self, ring: int, slot: int) -> None:
        """Give back the slot of a frame that was copied."""
        with self._lock:
            try:
                protocol.send(self._sock, {"free": slot, "ring": ring})
            except OSError:
                pass  # it is gone, and its ring with it

    def forget_remarks(self) -> None:
        """What it printed so far did not keep it from working."""
        self._remarks.clear()

    def stop(self) -> None:
        """End it, by force if need be, and read why it ended."""
        with self._lock:
            self._sock.close()
        try:
            self._process.wait(self._grace)
        except subprocess.TimeoutExpired:
            self._process.kill()  # and the kernel its pipeline
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(2)  # one that hangs in the kernel is left behind
        until = time.monotonic() + GRACE
        while time.monotonic() < until and select.select([self._output], [], [], 0)[0]:
            if not self._hear_output():
                break
        self._output.close()

    def why(self) -> str:
        """Why it ended, after `stop`, for one that did not say so itself."""
        code = self._process.returncode
        if code is None:
            return "its reader hangs in the kernel"
        how = "its reader ended"
        if code < 0:
            how = f"its reader was killed by {signal.Signals(-code).name}"
        elif code:
            how = "its reader failed"
        return f"{how}{': ' + redact(self._remarks[-1]) if code > 0 and self._remarks else ''}"

    def explanation(self) -> Optional[str]:
        """Why it ended, as far as what it printed tells."""
        return camera_errors.explain(self._remarks)

    def _hear_output(self) -> bool:
        data = os.read(self._output.fileno(), 65536)
        lines = (self._half_line + data).split(b"\n")
        self._half_line = lines.pop()[-4096:]
        self._remarks.extend(line.decode("utf-8", "replace") for line in lines if line.strip())
        return bool(data)


def environment(rtsp_transport: str) -> Dict[str, str]:
    """Of the reader: this package, OpenCV's FFmpeg told to speak, and how to ask RTSP cameras for their pictures."""
    variables = dict(os.environ)
    variables["PYTHONPATH"] = os.pathsep.join(
        [PACKAGE_HOME] + [part for part in [variables.get("PYTHONPATH", "")] if part]
    )
    # Warnings: the line with a server's 404 is one.
    variables["OPENCV_FFMPEG_LOGLEVEL"] = "24"
    options = variables.get("OPENCV_FFMPEG_CAPTURE_OPTIONS", "")
    if not options or rtsp_transport != "auto":
        # The last of two of a kind counts: a setting beats what stands there.
        options = "|".join([part for part in [options] if part] + [RTSP_OPTIONS[rtsp_transport]])
    variables["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = options
    return variables
