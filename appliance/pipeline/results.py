"""The queue of a live source's results for a sink that gets all of them."""

import logging
import threading
from collections import deque
from typing import Deque, List, Optional, Sequence

import numpy as np

from appliance.core.frame import Frame, Result
from appliance.core.threads import start_thread

log = logging.getLogger(__name__)

MOST_RESULTS = 1000
MOST_BYTES = 128 * 10**6
"""Maximum bytes of masks and class maps of waiting results; pictures are not kept."""


class ResultQueue:
    """Holds results in order. `put` never blocks, because a camera does not wait.

    Results that arrive while the queue is full are lost; that is logged once, and again only after the queue was
    emptied.

    Attributes:
        drops: Number of results that were lost.

    Args:
        name: Name of the sink, for the log.
        most_results: Maximum number of waiting results.
        most_bytes: Maximum number of bytes of their masks and class maps.
    """

    def __init__(self, name: str, most_results: int = MOST_RESULTS, most_bytes: int = MOST_BYTES) -> None:
        self.drops = 0
        self._name = name
        self._most_results, self._most_bytes = most_results, most_bytes
        self._waiting: Deque[Result] = deque()
        self._bytes = 0
        self._is_full = False
        self._closed = False
        self._changed = threading.Condition()

    def put(self, results: Sequence[Result]) -> bool:
        """Add results. Returns False, and drops them, if the queue is closed."""
        with self._changed:
            if self._closed:
                return False
            lost, was_full = 0, self._is_full
            for result in results:
                size = _size(result)
                if self._waiting and (
                    len(self._waiting) >= self._most_results or self._bytes + size > self._most_bytes
                ):
                    lost += 1
                    continue
                self._waiting.append(_without_picture(result))
                self._bytes += size
            self.drops += lost
            self._is_full = was_full or lost > 0
            is_news, waiting = self._is_full and not was_full, len(self._waiting)
            self._changed.notify()
        if is_news:
            # In a thread of its own: a terminal that blocks must not delay the detection.
            start_thread(
                "full queue",
                log.warning,
                "%s does not keep up: what is found while %d results wait for it is missing there",
                self._name,
                waiting,
            )
        return True

    def take(self) -> Optional[List[Result]]:
        """Wait for a result, and return it in a list. Returns None once the queue is closed and empty."""
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            if not self._waiting:
                return None
            result = self._waiting.popleft()
            self._bytes -= _size(result)
            self._is_full = self._is_full and bool(self._waiting)
            return [result]

    def close(self) -> None:
        """Accept no more results. Those in the queue can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def _size(result: Result) -> int:
    masks, segmentation = result.detections.masks, result.segmentation
    return (0 if masks is None else masks.nbytes) + (0 if segmentation is None else segmentation.class_map.nbytes)


def _without_picture(result: Result) -> Result:
    """Return a copy with a black picture of the same size, which takes no memory."""
    black = np.broadcast_to(np.zeros((), np.uint8), result.frame.image.shape)
    frame = result.frame
    # Not dataclasses.replace: for each frame it would take as long as everything else here.
    seen = Frame(black, frame.index, frame.source, frame.time, frame.captured_at, frame.capture_seconds, frame.stream)
    return Result(seen, result.detections, result.timings, result.labels, result.segmentation, result.tracks)
