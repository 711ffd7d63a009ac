"""Settings as a user meets them: the original's config file, the layers, `config show` and `config check`."""

import pytest

from appliance.schema.settings import SETTINGS
from tests.command import MODELS, finish, run, start
from tests.unit.test_settings import ORIGINAL

COCO = "ssdlite_mobilenet_v2_coco_2018_05_09"


def show(folder, *words, said="", **environ):
    """What `config show` says: key to what set it and the value. said: part of its only remark; "" for none."""
    ended = run(folder, "config", "show", *words, **environ)
    assert (ended.code, ended.err.count("\n")) == (0, 1 if said else 0) and said in ended.err
    heading, *rows = ended.out.splitlines()
    by, value = heading.index("set by"), heading.index("value")
    return {row[:by].strip(): (row[by:value].strip(), row[value:]) for row in rows}


def test_every_setting_is_shown_with_what_set_it(tmp_path):
    (tmp_path / "config.yml").write_text("# mine\nwidth: 600\ncamera_input: rtsp://bob:geheim@camera/1\n")
    shown = show(tmp_path, "--no-visualize", SPLITLENS_FPS_INTERVAL="2.5")
    assert list(shown) == list(SETTINGS)
    assert shown["width"] == ("config.yml line 2", "600")
    assert shown["camera_input"] == ("config.yml line 3", "rtsp://***@camera/1")
    assert shown["fps_interval"] == ("SPLITLENS_FPS_INTERVAL", "2.5")
    assert shown["visualize"] == ("--no-visualize", "false")
    assert shown["det_th"] == ("default", "0.5")


def test_a_higher_layer_wins(tmp_path):
    def shown(*words, **environ):
        return show(tmp_path, *words, **environ)["allow_memory_growth"]

    assert shown()[0].startswith("profile ")
    (tmp_path / "config.yml").write_text("allow_memory_growth: False\n")
    assert shown() == ("config.yml line 1", "false")
    (tmp_path / "other.yml").write_text("---\nallow_memory_growth: True\n")
    assert shown("--config", "other.yml") == ("other.yml line 2", "true")
    assert shown(SPLITLENS_ALLOW_MEMORY_GROWTH="yes") == ("SPLITLENS_ALLOW_MEMORY_GROWTH", "true")
    option = "--no-allow-memory-growth"
    assert shown(option, SPLITLENS_ALLOW_MEMORY_GROWTH="yes") == (option, "false")


@pytest.mark.parametrize(
    "text, code, said",
    [
        (None, 0, "There is no config.yml here; the defaults are used.\n"),
        (
            "det_th: 0.5\nsplit_modle: True\n",
            2,
            "error: config.yml line 2: split_modle is no setting; did you mean split_model?\n",
        ),
        ("det_th: 50\n", 2, "error: config.yml line 1: det_th must be a number from 0 to 1, not 50.\n"),
    ],
)
def test_a_config_file_is_checked(tmp_path, coco_model, text, code, said):
    if text is not None:
        (tmp_path / "config.yml").write_text(text)
    ended = run(tmp_path, "config", "check", *MODELS)
    assert (ended.code, ended.out + ended.err) == (code, said)


def test_what_is_only_not_there_now_and_what_has_no_effect_is_said_too(tmp_path):
    (tmp_path / "config.yml").write_text(ORIGINAL.replace("camera_input: 1", "camera_input: 77"))
    ended = run(tmp_path, "config", "check", *MODELS)
    assert ended.code == 0, ended.err
    lines = ended.out.splitlines()
    assert lines[0] == "config.yml: 25 settings, no mistakes" and all(line.startswith("note: ") for line in lines[1:])
    assert "note: config.yml line 5: camera_input: there is no /dev/video77 now" in lines
    for said in (
        "image_input: images does not exist",
        "movie_input: input.mp4 does not exist",
        "model_path: ssd_mobilenet_v1_coco_2018_01_28 is not installed. `splitlens models get",
        "split_shape 1917 is not needed",
    ):
        assert said in ended.out


def pbtxt(folder):
    (folder / "labels.pbtxt").write_text("item { id: 1 ")


