"""In the reader process: run a GStreamer pipeline in a `gst-launch-1.0`, which writes raw frames to a pipe.

gst-launch takes the pipeline as arguments, so other users of the machine can see a password in it. This does not apply
to an address (rtsp://...) instead of a pipeline.
"""

import contextlib
import os
import select
import signal
import subprocess
import time
from typing import Dict, NoReturn, Optional

from appliance.core.errors import SourceError
from appliance.core.gst import PIPE_BYTES, english_environment, widen_pipe
from appliance.core.process import tied_to_us
from appliance.sources.frame_sender import Ended, FrameSender
from appliance.sources.gst_command import ORDERLY_END, PictureFormat, find_launcher, launch_words, read_caps
from appliance.sources.protocol import ReaderSpec
from appliance.sources.shared_frames import Layout

RANKS = "GST_PLUGIN_FEATURE_RANK"
FOLLOW_ADDRESSES = ("hlsdemux", "hlsdemux2", "dashdemux", "dashdemux2", "mssdemux", "mssdemux2", "sdpdemux")


def run(spec: ReaderSpec, sender: FrameSender) -> NoReturn:
    """Send frames until the pipeline ends; raises Ended or ParentGone."""
    sender.tell(opening=True)
    frames, write_end = os.pipe()
    widen_pipe(write_end)
    try:
        command = [find_launcher(), "-v"] + launch_words(spec.target, write_end)
    except SourceError as error:
        raise Ended(str(error)) from error
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        pass_fds=[write_end],
        env=launch_environment(),
        preexec_fn=tied_to_us(),
    )
    os.close(write_end)
    try:
        Pipeline(process, frames, sender).deliver()
    except Ended:
        _await_end(process)  # it has not printed the reason yet
        raise
    finally:
        stop(process, frames)


class Pipeline:
    """The output of one gst-launch: text on its standard output, frames on the pipe."""

    def __init__(self, process: "subprocess.Popen[bytes]", frames: int, sender: FrameSender) -> None:
        assert process.stdout is not None
        self._words: Optional[int] = process.stdout.fileno()
        self._frames = frames
        self._sender = sender
        self._text = b""
        self._picture: Optional[PictureFormat] = None
        self._is_live = False

    def deliver(self) -> NoReturn:
        """Send frames. A pipeline that is not live is read at its declared rate, or it would run at full speed.

        `took` is the time from a frame's first byte to its last; what the pipeline did before is not known.
        """
        while self._picture is None:
            if self._words is None:
                raise Ended("the pipeline ended without a picture")
            self._sender.wait(None, [self._words])
            self._hear_words(self._words)
        picture = self._picture
        # GStreamer pads the rows of packed formats.
        layout = Layout(picture.width, picture.height, -(-picture.width * 3 // 4) * 4)
        self._sender.refuse_too_large(layout)
        self._sender.tell(opened=True, fps=picture.fps)
        pause = 1 / picture.fps if picture.fps and not self._is_live else 0.0
        unused = memoryview(bytearray(layout.frame_bytes))
        due = time.monotonic()
        while True:
            self._sender.wait(max(0.0, due - time.monotonic()))
            due += pause
            self._await_frame()
            started = time.monotonic()
            memory = self._sender.claim(layout)
            self._fill(unused if memory is None else memory)
            if memory is not None:
                at = time.monotonic()
                self._sender.publish(at, at - started)

    def _await_frame(self) -> None:
        while True:
            files = [self._frames] if self._words is None else [self._words, self._frames]
            ready = self._sender.wait(None, files)
            if self._words is not None and self._words in ready:
                self._hear_words(self._words)
            elif ready:
                return

    def _fill(self, memory: memoryview) -> None:
        filled = 0
        while filled < len(memory):
            if filled:
                self._await_frame()
            count = os.readv(self._frames, [memory[filled:]])
            if not count:
                raise Ended("the pipeline ended")
            filled += count

    def _hear_words(self, words: int) -> None:
        data = os.read(words, 65536)
        if not data:
            self._words = None  # the pipe may still hold frames
        lines = (self._text + data).split(b"\n")
        self._text = lines.pop()
        for line in lines:
            text = line.decode("utf-8", "replace")
            self._is_live = self._is_live or text.startswith("Pipeline is live")
            picture = read_caps(text)
            if picture is not None and self._picture is not None and not _same_size(picture, self._picture):
                # Frames in the pipe are not delimited, so the first frame of the new size cannot be found.
                raise Ended(f"the picture size changed to {picture.width}x{picture.height}")
            self._picture = self._picture or picture


def _same_size(one: PictureFormat, other: PictureFormat) -> bool:
    return (one.width, one.height) == (other.width, other.height)


def launch_environment() -> Dict[str, str]:
    """Return the environment: English messages, and no playlist demuxers, as a server's playlist may name local files.

    GStreamer supports that variable since 1.18. For older versions the dashboard may not use decodebin (elements.py).
    """
    environment = english_environment()
    ranks = [part for part in [environment.get(RANKS, "")] if part]
    environment[RANKS] = ",".join(ranks + [element + ":NONE" for element in FOLLOW_ADDRESSES])
    return environment


def _await_end(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(1)


def stop(process: "subprocess.Popen[bytes]", frames: int) -> None:
    """Stop a process in an orderly way, as some cameras (Jetson's) need it; kill it if it does not end.

    Args:
        process: The gst-launch.
        frames: The read end of the pipe.
    """
    process.send_signal(signal.SIGINT)
    until = time.monotonic() + ORDERLY_END
    while process.poll() is None and time.monotonic() < until:
        # GStreamer does not end while it is blocked on a full pipe.
        if not select.select([frames], [], [], 0.02)[0] or os.read(frames, PIPE_BYTES):
            continue
        time.sleep(0.02)  # the pipe is closed: it is about to end
    process.kill()
    _await_end(process)
