"""Zones that notice what enters them, leaves them and stays."""

from typing import Dict, List, Optional, Tuple

from appliance.contract.event_messages import ENTERED, EXITED, LOITERING
from appliance.core.geometry import Point, is_inside
from appliance.schema.filters import Filter
from appliance.schema.hours import is_active
from appliance.schema.places import Zone
from appliance.tracking.ground import GroundPlane, Speedometer
from appliance.tracking.sighting import Box, PlaceEvent, Sighting

AT_EDGE = 0.005
"""A box that comes this close to the picture's edge, as a share of the picture, is cut off by it."""
INWARD = 0.01
"""A zone that comes this close to the edge touches it."""


class _Visit:
    """One track in, or near, a zone.

    Attributes:
        is_in: Whether it has entered.
        was_inside: Whether it was inside when it was seen last.
        at: When that was.
        credit: Seconds inside, less those outside; from 0 to the zone's inertia.
        turned: When the credit began to rise from 0, or to fall from the inertia.
        entered: When it entered.
        has_loitered: Whether that has been told.
        speedometer: Measures its speed, in a zone with measured sides.
    """

    __slots__ = ("at", "credit", "entered", "has_loitered", "is_in", "speedometer", "turned", "was_inside")

    def __init__(self, time: float, inside: bool) -> None:
        self.is_in = self.has_loitered = False
        self.was_inside, self.at = inside, time
        self.credit = 0.0
        self.turned = self.entered = time
        self.speedometer: Optional[Speedometer] = None


class ZoneWatch:
    """Follows the tracks in one zone.

    Args:
        zone: The zone.
    """

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self._visits: Dict[int, _Visit] = {}
        self._top_speeds: Dict[int, float] = {}
        xs, ys = zip(*zone.polygon)
        self._bounds = (min(xs), min(ys), max(xs), max(ys))
        self._ground = GroundPlane(zone.polygon, zone.sides) if zone.sides is not None else None

    def update(self, time: float, sightings: List[Sighting], size: Tuple[int, int], minute: float) -> List[PlaceEvent]:
        """Take in all living tracks.

        Args:
            time: Capture time in seconds.
            sightings: The tracks.
            size: Width and height of the picture, in pixels.
            minute: The time of day, in minutes from midnight.
        """
        found: List[PlaceEvent] = []
        visits = self._visits
        left, top, right, bottom = self._bounds
        watched = self.zone.active is None or is_active(self.zone.active, minute)
        for one in sightings:
            x_min, y_min, x_max, y_max = one.box
            x = (x_min + x_max) / 2
            visit = visits.get(one.track)
            cut_off = x_min <= AT_EDGE or x_max >= 1 - AT_EDGE or y_max >= 1 - AT_EDGE
            if visit is None and not cut_off and not (left <= x <= right and top <= y_max <= bottom):
                continue
            if one.is_seen:
                inside = watched and self._covers((x, y_max), one.box, cut_off) and self._takes(one, size)
                if visit is None:
                    if not inside:
                        continue
                    visit = visits[one.track] = _Visit(time, False)
                self._see(visit, one, time, inside, (x, y_max), found)
                if not visit.is_in and not inside and visit.credit <= 0:
                    del visits[one.track]
                    continue
            if self.zone.loiter and visit is not None and visit.is_in and visit.was_inside and not visit.has_loitered:
                if time - visit.entered >= self.zone.loiter:
                    visit.has_loitered = True
                    at = visit.entered + self.zone.loiter
                    found.append(PlaceEvent(LOITERING, at, one.track, one.label, self.zone.name))
        return found

    def forget(self, track: int, label: str) -> Optional[PlaceEvent]:
        """Forget a track that has ended. Returns that it left, at its last sight, if it was inside."""
        self._top_speeds.pop(track, None)
        visit = self._visits.pop(track, None)
        if visit is None or not visit.is_in:
            return None
        return PlaceEvent(EXITED, visit.at, track, label, self.zone.name)

    def holds(self, track: int) -> bool:
        """Return whether a track is inside."""
        visit = self._visits.get(track)
        return visit is not None and visit.is_in

    def top_speed(self, track: int) -> Optional[float]:
        """Return the highest speed of a track inside, in km/h; None if none was measured."""
        return self._top_speeds.get(track)

    def _see(self, visit: _Visit, one: Sighting, time: float, inside: bool, at: Point, found: List[PlaceEvent]) -> None:
        """Take in whether a track is inside, and tell whether it has entered or left."""
        inertia = self.zone.inertia
        if inside != visit.was_inside and visit.credit == (0.0 if inside else inertia):
            visit.turned = time
        elif inside and visit.was_inside:
            visit.credit = min(inertia, visit.credit + time - visit.at)
        elif not inside and not visit.was_inside:
            visit.credit = max(0.0, visit.credit - time + visit.at)
        visit.was_inside, visit.at = inside, time
        if self._ground is not None and inside:
            self._measure(visit, one.track, time, at)
        if not visit.is_in and inside and visit.credit >= inertia and self._is_fast(visit):
            visit.is_in, visit.has_loitered, visit.entered = True, False, visit.turned
            found.append(PlaceEvent(ENTERED, visit.turned, one.track, one.label, self.zone.name))
        elif visit.is_in and not inside and visit.credit <= 0:
            visit.is_in = False
            found.append(PlaceEvent(EXITED, visit.turned, one.track, one.label, self.zone.name))

    def _covers(self, at: Point, box: Box, cut_off: bool) -> bool:
        """Return whether a box stands in the zone: its bottom centre, or where an edge of the picture cuts it off."""
        polygon = self.zone.polygon
        if is_inside(at, polygon):
            return True
        if not cut_off:
            return False
        x, y = at
        y = min(y, 1 - INWARD) if box[3] >= 1 - AT_EDGE else y
        places = [(x, y)]
        if box[0] <= AT_EDGE:
            places.append((INWARD, y))
        if box[2] >= 1 - AT_EDGE:
            places.append((1 - INWARD, y))
        return any(is_inside(place, polygon) for place in places)

    def _takes(self, one: Sighting, size: Tuple[int, int]) -> bool:
        zone = self.zone
        if zone.labels is not None and one.label not in zone.labels:
            return False
        limits = zone.filters.get(one.label) if zone.filters else None
        return limits is None or passes(limits, one, size)

    def _measure(self, visit: _Visit, track: int, time: float, at: Point) -> None:
        if self._ground is None or not is_inside(at, self.zone.polygon):
            return
        if visit.speedometer is None:
            visit.speedometer = Speedometer()
        visit.speedometer.see(time, self._ground.position(at))
        speed = visit.speedometer.speed
        if speed is not None:
            self._top_speeds[track] = max(speed, self._top_speeds.get(track, 0.0))

    def _is_fast(self, visit: _Visit) -> bool:
        if self.zone.min_speed is None:
            return True
        speed = visit.speedometer.speed if visit.speedometer is not None else None
        return speed is not None and speed >= self.zone.min_speed


def passes(limits: Filter, one: Sighting, size: Tuple[int, int]) -> bool:
    """Return whether a track passes a filter, by its score and its box. size: width and height, in pixels."""
    width, height = one.box[2] - one.box[0], one.box[3] - one.box[1]
    area = width * height
    ratio = width * size[0] / (height * size[1]) if height > 0 else 0.0
    return (
        (limits.min_score is None or one.score >= limits.min_score)
        and (limits.min_area is None or area >= limits.min_area)
        and (limits.max_area is None or area <= limits.max_area)
        and (limits.min_ratio is None or ratio >= limits.min_ratio)
        and (limits.max_ratio is None or ratio <= limits.max_ratio)
    )
