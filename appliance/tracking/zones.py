"""Zones that notice what enters them, leaves them and stays."""

from typing import Dict, List, Optional, Sequence, Tuple

from appliance.contract.event_messages import ENTERED, EXITED, LOITERING
from appliance.core.geometry import is_inside
from appliance.schema.filters import Filter
from appliance.schema.hours import is_active
from appliance.schema.places import Zone
from appliance.tracking.ground import GroundPlane, Speedometer
from appliance.tracking.sighting import PlaceEvent, Sighting


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

    def __init__(self, time: float) -> None:
        self.is_in = self.has_loitered = self.was_inside = False
        self.at = time
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
        self._ground = GroundPlane(zone.polygon, zone.sides) if zone.sides is not None else None

    def update(
        self, time: float, sightings: Sequence[Sighting], covered: Sequence[bool], size: Tuple[int, int], minute: float
    ) -> List[PlaceEvent]:
        """Take in all living tracks.

        Args:
            time: Capture time in seconds.
            sightings: The tracks.
            covered: Whether each stands in the zone.
            size: Width and height of the picture, in pixels.
            minute: The time of day, in minutes from midnight.
        """
        found: List[PlaceEvent] = []
        zone, visits = self.zone, self._visits
        is_watched = zone.active is None or is_active(zone.active, minute)
        for one, inside in zip(sightings, covered):
            track = one.track
            visit = visits.get(track)
            if visit is None and not inside:
                continue
            if one.is_seen:
                inside = inside and is_watched and self._takes(one, size)
                if visit is None:
                    if not inside:
                        continue
                    visit = visits[track] = _Visit(time)
                self._see(visit, one, time, inside, found)
                if not visit.is_in and not inside and visit.credit <= 0:
                    del visits[track]
                    continue
            if zone.loiter and visit is not None and visit.is_in and visit.was_inside and not visit.has_loitered:
                if time - visit.entered >= zone.loiter:
                    visit.has_loitered = True
                    found.append(PlaceEvent(LOITERING, visit.entered + zone.loiter, track, one.label, zone.name))
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

    def _see(self, visit: _Visit, one: Sighting, time: float, inside: bool, found: List[PlaceEvent]) -> None:
        """Take in whether a track is inside, and tell whether it has entered or left."""
        inertia = self.zone.inertia
        if inside != visit.was_inside:
            if visit.credit == (0.0 if inside else inertia):
                visit.turned = time
            visit.was_inside = inside
        elif inside:
            visit.credit = min(inertia, visit.credit + time - visit.at)
        else:
            visit.credit = max(0.0, visit.credit - time + visit.at)
        visit.at = time
        if self._ground is not None and inside:
            self._measure(visit, one, time)
        if visit.is_in == inside:
            return
        if inside and visit.credit >= inertia and self._is_fast(visit):
            visit.is_in, visit.has_loitered, visit.entered = True, False, visit.turned
            found.append(PlaceEvent(ENTERED, visit.turned, one.track, one.label, self.zone.name))
        elif not inside and visit.credit <= 0:
            visit.is_in = False
            found.append(PlaceEvent(EXITED, visit.turned, one.track, one.label, self.zone.name))

    def _takes(self, one: Sighting, size: Tuple[int, int]) -> bool:
        zone = self.zone
        if zone.labels is not None and one.label not in zone.labels:
            return False
        limits = zone.filters.get(one.label) if zone.filters else None
        return limits is None or passes(limits, one, size)

    def _measure(self, visit: _Visit, one: Sighting, time: float) -> None:
        x_min, _, x_max, y_max = one.box
        at = ((x_min + x_max) / 2, y_max)
        if self._ground is None or not is_inside(at, self.zone.polygon):
            return
        if visit.speedometer is None:
            visit.speedometer = Speedometer()
        visit.speedometer.see(time, self._ground.position(at))
        speed = visit.speedometer.speed
        if speed is not None:
            self._top_speeds[one.track] = max(speed, self._top_speeds.get(one.track, 0.0))

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
