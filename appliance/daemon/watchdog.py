"""Finds an engine that hangs: it has frames, and gives no results. Its caller has the clock and the threads."""

from typing import Optional

from appliance.pipeline.progress import Progress

FIRST_SECONDS = 300.0
"""The first call with pictures of a new size may take so long: TensorFlow, XLA and TensorRT compile then."""
TIMES_SLOWEST = 5.0
"""A call may take so many times as long as the slowest before it: a large model on a machine that swaps is no hang."""

_LONGEST_TICK = 2.0
"""More than this between two looks was no engine's doing: the process itself was stopped."""


class EngineWatch:
    """Watches the engine of one loop. For one thread; any may read the attributes.

    Attributes:
        silent_for: Seconds without any sign of life of an engine that is at work.
        slowest: Seconds of its longest call.
    """

    def __init__(self) -> None:
        self.silent_for = self.slowest = 0.0
        self._steps = 0
        self._looked_at: Optional[float] = None

    def look(self, now: float, progress: Progress) -> float:
        """Take note of how it goes on; to be called some times a second.

        Args:
            now: Seconds of the monotonic clock.
            progress: Of the loop.

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
    """For how many seconds an engine may be silent.

    Args:
        progress: Of its loop.
        result_timeout: Seconds, as the setting.
        is_loading: Whether another engine is being built, which may have the GPU to itself.
    """
    if progress.is_first or is_loading:
        return max(result_timeout, FIRST_SECONDS)
    return max(result_timeout, TIMES_SLOWEST * progress.slowest)
