"""Tries zones and lines on stored tracks: what would have happened, had they been there."""

import time
from typing import Any, Callable, Collection, Dict, Iterable, List, Set, Tuple

from appliance.contract.event_messages import ENTERED, Happening, Replay
from appliance.events.stored_track import StoredTrack
from appliance.schema.hours import is_active
from appliance.schema.places import Places
from appliance.tracking.places import PlaceWatcher, minute_of_day
from appliance.tracking.sighting import Box, Sighting

REPLAY_SECONDS = 15.0
"""A replay that takes longer ends with what it has, and says so."""
MOST_HAPPENINGS = 5000
STEP_SECONDS = 0.1
"""Tracks are looked at in such steps."""
LOOK_SECONDS = 60.0
"""What stands still is looked at so often: a zone may become active."""
_DAY_MINUTES = 24 * 60
_SPARE_MINUTES = 1
_REST = 0.5
"""The share of the time in which a replay rests: detection needs the processor, too."""


def replay(
    groups: Iterable[List[StoredTrack]],
    places: Places,
    alert_labels: Collection[str],
    size: Tuple[int, int],
    span: Tuple[float, float],
    clock: Callable[[], float] = time.monotonic,
    rest: Callable[[float], None] = time.sleep,
) -> Replay:
    """Return what tracks would have done in zones and over lines.

    Args:
        groups: The tracks, oldest first.
        places: The zones and lines.
        alert_labels: The classes whose events are alerts.
        size: Width and height of the stream's picture.
        span: The time that is looked at, Unix time.
        clock: Says how long it takes.
        rest: Waits for some seconds.
    """
    begin = clock()
    alert_zones = {zone.name for zone in places.zones.values() if zone.alert}
    alerts: List[float] = []
    happenings: List[Happening] = []
    count = 0
    after, before = span
    is_complete = True
    for group in groups:
        waiting = _alike(group, places)
        while waiting:
            together = waiting[0]
            began = clock()
            if began - begin > REPLAY_SECONDS or len(happenings) >= MOST_HAPPENINGS:
                is_complete, before = False, min(track.start for tracks in waiting for track in tracks)
                break
            del waiting[0]
            found = _follow(together, places, size)
            happenings += found
            count += len(together)
            entered = {one.track for one in found if one.type == ENTERED and one.zone in alert_zones}
            alerts += _alerts(together, alert_labels, entered if alert_zones else {track.id for track in together})
            rest((clock() - began) * _REST / (1 - _REST))
        if not is_complete:
            break
    happenings.sort(key=lambda one: (one.time, one.track))
    return Replay(alerts, count, after, before, happenings, is_complete)


def _alike(tracks: List[StoredTrack], places: Places) -> List[List[StoredTrack]]:
    """Return tracks in groups that are followed at once, as if all had begun together.

    In all of them the same zones are active all the time; who was there while that changed is followed alone.
    """
    hours = {name: zone.active for name, zone in places.zones.items() if zone.active is not None}
    groups: Dict[Any, List[StoredTrack]] = {}
    for track in tracks:
        at, length = minute_of_day(track.start), (track.end - track.start) / 60.0
        borders = [border for spans in hours.values() for span in spans for border in span]
        is_changing = any((border - at) % _DAY_MINUTES <= length + _SPARE_MINUTES for border in borders)
        active = tuple(name for name, spans in hours.items() if is_active(spans, at))
        groups.setdefault(track.id if is_changing else active, []).append(track)
    return list(groups.values())


def _alerts(tracks: List[StoredTrack], labels: Collection[str], chosen: Set[str]) -> List[float]:
    return [track.start for track in tracks if track.label in labels and track.id in chosen]


def _follow(tracks: List[StoredTrack], places: Places, size: Tuple[int, int]) -> List[Happening]:
    """Follow tracks from the begin of each to its end."""
    steps: Dict[int, Dict[int, Box]] = {}
    last: Dict[int, int] = {}
    for number, track in enumerate(tracks):
        for step, box in _sightings(track):
            steps.setdefault(step, {})[number] = box
            last[number] = max(step, last.get(number, 0))
    watcher = PlaceWatcher(places)
    boxes: Dict[int, Box] = {}
    found: List[Happening] = []
    for step in [*sorted(steps), max(steps, default=0) + 1]:
        seen = steps.get(step, {})
        boxes.update(seen)
        for number in [number for number in boxes if last[number] < step]:
            del boxes[number]
        sightings = [
            Sighting(number, tracks[number].label, box, tracks[number].score, number in seen)
            for number, box in boxes.items()
        ]
        wall = tracks[0].start + (step * STEP_SECONDS if len(tracks) == 1 else 0.0)
        for event in watcher.update(step * STEP_SECONDS, sightings, size, wall):
            track = tracks[event.track]
            at = round(min(track.start + event.time, track.end), 3)
            found.append(
                Happening(event.type, track.stream, at, track.id, track.label, event.zone, event.line, event.direction)
            )
    return found


def _sightings(track: StoredTrack) -> Iterable[Tuple[int, Box]]:
    """Give steps from the start and boxes, in order. For a stay a path has one point, here there are several."""
    points = track.path.tolist()
    for number, (at, x_min, y_min, x_max, y_max) in enumerate(points):
        box = (x_min, y_min, x_max, y_max)
        step = _step(at - track.start)
        until = points[number + 1][0] if number + 1 < len(points) else track.end + STEP_SECONDS
        stays = _step(until - track.start) - 1
        yield step, box
        for again in range(step + 1, stays, _step(LOOK_SECONDS)):
            yield again, box
        if stays > step:
            yield stays, box


def _step(seconds: float) -> int:
    return max(0, int(round(seconds / STEP_SECONDS)))
