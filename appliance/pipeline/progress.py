"""Track the calls of the detector, for the watchdog."""

import threading
from dataclasses import dataclass
from typing import Any, Dict, Optional, Sequence, Tuple

from appliance.core.detector import Detector
from appliance.core.frame import Frame

_WARM_CALLS = 2
"""An engine may compile during its first call; only later calls show its normal speed."""

_Shapes = Tuple[Detector, Tuple[Any, ...]]
"""A detector, and the shapes of the images in one batch."""


@dataclass(frozen=True)
class Progress:
    """The state of the detector's calls at one moment.

    Attributes:
        is_busy: Whether any call is in progress.
        is_first: Whether one of them is among the first two with images of such shapes, for which an engine may compile
            for minutes.
        steps: How many calls have returned.
        slowest: Seconds of the longest call, the very first excluded.
        detector: The detector of the oldest call in progress, which may have been replaced since.
    """

    is_busy: bool
    is_first: bool
    steps: int
    slowest: float
    detector: Optional[Detector] = None


class CallTracker:
    """Tracks the calls. Each batch has one call of the front, then one of the back. Thread-safe."""

    def __init__(self) -> None:
        self._calls: Dict[int, _Shapes] = {}  # calls in progress, by batch number
        self._returned: Dict[_Shapes, int] = {}
        self._steps, self._slowest = 0, 0.0
        self._lock = threading.Lock()

    def begin(self, batch: int, detector: Detector, frames: Sequence[Frame]) -> None:
        """Record that the front is called with a batch."""
        with self._lock:
            self._calls[batch] = detector, tuple(sorted(frame.image.shape for frame in frames))

    def front_returned(self, batch: int, seconds: float) -> None:
        """Record that the front has returned after `seconds`."""
        with self._lock:
            self._step(batch, seconds)

    def back_returned(self, batch: int, seconds: float) -> None:
        """Record that the back has returned after `seconds`, which completes the batch."""
        with self._lock:
            shapes = self._step(batch, seconds)
            del self._calls[batch]
            self._returned[shapes] = self._returned.get(shapes, 0) + 1

    def forget_replaced(self) -> None:
        """Forget what was measured of replaced detectors, except those with a call in progress."""
        with self._lock:
            busy = {detector for detector, _ in self._calls.values()}
            self._returned = {shapes: count for shapes, count in self._returned.items() if shapes[0] in busy}
            self._slowest = self._slowest if self._calls else 0.0

    def progress(self) -> Progress:
        """Return the current state."""
        with self._lock:
            is_first = any(self._returned.get(shapes, 0) < _WARM_CALLS for shapes in self._calls.values())
            oldest = self._calls[min(self._calls)][0] if self._calls else None
            return Progress(bool(self._calls), is_first, self._steps, self._slowest, oldest)

    def _step(self, batch: int, seconds: float) -> _Shapes:
        self._steps += 1
        shapes = self._calls[batch]
        if shapes in self._returned:
            self._slowest = max(self._slowest, seconds)
        return shapes
