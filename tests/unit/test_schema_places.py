"""Zones, lines and masks of a stream: how they are written, and how mistakes in them are named."""

import math
import re
from pathlib import Path

import pytest

from appliance.core.errors import ConfigError
from appliance.schema.errors import BadValue
from appliance.schema.filters import Filter
from appliance.schema.json_schema import config_schema
from appliance.schema.places import Line, Mask, Places, Zone, parse_places, places_as_data
from appliance.schema.settings import Settings
from appliance.settings import load_settings
from appliance.settings.render import show
from appliance.settings.streams import show_streams, streams_from_text
from appliance.tracking import TrackSettings
from appliance.tracking.from_settings import track_settings

SQUARE = ((0.1, 0.5), (0.6, 0.5), (0.6, 1.0), (0.1, 1.0))
WRITTEN = """\
det_th: 0.4
streams:
  yard:
    source: 1
    zones:
      drive:
        polygon: 0.1,0.5,0.6,0.5,0.6,1,0.1,1
        labels: [person, car]
        filters:
          person: {min_score: 0.6, max_ratio: 1}
        inertia: 1
        loiter: 10
        min_speed: 5
        sides: 10,12,11,13.5
        active: 22:00-06:00
        alert: yes
      door: {polygon: [[0.1, 0.5], [.6, .5], "0.6,1", [0.1, 1.0]]}
    lines:
      A: {from: [0.34, 0.28], to: "0.295,0.56", anchor: corners}
    ignore:
      - {polygon: "0.1,0.5,0.6,0.5,0.6,1,0.1,1", labels: car}
    privacy: 0.1,0.5,0.6,0.5,0.6,1,0.1,1,0.1,0.5
"""
PLACES = Places(
    zones={
        "drive": Zone(
            "drive",
            SQUARE,
            ("person", "car"),
            {"person": Filter(min_score=0.6, max_ratio=1.0)},
            1.0,
            10.0,
            5.0,
            (10.0, 12.0, 11.0, 13.5),
            ((22 * 60, 6 * 60),),
            True,
        ),
        "door": Zone("door", SQUARE),
    },
    lines={"A": Line("A", (0.34, 0.28), (0.295, 0.56), anchor="corners")},
    ignore=(Mask(SQUARE, ("car",)),),
    privacy=(SQUARE,),
)


def load(tmp_path, text):
    path = tmp_path / "config.yml"
    path.write_text(text)
    return load_settings(path, {}, {})


def test_places_are_read_from_a_config_file_with_the_texts_of_frigate(tmp_path):
    loaded = load(tmp_path, WRITTEN)
    assert loaded.settings.places("yard") == PLACES
    assert not loaded.settings.places("other")
    assert streams_from_text(show_streams(loaded.settings.streams)) == loaded.settings.streams
    origins = {line.split()[0]: line.split(None, 3)[1:3] for line in show(loaded).splitlines()}
    assert f"{tmp_path}/config.yml line 18" in " ".join(show(loaded).split())
    assert {"streams.yard.zones", "streams.yard.lines", "streams.yard.ignore", "streams.yard.privacy"} <= set(origins)


def test_what_is_written_is_read_again():
    assert parse_places(places_as_data(PLACES)) == PLACES
    assert places_as_data(PLACES)["zones"]["door"] == {"polygon": [list(point) for point in SQUARE]}
    assert places_as_data(Places()) == {"zones": {}, "lines": {}, "ignore": [], "privacy": []}


@pytest.mark.parametrize(
    "written",
    [
        "[[0, 0], [1, 0], [1, 1]]",
        "['0,0,1,0,1,1']",
        "'0,0,1,0,1,1'",
        "[{polygon: '0,0,1,0,1,1'}]",
        "[[[0,0],[1,0],[1,1]]]",
    ],
)
def test_one_mask_may_stand_without_its_list(tmp_path, written):
    places = load(tmp_path, f"streams: {{a: {{source: 0, ignore: {written}, privacy: {written}}}}}").settings.places(
        "a"
    )
    assert places.ignore == (Mask(((0, 0), (1, 0), (1, 1))),)
    assert places.privacy == (((0, 0), (1, 0), (1, 1)),)


ZONE = "streams:\n  a:\n    source: 0\n    zones:\n      drive:\n        polygon: {}\n"


