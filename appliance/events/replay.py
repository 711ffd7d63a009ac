"""Tries zones and lines on stored tracks: what would have happened, had they been there."""

import time
from typing import Any, Callable, Collection, Iterable, Iterator, List, Tuple

from appliance.contract.event_messages import ENTERED, Happening, Replay
from appliance.events.stored_track import StoredTrack
from appliance.schema.places import Places
from appliance.tracking.places import PlaceWatcher
from appliance.tracking.sighting import Box, PlaceEvent, Sighting

REPLAY_SECONDS = 15.0
"""A replay that takes longer ends with what it has, and says so."""
MOST_HAPPENINGS = 5000
MOST_ALERTS = 5000
PAUSE_SECONDS = 0.2
"""Between two points of a path that are further apart the object stood still."""
LOOK_SECONDS = 60.0
"""Meanwhile it is looked at so often: a zone may become active."""
_TRACK = 1


def replay(
    groups: Iterable[List[StoredTrack]],
    places: Places,
    alert_labels: Collection[str],
    size: Tuple[int, int],
    span: Tuple[float, float],
    clock: Callable[[], float] = time.monotonic,
) -> Replay:
    """Return what tracks would have done in zones and over lines.

    Args:
        groups: The tracks, oldest first.
        places: The zones and lines.
        alert_labels: The classes whose events are alerts.
        size: Width and height of the stream's picture.
        span: The time that is looked at, Unix time.
        clock: Says how long it takes.
    """
    end = clock() + REPLAY_SECONDS
    alert_zones = [zone.name for zone in places.zones.values() if zone.alert]
    alerts: List[float] = []
    happenings: List[Happening] = []
    count, is_complete = 0, True
    after, before = span
    for group in groups:
        for track in group:
            if clock() > end or len(happenings) >= MOST_HAPPENINGS or len(alerts) >= MOST_ALERTS:
                is_complete = False
                break
            found = list(_follow(track, places, size))
            count += 1
            happenings += found
            entered = {one.zone for one in found if one.type == ENTERED}
            if track.label in alert_labels and (not alert_zones or entered.intersection(alert_zones)):
                alerts.append(track.start)
        if not is_complete:
            before = track.start
            break
    happenings.sort(key=lambda one: one.time)
    return Replay(alerts, count, after, before, happenings[:MOST_HAPPENINGS], is_complete)


def _follow(track: StoredTrack, places: Places, size: Tuple[int, int]) -> Iterator[Happening]:
    watcher = PlaceWatcher(places)
    for at, box in _sightings(track.path, track.end):
        for event in watcher.update(at, [Sighting(_TRACK, track.label, box, track.score)], size, at):
            yield _happening(event, track)
    for event in watcher.update(track.end, [], size, track.end):
        yield _happening(event, track)


def _sightings(path: Any, end: float) -> Iterator[Tuple[float, Box]]:
    """Give times and boxes: a stay at a point by its begin and its end, as a path has one point for it."""
    points = path.tolist()
    for number, (at, x_min, y_min, x_max, y_max) in enumerate(points):
        box = (x_min, y_min, x_max, y_max)
        yield at, box
        until = points[number + 1][0] if number + 1 < len(points) else end + PAUSE_SECONDS
        stays = min(until - PAUSE_SECONDS, end)
        again = at + PAUSE_SECONDS
        while again < stays:
            yield again, box
            again += LOOK_SECONDS
        if stays > at:
            yield stays, box


def _happening(event: PlaceEvent, track: StoredTrack) -> Happening:
    # The time of a place's event is that of the sightings, here Unix time.
    return Happening(
        event.type,
        track.stream,
        round(event.time, 3),
        track.id,
        track.label,
        event.zone,
        event.line,
        event.direction,
    )
