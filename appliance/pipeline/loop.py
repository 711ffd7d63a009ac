"""The split-detector loop: source, front, back and sinks, each in threads of its own.

    source -> mailbox -> front (workers) -> sequencer -> back -> a mailbox and a thread for each sink

A live source overwrites the frame that waits; a movie or a folder of pictures waits, so that every frame counts.
Likewise the sinks: they may lose frames of a live source, and hold up the loop of any other.
"""

import logging
import threading
import time
from types import TracebackType
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Type

from appliance.frame import Detections, Frame, Result, Segmentation, Timings
from appliance.pipeline.mailbox import Mailbox, Sequencer
from appliance.pipeline.meter import Meter
from appliance.pipeline.parts import FrameSource, ResultSink, SplitDetector
from appliance.pipeline.slot import DetectorSlot

log = logging.getLogger(__name__)

# Seconds that a source has to end a `read` when it is closed; it is left behind then.
SOURCE_PATIENCE = 10.0


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
        self._fronted: Sequencer[_Fronted] = Sequencer(capacity=0)
        self._boxes: List[Mailbox[Result]] = [Mailbox(overwrites=source.is_live) for _ in sinks]
        self._threads: List[threading.Thread] = []
        self._workers: Dict[int, threading.Thread] = {}
        self._source_thread: Optional[threading.Thread] = None
        self._lock = threading.Lock()
        self._closing = False
        self._done = threading.Event()
        self._error: Optional[BaseException] = None
        meter.count_drops(
            lambda: source.drops + self._frames.drops,
            lambda: sum(box.drops for box in self._boxes),
        )

    def __enter__(self) -> "Loop":
        self._meter.start()
        for sink, box in zip(self._sinks, self._boxes):
            self._threads.append(_start("sink " + sink.name, self._serve, sink, box))
        self._threads.append(_start("back", self._run_back))
        self._start_workers(self._slot.current.workers)
        self._source_thread = _start("source", self._run_source)
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.stop()
        self._join()
        self._slot.close()
        if kind is None and self._error is not None:
            raise self._error

    def wait(self) -> None:
        """Until all is done and every sink is closed. Raises what made a part fail."""
        self._done.wait()
        self._join()
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """Read no more frames; those under way are finished. Returns at once."""
        self._frames.close()
        with self._lock:
            first, self._closing = not self._closing, True
        if first:
            # In a thread of its own: a source may take its time to let go of a device.
            self._threads.append(_start("close source", self._close_source))

    def swap(self, detector: SplitDetector) -> None:
        """Let another detector, loaded and warm, take over between two frames. The old one is closed after its last."""
        self._slot.replace(detector)
        self._start_workers(detector.workers)

    def _join(self) -> None:
        for thread in [thread for thread in self._threads if thread.name != "close source"]:
            thread.join()
        with self._lock:
            workers = list(self._workers.values())
        for thread in workers:
            thread.join()
        if self._source_thread is not None:
            self._source_thread.join(SOURCE_PATIENCE)
            if self._source_thread.is_alive():
                log.warning("the source does not end its reading, and is left behind")

    def _start_workers(self, count: int) -> None:
        """As many front threads as the detector wants. Those of an earlier one that are too many end by themselves."""
        # A worker may run ahead by one frame while another is at a slow one.
        self._fronted.widen(2 * count)
        with self._lock:
            for number in range(count):
                if number not in self._workers and not self._done.is_set():
                    self._workers[number] = _start("front {}".format(number), self._run_front, number)

    def _fail(self, error: BaseException) -> None:
        """Note the first error, and read no more; what is under way is finished as far as it can be."""
        with self._lock:
            if self._error is None:
                self._error = error
        self.stop()

    def _close_source(self) -> None:
        try:
            self._source.close()
        except Exception as error:
            self._fail(error)

    def _run_source(self) -> None:
        try:
            while True:
                frame = self._source.read()
                if frame is None or not self._frames.put(frame):
                    break
        except BaseException as error:
            self._fail(error)
        finally:
            self.stop()

    def _run_front(self, worker: int) -> None:
        try:
            while worker < self._slot.current.workers:
                taken = self._frames.take_with(self._slot.acquire)
                if taken is None:
                    break
                number, frame, detector = taken
                if self._max_frames and number >= self._max_frames - 1:
                    self.stop()
                if (self._max_frames and number >= self._max_frames) or not self._front(number, frame, detector):
                    self._slot.release(detector)
                    break
        except BaseException as error:
            # The frame that failed leaves a gap, at which the back ends.
            self._fail(error)
            self._fronted.close()
        finally:
            with self._lock:
                del self._workers[worker]
                is_last = not self._workers
            if is_last:
                self._fronted.close()

    def _front(self, number: int, frame: Frame, detector: SplitDetector) -> bool:
        started = time.monotonic()
        raw = detector.front(frame.image)
        ended = time.monotonic()
        return self._fronted.put(number, _Fronted(frame, detector, raw, ended - started, ended))

    def _run_back(self) -> None:
        try:
            while True:
                item = self._fronted.take()
                if item is None:
                    break
                try:
                    result = _run_back_part(item)
                finally:
                    self._slot.release(item.detector)
                self._meter.detected(result.timings)
                for box in self._boxes:
                    box.put(result)
        except BaseException as error:
            self._fail(error)
            self._fronted.close()
        finally:
            for box in self._boxes:
                box.close()
            self._done.set()

    def _serve(self, sink: ResultSink, box: "Mailbox[Result]") -> None:
        try:
            while True:
                result = box.take()
                if result is None:
                    break
                sink.write(result)
                if sink.is_drawn:
                    self._meter.drawn()
        except BaseException as error:
            self._fail(error)
        finally:
            box.close()
            try:
                sink.close()
            except BaseException as error:
                self._fail(error)


def _start(name: str, run: Callable[..., None], *arguments: Any) -> threading.Thread:
    thread = threading.Thread(target=run, args=arguments, name=name, daemon=True)
    thread.start()
    return thread


def _run_back_part(item: _Fronted) -> Result:
    started = time.monotonic()
    height, width = item.frame.image.shape[:2]
    found = item.detector.back(item.raw, width, height)
    timings = _timings(item, started, time.monotonic())
    detections = found if isinstance(found, Detections) else Detections.empty()
    segmentation = found if isinstance(found, Segmentation) else None
    return Result(item.frame, detections, timings, item.detector.labels, segmentation)


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
