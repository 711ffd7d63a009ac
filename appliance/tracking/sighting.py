"""What zones and lines are told about tracks, and what they tell."""

from typing import Iterable, List, Mapping, NamedTuple, Optional, Tuple

from appliance.tracking.track import Track

Box = Tuple[float, float, float, float]
"""x_min, y_min, x_max, y_max; shares of the picture."""


class Sighting(NamedTuple):
    """One living track at one moment.

    Attributes:
        track: Its number.
        label: Its label.
        box: Where it was seen last.
        score: The median of its scores, for filters.
        is_seen: Whether it was seen at this moment, and not only before.
    """

    track: int
    label: str
    box: Box
    score: float = 1.0
    is_seen: bool = True


class PlaceEvent(NamedTuple):
    """Something that happened in a zone or at a line.

    Attributes:
        type: ENTERED, EXITED, LOITERING or CROSSED, of the contract.
        time: When it happened, in seconds of capture time: before it was sure, thus a little before it is told.
        track: Number of the track.
        label: Label of the track.
        zone: Name of the zone, if it is one.
        line: Name of the line, if it is one.
        direction: IN or OUT, of a line.
    """

    type: str
    time: float
    track: int
    label: str
    zone: Optional[str] = None
    line: Optional[str] = None
    direction: Optional[str] = None


def sightings_of(
    tracks: Iterable[Track], labels: Mapping[int, str], size: Tuple[int, int], time: float
) -> List[Sighting]:
    """Return the sightings of a tracker's living tracks.

    Args:
        tracks: All that live, also those that are not seen in this frame.
        labels: Label map, class id to name.
        size: Width and height of the picture, in pixels.
        time: Capture time of the frame.
    """
    width, height = size
    found = []
    for track in tracks:
        x_min, y_min, x_max, y_max = map(float, track.box)
        box = (x_min / width, y_min / height, x_max / width, y_max / height)
        label = labels.get(track.class_id) or f"id {track.class_id}"
        found.append(Sighting(track.id, label, box, track.median, track.last == time))
    return found


def sightings_before(track: Track, label: str) -> List[Tuple[float, Sighting]]:
    """Return when a track was where before its latest sight. label: of the track."""
    return [
        (time, Sighting(track.id, label, (x_min, y_min, x_max, y_max), track.median))
        for time, x_min, y_min, x_max, y_max in track.path
        if time < track.last
    ]
