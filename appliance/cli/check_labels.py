"""Names of classes in the settings that no model in use knows: what they are for would never happen."""

from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Tuple

from appliance.schema.places import Places
from appliance.schema.settings import Settings
from appliance.settings.messages import did_you_mean, nearest

_LISTS = ("shown_classes", "track", "alert_labels")
"""Settings that are names of classes; `labels` has them as keys."""


def unknown_labels(settings: Settings, keys: Iterable[str], known: Iterable[str]) -> Iterator[Tuple[str, str]]:
    """Find the names that no model knows.

    Args:
        settings: The settings.
        keys: Names of the settings that somebody has set: defaults are for any model.
        known: Names of the classes of all models in use.

    Yields:
        The setting, and a sentence: "door: zones.drive.labels: no model in use knows persn; did you mean person?".
    """
    known = frozenset(known)
    own = {key: getattr(settings, key) for key in keys}
    found: List[Tuple[str, str, str]] = [(key, "", name) for key, name in _names(own)]
    for stream, setting in (settings.streams or {}).items():
        places = list(_names(setting.settings)) + list(_names_of_places(setting.places))
        found += [("streams", f"{stream}: {place}: ", name) for place, name in places]
    for key, place, name in found:
        if name not in known:
            hint = did_you_mean(nearest(name, known))
            yield key, f"{place}no model in use knows the class {name}{hint and '; ' + hint}"


def _names(values: Mapping[str, Any]) -> Iterator[Tuple[str, str]]:
    for key in (*_LISTS, "labels"):
        for name in values.get(key) or ():
            yield key, name


def _names_of_places(places: Places) -> Iterator[Tuple[str, str]]:
    labels: Dict[str, Optional[Iterable[str]]] = {}
    for name, zone in places.zones.items():
        labels[f"zones.{name}.labels"] = zone.labels
        labels[f"zones.{name}.filters"] = zone.filters
    for name, line in places.lines.items():
        labels[f"lines.{name}.labels"] = line.labels
    for number, mask in enumerate(places.ignore, 1):
        labels[f"ignore.{number}.labels"] = mask.labels
    for place, names in labels.items():
        for label in names or ():
            yield place, label
