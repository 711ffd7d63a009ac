"""Count what a stream detects and how long it takes, for the dashboard and for Prometheus."""

import threading
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from typing import Callable, Dict, List, Optional, Tuple, Union

from appliance.contract.events import Detections, Latency
from appliance.core.frame import Result
from appliance.core.sink import Sink
from appliance.drawing.class_areas import shares
from appliance.outputs.jsonlines import detections_of
from appliance.outputs.rate import RateLimit

BUCKETS = (0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper ends of the latency histogram, in seconds; 33 and 40 ms are a camera's usual frame times."""

EVENTS_A_SECOND = 10.0


@dataclass(frozen=True)
class Counts:
    """What was counted of a stream since its start.

    Attributes:
        frames: Detected frames.
        now: Objects in the newest frame, by class.
        seen: Objects in all frames, by class.
        latency: The histogram of the frames' latency.
    """

    frames: int
    now: Dict[str, int]
    seen: Dict[str, int]
    latency: Latency


class StreamStatistics(Sink):
    """Counts what a stream detects.

    Args:
        tell: Takes the detections of a frame, at most ten a second.
    """

    name = "figures"
    every_result = True

    def __init__(self, tell: Callable[[Detections], None]) -> None:
        self._tell = tell
        self._limit = RateLimit(EVENTS_A_SECOND)
        self._lock = threading.Lock()
        self._frames = 0
        self._now: Dict[str, int] = {}
        self._seen: Counter[str] = Counter()
        self._counts = [0] * (len(BUCKETS) + 1)
        self._sum = 0.0
        self.size: Optional[Tuple[int, int]] = None

    def write(self, result: Result) -> None:
        now = Counter(result.label(int(class_id)) for class_id in result.detections.class_ids)
        now.update(result.label(class_id) for class_id, _ in shares(result))
        height, width = result.frame.image.shape[:2]
        with self._lock:
            self._frames += 1
            self._now = dict(now)
            self._seen.update(now)
            self._counts[bisect_left(BUCKETS, result.timings.total)] += 1
            self._sum += result.timings.total
            self.size = (width, height)
        if self._limit.allows():
            self._tell(detections_of(result, with_masks=False))

    def counts(self) -> Counts:
        """What was counted until now."""
        with self._lock:
            buckets: List[Tuple[Union[float, str], int]] = []
            total = 0
            for end, count in zip(BUCKETS, self._counts):
                total += count
                buckets.append((end, total))
            total += self._counts[-1]
            buckets.append(("+Inf", total))
            latency = Latency(buckets, round(self._sum, 6), total)
            return Counts(self._frames, dict(self._now), dict(self._seen), latency)
