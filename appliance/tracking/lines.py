"""Lines that count what crosses them."""

import math
from typing import Dict, List, Optional, Sequence, Tuple

from appliance.contract.event_messages import CROSSED, IN, OUT
from appliance.core.geometry import Point, segments_meet
from appliance.schema.places import Line
from appliance.tracking.sighting import PlaceEvent, Sighting

AWAY = 0.02
"""After a crossing the track counts again once it was this far from the line: a share of the picture's diagonal."""
UNSEEN_HOLD = 1.0
"""Seconds after which a crossing counts though the track was not seen again: who leaves the picture behind a line."""


class _Passage:
    """Where one track is.

    Attributes:
        side: 1 or -1, the side on which it is for the counter; 0 before its first sight beside the line.
        at: Its last position.
        has_met: Whether its path met the line since it was on that side.
        since: When it was first seen beyond the line; None while it is not.
        until: When it was last seen there.
        is_near: Whether it was counted, and has not been away from the line since.
    """

    __slots__ = ("at", "has_met", "is_near", "side", "since", "until")

    def __init__(self, side: int, at: Point) -> None:
        self.side, self.at = side, at
        self.has_met = self.is_near = False
        self.since: Optional[float] = None
        self.until = 0.0


class LineWatch:
    """Counts the tracks that cross one line.

    A track crosses when its path meets the line, and it then stays beyond. What comes back at once, or sways on the
    line, has not crossed it. After a crossing the track must have been away from the line before it counts again, in
    whichever direction: so the counts stay right however long it stands there.

    Args:
        line: The line.
    """

    def __init__(self, line: Line) -> None:
        self.line = line
        self._passages: Dict[int, _Passage] = {}
        self._across = (line.end[0] - line.start[0], line.end[1] - line.start[1])

    def update(
        self,
        time: float,
        sightings: Sequence[Sighting],
        at: Sequence[Point],
        sides: Sequence[int],
        size: Tuple[int, int],
    ) -> List[PlaceEvent]:
        """Take in all living tracks.

        Args:
            time: Capture time in seconds.
            sightings: The tracks.
            at: Where the line's anchor of each is.
            sides: On which side of the line it is: 1, -1, or 0 on the line.
            size: Width and height of the picture, in pixels.
        """
        found: List[PlaceEvent] = []
        labels, passages = self.line.labels, self._passages
        for one, point, side in zip(sightings, at, sides):
            track, label, _, _, is_seen = one
            passage = passages.get(track)
            if not is_seen:
                if passage is not None and passage.since is not None:
                    self._consider(passage, time, one, found)
                continue
            if labels is not None and label not in labels:
                continue
            if passage is None:
                passages[track] = _Passage(side, point)
                continue
            if passage.is_near and self._is_away(point, size):
                passage.is_near = False
            if side == passage.side:
                passage.at = point
                if passage.has_met:
                    passage.has_met, passage.since = False, None
                continue
            self._leave(passage, side, point, time)
            if passage.since is not None:
                self._consider(passage, time, one, found)
        return found

    def forget(self, track: int) -> None:
        """Forget a track that has ended."""
        self._passages.pop(track, None)

    def _leave(self, passage: _Passage, side: int, at: Point, time: float) -> None:
        """Take in a track that is on the line or beyond it."""
        passage.has_met = passage.has_met or segments_meet(passage.at, at, self.line.start, self.line.end)
        passage.at = at
        if side == 0:
            return
        if passage.side == 0 or not passage.has_met:  # it came from the line, or went around its end
            passage.side, passage.has_met, passage.since = side, False, None
            return
        if passage.since is None:
            passage.since = time
        passage.until = time

    def _consider(self, passage: _Passage, time: float, one: Sighting, found: List[PlaceEvent]) -> None:
        """Count a track that is beyond the line, if it stays there."""
        since, hold = passage.since, self.line.hold
        if since is None or passage.is_near:
            return
        if passage.until - since >= hold or time - since >= max(hold, UNSEEN_HOLD):
            passage.side, passage.has_met, passage.since = -passage.side, False, None
            passage.is_near = True
            direction = IN if passage.side > 0 else OUT
            found.append(PlaceEvent(CROSSED, since, one.track, one.label, line=self.line.name, direction=direction))

    def _is_away(self, at: Point, size: Tuple[int, int]) -> bool:
        width, height = size
        across_x, across_y = self._across[0] * width, self._across[1] * height
        x, y = (at[0] - self.line.start[0]) * width, (at[1] - self.line.start[1]) * height
        share = (x * across_x + y * across_y) / (across_x * across_x + across_y * across_y)
        share = max(0.0, min(1.0, share))
        return math.hypot(x - share * across_x, y - share * across_y) >= AWAY * math.hypot(width, height)
