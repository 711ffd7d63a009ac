"""Simulated viewer: a process that receives a stream's frames as the dashboard does, and counts them.

`python -m appliance.cli.bench.viewer RUN_DIR STREAM` answers every line of its standard input with the number of
frames so far, and ends with its standard input.
"""

import subprocess
import sys
import threading
import time
from types import TracebackType
from typing import Optional, Type

from appliance.bus import BusServer, FrameSubscriber
from appliance.core.errors import SplitlensError
from appliance.core.threads import start_thread

PATIENCE = 60.0  # seconds until the process has subscribed; a loaded board is slow to start one


class Viewer:
    """A context manager: watches a stream of the server, in a separate process."""

    def __init__(self, server: BusServer, run_dir: str, stream: str) -> None:
        self._server, self._stream = server, stream
        self._command = [sys.executable, "-m", "appliance.cli.bench.viewer", run_dir, stream]

    def __enter__(self) -> "Viewer":
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            universal_newlines=True,
            start_new_session=True,
        )  # Ctrl-C is for the bench; its end closes this process's input
        until = time.monotonic() + PATIENCE
        while not self._server.is_watched(self._stream):
            if self._process.poll() is not None or time.monotonic() > until:
                self.__exit__(None, None, None)
                raise SplitlensError(f"`{' '.join(self._command[1:])}` does not look at the stream; run it to see why")
            time.sleep(0.02)
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._process.communicate()

    def pictures(self) -> int:
        """Return the number of frames received."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


def look(run_dir: str, stream: str) -> None:
    """Receive a stream's frames until standard input ends."""
    pictures = 0
    ended = threading.Event()

    def answer() -> None:
        for _ in sys.stdin:
            sys.stdout.write(f"{pictures}\n")
            sys.stdout.flush()
        ended.set()

    start_thread("answers", answer)
    listener = FrameSubscriber(run_dir, stream)
    try:
        while not ended.is_set():
            if listener.receive(0.2) is not None:
                pictures += 1
    finally:
        listener.close()


if __name__ == "__main__":
    look(sys.argv[1], sys.argv[2])
