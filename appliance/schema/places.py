"""The places of a stream: zones, lines, and masks. Coordinates are shares of the picture, from 0 to 1, y down.

yard:
  source: rtsp://camera/2
  zones:
    driveway: {polygon: [[0.1, 0.5], [0.6, 0.5], [0.6, 1], [0.1, 1]], labels: [person, car], loiter: 10}
  lines:
    gate: {from: [0.3, 0.2], to: [0.3, 0.9]}
  ignore:
    - {polygon: [[0.8, 0], [1, 0], [1, 0.2]], labels: [car]}
  privacy:
    - "0,0,0.2,0,0.2,0.3,0,0.3"
"""

import dataclasses
import re
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple, TypeVar

from appliance.core.geometry import Point, orientation
from appliance.core.names import PLACE_NAME, PLACE_NAME_RULE
from appliance.core.redact import redact
from appliance.schema.errors import BadPart, Path
from appliance.schema.filters import Filter, filters_as_data, parse_filter
from appliance.schema.hours import Hours, hours_as_data, parse_hours
from appliance.schema.parts import MOST_LABELS, flag, is_label, labels, number, read_mapping, shown
from appliance.schema.polygons import Polygon, as_lists, numbers_of, parse_point, parse_polygon

T = TypeVar("T")

BOTTOM_CENTER, CENTER, CORNERS = ANCHORS = ("bottom_center", "center", "corners")
PLACES = ("zones", "lines", "ignore", "privacy")
"""The fields of `Places`, by which a stream has them."""
MOST_PLACES = 50
"""Of each kind."""
LONGEST_TIME = 86400.0
LONGEST_HOLD = 60.0
FASTEST = 1000.0
SHORTEST_SIDE, LONGEST_SIDE = 0.01, 10000.0


@dataclasses.dataclass(frozen=True)
class Zone:
    """An area in which things are noticed: coming, going and staying.

    Attributes:
        name: Its name.
        polygon: Its corners; the border belongs to it.
        labels: Classes that it notices; None for all.
        filters: Limits by label, beside those of the stream.
        inertia: Seconds inside after which something has entered, and outside after which it has left.
        loiter: Seconds inside after which it loiters; 0 if that is not noticed.
        min_speed: Only what is this fast enters, in km/h; needs `sides`.
        sides: Lengths of the four sides on the ground in metres, the first from the first to the second corner.
        active: Times of day at which it is watched; None for always.
        alert: Whether what enters makes an alert.
    """

    name: str
    polygon: Polygon
    labels: Optional[Tuple[str, ...]] = None
    filters: Mapping[str, Filter] = dataclasses.field(default_factory=dict)
    inertia: float = 0.5
    loiter: float = 0.0
    min_speed: Optional[float] = None
    sides: Optional[Tuple[float, ...]] = None
    active: Optional[Tuple[Hours, ...]] = None
    alert: bool = False


@dataclasses.dataclass(frozen=True)
class Line:
    """A line that counts what crosses it: `in` is from left to right for somebody who walks from start to end.

    Attributes:
        name: Its name.
        start: Its first end; written `from`.
        end: Its second end; written `to`.
        labels: Classes that it counts; None for all.
        anchor: The point of a box that has to cross it: one of ANCHORS; `corners` are all four.
        hold: Seconds that it has to stay beyond.
    """

    name: str
    start: Point
    end: Point
    labels: Optional[Tuple[str, ...]] = None
    anchor: str = BOTTOM_CENTER
    hold: float = 0.3


@dataclasses.dataclass(frozen=True)
class Mask:
    """An area in which nothing is detected: what stands there, by the bottom centre of its box.

    Attributes:
        polygon: Its corners; the border belongs to it.
        labels: Classes that are ignored there; None for all.
    """

    polygon: Polygon
    labels: Optional[Tuple[str, ...]] = None


@dataclasses.dataclass(frozen=True)
class Places:
    """All places of one stream.

    Attributes:
        zones: By name.
        lines: By name.
        ignore: Where detections are dropped.
        privacy: What is black in every picture.
    """

    zones: Mapping[str, Zone] = dataclasses.field(default_factory=dict)
    lines: Mapping[str, Line] = dataclasses.field(default_factory=dict)
    ignore: Tuple[Mask, ...] = ()
    privacy: Tuple[Polygon, ...] = ()

    def __bool__(self) -> bool:
        """Return whether there is any."""
        return bool(self.zones or self.lines or self.ignore or self.privacy)


