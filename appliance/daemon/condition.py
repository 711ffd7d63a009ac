"""In which state a stream, and the whole appliance, is: by what arrives, not by what was started. Pure functions."""

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
"""A source that gave none for so long gives none; one of few frames a second has the time of three."""
START_SECONDS = 120.0
"""A source that was opened, does not complain and gave nothing for so long gives no frames."""
SLOW_BELOW, LIVE_FROM = 0.5, 0.6
"""Which share of a source's frames has to be detected; between the two a stream stays what it was."""
RATE_SECONDS = 3.0
"""So long after a source was opened, or a model took over, rates count."""


@dataclass(frozen=True)
class Condition:
    """The state of one stream.

    Attributes:
        state: One of `STREAM_STATES`.
        problem: Why it is not live, in a sentence, where there is anything to say.
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
    """The state of one stream.

    Args:
        now: Seconds of the monotonic clock; so are opened_at, when its source was opened, and model_since, when its
            model took over.
        declared_fps: Frames a second as the source declares them; None where it does not.
        result_timeout: Seconds without a result after which an engine is taken for hung; at half of them it is said.
        failure: Why the source could not be opened at all, or ended.
        source_problem: Why its source is being opened again.
        model: LIVE where a model runs, LOADING where the first one is being loaded, NO_MODEL.
        stalled_for: For how many seconds nothing came of the model's engine although it had frames.
        slowest: Seconds of the engine's longest call: one that takes twice as long is none of its usual ones.
        before: The state until now.
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
    # One of many streams waits for its turn at a slow model: that is no hang until it is very long.
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
    """The state of the whole, and whether it is ready: whether it detects on at least one stream.

    model: as for `stream_condition`, of the shared one, or the worst of those that streams use. streams: their states.
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
