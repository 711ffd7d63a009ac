"""Live sources: a camera that is read by a separate process, which is restarted whenever it fails."""

import logging
import os
import select
import threading
import time
from dataclasses import dataclass
from typing import Callable, Optional, Set

from appliance.core.errors import SourceError
from appliance.core.frame import Frame
from appliance.core.threads import start_thread
from appliance.sources import protocol
from appliance.sources.kind import StreamSource
from appliance.sources.reader_process import ReaderProcess
from appliance.sources.shared_frames import Layout, SharedFrameReader

log = logging.getLogger(__name__)

# Seconds between a failure and the next attempt; doubled until a frame comes.
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
# Seconds for a reader to import what it needs; slow on a Jetson with a slow card.
START_TIME = 60.0
# Number of size changes that are logged: a camera that keeps changing would fill the log.
MOST_NOTICES = 20


@dataclass(frozen=True)
class WaitingFrame:
    """The newest frame, still in shared memory."""

    child: ReaderProcess
    ring: SharedFrameReader
    message: protocol.Message


class LiveSource(StreamSource):
    """Returns the newest frame of a camera on request.

    A thread listens to the reader process; `read` copies a frame out of shared memory only on request. Until the first
    frame, `read` raises a failure as SourceError; afterwards the camera is reopened forever.

    Args:
        name: Display name, without credentials.
        spec: What the reader process reads.
        live_timeout: Seconds without a frame after which the camera is reopened.
        on_notice: Called with every sentence that is logged, in a thread of the source.
        patient: Reopen the camera even before its first frame.
        open_timeout: Seconds until the first frame; None for live_timeout.
    """

    def __init__(
        self,
        name: str,
        spec: protocol.ReaderSpec,
        live_timeout: float,
        on_notice: Optional[Callable[[str], None]] = None,
        patient: bool = False,
        open_timeout: Optional[float] = None,
    ) -> None:
        self.name = name
        self._patient = patient
        self._spec = spec
        self._live_timeout = live_timeout
        self._open_timeout = live_timeout if open_timeout is None else open_timeout
        self._on_notice = on_notice
        self._index = 0
        self._number = 0
        self._waiting: Optional[WaitingFrame] = None
        self._failure: Optional[str] = None
        self._closing = threading.Event()
        self._changed = threading.Condition()
        self._last_frame: Optional[float] = None
        self._lost: Optional[str] = None
        self._noticed: Set[str] = set()
        self._alarm, self._alarm_bell = os.pipe()
        self._thread = start_thread("camera " + name, self._supervise)

    def read(self) -> Optional[Frame]:
        with self._changed:
            while self._waiting is None and self._failure is None and not self._closing.is_set():
                self._changed.wait()
            if self._closing.is_set():
                return None
            waiting, self._waiting = self._waiting, None
            if waiting is None:
                raise SourceError(f"camera {self.name}: {self._failure}")
        message = waiting.message
        image = waiting.ring.copy(message["slot"])
        waiting.child.free(message["ring"], message["slot"])
        self._index += 1
        return Frame(image, self._index - 1, self.name, message["time"], message["at"], message["took"])

    def close(self) -> None:
        with self._changed:
            first = not self._closing.is_set()
            self._closing.set()
            self._waiting = None
            self._changed.notify_all()
        if first:
            os.close(self._alarm_bell)  # makes the other end readable for good
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _take(self, newest: WaitingFrame) -> None:
        """Store a frame that arrived, in place of one that was not read.

        The reader's numbers include frames that it had no room for.
        """
        now = time.monotonic()
        with self._changed:
            old, self._waiting = self._waiting, None if self._closing.is_set() else newest
            self.drops += newest.message["number"] - self._number - (1 if old is None else 0)
            self._number = newest.message["number"]
            self._changed.notify_all()
        if old is not None:
            old.child.free(old.message["ring"], old.message["slot"])
        newest.child.forget_remarks()
        if self._lost is not None:
            self.reconnects += 1
            if self._last_frame is not None:
                self._notice(f"is back after {now - self._last_frame:.0f} s")
        self._lost = self.problem = None
        self._last_frame = now

    def _supervise(self) -> None:
        pause = FIRST_PAUSE
        try:
            while not self._closing.is_set():
                before = self._last_frame
                reason = self._run_reader()
                if self._closing.is_set():
                    return
                if self._last_frame is None and not self._patient:
                    self._fail(reason)
                    return
                self.problem = reason
                if self._last_frame != before:
                    pause = FIRST_PAUSE
                if reason != self._lost:
                    self._lost = reason
                    self._notice(f"{reason}; reopening in {pause:g} s")
                self._sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
        except Exception as error:
            self._fail(f"its thread failed: {error!r}")
            log.exception("the thread of camera %s failed", self.name)
        finally:
            os.close(self._alarm)

    def _run_reader(self) -> str:
        """Run a reader process to its end; returns why it ended."""
        try:
            child = ReaderProcess(self._spec)
        except OSError as error:
            return f"its reader cannot be started: {error}"
        reason: Optional[str] = None
        try:
            reason = self._listen(child)
        finally:
            child.stop()
        explanation = child.explanation()
        if reason is None:
            reason = child.why()
        return reason if explanation is None else explanation

    def _listen(self, child: ReaderProcess) -> Optional[str]:
        """Listen until the process ends or is silent or the source is closed. Returns the reason, if it gave one."""
        ring: Optional[SharedFrameReader] = None
        reason: Optional[str] = None
        self._number = 0
        limit, deadline = START_TIME, time.monotonic() + START_TIME
        while not self._closing.is_set() and not child.has_ended and reason is None:
            for message, descriptor in child.listen(deadline - time.monotonic(), self._alarm):
                if "opening" in message:
                    limit, deadline = self._open_timeout, time.monotonic() + self._open_timeout
                elif "opened" in message:
                    self.fps = message["fps"]
                elif "stride" in message and descriptor is not None:
                    layout = Layout(message["width"], message["height"], message["stride"])
                    ring = SharedFrameReader(descriptor, layout)
                    os.close(descriptor)
                elif "slot" in message and ring is not None:
                    self._take(WaitingFrame(child, ring, message))
                    limit, deadline = self._live_timeout, time.monotonic() + self._live_timeout
                elif "notice" in message:
                    self.skipped += message.get("skipped", 0)
                    self._notice_once(message["notice"])
                elif "ended" in message:
                    reason = message["ended"]
            if time.monotonic() >= deadline:
                return f"no frame for {limit:g} s"
        return reason

    def _fail(self, reason: str) -> None:
        with self._changed:
            self._failure = reason
            self._changed.notify_all()

    def _sleep(self, seconds: float) -> None:
        select.select([self._alarm], [], [], seconds)

    def _notice_once(self, text: str) -> None:
        """Log and report a sentence once, not after every loss."""
        if text not in self._noticed and len(self._noticed) < MOST_NOTICES:
            self._noticed.add(text)
            self._notice(text)

    def _notice(self, text: str) -> None:
        sentence = f"camera {self.name}: {text}"
        log.warning("%s", sentence)
        if self._on_notice is not None:
            self._on_notice(sentence)
