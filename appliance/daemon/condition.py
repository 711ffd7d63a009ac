"""Determine the state of a stream and of the appliance by what arrives, not by what was started. Pure functions."""

from dataclasses import dataclass
from typing import Optional, Sequence, Tuple

from appliance.contract.states import (
    DEGRADED,
    FAILED_STREAM,
    LIVE,
    LOADING,
    LOST,
    NO_FRAMES,
    NO_MODEL,
    NO_RESULTS,
    NOT_LIVE,
    RUNNING,
    SLOW,
    STARTING,
)
from appliance.core.frame import Arrivals

FRAME_SECONDS = 5.0
"""Seconds without a frame after which the state is no_frames; for slow sources at least the time of three frames."""
START_SECONDS = 120.0
"""Seconds from opening without a frame and without an error after which the state is no_frames."""
SLOW_BELOW, LIVE_FROM = 0.5, 0.6
"""Minimum share of frames that must be detected; between the two values the state does not change."""
RATE_SECONDS = 3.0
"""Seconds after opening the source, or changing the model, before rates are considered."""


@dataclass(frozen=True)
class Condition:
    """The state of one stream.

    Attributes:
        state: One of `STREAM_STATES`.
        problem: Why it is not live, in a sentence, if there is anything to say.
    """

    state: str
    problem: Optional[str] = None


def stream_condition(
    now: float,
    opened_at: float,
    model_since: float,
    arrivals: Arrivals,
    result_timeout: float,
    declared_fps: Optional[float] = None,
    failure: Optional[str] = None,
    source_problem: Optional[str] = None,
    model: str = LIVE,
    stalled_for: float = 0.0,
    slowest: float = 0.0,
    before: str = LIVE,
) -> Condition:
    """Return the state of one stream.

    Args:
        now: Seconds of the monotonic clock.
        opened_at: When its source was opened, on the same clock.
        model_since: When its model took over, on the same clock.
        arrivals: Its recent frames and results.
        result_timeout: Seconds without a result after which an engine counts as hung; reported from half of them on.
        declared_fps: Frames per second as declared by the source; None if it declares none.
        failure: Why the source could not be opened at all, or ended.
        source_problem: Why the source is being reopened.
        model: LIVE if a model runs, LOADING while the first one is loaded, NO_MODEL.
        stalled_for: Seconds without any output of the model's engine although it had frames.
        slowest: Seconds of the engine's longest call: one that takes twice as long is exceptional.
        before: The previous state.
    """
    if failure is not None:
        return Condition(FAILED_STREAM, failure)
    if source_problem is not None:
        return Condition(LOST, source_problem)
    if arrivals.last_frame is None:
        if now - opened_at < START_SECONDS:
            return Condition(STARTING)
        return Condition(NO_FRAMES, f"no frame came since the source was opened {now - opened_at:.0f} s ago")
    silence = now - arrivals.last_frame
    if silence > max(FRAME_SECONDS, 3.0 / declared_fps if declared_fps else 0.0):
        return Condition(NO_FRAMES, f"no frame for {silence:.0f} s")
    if model == LOADING:
        return Condition(STARTING)
    if model == NO_MODEL:
        return Condition(NO_RESULTS, "no model is loaded: frames come, and nothing is detected")
    if arrivals.last_result is None and stalled_for < result_timeout:
        return Condition(STARTING)
    waited = now - arrivals.waiting_since if arrivals.waiting_since is not None else 0.0
    # With many streams each one waits for its turn at a slow model: only a very long wait is a hang.
    if stalled_for > max(result_timeout / 2, 2 * slowest) or waited > 3 * max(result_timeout, 2 * slowest):
        return Condition(NO_RESULTS, f"frames come, and no result for {max(stalled_for, waited):.0f} s")
    share = arrivals.result_fps / arrivals.source_fps if arrivals.source_fps > 0 else 1.0
    if now - max(opened_at, model_since) < RATE_SECONDS or share >= (LIVE_FROM if before == SLOW else SLOW_BELOW):
        return Condition(LIVE)
    return Condition(
        SLOW,
        f"this machine is too slow for the model: it takes {_rate(arrivals.result_fps)} of {_rate(arrivals.source_fps)}"
        " frames a second",
    )


def _rate(fps: float) -> str:
    return f"{fps:.0f}" if fps >= 9.5 else f"{fps:.1f}"


def appliance_condition(model: str, streams: Sequence[str]) -> Tuple[str, bool]:
    """Return the state of the whole appliance, and whether it is ready: whether at least one stream is detected.

    Args:
        model: As for `stream_condition`: the shared one, or the worst of those that streams use.
        streams: The states of the streams.
    """
    if model == LOADING:
        return LOADING, False
    if model == NO_MODEL:
        return NO_MODEL, False
    if NO_RESULTS in streams:
        return NO_RESULTS, False
    working = [state for state in streams if state in (LIVE, SLOW)]
    if not working:
        return (STARTING if STARTING in streams or not streams else NOT_LIVE), False
    if len(working) < len([state for state in streams if state != STARTING]):
        return DEGRADED, True
    return (SLOW if SLOW in working else RUNNING), True