@pytest.mark.parametrize(
    "text, code, said",
    [
        ("camera_input: None\n", 4, "config.yml line 1: camera_input: 'None' is no camera; accepted are an index (0)"),
        ("\ncamera_input: /dev/null\n", 4, "config.yml line 2: camera_input: /dev/null is no video device"),
        ("camera_input: videotestsrc ! fakesink\n", 4, "camera_input: GStreamer pipeline: it has to end in"),
        ("streams: {door: 0, yard: ftp://bob:secret@b}\n", 4, "line 1: streams: yard: 'ftp://***@b' is no camera"),
        ("streams: {door: {source: 0, model: no-such}}\n", 3, "streams: door: no-such is no model that is known"),
        ("model: no-such-model\n", 3, "config.yml line 1: model: no-such-model is no model that is known or installed"),
        ("model_path: no/such.pb\n", 3, "config.yml line 1: model_path: no/such.pb does not exist"),
        ("label_path: no-such.pbtxt\n", 3, "no-such.pbtxt"),
        ("label_path: labels.pbtxt\n", 3, "labels.pbtxt"),
        ("listen: '8080'\n", 2, "listen must be an address and a port"),
        ("tls: gone.pem key.pem\n", 2, "config.yml line 1: tls: there is no file "),
    ],
)
def test_check_says_what_a_run_would(tmp_path, coco_model, text, code, said):
    pbtxt(tmp_path)
    (tmp_path / "config.yml").write_text(text)
    ended = run(tmp_path, "config", "check", *MODELS)
    assert (ended.code, said in ended.err) == (code, True), ended.err
    assert ended.out == "" and "secret" not in ended.err


def test_check_notes_a_class_that_no_model_in_use_knows(tmp_path, coco_model):
    (tmp_path / "config.yml").write_text(f"model: {COCO}\ntrack: [persn, car]\n")
    ended = run(tmp_path, "config", "check", *MODELS)
    assert ended.code == 0 and ended.out.count("note:") == 1
    assert "note: config.yml line 2: track: no model in use knows the class persn; did you mean person?" in ended.out


def test_check_says_all_that_is_wrong_at_once(tmp_path, coco_model):
    (tmp_path / "config.yml").write_text("camera_input: None\nstreams: {yard: nothing}\nmodel: no-such-model\n")
    ended = run(tmp_path, "config", "check", *MODELS)
    assert ended.code == 4
    assert [f"config.yml line {line}: " in ended.err for line in (1, 2, 3)] == [True] * 3


def test_the_originals_config_runs(tmp_path, samples, coco_model):
    (tmp_path / "config.yml").write_text(ORIGINAL.replace("'images'", f"'{samples / 'bus.jpg'}'"))
    # Its model is not installed, so the command that fetches it is told.
    ended = run(tmp_path, "image", *MODELS)
    assert ended.code == 3
    assert "`splitlens models get ssd_mobilenet_v1_coco_2018_01_28` fetches it" in ended.err
    # Another model can be chosen; what the file says of its own does not count then.
    ended = run(tmp_path, "image", "--model", COCO, *MODELS)
    assert ended.code == 0, ended.err
    assert ended.out.startswith("frame 0: person 0.99 [47 39") and "model: " + COCO in ended.out
    assert "warning" not in ended.err


def test_what_an_old_config_says_of_the_model_is_compared_with_the_graph(tmp_path, samples, coco_model, person_model):
    (tmp_path / "wrong.yml").write_text(
        f"model: {COCO}\nmodel_type: faster_v2\nsplit_shape: 3309\nnum_classes: 3\nvis_worker: True\n"
        "label_path: labels.pbtxt\n"
    )
    (tmp_path / "labels.pbtxt").write_text('item { id: 1 name: "/m/1" display_name: "Mensch" }\n')
    (tmp_path / "right.yml").write_text(
        f"model_path: {person_model}\nmodel_type: nms_v2\nsplit_shape: 1917\nnum_classes: 1\n"
    )
    started = [
        start(tmp_path, "image", str(samples / "bus.jpg"), "--config", config, *MODELS)
        for config in ("wrong.yml", "right.yml")
    ]
    wrong, right = (finish(process) for process in started)
    assert (wrong.code, right.code) == (0, 0)
    assert [line for line in wrong.err.splitlines() if line.startswith("warning: ")] == [
        "warning: model_type is faster_v2, but the graph is of the family ssd; the graph is right.",
        "warning: split_shape is 3309, but the graph has 1917 anchors; the graph is right.",
        "warning: num_classes is 3, but the graph has 90 classes; the graph is right.",
    ]
    assert "wrong.yml line 5: vis_worker has no effect" in wrong.err
    assert wrong.out.startswith("frame 0: Mensch 0.99 [47 39")
    assert "warning" not in right.err
    assert right.out.startswith("frame 0: person 1.00 [")
