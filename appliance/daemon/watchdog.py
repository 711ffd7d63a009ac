"""Detect an engine that hangs: it has frames, and returns no results. The caller provides clock and threads."""

from typing import Optional

from appliance.pipeline.progress import Progress

FIRST_SECONDS = 300.0
"""Maximum seconds of the first call with a new image size: TensorFlow, XLA and TensorRT compile then."""
TIMES_SLOWEST = 5.0
"""A call may take this many times as long as the slowest before it: a large model on a swapping machine is no hang."""

_LONGEST_TICK = 2.0
"""A longer time between two checks is not the engine's fault: the process itself was stopped."""


class EngineWatch:
    """Watches the engine of one loop. Used by one thread; any thread may read the attributes.

    Attributes:
        silent_for: Seconds without any sign of life of an engine that has work.
        slowest: Seconds of its longest call.
    """

    def __init__(self) -> None:
        self.silent_for = self.slowest = 0.0
        self._steps = 0
        self._looked_at: Optional[float] = None

    def look(self, now: float, progress: Progress) -> float:
        """Record the current progress; to be called several times per second.

        Args:
            now: Seconds of the monotonic clock.
            progress: Progress of the loop.

        Returns:
            `silent_for`.
        """
        passed = 0.0 if self._looked_at is None else min(now - self._looked_at, _LONGEST_TICK)
        self._looked_at = now
        if progress.is_busy and progress.steps == self._steps:
            self.silent_for += passed
        else:
            self.silent_for = 0.0
        self._steps, self.slowest = progress.steps, progress.slowest
        return self.silent_for


def patience(progress: Progress, result_timeout: float, is_loading: bool = False) -> float:
    """Return how many seconds an engine may be silent.

    Args:
        progress: Progress of its loop.
        result_timeout: Seconds, as in the setting.
        is_loading: Whether another engine is being built, which may occupy the GPU.
    """
    if progress.is_first or is_loading:
        return max(result_timeout, FIRST_SECONDS)
    return max(result_timeout, TIMES_SLOWEST * progress.slowest)
