"""Count what a stream detects and how long it takes, for the dashboard and for Prometheus."""

import threading
from bisect import bisect_left
from collections import Counter
from typing import Any, Callable, Dict, List, Optional, Tuple

from appliance.core.frame import Result
from appliance.core.sink import Sink
from appliance.drawing.class_areas import shares
from appliance.outputs.jsonlines import as_json
from appliance.outputs.rate import RateLimit

BUCKETS = (0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper ends of the latency histogram, in seconds; 33 and 40 ms are a camera's usual frame times."""

EVENTS_A_SECOND = 10.0


class StreamStatistics(Sink):
    """tell: takes the detections of a frame as JSON, at most ten a second."""

    name = "figures"
    every_result = True

    def __init__(self, tell: Callable[[Dict[str, Any]], None]) -> None:
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
            event = as_json(result._replace(detections=result.detections._replace(masks=None)))
            self._tell(dict(event, stream=result.frame.stream))

    def as_json(self) -> Dict[str, Any]:
        """Return frames, objects in the newest frame and in all, and the cumulative histogram of the latency."""
        with self._lock:
            buckets: List[Any] = []
            total = 0
            for end, count in zip(BUCKETS + ("+Inf",), self._counts):
                total += count
                buckets.append([end, total])
            return {
                "frames": self._frames,
                "now": dict(self._now),
                "seen": dict(self._seen),
                "latency": {"buckets": buckets, "sum": round(self._sum, 6), "count": total},
            }
