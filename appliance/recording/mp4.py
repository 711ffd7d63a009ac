"""MP4 with H.264, encoded by a `gst-launch-1.0` of its own.

The file is fragmented, about one a second: after a crash of that process and of ours, all but the last fragment plays.
When ours dies its pipe ends, upon which the other one finishes the file and ends too.
"""

import collections
import errno
import os
import select
import subprocess
import threading
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Deque, List, Optional, Tuple, Union

import numpy as np

from appliance.core.errors import OutputError
from appliance.core.files import hold
from appliance.core.gst import LAUNCHER, english_environment, widen_pipe
from appliance.core.threads import start_thread
from appliance.recording import matroska
from appliance.recording.encoders import Encoder
from appliance.recording.flusher import Flusher
from appliance.recording.movie import Movie, tell_kept

PATIENCE = 10.0
"""Seconds in which an encoder must take something, or end when it is told to; then it is killed."""
MOST_WAITING = 64 * 1000**2
"""Bytes of raw pictures that may wait, so that none is lost while the encoder starts or stutters."""

_WORDS_KEPT = 4000


class EncoderError(OutputError):
    """The encoder failed or hangs."""


@dataclass(frozen=True)
class _Picture:
    raw: bytes
    place: int


class Mp4Movie(Movie):
    """Pictures go to the encoder through a queue and a thread; `write` waits when too many are in it.

    A picture that stands long is stored once. A size that is not even gains a column or a row.
    """

    def __init__(self, path: Path, width: int, height: int, fps: float, started_at: float, encoder: Encoder) -> None:
        super().__init__(path, fps, started_at)
        self._encoder = encoder
        self._command = _command(width, height, fps, encoder)
        self._header = matroska.header(width + -width % matroska.PICTURE_COLUMNS, height + height % 2, fps)
        self._last_raw = b""
        self._problem: Union[OSError, OutputError, None] = None
        self._waiting: Deque[Optional[_Picture]] = collections.deque()  # None: the end
        self._waiting_bytes = 0
        self._is_over = False
        self._changed = threading.Condition()
        self._file = open(str(path), "xb", buffering=0)
        hold(self._file.fileno())  # the encoder inherits it, and may live a moment longer than this process
        self._flusher = Flusher(self._file.fileno(), str(path.parent))
        # It is this thread that waits for the process, so that it may be left alone to do so.
        self._thread = start_thread("encoder", self._run)

    def set_durable(self, is_durable: bool) -> None:
        self._flusher.is_wanted = is_durable

    def check(self) -> None:
        problem = self._problem or self._flusher.problem
        if problem:
            raise problem

    def write(self, picture: np.ndarray, place: int) -> None:
        self._last_raw = matroska.raw_picture(picture)
        self._put(place)

    def fill(self, place: int) -> None:
        if place > self.frames:
            self._put(place - 1)

    def close(self) -> None:
        with self._changed:
            self._waiting.append(None)
            self._changed.notify_all()
        self._thread.join()
        self._flusher.stop()
        self._file.close()
        self.check()

    def tell_what_is_kept(self) -> str:
        return tell_kept(self.seconds, may_lack_its_end=True)

    def _put(self, place: int) -> None:
        raw = self._last_raw
        with self._changed:
            while self._waiting and self._waiting_bytes + len(raw) > MOST_WAITING and not self._is_over:
                self._changed.wait()
            self.check()
            self._waiting.append(_Picture(raw, place))
            self._waiting_bytes += len(raw)
            self._changed.notify_all()
        self.frames = place + 1

    def _take(self) -> Optional[_Picture]:
        with self._changed:
            while not self._waiting:
                self._changed.wait()
            picture = self._waiting.popleft()
            self._waiting_bytes -= len(picture.raw) if picture else 0
            self._changed.notify_all()
            return picture

    def _run(self) -> None:
        try:
            self._encode()
        except (OSError, OutputError) as problem:
            self._problem = problem
        finally:
            with self._changed:
                self._is_over = True
                self._changed.notify_all()

    def _encode(self) -> None:
        descriptor = self._file.fileno()
        process = subprocess.Popen(
            self._command + [f"fd={descriptor}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=[descriptor],
            env=english_environment(),
            start_new_session=True,
        )  # a Ctrl-C is for us; we end it in order
        child = _Child(process, self.path, self._encoder.element)
        try:
            child.write(self._header)
            while True:
                picture = self._take()
                if picture is None:
                    break
                child.write(matroska.picture_header(len(picture.raw), picture.place / self.fps))
                child.write(picture.raw)
            child.end()
        finally:
            child.kill()


class _Child:
    """The running encoder. Raises OSError or OutputError where it fails or hangs."""

    def __init__(self, process: "subprocess.Popen[bytes]", path: Path, element: str) -> None:
        assert process.stdin is not None and process.stderr is not None
        self._process = process
        self._path = path
        self._element = element
        self._input = process.stdin
        self._output = process.stderr
        self._said = b""
        widen_pipe(self._input.fileno())
        os.set_blocking(self._input.fileno(), False)

    def write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            readable, writable = self._wait([self._input.fileno()])
            if readable and not self._hear():
                raise self._failure()
            if writable:
                try:
                    rest = rest[os.write(self._input.fileno(), rest) :]
                except BrokenPipeError:
                    while self._wait([])[0] and self._hear():
                        pass
                    raise self._failure() from None

    def end(self) -> None:
        self._input.close()
        while self._wait([])[0] and self._hear():
            pass
        try:
            code = self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise self._hang() from None
        if code:
            raise self._failure()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._input, self._output):
            pipe.close()

    def _wait(self, writers: List[int]) -> Tuple[bool, bool]:
        """Whether it said something, and whether it takes something."""
        ready = select.select([self._output], writers, [], PATIENCE)
        if not ready[0] and not ready[1]:
            raise self._hang()
        return bool(ready[0]), bool(ready[1])

    def _hear(self) -> bool:
        """Note what it says on standard error; False once that is closed."""
        data = os.read(self._output.fileno(), 65536)
        self._said = (self._said + data)[-_WORDS_KEPT:]
        return bool(data)

    def _hang(self) -> OutputError:
        return EncoderError(
            f"{self._path}: the encoder {self._element} hangs, and was ended. Record as AVI if that happens again."
        )

    def _failure(self) -> Union[OSError, OutputError]:
        text = self._said.decode("utf-8", "replace")
        if "No space left" in text:
            return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        errors = [line for line in text.splitlines() if "ERROR" in line or "WARNING" in line]
        return EncoderError(
            f"{self._path}: the encoder {self._element} failed{': ' + errors[0].strip().rstrip('.') if errors else ''}."
            " Record as AVI if that happens again."
        )


def _command(width: int, height: int, fps: float, encoder: Encoder) -> List[str]:
    """Everything but the descriptor to write to."""
    rate = Fraction(fps).limit_denominator(1001)
    even_width = width + width % 2
    padding = -width % matroska.PICTURE_COLUMNS - width % 2
    words = [
        LAUNCHER,
        "-q",
        "fdsrc",
        "fd=0",
        "!",
        "matroskademux",
        "!",
        "capssetter",
        f"caps=video/x-raw,colorimetry=bt601,framerate={rate.numerator}/{rate.denominator}",
        "!",
    ]
    if padding:
        words += ["videocrop", f"right={padding}", "!"]
    words += ["videoconvert", "!"] + encoder.words(even_width, height + height % 2, fps)
    return words + ["!", "h264parse", "!", "mp4mux", "fragment-duration=1000", "!", "fdsink"]
