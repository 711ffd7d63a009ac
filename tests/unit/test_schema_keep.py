"""The setting `keep`: durations by class, in a config file, on the command line and in the environment."""

import math

import pytest

from appliance.core.errors import ConfigError
from appliance.schema.keep import Keep, parse_keep
from appliance.settings import load_settings

DAY = 86400.0
SHOWN = "continuous: 2 d, events: 10 d, alerts: 30 d, snapshots: 10 d"


@pytest.mark.parametrize(
    "text, expected",
    [
        (SHOWN, Keep()),
        ("{continuous: 2 d}", Keep()),
        ("continuous: 0, alerts: forever", Keep(continuous=0.0, alerts=math.inf)),
        ("events: 12 h,snapshots:90 min", Keep(events=DAY / 2, snapshots=5400.0)),
        ("alerts: 1.5w", Keep(alerts=10.5 * DAY)),
    ],
)
def test_what_is_left_out_has_its_default(text, expected):
    assert parse_keep(text) == expected
    assert parse_keep(str(expected)) == expected


@pytest.mark.parametrize(
    "text",
    ["", "{}", "2 d", "events", "events: 2", "events: -1 d", "events: 2 days", "event: 2 d", "events: 1 d, events: 2 d"]
    + ["events: 1 d, " * 1000, "events: 1e9 d", "events: nan d"],
)
def test_what_is_no_list_of_durations_is_refused(text):
    with pytest.raises(ValueError):
        parse_keep(text)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("keep: {continuous: 12 h, events: 0}", "continuous: 12 h, events: 0, alerts: 30 d, snapshots: 10 d"),
        ("keep:\n  alerts: forever\n", "continuous: 2 d, events: 10 d, alerts: forever, snapshots: 10 d"),
        ("keep: 'events: 1 d'", "continuous: 2 d, events: 1 d, alerts: 30 d, snapshots: 10 d"),
        ("record: off", SHOWN),
    ],
)
def test_it_is_a_group_or_a_text_in_a_config_file(tmp_path, text, expected):
    (tmp_path / "config.yml").write_text(text)
    settings = load_settings(tmp_path / "config.yml", {}, {}).settings
    assert settings.keep == expected and settings.record == "off"


def test_a_wrong_duration_is_named_with_its_line_and_the_form_it_should_have(tmp_path):
    (tmp_path / "config.yml").write_text("det_th: 0.5\nkeep: {events: 2 days}\n")
    with pytest.raises(ConfigError, match="line 2: keep must be durations by class, like {continuous: 2 d"):
        load_settings(tmp_path / "config.yml", {}, {})


def test_it_can_be_set_on_the_command_line_and_in_the_environment():
    assert load_settings(None, {}, {"keep": "alerts: 1 d"}).settings.keep == SHOWN.replace("30 d", "1 d")
    assert load_settings(None, {"SPLITLENS_KEEP": "{events: 0}"}, {}).settings.keep == (
        "continuous: 2 d, events: 0, alerts: 30 d, snapshots: 10 d"
    )
