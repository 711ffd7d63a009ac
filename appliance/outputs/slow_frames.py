"""Log frames that took much longer than others (debug_mode)."""

import logging
from typing import Callable

from appliance.core.frame import Result, Statistics
from appliance.core.sink import Sink

SPIKE_FACTOR = 2.0

log = logging.getLogger(__name__)


class SlowFrameLog(Sink):
    """Logs a frame whose total time is over twice the window's mean, with where the time was spent."""

    name = "spikes"
    every_result = True

    def __init__(self, statistics: Callable[[], Statistics]) -> None:
        self._statistics = statistics

    def write(self, result: Result) -> None:
        mean, own = self._statistics().timings, result.timings
        if mean is not None and own.total > SPIKE_FACTOR * mean.total:
            log.debug(
                "frame %d took %.3f s, the mean is %.3f s (cap %.3f, gpu %.3f, cpu %.3f, lost %.3f)",
                result.frame.index,
                own.total,
                mean.total,
                own.cap,
                own.front,
                own.back,
                own.lost,
            )
