"""The split-detector loop: source, front, back and sinks, each in threads of its own.

    source -> intake -> front (workers) -> sequencer -> back -> a mailbox and a thread for each sink

Several streams share one detector: the intake has a place for each, and gives them their turns. A live source
overwrites the frame that waits there; a movie or a folder of pictures waits, so that every frame counts. A front that
takes batches gets what waits when it is free; it never waits for more.
"""

import threading
import time
from types import TracebackType
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple, Type, Union

from appliance.core.frame import Detections, Frame, Prediction, Result, Segmentation, Timings
from appliance.core.interfaces import SplitDetector
from appliance.core.threads import start_thread
from appliance.pipeline.detector_handle import DetectorHandle
from appliance.pipeline.events import SinkFailed, SourceEnded
from appliance.pipeline.frame_queue import FrameQueue
from appliance.pipeline.mailbox import Sequencer
from appliance.pipeline.stream_pipeline import StreamPipeline

# Calls of a front that takes batches while only cameras wait: more would queue up, and their frames be old.
LIVE_BATCHES = 2


_WARM_CALLS = 2
"""An engine may compile at its first call; how slow it is by nature is only known after the next."""

_Pictures = Tuple[SplitDetector, Tuple[Any, ...]]
"""Which detector has which pictures: the sizes of those that go through it together."""


class InferredBatch(NamedTuple):
    """Frames between front and back, which went through the front together; their detector is held meanwhile.

    raw: what the front gave for all of them, in front_seconds.
    """

    frames: Sequence[Tuple[StreamPipeline, Frame]]
    detector: SplitDetector
    raw: Any
    front_seconds: float
    left_front_at: float


class PostprocessedBatch(NamedTuple):
    """What the back gave for them, in back_seconds, after they had waited for it."""

    fronted: InferredBatch
    found: Sequence[Prediction]
    send_seconds: float
    back_seconds: float


class Progress(NamedTuple):
    """How the calls of the detector go on.

    is_busy: whether any is under way. is_first: whether one of them is among the first two with pictures of such sizes,
    for which an engine may compile for minutes. steps: how many have returned. slowest: seconds of the longest that was
    not the very first. detector: that of the oldest that is under way, which may have been replaced since.
    """

    is_busy: bool
    is_first: bool
    steps: int
    slowest: float
    detector: Optional[SplitDetector] = None


