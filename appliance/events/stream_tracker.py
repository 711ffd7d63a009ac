"""Follow the objects of one stream through every result, and report what happens to them."""

import threading
from typing import Callable, Dict, FrozenSet, Iterable, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from appliance.core.frame import Result, TrackRef
from appliance.events.followed import Followed, KeepPicture
from appliance.events.reports import TrackReport
from appliance.schema.places import NO_PLACES, Places
from appliance.schema.settings import Settings
from appliance.tracking.from_settings import track_settings
from appliance.tracking.ignoring import kept_by_masks
from appliance.tracking.places import PlaceWatcher
from appliance.tracking.settings import TrackSettings
from appliance.tracking.sighting import sightings_before, sightings_of
from appliance.tracking.track import Track
from appliance.tracking.tracker import Tracker

SILENT_SECONDS = 60.0
"""After so long without a frame all tracks end. A parked car may not be seen for so long."""


class Rules(NamedTuple):
    """What is followed, and what of it is noticed.

    Attributes:
        tracking: The settings of the tracker.
        places: Zones, lines and masks.
        alert_labels: The classes whose events are alerts.
    """

    tracking: TrackSettings
    places: Places
    alert_labels: FrozenSet[str]


def rules_of(settings: Settings, places: Places, labels: Mapping[int, str]) -> Rules:
    """Return the rules for one stream.

    Args:
        settings: Those of the stream, with the present values of the live ones.
        places: Its zones, lines and masks.
        labels: The label map of the model.
    """
    return Rules(track_settings(settings, labels), places, frozenset(settings.alert_labels))