@pytest.mark.parametrize(
    "polygon, complaint",
    [
        ("[[0, 0], [1, 1]]", "has 2 points; a polygon needs three or more"),
        ("0,0,1,1,1", 'must be pairs of numbers, like [[0.1, 0.5], [0.4, 0.5], [0.4, 0.9]] or "'),
        (
            "[[0, 0], [1, 1], [1, 0], [0, 1]]",
            "crosses itself: the edge after point 1 meets the one after point 3; write",
        ),
        ("[[0, 0], [1, 0], [0.5, 0]]", "crosses itself: the edge after point 1 meets the one after point 2"),
        ("[[0, 0], [1, 0], [1, 1], [1, 0]]", "has the point 1,0 twice; delete one"),
        ("[[0, 0], [1, 0], [1, 1.5]]", "has the point 1,1.5 outside of the picture; write shares from 0 to 1"),
        ("100,200,300,400,500,100", "has the point 100,200 outside of the picture"),
        ("[[0, 0], [1, 0], [1, .nan]]", "must be a point like [0.1, 0.5], not [1, '.nan']"),
        ("[[0, 0], [1, 0], [1, true]]", "must be a point like [0.1, 0.5], not [1, True]"),
        ("[[0, 0], [1, 0], [1, 1, 1]]", "must be a point like [0.1, 0.5], not [1, 1, 1]"),
        ("5", "must be a list of points, like"),
        (
            "[" + ", ".join(f"[{n / 200}, {n * n / 40000}]" for n in range(101)) + "]",
            "has 101 points; 100 are the most",
        ),
    ],
)
def test_a_polygon_that_is_none_is_named_with_its_line_and_a_remedy(tmp_path, polygon, complaint):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, ZONE.format(polygon))
    (sentence,) = str(caught.value).splitlines()
    assert f"config.yml line 6: streams a: zones.drive.polygon {complaint}" in sentence


@pytest.mark.parametrize(
    "key, value, complaint",
    [
        ("colour", "red", "is no part of a zone; it has polygon, labels"),
        ("loitering_time", "3", "is no part of a zone; did you mean loiter?"),
        ("polygn", "3", "is no part of a zone; did you mean polygon?"),
        ("labels", "[]", "must be a list of names of classes"),
        ("labels", "[1]", "must be a list of names of classes"),
        ("labels", '["two\\nlines"]', "must be a list of names of classes"),
        ("inertia", "-1", "must be a number of seconds from 0 to 86400, not -1"),
        ("inertia", ".inf", "must be a number of seconds from 0 to 86400, not '.inf'"),
        ("loiter", "a while", "must be a number of seconds"),
        ("min_speed", "5", "needs sides, the lengths of the four sides"),
        ("sides", "[1, 2, 3]", "must be the lengths of four sides in metres"),
        ("sides", "[1, 2, 3, 6]", "do not close: 6 m is longer than the other three together"),
        ("sides", "[1, 2, 3, 0]", "must be a number of metres from 0.01 to 10000, not 0"),
        ("active", "at night", "must be two different times of day, like"),
        ("active", "25:00-06:00", "must be two different times of day, like"),
        ("active", "06:00-06:00", "must be two different times of day, like"),
        ("active", "[]", "must be times of day, like"),
        ("alert", "3", "must be true or false, not 3"),
        ("filters", "3", "must be filters by label"),
    ],
)
def test_a_mistake_in_a_zone_is_named_with_its_line_and_a_remedy(tmp_path, key, value, complaint):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, ZONE.format("[[0, 0], [1, 0], [1, 1], [0, 1]]") + f"        {key}: {value}\n")
    assert f"line 7: streams a: zones.drive.{key}" in str(caught.value) and complaint in str(caught.value)


@pytest.mark.parametrize(
    "written, complaint",
    [
        ("zones: []", "line 1: streams s: zones must name each of them"),
        (
            "zones: {'the drive': {polygon: '0,0,1,0,1,1'}}",
            "zones cannot have one called 'the drive': names have up to 32",
        ),
        ("zones: {a: {labels: [person]}}", "zones.a needs polygon"),
        (
            "zones: {a: {polygon: '0,0,1,0,1,1'}, a: {polygon: '0,0,1,0,1,1'}}",
            "zones.a is set twice; keep one of the two",
        ),
        (
            "zones: {a: {polygon: '0,0,1,0,1,1', filters: {dog: {min_scor: 1}}}}",
            "filters.dog.min_scor is no part of a filter",
        ),
        (
            "zones: {a: {polygon: '0,0,1,0,1,1', filters: {dog: {min_area: 2}}}}",
            "min_area must be a number from 0 to 1",
        ),
        ("zones: {a: {polygon: '0,0,1,0,1,1', filters: {dog: {min_area: 1, max_area: 0}}}}", "is above max_area"),
        ("zones: {a: {polygon: '0,0,1,0,1', sides: [1, 1, 1, 1]}}", "zones.a.polygon must be pairs"),
        (
            "zones: {a: {polygon: '0,0,1,0,1,1', sides: [1, 1, 1, 1]}}",
            "can be had for a polygon of four points; this one has 3",
        ),
        ("lines: {a: {from: [0, 0]}}", "lines.a needs to"),
        ("lines: {a: {from: [0, 0], to: [0, 0]}}", "lines.a begins and ends at the same point; give it two"),
        ("lines: {a: {from: [0, 0], to: [0, 2]}}", "lines.a.to has the point 0,2 outside of the picture"),
        (
            "lines: {a: {from: [0, 0], to: [0, 1], anchor: feet}}",
            "anchor must be one of bottom_center, center, corners",
        ),
        ("lines: {a: {from: [0, 0], to: [0, 1], hold: 61}}", "hold must be a number of seconds from 0 to 60"),
        ("lines: {a: {start: [0, 0], to: [0, 1]}}", "lines.a.start is no part of a line; did you mean from?"),
        ("ignore: 5", "ignore must be a list of polygons, not 5"),
        ("ignore: ['0,0,1,0,1,1', '0,0,1,0']", "ignore.2 has 2 points"),
        ("ignore: [{polygon: '0,0,1,0,1,1', label: dog}]", "ignore.1.label is no part of a mask; did you mean labels?"),
        ("privacy: [{polygon: '0,0,1,0,1,1', labels: dog}]", "privacy.1.labels is no part of a privacy mask"),
        (f"privacy: {['0,0,1,0,1,1'] * 51}", "privacy has 51 polygons; 50 are the most"),
        ("zone: {}", "zone is no part of a stream; did you mean zones?"),
    ],
)
def test_a_mistake_elsewhere_is_named(tmp_path, written, complaint):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, f"streams: {{s: {{source: 0, {written}}}}}")
    assert complaint in str(caught.value)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, 10**400, True, None, {}, [0.1], "0.1"])
