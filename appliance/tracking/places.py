"""What happens to tracks in the zones and at the lines of one stream."""

import time as clock
from typing import Dict, List, Optional, Sequence, Tuple

from appliance.schema.places import Places
from appliance.tracking.anchors import Anchors, LineSides, ZoneTable, as_points
from appliance.tracking.lines import LineWatch
from appliance.tracking.sighting import PlaceEvent, Sighting
from appliance.tracking.zones import ZoneWatch


class PlaceWatcher:
    """Tells what enters and leaves zones, loiters in them and crosses lines. Pure: no thread, no clock, no I/O.

    watcher = PlaceWatcher(places)
    for event in watcher.update(time, sightings_of(tracker.tracks.values(), labels, size, time), size, wall): ...

    Args:
        places: The zones and lines; masks are of no concern here.
    """

    def __init__(self, places: Places) -> None:
        self._zones: List[ZoneWatch] = []
        self._lines: List[LineWatch] = []
        self._labels: Dict[int, str] = {}
        self._has_hours = False
        self.replace(places)

    def replace(self, places: Places) -> None:
        """Take other zones and lines. Those that have not changed know the tracks that they know now."""
        zones = {one.zone.name: one for one in self._zones}
        lines = {one.line.name: one for one in self._lines}
        self._zones = [
            zones[name] if name in zones and zones[name].zone == zone else ZoneWatch(zone)
            for name, zone in places.zones.items()
        ]
        self._lines = [
            lines[name] if name in lines and lines[name].line == line else LineWatch(line)
            for name, line in places.lines.items()
        ]
        self._has_hours = any(zone.active is not None for zone in places.zones.values())
        self._zone_table = ZoneTable([one.zone for one in self._zones])
        self._line_sides = LineSides([one.line for one in self._lines])

    def update(
        self, time: float, sightings: Sequence[Sighting], size: Tuple[int, int], wall: float
    ) -> List[PlaceEvent]:
        """Take in all living tracks at one moment. A track that is missing has ended, and is forgotten.

        Args:
            time: Capture time in seconds; never less than before.
            sightings: The tracks, also those that are not seen just now.
            size: Width and height of the picture, in pixels.
            wall: Unix time, for the times of day at which zones are active.

        Returns:
            What happened, in order of time.
        """
        tracks = list(sightings)
        labels = {one.track: one.label for one in tracks}
        ended = [(track, label) for track, label in self._labels.items() if track not in labels]
        self._labels = labels
        found = self._notice(time, tracks, size, wall)
        for track, label in ended:
            for zone in self._zones:
                left = zone.forget(track, label)
                if left is not None:
                    found.append(left)
            for line in self._lines:
                line.forget(track)
        return sorted(found, key=lambda event: event.time) if len(found) > 1 else found

    def catch_up(self, path: Sequence[Tuple[float, Sighting]], size: Tuple[int, int], wall: float) -> List[PlaceEvent]:
        """Take in what a track did before it was known to be one. The next `update` has to show it.

        Args:
            path: When it was where, in order of time, all before the next update.
            size: Width and height of the picture, in pixels.
            wall: Unix time, as for `update`.
        """
        found: List[PlaceEvent] = []
        for time, one in path:
            found += self._notice(time, [one], size, wall)
        return found

    def _notice(self, time: float, tracks: List[Sighting], size: Tuple[int, int], wall: float) -> List[PlaceEvent]:
        """Take in some tracks at one moment."""
        minute = minute_of_day(wall) if self._has_hours else 0.0
        found: List[PlaceEvent] = []
        if tracks and (self._zones or self._lines):
            anchors = Anchors(tracks)
            for zone, covered in zip(self._zones, self._zone_table.covered(anchors)):
                found += zone.update(time, tracks, covered, size, minute)
            points = {anchor: as_points(points) for anchor, points in anchors.points.items()} if self._lines else {}
            for line, sides in zip(self._lines, self._line_sides.sides(anchors)):
                found += line.update(time, tracks, points[line.line.anchor], sides, size)
        return found

    def zones_of(self, track: int) -> List[str]:
        """Return the names of the zones in which a track is, in the order of the configuration."""
        return [zone.zone.name for zone in self._zones if zone.holds(track)]

    def speed_of(self, track: int) -> Optional[float]:
        """Return the highest speed that the zones measured of a living track, in km/h; None if there is none."""
        speeds = [speed for speed in (zone.top_speed(track) for zone in self._zones) if speed is not None]
        return max(speeds, default=None)


def minute_of_day(wall: float) -> float:
    """Return the time of day of a Unix time, in minutes from midnight in the appliance's time zone."""
    local = clock.localtime(wall)
    return 60 * local.tm_hour + local.tm_min + local.tm_sec / 60
