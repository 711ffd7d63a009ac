"""The queue in which frames of several streams wait for the detector."""

import threading
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Deque, Generic, List, Optional, Tuple, TypeVar

from appliance.core.detector import Detector
from appliance.core.frame import Frame
from appliance.pipeline.detector_handle import DetectorHandle

LIVE_BATCHES = 2
"""Maximum number of batches in flight while only cameras wait: with more, frames would be old."""

S = TypeVar("S")
"""Type of the objects that identify a stream."""


@dataclass(frozen=True)
class Batch(Generic[S]):
    """Frames that go through the detector together, most often one.

    Attributes:
        number: Number of the batch, from 0.
        first: Number of its first frame among all frames taken, from 0.
        frames: Each with its stream.
        detector: The detector for these frames; to be released when they are done.
    """

    number: int
    first: int
    frames: List[Tuple[S, Frame]]
    detector: Detector


class _Bucket:
    """The frames of one stream. has_room: notified when there is room, or no more frames are wanted."""

    def __init__(self, is_live: bool, lock: threading.Lock) -> None:
        self.is_live = is_live
        self.drops = 0
        self.frames: Deque[Frame] = deque()
        self.has_room = threading.Condition(lock)


class FrameQueue(Generic[S]):
    """Fair, bounded frame queue: one bucket per stream, served round-robin. Thread-safe.

    So a fast stream cannot starve the others. The bucket of a live stream holds its newest frame. Any other bucket
    holds as many frames as go through the detector together, and `put` blocks while it is full.

    Args:
        detectors: Provides the current detector, which determines how many frames go through it together.
    """

    def __init__(self, detectors: DetectorHandle) -> None:
        self._detectors = detectors
        self._buckets: OrderedDict[S, _Bucket] = OrderedDict()  # the first is served next
        self._batches = 0
        self._frames = 0
        self._in_flight = 0
        self._is_limited = True
        self._closed = False
        # One condition for the threads that take frames, and one for the thread that fills each bucket: waking all of
        # them for each frame costs more than passing it on.
        self._lock = threading.Lock()
        self._filled = threading.Condition(self._lock)

    def open(self, stream: S, is_live: bool) -> None:
        """Create a bucket for a stream."""
        with self._lock:
            self._buckets[stream] = _Bucket(is_live, self._lock)

    def shut(self, stream: S) -> None:
        """Remove the bucket of a stream, and the frames in it."""
        with self._lock:
            bucket = self._buckets.pop(stream, None)
            if bucket is not None:
                bucket.has_room.notify_all()
            if self._closed:
                self._filled.notify_all()

    def drops(self, stream: S) -> int:
        """Return how many frames of a live stream were replaced by newer ones."""
        with self._lock:
            bucket = self._buckets.get(stream)
            return 0 if bucket is None else bucket.drops

    def put(self, stream: S, frame: Frame) -> bool:
        """Add a frame. Returns False, and drops the frame, if the stream has no bucket (any more)."""
        with self._lock:
            bucket = self._buckets.get(stream)
            while (
                bucket is not None
                and not self._closed
                and not bucket.is_live
                and len(bucket.frames) >= _max_size(self._detectors.current, frame)
            ):
                bucket.has_room.wait()
                if self._buckets.get(stream) is not bucket:
                    return False
            if bucket is None or self._closed:
                return False
            if bucket.is_live and bucket.frames:
                bucket.drops += 1
                bucket.frames.clear()
            bucket.frames.append(frame)
            self._filled.notify()
            return True

    def get_batch(self) -> Optional[Batch[S]]:
        """Wait for a frame, and return it together with other waiting frames; never waits for more.

        Also waits while the maximum number of batches is in flight (taken, but not `done`). The detector is acquired
        under the lock, so that no batch of a replaced one can follow a batch of its successor.

        Returns:
            The batch; None once the queue is closed and empty.
        """
        with self._lock:
            while not self._may_take():
                if self._closed and self._is_empty():
                    return None
                self._filled.wait()
            detector = self._detectors.acquire()
            frames = self._take(detector)
            batch = Batch(self._batches, self._frames, frames, detector)
            self._batches += 1
            self._in_flight += 1
            self._frames += len(frames)
            if not self._is_empty():
                self._filled.notify()
            elif self._closed:
                self._filled.notify_all()  # other threads that wait get nothing any more
            return batch

    def done(self) -> None:
        """Mark one batch that was taken as done."""
        with self._lock:
            self._in_flight -= 1
            self._filled.notify()

    def release_limit(self) -> None:
        """Stop limiting the batches in flight: they may never be done."""
        with self._lock:
            self._is_limited = False
            self._filled.notify_all()

    def close(self) -> None:
        """Accept no more frames. Those in the queue can still be taken."""
        with self._lock:
            self._closed = True
            self._filled.notify_all()
            for bucket in self._buckets.values():
                bucket.has_room.notify_all()

    def _is_empty(self) -> bool:
        return not any(bucket.frames for bucket in self._buckets.values())

    def _may_take(self) -> bool:
        waiting = [bucket for bucket in self._buckets.values() if bucket.frames]
        if not waiting or not self._is_limited:
            return bool(waiting)
        return self._in_flight < self._max_in_flight(all(bucket.is_live for bucket in waiting))

    def _max_in_flight(self, is_all_live: bool) -> int:
        detector = self._detectors.current
        if detector.batch > 1:
            return LIVE_BATCHES if is_all_live else detector.workers + 2
        # A worker may be one batch ahead while another has a slow one.
        return 2 * detector.workers + 1

    def _take(self, detector: Detector) -> List[Tuple[S, Frame]]:
        frames: List[Tuple[S, Frame]] = []
        while not frames or len(frames) < _max_size(detector, frames[0][1]):
            stream = next((stream for stream, bucket in self._buckets.items() if bucket.frames), None)
            if stream is None:
                break
            bucket = self._buckets[stream]
            self._buckets.move_to_end(stream)
            frame = bucket.frames.popleft()
            frames.append((stream, frame))
            # Only when half empty, to avoid waking the source's thread for each frame.
            if len(bucket.frames) <= _max_size(self._detectors.current, frame) // 2:
                bucket.has_room.notify()
        return frames


def _max_size(detector: Detector, frame: Frame) -> int:
    """Return how many frames of this size go through the detector together."""
    height, width = frame.image.shape[:2]
    return detector.batch_size_for(width, height)
