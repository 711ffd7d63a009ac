"""What the tracking of a stream keeps of each track beside the tracker: what was reported of it, and its picture."""

from typing import Callable, List, Optional, Set, Tuple

import numpy as np

from appliance.contract.event_messages import ACTIVE, DETECTED, ENTERED, EXITED, LEFT, STATIONARY, Happening
from appliance.core.frame import TrackRef
from appliance.events.reports import TrackReport
from appliance.tracking.track import Track

REPORT_SECONDS = 1.0
"""A track is reported so often, and at once when something happens to it."""
KeepPicture = Callable[[str, np.ndarray, np.ndarray], bool]
"""Takes the id of an event, a picture and the box in it (float64 [4], pixels); returns whether it will be stored."""

MOST_HELD = 100
"""Maximum number of happenings that are held back until a track is confirmed."""


class Followed:
    """A track that has an id. Times are capture times.

    Attributes:
        ref: What its detections are marked with.
        zones: The names of the zones in which it is now.
        entered: The names of all that it entered.
        speed: The highest that a zone measured, km/h; None if none did.
        has_begun: Whether it is confirmed and was reported.
        is_refused: Whether its reports are not wanted.

    Args:
        stream: Name of the stream.
        track: The track.
        number: Its number in the stream, which differs from the tracker's id after a tracker was replaced.
        offset: What to add to capture times for Unix time.
    """

    def __init__(self, stream: str, track: Track, number: int, offset: float) -> None:
        self.ref = TrackRef(f"{track.first + offset:.6f}-{number % 10**6:06d}", number, False)
        self.zones: Set[str] = set()
        self.entered: Set[str] = set()
        self.speed: Optional[float] = None
        self.has_begun = False
        self.is_refused = False
        self._stream, self._offset = stream, offset
        self._reported_at = float("-inf")
        self._happenings: List[Happening] = []
        self._picture: Optional[Tuple[np.ndarray, np.ndarray]] = None
        self._has_snapshot = False

    def note(
        self,
        type: str,
        time: float,
        label: str,
        zone: Optional[str] = None,
        line: Optional[str] = None,
        direction: Optional[str] = None,
    ) -> None:
        """Remember that something happened to it; reported once it is confirmed. The fields are those of Happening."""
        if type == ENTERED and zone is not None:
            self.zones.add(zone)
            self.entered.add(zone)
        elif type == EXITED and zone is not None:
            self.zones.discard(zone)
        if (self.has_begun or len(self._happenings) < MOST_HELD) and not self.is_refused:
            unix = round(time + self._offset, 6)
            self._happenings.append(Happening(type, self._stream, unix, self.ref.id, label, zone, line, direction))

    def see(self, track: Track, time: float, label: str, image: Optional[np.ndarray]) -> bool:
        """Take in what a frame made of the track.

        Args:
            track: The track.
            time: When the frame was captured.
            label: The name of its class.
            image: The frame; None if pictures are not wanted.

        Returns:
            Whether a report is due.
        """
        if track.is_stationary != self.ref.is_stationary:
            self.ref = self.ref._replace(is_stationary=track.is_stationary)
            self.note(STATIONARY if track.is_stationary else ACTIVE, time, label)
        has_none = self._picture is None and not self._has_snapshot  # the first sight, the best perhaps, had no id yet
        if image is not None and (track.has_better_picture or (has_none and track.last == time)):
            self._picture = image, track.box
        if self.is_refused or not track.is_confirmed:
            return False
        if not self.has_begun:
            self.has_begun = True
            self.note(DETECTED, track.first, label)
            self._happenings.sort(key=lambda happening: (happening.time, happening.type != DETECTED))
        return bool(self._happenings) or time - self._reported_at >= REPORT_SECONDS

    def take_speed(self, speed: Optional[float]) -> None:
        """Take in what a zone measured, km/h; None if none did."""
        if speed is not None:
            self.speed = speed if self.speed is None else max(self.speed, speed)

    def end(self, track: Track, label: str) -> None:
        """Take in that the track is gone."""
        self.note(LEFT, track.last, label)

    def hand_over(self, keep: KeepPicture) -> None:
        """Hand over the best picture since the last one that was; the frame is not kept any longer.

        Pictures of many tracks would fill the memory.
        """
        if self._picture is not None:
            self._has_snapshot = keep(self.ref.id, *self._picture) or self._has_snapshot
            self._picture = None

    def report(
        self, track: Track, time: float, label: str, size: Tuple[int, int], is_alert: bool, has_ended: bool
    ) -> TrackReport:
        """Make the report that is due.

        Args:
            track: The track.
            time: When the newest frame was captured.
            label: The name of its class.
            size: Width and height of the picture, in pixels.
            is_alert: Whether label and zones make an alert of it.
            has_ended: Whether it is gone.
        """
        self._reported_at = time
        happenings, self._happenings = self._happenings, []
        best = track.best
        box = track.box if best is None else best[2]
        x_min, y_min, x_max, y_max = (np.asarray(box) / (size * 2)).clip(0.0, 1.0).round(4).tolist()
        return TrackReport(
            stream=self._stream,
            id=self.ref.id,
            label=label,
            first=track.first,
            last=track.last,
            offset=self._offset,
            score=track.top_median,
            top_score=track.top_score,
            box=(x_min, y_min, x_max, y_max),
            speed=self.speed,
            is_stationary=track.is_stationary,
            is_alert=is_alert,
            has_snapshot=self._has_snapshot,
            path=list(track.path),
            happenings=happenings,
            has_ended=has_ended,
        )
