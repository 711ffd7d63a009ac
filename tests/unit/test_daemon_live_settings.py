"""The settings that change while the appliance runs: whose value holds for a stream, and what is left of a restart."""

import pytest

from appliance.contract.errors import Refused
from appliance.core.events import EventBus
from appliance.daemon.changes import check_kept
from appliance.daemon.events import SettingsChanged
from appliance.daemon.live_settings import LiveSettings
from appliance.daemon.overrides import OverrideStore
from appliance.settings import load_settings

STREAMS = "{yard: {source: 0, det_th: 0.3, shown_classes: [dog], rtsp_transport: tcp}, door: 1}"


@pytest.fixture
def start(tmp_path):
    """Starts the service, as often as a test likes, with streams of the configuration."""

    def make(streams=STREAMS, **settings):
        loaded = load_settings(None, {}, dict(settings, streams=streams))
        store = OverrideStore(tmp_path, lambda key, value: check_kept(key, value, []))
        return LiveSettings(loaded.settings, store, EventBus())

    return make


def test_a_stream_has_what_is_configured_for_it_and_else_what_holds_for_all(start):
    live = start(max_vis_fps=5)
    assert live.own("yard") == {"det_th": 0.3, "shown_classes": ["dog"]}
    assert live.configured["max_vis_fps"] == 5.0
    assert live.of("yard") == {**live.configured, "det_th": 0.3, "shown_classes": ["dog"]}
    assert live.of("door") == live.of("added later") == live.values == live.configured
    live.change({"det_th": 0.8})
    assert (live.of("yard")["det_th"], live.of("door")["det_th"]) == (0.3, 0.8)


def test_what_an_operator_sets_for_a_stream_stands_above_all_and_is_taken_back(start):
    live = start()
    live.change_own("yard", {"det_th": 0.9, "vis_text": False})
    live.change_own("door", {"det_th": 0.1})
    assert live.own("yard") == {"det_th": 0.9, "shown_classes": ["dog"], "vis_text": False}
    assert live.of("door")["det_th"] == 0.1
    live.change_own("yard", {"det_th": None, "vis_text": None})
    live.change_own("door", {"det_th": None})
    assert live.own("yard") == {"det_th": 0.3, "shown_classes": ["dog"]} and live.own("door") == {}


def test_a_model_has_to_find_what_the_stream_with_the_lowest_threshold_wants(start):
    live = start()
    assert live.lowest_threshold == 0.3
    live.change({"det_th": 0.2})
    assert live.lowest_threshold == 0.2
    live.change_own("door", {"det_th": 0.05})
    assert live.lowest_threshold == 0.05
    live.forget("door")
    assert live.lowest_threshold == 0.2


def test_it_survives_a_restart_until_the_configuration_changes(start):
    live = start()
    live.change_own("yard", {"det_th": 0.9})
    live.change_own("added", {"vis_text": False})
    again = start()
    assert again.of("yard")["det_th"] == 0.9 and again.own("added") == {"vis_text": False}
    changed = start(STREAMS.replace("0.3", "0.4"))
    assert changed.of("yard")["det_th"] == 0.4
    again.forget("added")
    assert start().own("added") == {}


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"det_th": 2}, "det_th must be a number from 0 to 1"),
        ({"shown_classes": "dog"}, "must be a list"),
        ({"keep_days": 1}, "cannot be changed while"),
        ({"keep_days": None}, "cannot be changed while"),
    ],
)
def test_a_wrong_value_changes_nothing(start, changes, words):
    live = start()
    with pytest.raises(Refused, match=words):
        live.change_own("door", dict({"vis_text": False}, **changes))
    assert live.own("door") == {}


def test_every_change_is_told(start, tmp_path):
    events, told = EventBus(), []
    events.subscribe(SettingsChanged, told.append)
    live = LiveSettings(load_settings(None, {}, {}).settings, OverrideStore(tmp_path, lambda key, value: value), events)
    live.change({"det_th": 0.1})
    live.change_own("main", {"det_th": 0.2})
    live.forget("main")
    assert len(told) == 3
