"""The split-detector loop: source, front, back and sinks, each in threads of its own.

    source -> frame queue -> front (workers) -> sequencer -> back -> a mailbox and a thread for each sink

Several streams share one detector: the frame queue has a bucket for each, and serves them in turn. A live source
overwrites its waiting frame; a movie or a folder of pictures waits, so that every frame counts. A front that takes
batches gets the frames that wait when it is free; it never waits for more.
"""

import dataclasses
import threading
import time
from types import TracebackType
from typing import Callable, List, Optional, Sequence, Set, Type, Union

from appliance.core.detector import Detector
from appliance.core.threads import start_thread
from appliance.pipeline.batches import InferredBatch, PostprocessedBatch, infer, postprocess
from appliance.pipeline.detector_handle import DetectorHandle
from appliance.pipeline.events import SinkFailed, SourceEnded
from appliance.pipeline.frame_queue import Batch, FrameQueue
from appliance.pipeline.mailbox import Sequencer
from appliance.pipeline.progress import CallTracker, Progress
from appliance.pipeline.stream_pipeline import StreamPipeline


class Loop:
    """Runs until `stop` is called, `max_frames` are done or a part fails.

    Without `stays` it also ends when a pipeline's source does. A context manager: leaving it stops the loop, ends its
    threads, and raises the error of the part that failed, if the block did not raise. Detectors are not closed: the
    code that loaded one closes it.

    Args:
        detector: The first detector.
        pipelines: The first streams.
        max_frames: Total number of frames to detect; 0 is no limit.
        stays: Whether streams come and go (`add`, `remove`) and the loop continues when a source ends or a sink fails.
    """

    def __init__(
        self, detector: Detector, pipelines: Sequence[StreamPipeline] = (), max_frames: int = 0, stays: bool = False
    ) -> None:
        self._detectors = DetectorHandle(detector)
        self._first_pipelines = pipelines
        self._max_frames = max_frames
        self._stays = stays
        self._pipelines: List[StreamPipeline] = []
        self._queue: FrameQueue[StreamPipeline] = FrameQueue(self._detectors)
        self._inferred: Sequencer[Union[InferredBatch, PostprocessedBatch]] = Sequencer()
        self._back: Optional[threading.Thread] = None
        self._workers: Set[int] = set()
        self._worker_threads: List[threading.Thread] = []
        self._calls = CallTracker()
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._error: Optional[BaseException] = None

    def __enter__(self) -> "Loop":
        self._back = start_thread("back", self._run_back)
        self._start_workers()
        for pipeline in self._first_pipelines:
            if not self._stays:
                pipeline.events.subscribe(SourceEnded, self._source_ended)
                pipeline.events.subscribe(SinkFailed, lambda event: self._fail(event.error))
            self.add(pipeline)
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.stop()
        self._join()
        self._detectors.close()
        if kind is None and self._error is not None:
            raise self._error

    def wait(self) -> None:
        """Return when everything is done and every sink is closed. Raises the error of the part that failed."""
        self._done.wait()
        self._join()
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """Read no more frames; those in flight are finished. Returns at once."""
        self._queue.close()
        for pipeline in self._pipelines_now():
            pipeline.stop()

    def add(self, pipeline: StreamPipeline) -> None:
        """Add a stream."""
        self._queue.open(pipeline, pipeline.is_live)
        with self._lock:
            self._pipelines = self._pipelines + [pipeline]
        pipeline.start(lambda frame: self._queue.put(pipeline, frame), lambda: self._queue.drops(pipeline))

    def remove(self, pipeline: StreamPipeline) -> None:
        """End a stream; its frames in flight are lost. Returns when its source and sinks are closed."""
        pipeline.stop()
        self._queue.shut(pipeline)
        with self._lock:
            self._pipelines = [other for other in self._pipelines if other is not pipeline]
        pipeline.finish()
        pipeline.join()

    def swap(self, detector: Detector, on_unused: Callable[[], None]) -> None:
        """Replace the detector between two batches.

        Args:
            detector: Loaded and warmed up.
            on_unused: Called once, when the last batch of the old detector is done, in the thread that finished it; at
                the latest when the loop ends.
        """
        self._detectors.replace(detector, on_unused)
        self._calls.forget_replaced()
        self._start_workers()

    def settle(self) -> None:
        """Return when the `on_unused` of every replaced detector has returned."""
        self._detectors.settle()

    def progress(self) -> Progress:
        """Return the state of the detector's calls."""
        return self._calls.progress()

    def _pipelines_now(self) -> List[StreamPipeline]:
        with self._lock:
            return self._pipelines

    def _join(self) -> None:
        if self._back is not None:
            self._back.join()
        with self._lock:
            workers = list(self._worker_threads)
        for thread in workers:
            thread.join()
        for pipeline in self._pipelines_now():
            pipeline.finish()
            pipeline.join()

    def _start_workers(self) -> None:
        """Start as many front threads as the detector wants. Surplus threads of an earlier one end by themselves."""
        with self._lock:
            self._worker_threads = [thread for thread in self._worker_threads if thread.is_alive()]
            for number in range(self._detectors.current.workers):
                if number not in self._workers and not self._done.is_set():
                    self._workers.add(number)
                    self._worker_threads.append(start_thread(f"front {number}", self._run_front, number))

    def _fail(self, error: BaseException) -> None:
        """Record the first error, and stop reading; what is in flight is finished as far as possible."""
        with self._lock:
            if self._error is None:
                self._error = error
        self.stop()

    def _source_ended(self, event: SourceEnded) -> None:
        # Other sources would be cut off, but such a loop has only one source, or endless ones.
        if event.error is not None:
            self._fail(event.error)
        else:
            self.stop()

    def _run_front(self, worker: int) -> None:
        try:
            while worker < self._detectors.current.workers:
                batch = self._queue.get_batch()
                if batch is None:
                    break
                if self._max_frames and batch.first + len(batch.frames) >= self._max_frames:
                    self.stop()
                    batch = dataclasses.replace(batch, frames=batch.frames[: max(0, self._max_frames - batch.first)])
                if not batch.frames or not self._infer(batch):
                    self._detectors.release(batch.detector)
                    self._queue.done()
                    break
        except BaseException as error:
            # The failed batch leaves a gap in the sequence, at which the back ends.
            self._fail(error)
            self._inferred.close()
        finally:
            with self._lock:
                self._workers.remove(worker)
                is_last = not self._workers
            if is_last:
                self._inferred.close()

    def _infer(self, batch: Batch[StreamPipeline]) -> bool:
        self._calls.begin(batch.number, batch.detector, [frame for _, frame in batch.frames])
        inferred = infer(batch)
        self._calls.front_returned(batch.number, inferred.front_seconds)
        # One thread is too slow for all batches; while this one works on the CPU, other workers keep the GPU busy.
        return self._inferred.put(batch.number, postprocess(inferred) if len(batch.frames) > 1 else inferred)

    def _run_back(self) -> None:
        number = 0
        try:
            while True:
                item = self._inferred.take()
                if item is None:
                    break
                try:
                    done = postprocess(item) if isinstance(item, InferredBatch) else item
                finally:
                    self._detectors.release(item.detector)
                self._calls.back_returned(number, done.back_seconds)
                number += 1
                for pipeline, results in done.results(time.monotonic()).items():
                    pipeline.deliver(results)
                self._queue.done()
        except BaseException as error:
            self._fail(error)
            self._inferred.close()
        finally:
            self._queue.release_limit()
            for pipeline in self._pipelines_now():
                pipeline.finish()
            self._done.set()
