"""A run with the settings, zones and lines of a stream of the config file."""

import pytest

from appliance.cli.run_tracking import with_stream
from appliance.core.errors import ConfigError
from appliance.settings import load_settings

CONFIG = """
det_th: 0.4
streams:
  main: {source: 0, det_th: 0.3}
  yard:
    source: 1
    model: yards_own
    det_th: 0.2
    threshold: 0.7
    lines: {gate: {from: [0, 0], to: [1, 1]}}
"""


@pytest.fixture
def load(tmp_path):
    def load(text=CONFIG, environ=None, **words):
        (tmp_path / "config.yml").write_text(text)
        return load_settings(tmp_path / "config.yml", environ or {}, words)

    return load


def test_a_stream_gives_its_settings_its_model_and_its_lines_but_not_its_source(load):
    before = load(model="general")
    settings = with_stream(load(), "yard").settings
    assert (settings.det_th, settings.threshold, settings.model) == (0.2, 0.7, "yards_own")
    assert list(settings.places("yard").lines) == ["gate"]
    assert settings.camera_input == before.settings.camera_input


def test_without_a_name_it_is_main_and_without_main_nothing_changes(load):
    assert with_stream(load(), None).settings.det_th == 0.3
    loaded = load("det_th: 0.4\nstreams: {yard: {source: 0, det_th: 0.2}}\n")
    assert with_stream(loaded, None) is loaded


def test_what_the_command_line_and_the_environment_say_goes_first(load):
    loaded = with_stream(load(environ={"SPLITLENS_THRESHOLD": "0.8"}, det_th=0.6, model="mine"), "yard")
    assert (loaded.settings.det_th, loaded.settings.threshold, loaded.settings.model) == (0.6, 0.8, "mine")


@pytest.mark.parametrize(
    "text, name, sentence",
    [
        (CONFIG, "yrad", "--stream yrad: there is no such stream; did you mean yard?"),
        (CONFIG, "garage", "--stream garage: there is no such stream; there are main, yard."),
        ("det_th: 0.4\n", "yard", "--stream yard: there is no such stream; the config file has no `streams`."),
    ],
)
def test_a_stream_that_is_not_there_is_said(load, text, name, sentence):
    with pytest.raises(ConfigError) as caught:
        with_stream(load(text), name)
    assert str(caught.value) == sentence
