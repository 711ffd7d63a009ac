"""Count frames and times over a sliding window, and return averages that are updated every 0.2 s."""

import threading
import time
from collections import OrderedDict, deque
from typing import Callable, Deque, List, Optional, Tuple

from appliance.core.frame import Arrivals, Frame, Statistics, Timings

REFRESH_SECONDS = 0.2


class Meter:
    """Counts the frames of one stream. Thread-safe.

    Args:
        interval: Length of the window, in seconds.
        clock: Returns ascending seconds.
    """

    def __init__(self, interval: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = interval
        self._clock = clock
        self._lock = threading.Lock()
        self._detected: Deque[Tuple[float, Timings]] = deque()
        # Running sums over the window, so that a long window costs no more than a short one.
        self._sums: List[float] = [0.0] * len(Timings._fields)
        self._drawn: OrderedDict[float, float] = OrderedDict()  # time of drawing by time of capture
        self._live: Deque[Tuple[float, float, float]] = deque()
        self._arrived: Deque[Tuple[float, int]] = deque()
        self._last_frame: Optional[float] = None
        self._last_result: Optional[float] = None
        self._waiting_since: Optional[float] = None
        self._started: Optional[float] = None
        self._drops: Callable[[], int] = lambda: 0
        self._vdrops: Callable[[], int] = lambda: 0
        self._cached: Tuple[float, Optional[Statistics]] = (0.0, None)

    def count_drops(self, drops: Callable[[], int], vdrops: Callable[[], int]) -> None:
        """Set the counters of dropped frames.

        Args:
            drops: Returns how many were lost before detection, since the start.
            vdrops: Returns how many the sinks lost, since the start.
        """
        self._drops, self._vdrops = drops, vdrops

    def start(self) -> None:
        """Start the window, unless it has started already."""
        with self._lock:
            if self._started is None:
                self._started = self._clock()

    def arrived(self, frames: int = 1) -> None:
        """Count frames that a source delivered: one that is passed on, and those lost before it."""
        with self._lock:
            now = self._clock()
            self._last_frame = now
            if self._waiting_since is None:
                self._waiting_since = now
            self._arrived.append((now, frames))
            self._forget(now)  # here, too: a hung engine triggers nothing else

    def detected(self, timings: Timings) -> None:
        """Count a frame whose detection is done."""
        with self._lock:
            now = self._clock()
            self._last_result, self._waiting_since = now, None
            self._detected.append((now, timings))
            self._sums = [total + part for total, part in zip(self._sums, timings)]
            self._forget(now)

    def drawn(self, frame: Frame) -> None:
        """Count a frame that was drawn; once, no matter how many sinks draw it."""
        with self._lock:
            self._drawn.setdefault(frame.captured_at, self._clock())

    def sent(self, draw: float, encode: float) -> None:
        """Record how many seconds drawing and encoding a live picture took."""
        with self._lock:
            self._live.append((self._clock(), draw, encode))

    def statistics(self) -> Statistics:
        """Return the averages, at most 0.2 s old."""
        with self._lock:
            now = self._clock()
            made, cached = self._cached
            if cached is None or now - made >= REFRESH_SECONDS:
                cached = self._make(now)
                self._cached = (now, cached)
            return cached

    def arrivals(self, opened_at: float, model_since: float) -> Arrivals:
        """Return the recent frames and results of the current source and model.

        Args:
            opened_at: When the source was opened, in seconds of the clock.
            model_since: When the model took over, in seconds of the clock.
        """
        since = max(opened_at, model_since)
        with self._lock:
            now = self._clock()
            self._forget(now)
            seconds = now - max(now - self._interval, since)
            frames = sum(count for at, count in self._arrived if at >= since)
            results = sum(1 for at, _ in self._detected if at >= since)
            return Arrivals(
                _not_before(opened_at, self._last_frame),
                _not_before(since, self._last_result),
                _not_before(opened_at, self._waiting_since),
                frames / seconds if seconds > 0 else 0.0,
                results / seconds if seconds > 0 else 0.0,
            )

    def _make(self, now: float) -> Statistics:
        self._forget(now)
        seconds = now - max(now - self._interval, self._started if self._started is not None else now)
        frames, vframes, sent = len(self._detected), len(self._drawn), len(self._live)
        timings = None
        if frames:
            timings = Timings(*(total / frames for total in self._sums))
        return Statistics(
            fps=frames / seconds if seconds > 0 else 0.0,
            frames=frames,
            seconds=seconds,
            timings=timings,
            vfps=vframes / seconds if seconds > 0 else 0.0,
            vframes=vframes,
            vdrops=self._vdrops(),
            drops=self._drops(),
            draw=sum(draw for _, draw, _ in self._live) / sent if sent else 0.0,
            encode=sum(encode for _, _, encode in self._live) / sent if sent else 0.0,
        )

    def _forget(self, now: float) -> None:
        """Remove what is older than the window."""
        oldest = now - self._interval
        while self._detected and self._detected[0][0] <= oldest:
            _, timings = self._detected.popleft()
            self._sums = [total - part for total, part in zip(self._sums, timings)]
        if not self._detected:
            self._sums = [0.0] * len(Timings._fields)
        while self._drawn and next(iter(self._drawn.values())) <= oldest:
            self._drawn.popitem(last=False)
        while self._arrived and self._arrived[0][0] <= oldest:
            self._arrived.popleft()
        while self._live and self._live[0][0] <= oldest:
            self._live.popleft()


def _not_before(since: float, time: Optional[float]) -> Optional[float]:
    return None if time is None or time < since else time
