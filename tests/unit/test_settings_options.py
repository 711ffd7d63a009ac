"""Every setting is an option of the same name."""

import argparse

import pytest

from appliance.schema.settings import SETTINGS
from appliance.schema.stream_setting import StreamSetting
from appliance.schema.web_values import LISTEN, NETWORKS, ORIGINS, TLS, URL_PATH
from appliance.settings import load_settings
from appliance.settings.options import add_setting_options, read_overrides


def parse(*arguments):
    parser = argparse.ArgumentParser(prog="appliance")
    parser.add_argument("model", nargs="?")
    add_setting_options(parser)
    return read_overrides(parser.parse_args(list(arguments)))


@pytest.mark.parametrize(
    "arguments, overrides",
    [
        ([], {}),
        (["name"], {}),
        (["--det-th", "0.3"], {"det_th": "0.3"}),
        (["--det-th=-1"], {"det_th": "-1"}),
        (["--no-split-model"], {"split_model": False}),
        (["--split-model"], {"split_model": True}),
        (["--no-split-model", "--split-model"], {"split_model": True}),
        (
            ["--model", "name", "--camera-input", "videotestsrc ! appsink"],
            {"model": "name", "camera_input": "videotestsrc ! appsink"},
        ),
        (["--camera-input", "0"], {"camera_input": "0"}),
    ],
)
def test_only_what_was_given_overrides(arguments, overrides):
    assert parse(*arguments) == overrides


WEB_VALUES = {
    LISTEN: "127.0.0.1:80",
    NETWORKS: "10.0.0.0/8",
    URL_PATH: "/a",
    ORIGINS: "https://a.example",
    TLS: "c.pem k.pem",
}


def test_there_is_an_option_for_every_setting(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for setting in SETTINGS.values():
        if isinstance(setting.default, bool):
            value: object = not setting.default
            arguments = [setting.option if value else "--no-" + setting.option[2:]]
        else:
            number = max(1, int(setting.minimum or 1))
            value = setting.choices[-1] if setting.choices else "a/b" if setting.kind == "text" else number
            arguments = [setting.option, str(value)]
            if setting.kind == "labels":
                value, arguments = ["dog", "cat"], [setting.option, "dog, cat"]
            elif setting.kind == "streams":
                value, arguments = {"door": StreamSetting("a/b")}, [setting.option, "{door: a/b}"]
            elif setting.kind == "by label":
                value, arguments = {"dog": {"lost": 2.0}}, [setting.option, "{dog: {lost: 2}}"]
            elif setting.kind == "keep":
                value = setting.default.replace("30 d", "forever")
                arguments = [setting.option, value]
            elif setting.kind in WEB_VALUES:
                value = WEB_VALUES[setting.kind]
                arguments = [setting.option, value]
        loaded = load_settings(None, {}, parse(*arguments))
        assert getattr(loaded.settings, setting.key) == value
        assert loaded.origins[setting.key] == arguments[0]


def test_the_help_tells_range_unit_and_default(capsys):
    with pytest.raises(SystemExit):
        parse("--help")
    text = " ".join(capsys.readouterr().out.split())
    assert "(a number from 0 to 1; default: 0.5)" in text
    assert "(a whole number of pixels from 1 to 16384; default: 1280)" in text
    assert "--split-model, --no-split-model" in text
    assert "accepted so that old config files load" in text
