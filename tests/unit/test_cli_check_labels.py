"""`config check` names the classes in the settings that no model in use knows."""

import pytest

from appliance.cli.check_labels import unknown_labels
from appliance.settings import load_settings

COCO = ["person", "car", "truck"]


def found_in(tmp_path, text, keys):
    (tmp_path / "config.yml").write_text(text)
    settings = load_settings(tmp_path / "config.yml", {}, {}).settings
    return list(unknown_labels(settings, keys, COCO))


@pytest.mark.parametrize(
    "key, text",
    [
        ("track", "track: [person, persn]"),
        ("shown_classes", "shown_classes: [persn]"),
        ("alert_labels", "alert_labels: [persn]"),
        ("labels", "labels: {persn: {confirm: 1}, car: {confirm: 1}}"),
    ],
)
def test_a_class_that_no_model_knows_is_named_with_the_one_that_was_meant(tmp_path, key, text):
    assert found_in(tmp_path, text, [key]) == [
        (key, "no model in use knows the class persn; did you mean person?"),
    ]


@pytest.mark.parametrize(
    "part, place",
    [
        ("zones: {a: {polygon: '0,0,1,0,1,1', labels: [zebra]}}", "zones.a.labels"),
        ("zones: {a: {polygon: '0,0,1,0,1,1', filters: {zebra: {min_score: 0.5}}}}", "zones.a.filters"),
        ("lines: {a: {from: [0, 0], to: [1, 1], labels: [zebra]}}", "lines.a.labels"),
        ("ignore: [{polygon: '0,0,1,0,1,1', labels: [car, zebra]}]", "ignore.1.labels"),
        ("track: [zebra]", "track"),
        ("labels: {zebra: {confirm: 1}}", "labels"),
    ],
)
def test_so_is_one_of_a_stream_with_its_place(tmp_path, part, place):
    text = f"streams: {{door: {{source: 0, {part}}}}}"
    assert found_in(tmp_path, text, ["streams"]) == [
        ("streams", f"door: {place}: no model in use knows the class zebra"),
    ]


def test_what_is_known_or_only_a_default_is_no_finding(tmp_path):
    text = "track: [person]\nstreams: {door: {source: 0, zones: {a: {polygon: '0,0,1,0,1,1', labels: [car]}}}}"
    assert found_in(tmp_path, text, ["track", "streams"]) == []
