"""What can be set of tracking. Seconds and shares only: nothing counts frames."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TrackSettings:
    """How detections become tracks.

    Attributes:
        min_score: A detection below it starts no track; from 0.1 on it keeps one alive that was seen just before.
        lost: Seconds without a detection after which a track ends.
        stationary_lost: The same for a stationary one, which something may hide for long.
        stationary: Seconds at one place after which a track is stationary.
        still_drift: How far, in box sizes, a stationary track may be from its mean.
    """

    min_score: float = 0.5
    lost: float = 5.0
    stationary_lost: float = 60.0
    stationary: float = 5.0
    still_drift: float = 0.25