NO_PLACES = Places()
_ZONE, _LINE, _MASK = Zone("", ()), Line("", (0, 0), (1, 1)), Mask(())
_ZONE_KEYS = tuple(field.name for field in dataclasses.fields(Zone))[1:]
_LINE_KEYS = ("from", "to", "labels", "anchor", "hold")
_OF_FRIGATE = {
    "coordinates": "polygon",
    "objects": "labels",
    "loitering_time": "loiter",
    "distances": "sides",
    "speed_threshold": "min_speed",
}


def parse_places(data: Any) -> Places:
    """Parse the places of a stream.

    Args:
        data: As from JSON or YAML: an object with some of PLACES; polygons are lists of points, or texts.

    Raises:
        BadPart: Something is wrong; it says what, where, and what to write.
    """
    given = read_mapping((), data, PLACES, "the places of a stream")
    return Places(
        zones=_by_name(("zones",), given.get("zones", {}), _zone),
        lines=_by_name(("lines",), given.get("lines", {}), _line),
        ignore=tuple(_mask(path, one) for path, one in _listed(("ignore",), given.get("ignore", []))),
        privacy=tuple(_private(path, one) for path, one in _listed(("privacy",), given.get("privacy", []))),
    )


def places_as_data(places: Places) -> Dict[str, Any]:
    """Return places as `parse_places` takes them, with all four keys; what is as by default is left out."""
    return {
        "zones": {name: _zone_as_data(zone) for name, zone in places.zones.items()},
        "lines": {name: _line_as_data(line) for name, line in places.lines.items()},
        "ignore": [_without_defaults(mask, _MASK, polygon=as_lists(mask.polygon)) for mask in places.ignore],
        "privacy": [{"polygon": as_lists(polygon)} for polygon in places.privacy],
    }


def _by_name(path: Path, data: Any, parse: Callable[[Path, str, Any], T]) -> Dict[str, T]:
    if not isinstance(data, dict):
        raise BadPart(path, f"must name each of them: {path[0]}: {{NAME: {{...}}}}")
    if len(data) > MOST_PLACES:
        raise BadPart(path, f"are {len(data)}; {MOST_PLACES} are the most")
    found: Dict[str, T] = {}
    for name, one in data.items():
        if not isinstance(name, str) or not re.fullmatch(PLACE_NAME, name):
            raise BadPart(path, f"cannot have one called {redact(str(name)[:40])!r}: names have {PLACE_NAME_RULE}")
        found[name] = parse((*path, name), name, one)
    return found


def _listed(path: Path, data: Any) -> List[Tuple[Path, Any]]:
    """Return each mask of a list with its path; a single one may stand without the list."""
    is_point = isinstance(data, (list, tuple)) and bool(data) and isinstance(data[0], (list, tuple))
    is_point = is_point and bool(data[0]) and isinstance(data[0][0], (int, float))
    if isinstance(data, (str, dict)) or is_point:
        data = [data]
    if not isinstance(data, (list, tuple)):
        raise BadPart(path, f"must be a list of polygons, not {shown(data)}")
    if len(data) > MOST_PLACES:
        raise BadPart(path, f"has {len(data)} polygons; {MOST_PLACES} are the most")
    return [((*path, position), one) for position, one in enumerate(data)]


def _zone(path: Path, name: str, data: Any) -> Zone:
    given = read_mapping(path, data, _ZONE_KEYS, "a zone", _OF_FRIGATE)
    polygon = _required(path, given, "polygon", parse_polygon)
    sides = _sides((*path, "sides"), given["sides"], polygon) if "sides" in given else None
    if "min_speed" in given and sides is None:
        raise BadPart((*path, "min_speed"), "needs sides, the lengths of the four sides on the ground in metres")
    return Zone(
        name,
        polygon,
        labels((*path, "labels"), given["labels"]) if "labels" in given else None,
        _filters((*path, "filters"), given.get("filters", {})),
        number((*path, "inertia"), given.get("inertia", _ZONE.inertia), 0, LONGEST_TIME, "seconds"),
        number((*path, "loiter"), given.get("loiter", _ZONE.loiter), 0, LONGEST_TIME, "seconds"),
        number((*path, "min_speed"), given["min_speed"], 0, FASTEST, "km/h") if "min_speed" in given else None,
        sides,
        parse_hours((*path, "active"), given["active"]) if "active" in given else None,
        flag((*path, "alert"), given.get("alert", False)),
    )


