"""The setting `streams`, from a file and from a word."""

import pytest

from appliance.core.errors import ConfigError
from appliance.schema.stream_setting import StreamSetting
from appliance.settings import load_settings
from appliance.settings.render import show


def load(tmp_path, text):
    path = tmp_path / "config.yml"
    path.write_text(text)
    return load_settings(path, {}, {})


def test_streams_of_a_file_keep_their_order(tmp_path):
    loaded = load(tmp_path, "streams:\n  yard:\n    source: 0\n    model: person\n  door: rtsp://u:p@camera/1\n")
    assert list(loaded.settings.streams.items()) == [
        ("yard", StreamSetting(0, "person")),
        ("door", StreamSetting("rtsp://u:p@camera/1")),
    ]
    assert loaded.origins["streams"].endswith("line 1")
    assert "{yard: {source: 0, model: person}, door: 'rtsp://***@camera/1'}" in show(loaded)


@pytest.mark.parametrize("layer", ["variable", "option"])
def test_streams_may_be_given_in_one_line(layer):
    text = "{a: 'videotestsrc ! appsink', b: {source: movie.mp4}}"
    environ = {"SPLITLENS_STREAMS": text} if layer == "variable" else {}
    overrides = {"streams": text} if layer == "option" else {}
    streams = load_settings(None, environ, overrides).settings.streams
    assert streams == {"a": StreamSetting("videotestsrc ! appsink"), "b": StreamSetting("movie.mp4")}


@pytest.mark.parametrize(
    "written, complaint",
    [
        ("streams: 0", "line 1: streams must name each stream with its source"),
        ("streams: [a, b]", "must name each stream"),
        ("streams:\n  The Door: 0", "(line 2) cannot have a stream called 'The Door': up to 32 small letters"),
        ("streams:\n  a: 0\n  a: 1", "(line 3) has two streams called a"),
        ("streams:\n  a:\n    sorce: 0", "(line 3) a: sorce is no part of a stream; did you mean source?"),
        ("streams:\n  a:\n    model: x", "a: a stream needs a source"),
        ("streams:\n  a: [1]", "(line 2) a: source must be a text"),
        ("streams:\n  a:", "(line 2) a: source must be a text"),
    ],
)
def test_a_mistake_is_named(tmp_path, written, complaint):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, written)
    assert complaint in str(caught.value)
