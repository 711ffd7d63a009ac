"""The split-detector loop: source, front, back and sinks, each in threads of its own.

    source -> mailbox -> front (workers) -> sequencer -> back -> a mailbox and a thread for each sink

A live source overwrites the frame that waits; a movie or a folder of pictures waits, so that every frame counts.
Likewise the sinks: they may lose frames of a live source, and hold up the loop of any other.
"""

import threading
import time
from types import TracebackType
from typing import Any, Callable, List, NamedTuple, Optional, Sequence, Type

from appliance.frame import Detections, Found, Frame, Result, Segmentation, Timings
from appliance.pipeline.mailbox import Mailbox, Sequencer
from appliance.pipeline.meter import Meter
from appliance.pipeline.parts import FrameSource, ResultSink, SplitDetector
from appliance.pipeline.slot import DetectorSlot


class _Fronted(NamedTuple):
    """A frame between front and back; its detector is held until the back is done."""

    frame: Frame
    detector: SplitDetector
    raw: Any
    front_seconds: float
    left_front_at: float


class Loop:
    """Runs until the source ends, `max_frames` are done, `stop` is called, or a part fails.

    A context manager: it starts the threads, and on the way out ends them and closes source, detector and sinks.
    """

    def __init__(
        self,
        source: FrameSource,
        detector: SplitDetector,
        sinks: Sequence[ResultSink],
        meter: Meter,
        max_frames: int = 0,
    ) -> None:
        self._source = source
        self._slot = DetectorSlot(detector)
        self._sinks = sinks
        self._meter = meter
        self._max_frames = max_frames
        self._frames: Mailbox[Frame] = Mailbox(overwrites=source.is_live)
        # A worker may run ahead by one frame while another is at a slow one.
        self._fronted: Sequencer[_Fronted] = Sequencer(capacity=2 * max(detector.workers, 1))
        self._boxes: List[Mailbox[Result]] = [Mailbox(overwrites=source.is_live) for _ in sinks]
        self._threads: List[threading.Thread] = []
        self._workers: List[threading.Thread] = []
        self._lock = threading.Lock()
        self._working = 0
        self._done = threading.Event()
        self._error: Optional[BaseException] = None
        meter.count_drops(
            lambda: source.drops + self._frames.drops,
            lambda: sum(box.drops for box in self._boxes),
        )

    def __enter__(self) -> "Loop":
        self._meter.start()
        for sink, box in zip(self._sinks, self._boxes):
            self._start("sink " + sink.name, self._serve, sink, box)
        self._start("back", self._run_back)
        self._start_workers(self._slot.current.workers)
        self._start("source", self._run_source)
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.stop()
        for thread in self._threads + self._workers:
            thread.join()
        self._slot.close()

    def wait(self) -> None:
        """Until all is done and every sink is closed. Raises what made a part fail."""
        self._done.wait()
        for thread in self._threads + self._workers:
            thread.join()
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """Read no more frames; those under way are finished. Returns at once."""
        self._source.close()
        self._frames.close()

    def swap(self, detector: SplitDetector) -> None:
        """Let another detector, loaded and warm, take over between two frames. The old one is closed after its last."""
        self._slot.replace(detector)
        self._start_workers(detector.workers)

    def _start(self, name: str, run: Callable[..., None], *arguments: Any) -> threading.Thread:
        thread = threading.Thread(target=self._guard, args=(run,) + arguments, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread

    def _start_workers(self, count: int) -> None:
        """As many front threads as the detector wants; surplus ones of an earlier detector do no harm."""
        with self._lock:
            for number in range(len(self._workers), count):
                if self._done.is_set():
                    return
                self._working += 1
                thread = threading.Thread(
                    target=self._guard, args=(self._run_front,), name="front {}".format(number), daemon=True
                )
                self._workers.append(thread)
                thread.start()

    def _guard(self, run: Callable[..., None], *arguments: Any) -> None:
        """Run a part. If it fails, everything ends, and `wait` raises the first error."""
        try:
            run(*arguments)
        except BaseException as error:
            with self._lock:
                if self._error is None:
                    self._error = error
            self.stop()
            self._fronted.close()
            for box in self._boxes:
                box.close()

    def _run_source(self) -> None:
        try:
            while True:
                frame = self._source.read()
                if frame is None or not self._frames.put(frame):
                    return
        finally:
            self._source.close()
            self._frames.close()

    def _run_front(self) -> None:
        try:
            while True:
                taken = self._frames.take()
                if taken is None:
                    return
                number, frame = taken
                if self._max_frames and number >= self._max_frames - 1:
                    self.stop()
                    if number >= self._max_frames:
                        return
                detector = self._slot.acquire()
                started = time.monotonic()
                raw = detector.front(frame.image)
                ended = time.monotonic()
                if not self._fronted.put(number, _Fronted(frame, detector, raw, ended - started, ended)):
                    self._slot.release(detector)
                    return
        finally:
            with self._lock:
                self._working -= 1
                is_last = self._working == 0
            if is_last:
                self._fronted.close()

    def _run_back(self) -> None:
        try:
            while True:
                item = self._fronted.take()
                if item is None:
                    return
                started = time.monotonic()
                height, width = item.frame.image.shape[:2]
                found = item.detector.back(item.raw, width, height)
                ended = time.monotonic()
                timings = _timings(item, started, ended)
                result = _result(item, found, timings)
                self._slot.release(item.detector)
                self._meter.detected(timings)
                for box in self._boxes:
                    box.put(result)
        finally:
            for box in self._boxes:
                box.close()
            self._done.set()

    def _serve(self, sink: ResultSink, box: "Mailbox[Result]") -> None:
        try:
            while True:
                taken = box.take()
                if taken is None:
                    return
                sink.write(taken[1])
                if sink.is_drawn:
                    self._meter.drawn()
        finally:
            sink.close()


def _result(item: _Fronted, found: Found, timings: Timings) -> Result:
    labels = item.detector.labels
    if isinstance(found, Segmentation):
        return Result(item.frame, Detections.empty(), timings, labels, found)
    return Result(item.frame, found, timings, labels)


def _timings(item: _Fronted, back_started: float, back_ended: float) -> Timings:
    frame = item.frame
    back_seconds = back_ended - back_started
    total = back_ended - frame.captured_at + frame.capture_seconds
    return Timings(
        total=total,
        cap=frame.capture_seconds,
        front=item.front_seconds,
        back=back_seconds,
        lost=max(0.0, total - frame.capture_seconds - item.front_seconds - back_seconds),
        send=back_started - item.left_front_at,
    )