def _line(path: Path, name: str, data: Any) -> Line:
    given = read_mapping(path, data, _LINE_KEYS, "a line", dict(_OF_FRIGATE, start="from", end="to"))
    start, end = (_required(path, given, key, parse_point) for key in ("from", "to"))
    if start == end:
        raise BadPart(path, "begins and ends at the same point; give it two")
    anchor = given.get("anchor", BOTTOM_CENTER)
    if anchor not in ANCHORS:
        raise BadPart((*path, "anchor"), f"must be one of {', '.join(ANCHORS)}, not {shown(anchor)}")
    return Line(
        name,
        start,
        end,
        labels((*path, "labels"), given["labels"]) if "labels" in given else None,
        anchor,
        number((*path, "hold"), given.get("hold", _LINE.hold), 0, LONGEST_HOLD, "seconds"),
    )


def _mask(path: Path, data: Any) -> Mask:
    if not isinstance(data, dict):
        return Mask(parse_polygon(path, data))
    given = read_mapping(path, data, ("polygon", "labels"), "a mask", _OF_FRIGATE)
    polygon = _required(path, given, "polygon", parse_polygon)
    return Mask(polygon, labels((*path, "labels"), given["labels"]) if "labels" in given else None)


def _private(path: Path, data: Any) -> Polygon:
    if not isinstance(data, dict):
        return parse_polygon(path, data)
    return _required(path, read_mapping(path, data, ("polygon",), "a privacy mask"), "polygon", parse_polygon)


def _required(path: Path, given: Mapping[str, Any], key: str, parse: Callable[[Path, Any], T]) -> T:
    if key not in given:
        raise BadPart(path, f"needs {key}")
    return parse((*path, key), given[key])


def _filters(path: Path, data: Any) -> Dict[str, Filter]:
    if not isinstance(data, dict) or len(data) > MOST_LABELS or not all(map(is_label, data)):
        raise BadPart(path, "must be filters by label: {person: {min_area: 0.01}}")
    return {label: parse_filter((*path, label), one) for label, one in data.items()}


def _sides(path: Path, data: Any, polygon: Polygon) -> Tuple[float, ...]:
    given = numbers_of(data) if isinstance(data, str) else data
    if not isinstance(given, (list, tuple)) or len(given) != 4:
        raise BadPart(path, f"must be the lengths of four sides in metres, like [10, 12, 11, 13.5], not {shown(data)}")
    if len(polygon) != 4:
        raise BadPart(path, f"can be had for a polygon of four points; this one has {len(polygon)}")
    turns = {orientation(polygon[n - 2], polygon[n - 1], polygon[n]) for n in range(4)}
    if len(turns) != 1 or 0 in turns:
        raise BadPart(path, "need four corners that all point outwards, as those of a piece of road do")
    sides = tuple(
        number((*path, position), one, SHORTEST_SIDE, LONGEST_SIDE, "metres") for position, one in enumerate(given)
    )
    if max(sides) >= sum(sides) - max(sides):
        raise BadPart(path, f"do not close: {max(sides):g} m is longer than the other three together; measure again")
    return sides


def _zone_as_data(zone: Zone) -> Dict[str, Any]:
    written: Dict[str, Any] = {"polygon": as_lists(zone.polygon)}
    if zone.filters:
        written["filters"] = filters_as_data(zone.filters)
    if zone.active is not None:
        written["active"] = hours_as_data(zone.active)
    return _without_defaults(zone, _ZONE, **written)


def _line_as_data(line: Line) -> Dict[str, Any]:
    ends = {"from": list(line.start), "to": list(line.end)}
    own = _without_defaults(line, _LINE)
    return {**ends, **{key: own[key] for key in own if key not in ("start", "end")}}


def _without_defaults(one: Any, default: Any, **written: Any) -> Dict[str, Any]:
    """Return the fields that are not as by default; written: those that are written in another form."""
    for field in dataclasses.fields(one):
        value = getattr(one, field.name)
        if field.name != "name" and field.name not in written and value != getattr(default, field.name):
            written[field.name] = list(value) if isinstance(value, tuple) else value
    return written