class StreamTracker:
    """Tracks one source of a stream, in the loop's back thread, which calls `follow` with every result in order.

    Time is the frame's capture time: of a live source that of the monotonic clock, of a movie the position in it. When
    a source is opened anew, a new tracker is made for it.

    Args:
        stream: Name of the stream.
        is_live: Whether its source is live.
        rules: Returns what applies now, for a label map.
        report: Takes a report about a track; never waits. Returns False if the track is refused.
        keep_picture: Where the best pictures go; None if they are not wanted.
        first_number: Number of the first track.
    """

    def __init__(
        self,
        stream: str,
        is_live: bool,
        rules: Callable[[Mapping[int, str]], Rules],
        report: Callable[[TrackReport], bool],
        keep_picture: Optional[KeepPicture] = None,
        first_number: int = 1,
    ) -> None:
        self._stream, self._is_live, self._make_rules = stream, is_live, rules
        self._report, self._keep_picture = report, keep_picture
        self._lock = threading.Lock()  # the source may end in another thread than the back's
        self._labels: Optional[Mapping[int, str]] = None
        self._rules = rules({})
        self._alert_zones: FrozenSet[str] = frozenset()
        self._has_sides = False
        self._tracker, self._watcher = Tracker(), PlaceWatcher(self._rules.places)
        self._numbers = first_number - 1  # what to add to the tracker's ids
        self._followed: Dict[int, Followed] = {}
        self._last_number = first_number - 1
        self._moment = _Moment(0.0, 0.0, (1, 1))
        self._has_changed = True
        self._has_ended = False

    @property
    def next_number(self) -> int:
        """The number for the first track of the next source."""
        return self._last_number + 1

    def change(self) -> None:
        """Take over rules that have changed, with the next result; no track ends."""
        with self._lock:
            self._has_changed = True

    def follow(self, result: Result) -> Result:
        """Track what was found in a frame, and return it with the tracks; nothing is tracked once it has ended."""
        if result.segmentation is not None:
            return result
        with self._lock:
            if self._has_ended:
                return result
            return self._follow(result)

    def end(self) -> None:
        """End all tracks: the source has ended, or is exchanged. Any thread may call it, any number of times."""
        with self._lock:
            self._has_ended = True
            self._end_all()

    def restart(self) -> None:
        """Begin anew after a failure: all tracks end, those that can still be reported with a report."""
        with self._lock:
            try:
                self._end_all()
            finally:
                self._followed.clear()
                self._tracker, self._watcher = Tracker(), PlaceWatcher(NO_PLACES)
                self._labels = None

    def check(self, now: float) -> None:
        """End all tracks if no frame has come for long: a camera that hangs ends nothing. now: as capture times."""
        with self._lock:
            if self._followed and now - self._moment.time > SILENT_SECONDS:
                self._end_all()
                self._labels = None

    def zones_now(self) -> Dict[str, Dict[str, int]]:
        """Return how many objects of each class are in each zone that is not empty."""
        found: Dict[str, Dict[str, int]] = {}
        with self._lock:
            for id, track in self._tracker.tracks.items():
                one = self._followed.get(id)
                for zone in one.zones if one is not None and one.has_begun else ():
                    counts = found.setdefault(zone, {})
                    label = self._label(track)
                    counts[label] = counts.get(label, 0) + 1
        return found

    def _follow(self, result: Result) -> Result:
        frame, labels = result.frame, result.labels
        if labels is not self._labels and (labels or self._labels is None):  # no model has no labels
            self._take_labels(labels)
        if self._has_changed:
            self._take_rules()
        time = frame.captured_at if self._is_live else frame.time
        height, width = frame.image.shape[:2]
        self._moment = moment = _Moment(time, frame.time - time, (width, height))
        kept = kept_by_masks(result.detections, self._rules.places.ignore, labels, moment.size)
        if kept is not None:
            result = result.keep(kept)
        ids = self._tracker.update(time, result.detections, moment.size, frame.image)
        refs = self._see_all(frame.image if self._keep_picture is not None else None)
        tracks = [None if id is None else refs.get(id) for id in ids]
        return Result(frame, result.detections, result.timings, labels, None, tracks)

    def _take_labels(self, labels: Mapping[int, str]) -> None:
        """Begin anew if another model names classes otherwise: its class ids would mix up the tracks."""
        if self._labels is None or dict(labels) != dict(self._labels):
            self._end_all()
            self._labels, self._has_changed = labels, True
        self._labels = labels

    def _take_rules(self) -> None:
        self._has_changed = False
        self._rules = self._make_rules(self._labels or {})
        zones = self._rules.places.zones
        self._alert_zones = frozenset(name for name, zone in zones.items() if zone.alert)
        self._has_sides = any(zone.sides is not None for zone in zones.values())
        self._tracker.change(self._rules.tracking)
        self._watcher.replace(self._rules.places)
        for id, one in self._followed.items():
            one.zones.intersection_update(self._watcher.zones_of(id))

    def _see_all(self, image: Optional[np.ndarray]) -> Dict[int, TrackRef]:
        """Take in what the frame made of each track, report those that are due, and return the marks of all."""
        moment, refs, tracks = self._moment, {}, self._tracker.tracks
        new = [track for id, track in tracks.items() if id not in self._followed]
        for id, track in tracks.items():
            if id not in self._followed:
                self._last_number = max(self._last_number, self._numbers + id)
                self._followed[id] = Followed(self._stream, track, self._numbers + id, moment.offset)
        self._watch(tracks.values(), new)
        for track in self._tracker.take_ended():
            self._end(track)
        for id, track in tracks.items():
            one = self._followed[id]
            if one.see(track, moment.time, self._label(track), image):
                self._tell(one, track, False)
            refs[id] = one.ref
        return refs

    def _watch(self, tracks: Iterable[Track], new: Iterable[Track]) -> None:
        """Note what happens in zones and at lines. new: those whose time before they had an id counts too."""
        places, moment = self._rules.places, self._moment
        if not places.zones and not places.lines:
            return
        sightings = sightings_of(tracks, self._labels or {}, moment.size, moment.time)
        wall, events = moment.time + moment.offset, []
        for track in new:
            events += self._watcher.catch_up(sightings_before(track, self._label(track)), moment.size, wall)
        events += self._watcher.update(moment.time, sightings, moment.size, wall)
        for event in events:
            one = self._followed.get(event.track)
            if one is not None:
                one.note(event.type, event.time, event.label, event.zone, event.line, event.direction)
        for id in self._followed if self._has_sides else ():
            self._followed[id].take_speed(self._watcher.speed_of(id))

    def _end(self, track: Track) -> None:
        one = self._followed.pop(track.id, None)
        if one is not None and one.has_begun and not one.is_refused:
            one.end(track, self._label(track))
            self._tell(one, track, True)

    def _end_all(self) -> None:
        """End all tracks. The next tracker's numbers go on after those of this one."""
        self._numbers = self._last_number
        self._watch((), ())
        for track in [*self._tracker.take_ended(), *self._tracker.tracks.values()]:
            self._end(track)
        self._followed.clear()
        self._tracker, self._watcher = Tracker(self._rules.tracking), PlaceWatcher(self._rules.places)

    def _tell(self, one: Followed, track: Track, has_ended: bool) -> None:
        label, moment = self._label(track), self._moment
        if self._keep_picture is not None:
            one.hand_over(self._keep_picture)
        report = one.report(track, moment.time, label, moment.size, self._is_alert(one, label), has_ended)
        one.is_refused = not self._report(report)

    def _is_alert(self, one: Followed, label: str) -> bool:
        if label not in self._rules.alert_labels:
            return False
        return not self._alert_zones or not self._alert_zones.isdisjoint(one.entered)

    def _label(self, track: Track) -> str:
        labels: Mapping[int, str] = self._labels or {}
        return labels.get(track.class_id, f"id {track.class_id}")


class _Moment(NamedTuple):
    """The newest frame: capture time, what makes Unix time of it, width and height."""

    time: float
    offset: float
    size: Tuple[int, int]