def test_a_wrong_coordinate_is_refused_whatever_it_is(wrong):
    with pytest.raises(BadValue):
        parse_places({"lines": {"a": {"from": [0, 0], "to": [0.5, wrong]}}})


@pytest.mark.parametrize("corner", [[0.3, 0.3], [0.5, 0.5]])
def test_the_sides_of_a_zone_need_corners_that_point_outwards(corner):
    zone = {"polygon": [[0, 0], [1, 0], corner, [0, 1]], "sides": [1, 1, 1, 1]}
    with pytest.raises(BadValue, match=r"^zones\.a\.sides need four corners that all point outwards"):
        parse_places({"zones": {"a": zone}})


def test_the_examples_of_the_documentation_are_config_files(tmp_path):
    page = (Path(__file__).resolve().parents[2] / "docs" / "zones.md").read_text(encoding="utf-8")
    examples = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert len(examples) == 4
    places = [load(tmp_path, text).settings.streams for text in examples]
    assert sum(bool(stream.places) for streams in places for stream in streams.values()) == 3


def test_values_by_label_go_before_general_ones_and_those_of_a_stream_before_both(tmp_path):
    loaded = load(
        tmp_path,
        "det_th: 0.3\nlost: 7\ntrack: [person, car, yeti]\n"
        "labels: {person: {min_score: 0.6, lost: 8}, dog: {confirm: 1}}\n"
        "streams:\n  yard:\n    source: 0\n    lost: 9\n    labels: {person: {lost: 10}}\n",
    )
    labels = {1: "person", 3: "car", 18: "dog"}
    general = track_settings(loaded.settings, labels)
    yard = track_settings(loaded.settings.for_stream("yard"), labels)
    assert (general.min_score, general.lost, general.class_ids) == (0.3, 7.0, frozenset({1, 3}))
    assert (general.of(1).min_score, general.of(1).lost, general.of(18).confirm) == (0.6, 8.0, 1.0)
    assert general.of(3) is general and general.of(1).max_ratio == math.inf
    assert (yard.lost, yard.of(1).lost, yard.of(1).min_score, yard.of(18).lost) == (9.0, 10.0, 0.6, 9.0)


def test_a_tracker_is_by_default_set_as_the_settings_say():
    assert track_settings(Settings(), {1: "person"}) == TrackSettings()


@pytest.mark.parametrize(
    "written, complaint",
    [
        (
            "labels:\n  person:\n    min_score: 2\n",
            "line 3: labels person.min_score must be a number from 0 to 1",
        ),
        (
            "labels: {person: {min_scor: 1}}",
            "person.min_scor is no part of what a class has of its own; did you mean min_score?",
        ),
        ("labels: {person: {track: [dog]}}", "person.track is no part of what a class has of its own"),
        ("labels: [person]", "labels must be values by class, like {person: {min_score: 0.6"),
    ],
)
def test_a_mistake_in_values_by_label_is_named(tmp_path, written, complaint):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, written)
    assert complaint in str(caught.value)


def test_the_json_schema_of_a_config_file_knows_them():
    jsonschema = pytest.importorskip("jsonschema")
    yaml = pytest.importorskip("yaml")
    validator = jsonschema.Draft7Validator(config_schema())
    assert list(validator.iter_errors(yaml.safe_load(WRITTEN))) == []
    assert list(validator.iter_errors({"streams": {"a": {"source": 0, **places_as_data(PLACES)}}})) == []
    for wrong in ({"zones": {"a": {}}}, {"zones": {"the drive": {"polygon": "0"}}}, {"lines": {"a": {"from": [0, 0]}}}):
        assert list(validator.iter_errors({"streams": {"a": {"source": 0, **wrong}}}))
    assert list(validator.iter_errors({"labels": {"person": {"min_score": 2}}}))
