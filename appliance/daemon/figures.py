"""The figures of a stream as messages."""

from typing import Optional

from appliance.contract import events as messages
from appliance.core.frame import Statistics


def age(now: float, time: Optional[float]) -> Optional[float]:
    """Return how long ago something was, in seconds; None if it never was."""
    return None if time is None else round(max(0.0, now - time), 2)


def timings(figures: Statistics) -> Optional[messages.Timings]:
    """Return the mean timings of a frame; None before the first."""
    if figures.timings is None:
        return None
    mean, is_drawn = figures.timings, figures.vframes > 0
    return messages.Timings(
        total=round(mean.total, 6),
        cap=round(mean.cap, 6),
        front=round(mean.front, 6),
        back=round(mean.back, 6),
        lost=round(mean.lost, 6),
        send=round(mean.send, 6),
        draw=round(figures.draw, 6) if is_drawn else None,
        encode=round(figures.encode, 6) if is_drawn else None,
    )
