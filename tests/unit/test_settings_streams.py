"""The setting `streams`, from a file and from a word."""

import pytest

from appliance.core.errors import ConfigError
from appliance.schema.settings import STREAM_SETTINGS
from appliance.schema.stream_setting import StreamSetting
from appliance.settings import load_settings
from appliance.settings.render import show
from appliance.settings.streams import show_streams, streams_from_text


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
        ("streams:\n  The Door: 0", "line 2: streams cannot have a stream called 'The Door': up to 32 small"),
        ("streams:\n  a: 0\n  a: 1", "line 3: streams has two streams called a"),
        ("streams:\n  a:\n    sorce: 0", "line 3: streams a: sorce is no part of a stream; did you mean source?"),
        ("streams:\n  a:\n    model: x", "line 2: streams a: a stream needs a source"),
        (
            "streams:\n  a:\n    source: 0\n    det_tj: 1",
            "line 4: streams a: det_tj is no part of a stream; did you mean det_th?",
        ),
        (
            "streams:\n  a: {source: 0, keep_days: 1}",
            "line 2: streams a: keep_days cannot differ from stream to stream",
        ),
        (
            "streams:\n  a:\n    source: 0\n    det_th: 2",
            "line 4: streams a: det_th must be a number from 0 to 1, not 2",
        ),
        ("streams:\n  a:\n    source: 0\n    vis_text: 5", "line 4: streams a: vis_text must be true or false"),
        ("streams:\n  a: {source: 0, det_th: 1, det_th: 0}", "line 2: streams a: det_th is set twice"),
        ("streams:\n  a: [1]", "line 2: streams a: source must be a text"),
        ("streams:\n  a:", "line 2: streams a: source must be a text"),
    ],
)
def test_a_mistake_is_named(tmp_path, written, complaint):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, written)
    assert complaint in str(caught.value)


def test_a_stream_may_have_settings_of_its_own(tmp_path):
    loaded = load(
        tmp_path,
        """det_th: 0.4
streams:
  door: {source: 0, rtsp_transport: tcp}
  yard:
    source: 1
    det_th: 0.3
    shown_classes: [person]
    vis_text:
""",
    )
    door, yard, other = (loaded.settings.for_stream(name) for name in ("door", "yard", "other"))
    assert (door.det_th, door.rtsp_transport, door.shown_classes) == (0.4, "tcp", None)
    assert (yard.det_th, yard.rtsp_transport, yard.shown_classes, yard.vis_text) == (0.3, "auto", ["person"], True)
    assert other == loaded.settings
    shown = [line.split(None, 1)[1] for line in show(loaded).splitlines() if line.startswith("streams.yard.det_th ")]
    assert [" ".join(line.split()) for line in shown] == [f"{tmp_path}/config.yml line 6 0.3"]


@pytest.mark.parametrize("key", sorted(STREAM_SETTINGS))
def test_what_is_set_for_one_stream_in_a_word_is_shown_with_its_option(key):
    value = {
        "number": "0.25" if STREAM_SETTINGS[key].maximum == 1 else "2",
        "integer": "200",
        "boolean": "false",
        "labels": "[dog]",
        "by label": "{dog: {lost: 2}}",
    }.get(STREAM_SETTINGS[key].kind, (STREAM_SETTINGS[key].choices or ("?",))[-1])
    loaded = load_settings(None, {}, {"streams": f"{{a: {{source: 0, {key}: {value}}}}}"})
    assert f"streams.a.{key}" in show(loaded)
    assert loaded.stream_origin("a", key) == "--streams"
    assert streams_from_text(show_streams(loaded.settings.streams)) == loaded.settings.streams
