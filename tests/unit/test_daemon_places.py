"""Zones, lines and masks that an operator sets: which hold, and what is left of a restart."""

import pytest

from appliance.contract.errors import Refused
from appliance.core.events import EventBus
from appliance.daemon.changes import check_kept
from appliance.daemon.events import SettingsChanged
from appliance.daemon.overrides import OverrideStore
from appliance.daemon.stream_places import StreamPlaces
from appliance.schema.places import NO_PLACES, parse_places
from appliance.settings import load_settings

PART = "[[0, 0], [1, 0], [1, 1]]"
PRIVATE = {"privacy": ["0,0,0.5,0,0.5,0.5"]}


@pytest.fixture
def start(tmp_path):
    """Starts the service, as often as a test likes, with zones of the configuration."""

    def make(places=f"zones: {{old: {{polygon: {PART}}}}}", events=None):
        loaded = load_settings(None, {}, {"streams": f"{{yard: {{source: 0, {places}}}, door: 1}}"})
        store = OverrideStore(tmp_path, lambda key, value: check_kept(key, value, []))
        return StreamPlaces(loaded.settings, store, events or EventBus())

    return make


def test_a_stream_has_what_is_configured_until_somebody_changes_it(start):
    told, events = [], EventBus()
    events.subscribe(SettingsChanged, told.append)
    places = start(events=events)
    assert list(places.of("yard").zones) == ["old"] and places.of("door") == places.of("other") == NO_PLACES
    assert places.of("yard") is places.of("yard")
    places.change("yard", {"lines": {"A": {"from": [0, 0], "to": [1, 1]}}})
    places.change("added", PRIVATE)
    assert (list(places.of("yard").zones), list(places.of("yard").lines)) == ([], ["A"])
    assert places.of("added") == parse_places(PRIVATE) and len(told) == 2


def test_what_is_set_survives_a_restart(start):
    start().change("yard", {**PRIVATE, "zones": {"new": {"polygon": "0,0,1,0,1,1", "labels": ["dog"]}}})
    start().change("added", PRIVATE)
    again = start()
    assert again.of("yard") == parse_places(
        {**PRIVATE, "zones": {"new": {"polygon": "0,0,1,0,1,1", "labels": ["dog"]}}}
    )
    assert again.of("added") == parse_places(PRIVATE)
    again.forget("added")
    assert start().of("added") == again.of("added") == NO_PLACES


def test_a_newer_configuration_wins_but_only_where_it_changed(start):
    start().change("yard", {**PRIVATE, "zones": {"new": {"polygon": "0,0,1,0,1,1"}}})
    newer = start(f"zones: {{newest: {{polygon: {PART}}}}}")
    assert list(newer.of("yard").zones) == ["newest"]
    assert newer.of("yard").privacy == parse_places(PRIVATE).privacy  # what is private stays so
    assert start("privacy: []").of("yard").privacy == parse_places(PRIVATE).privacy
    assert start(f"privacy: [{PART}]").of("yard").privacy == (((0, 0), (1, 0), (1, 1)),)


@pytest.mark.parametrize(
    "wrong, sentence",
    [
        ({"zones": {"a": {"polygon": "0,0,1,1"}}}, "zones.a.polygon has 2 points; a polygon needs three or more."),
        ({"privacy": [{"polygon": "0,0,1,1,1,0,0,1"}]}, "privacy.1.polygon crosses itself"),
        ({"colour": {}}, "colour is no part of the places of a stream; it has zones, lines, ignore, privacy."),
    ],
)
def test_what_is_wrong_is_refused_and_changes_nothing(start, wrong, sentence):
    places = start()
    with pytest.raises(Refused, match="^" + sentence.replace(".", "\\.")):
        places.change("yard", {**PRIVATE, **wrong})
    assert list(places.of("yard").zones) == ["old"] and not places.of("yard").privacy