class Loop:
    """Runs until `stop` is called, `max_frames` are done or a part fails; unless it `stays`, also until all feeds end.

    A context manager: on the way out it ends the threads and closes detector, sources and sinks.
    stays: feeds come and go (`add`, `remove`); one that fails ends nothing else.
    """

    def __init__(
        self, detector: SplitDetector, feeds: Sequence[StreamPipeline] = (), max_frames: int = 0, stays: bool = False
    ) -> None:
        self._slot = DetectorHandle(detector)
        self._first_feeds = feeds
        self._max_frames = max_frames
        self._stays = stays
        self._feeds: List[StreamPipeline] = []
        self._intake: FrameQueue[StreamPipeline, Frame] = FrameQueue()
        self._fronted: Sequencer[Union[InferredBatch, PostprocessedBatch]] = Sequencer()
        self._back: Optional[threading.Thread] = None
        self._workers: Set[int] = set()
        self._worker_threads: List[threading.Thread] = []
        self._calls: Dict[int, _Pictures] = {}  # those under way, by the number of their taking
        self._returned: Dict[_Pictures, int] = {}
        self._steps, self._slowest = 0, 0.0
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._error: Optional[BaseException] = None

    def __enter__(self) -> "Loop":
        self._back = start_thread("back", self._run_back)
        self._start_workers(self._slot.current)
        for feed in self._first_feeds:
            if not self._stays:
                feed.events.subscribe(SourceEnded, lambda event: self._source_ended(event.error))
                feed.events.subscribe(SinkFailed, lambda event: self._fail(event.error))
            self.add(feed)
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
        self._intake.close()
        for feed in self._feeds_now():
            feed.stop()

    def add(self, feed: StreamPipeline) -> None:
        """Let another stream take part."""
        self._intake.open(feed, feed.is_live)
        with self._lock:
            self._feeds = self._feeds + [feed]
        feed.start(lambda frame: self._intake.put(feed, frame), lambda: self._intake.drops(feed))

    def remove(self, feed: StreamPipeline) -> None:
        """End a stream; a frame of it that is under way is lost. Returns when its source and sinks are closed."""
        feed.stop()
        self._intake.shut(feed)
        with self._lock:
            self._feeds = [other for other in self._feeds if other is not feed]
        feed.finish()
        feed.join()

    def swap(self, detector: SplitDetector) -> None:
        """Let another detector, loaded and warm, take over between two frames. The old one is closed after its last."""
        self._slot.replace(detector)
        with self._lock:
            busy = {pictures[0] for pictures in self._calls.values()}  # whoever was replaced keeps what is known of it
            self._returned = {pictures: count for pictures, count in self._returned.items() if pictures[0] in busy}
            self._slowest = self._slowest if self._calls else 0.0
        self._start_workers(detector)

    def progress(self) -> Progress:
        """Whether the detector is at work, and whether anything comes of it."""
        with self._lock:
            is_first = any(self._returned.get(pictures, 0) < _WARM_CALLS for pictures in self._calls.values())
            oldest = self._calls[min(self._calls)][0] if self._calls else None
            return Progress(bool(self._calls), is_first, self._steps, self._slowest, oldest)

    def settle(self) -> None:
        """Until every detector but the newest is closed: for a machine that has no memory for two."""
        self._slot.settle()

    def _feeds_now(self) -> List[StreamPipeline]:
        with self._lock:
            return self._feeds

    def _join(self) -> None:
        if self._back is not None:
            self._back.join()
        with self._lock:
            workers = list(self._worker_threads)
        for thread in workers:
            thread.join()
        for feed in self._feeds_now():
            feed.finish()
            feed.join()

    def _start_workers(self, detector: SplitDetector) -> None:
        """As many front threads as the detector wants. Those of an earlier one that are too many end by themselves."""
        self._intake.set_depth(lambda frame: _together(detector, frame))
        with self._lock:
            self._worker_threads = [thread for thread in self._worker_threads if thread.is_alive()]
            for number in range(detector.workers):
                if number not in self._workers and not self._done.is_set():
                    self._workers.add(number)
                    self._worker_threads.append(start_thread(f"front {number}", self._run_front, number))

    def _fail(self, error: BaseException) -> None:
        """Note the first error, and read no more; what is under way is finished as far as it can be."""
        with self._lock:
            if self._error is None:
                self._error = error
        self.stop()

    def _source_ended(self, error: Optional[BaseException]) -> None:
        # One that ends lets the others be read to their end only if there are any: there is one so far.
        if error is not None:
            self._fail(error)
        else:
            self.stop()

    def _most_under_way(self, is_all_live: bool) -> int:
        """How many frames, or batches, may be between intake and sinks."""
        detector = self._slot.current
        if detector.batch > 1:
            return LIVE_BATCHES if is_all_live else detector.workers + 2
        # A worker may run ahead by one while another is at a slow one.
        return 2 * detector.workers + 1

    def _run_front(self, worker: int) -> None:
        try:
            while worker < self._slot.current.workers:
                taken = self._intake.take_with(self._slot.acquire, _together, self._most_under_way)
                if taken is None:
                    break
                turn, first, frames, detector = taken
                if self._max_frames and first + len(frames) >= self._max_frames:
                    self.stop()
                    frames = frames[: max(0, self._max_frames - first)]
                if not frames or not self._front(turn, frames, detector):
                    self._slot.release(detector)
                    self._intake.done()
                    break
        except BaseException as error:
            # The frame that failed leaves a gap, at which the back ends.
            self._fail(error)
            self._fronted.close()
        finally:
            with self._lock:
                self._workers.remove(worker)
                is_last = not self._workers
            if is_last:
                self._fronted.close()

    def _front(self, turn: int, frames: Sequence[Tuple[StreamPipeline, Frame]], detector: SplitDetector) -> bool:
        with self._lock:
            self._calls[turn] = detector, tuple(sorted(frame.image.shape for _, frame in frames))
        started = time.monotonic()
        raw = detector.infer([frame.image for _, frame in frames])
        ended = time.monotonic()
        self._step(turn, ended - started)
        item = InferredBatch(frames, detector, raw, ended - started, ended)
        # One thread would be too slow for all batches; while one is done here, other workers keep the GPU busy.
        return self._fronted.put(turn, _find(item) if len(frames) > 1 else item)

    def _step(self, turn: int, seconds: float, is_last: bool = False) -> None:
        """A call of the detector has returned. is_last: it was the back, and all is done for its frames."""
        with self._lock:
            self._steps += 1
            pictures = self._calls[turn]
            if pictures in self._returned:
                self._slowest = max(self._slowest, seconds)
            if is_last:
                del self._calls[turn]
                self._returned[pictures] = self._returned.get(pictures, 0) + 1

    def _run_back(self) -> None:
        turn = 0
        try:
            while True:
                item = self._fronted.take()
                if item is None:
                    break
                detector = item.detector if isinstance(item, InferredBatch) else item.fronted.detector
                try:
                    found = _find(item) if isinstance(item, InferredBatch) else item
                finally:
                    self._slot.release(detector)
                self._step(turn, found.back_seconds, is_last=True)
                turn += 1
                results = _results(found, time.monotonic())
                for feed, own in _by_feed(found.fronted.frames, results).items():
                    feed.deliver(own)
                self._intake.done()
        except BaseException as error:
            self._fail(error)
            self._fronted.close()
        finally:
            self._intake.unbind()
            for feed in self._feeds_now():
                feed.finish()
            self._done.set()


