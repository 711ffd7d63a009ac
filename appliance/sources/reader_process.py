"""The daemon's handle of a reader process: start, listen, stop."""

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
# Limit in seconds for an orderly end: a reader ends between two frames, and after its pipeline.
GRACE = 1.0
# Over UDP, FFmpeg shows lost packets as grey blocks, so `auto` uses it only after a 461.
RTSP_OPTIONS = {"tcp": "rtsp_transport;tcp", "udp": "rtsp_transport;udp", "auto": "rtsp_flags;prefer_tcp"}


class ReaderProcess:
    """A running reader process. For one thread, with whose end the kernel kills it; any thread may call `free`.

    Args:
        spec: What it reads.

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
            pass  # it is dead already; `listen` will notice

    def listen(self, seconds: float, alarm: int) -> List[Tuple[protocol.Message, Optional[int]]]:
        """Wait for messages.

        Args:
            seconds: Longest wait.
            alarm: A file descriptor; the wait ends when it is readable.

        Returns:
            Messages, each with its file descriptor, which the caller must close.
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
        """Release the slot of a frame that was copied."""
        with self._lock:
            try:
                protocol.send(self._sock, {"free": slot, "ring": ring})
            except OSError:
                pass  # it is dead, and its shared memory freed

    def forget_remarks(self) -> None:
        """Discard what it printed so far: it works nevertheless."""
        self._remarks.clear()

    def stop(self) -> None:
        """Stop it, by force if needed, and read why it ended."""
        with self._lock:
            self._sock.close()
        try:
            self._process.wait(self._grace)
        except subprocess.TimeoutExpired:
            self._process.kill()  # and the kernel kills its pipeline
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(2)  # a process that hangs in the kernel is left behind
        until = time.monotonic() + GRACE
        while time.monotonic() < until and select.select([self._output], [], [], 0)[0]:
            if not self._hear_output():
                break
        self._output.close()

    def why(self) -> str:
        """Return why it ended, after `stop`, if it did not send a reason."""
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
        """Return why it ended, as far as its output tells."""
        return camera_errors.explain(self._remarks)

    def _hear_output(self) -> bool:
        data = os.read(self._output.fileno(), 65536)
        lines = (self._half_line + data).split(b"\n")
        self._half_line = lines.pop()[-4096:]
        self._remarks.extend(line.decode("utf-8", "replace") for line in lines if line.strip())
        return bool(data)


def environment(rtsp_transport: str) -> Dict[str, str]:
    """Return the reader's environment: this package, FFmpeg's messages, and the transport for RTSP cameras."""
    variables = dict(os.environ)
    variables["PYTHONPATH"] = os.pathsep.join(
        [PACKAGE_HOME] + [part for part in [variables.get("PYTHONPATH", "")] if part]
    )
    # Warnings include the line with a server's 404.
    variables["OPENCV_FFMPEG_LOGLEVEL"] = "24"
    options = variables.get("OPENCV_FFMPEG_CAPTURE_OPTIONS", "")
    if not options or rtsp_transport != "auto":
        # The last of two equal options wins: a setting overrides the environment.
        options = "|".join([part for part in [options] if part] + [RTSP_OPTIONS[rtsp_transport]])
    variables["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = options
    return variables