def _together(detector: SplitDetector, frame: Frame) -> int:
    """How many frames of this size go through the front together."""
    height, width = frame.image.shape[:2]
    return detector.batch_size_for(width, height)


def _find(item: InferredBatch) -> PostprocessedBatch:
    started = time.monotonic()
    found = item.detector.postprocess(item.raw, [frame.image.shape[1::-1] for _, frame in item.frames])
    return PostprocessedBatch(item, found, started - item.left_front_at, time.monotonic() - started)


def _results(item: PostprocessedBatch, now: float) -> List[Result]:
    labels = item.fronted.detector.labels
    return [
        _result(frame, found, _timings(item, frame, now), labels)
        for (_, frame), found in zip(item.fronted.frames, item.found)
    ]


def _by_feed(
    frames: Sequence[Tuple[StreamPipeline, Frame]], results: Sequence[Result]
) -> Dict[StreamPipeline, List[Result]]:
    found: Dict[StreamPipeline, List[Result]] = {}
    for (feed, _), result in zip(frames, results):
        found.setdefault(feed, []).append(result)
    return found


def _result(frame: Frame, found: Prediction, timings: Timings, labels: Mapping[int, str]) -> Result:
    if isinstance(found, Segmentation):
        return Result(frame, Detections.empty(), timings, labels, found)
    return Result(frame, found, timings, labels)


def _timings(item: PostprocessedBatch, frame: Frame, now: float) -> Timings:
    front_seconds = item.fronted.front_seconds
    total = now - frame.captured_at + frame.capture_seconds
    return Timings(
        total=total,
        cap=frame.capture_seconds,
        front=front_seconds,
        back=item.back_seconds,
        lost=max(0.0, total - frame.capture_seconds - front_seconds - item.back_seconds),
        send=item.send_seconds,
    )
