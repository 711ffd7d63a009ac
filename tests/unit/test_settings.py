"""Layers of settings, the original project's config file, and how mistakes are named."""

import dataclasses
import os
import re
from pathlib import Path

import pytest

from appliance.core.errors import ConfigError
from appliance.schema.settings import SETTINGS
from appliance.schema.web_values import listening_address
from appliance.settings import (
    Layer,
    Profile,
    Settings,
    chosen_engine,
    chosen_model,
    compatibility_notes,
    load_settings,
    with_profile,
)
from appliance.settings.render import check, show

ROOT = Path(__file__).resolve().parents[2]

# Same keys and values as the config file that the original project ships.
ORIGINAL = """\
---
# pictures, movies, cameras
image_input: 'images'       # a folder
movie_input: 'input.mp4'
camera_input: 1
#camera_input: 0
#camera_input: "rtspsrc location=rtsp://127.0.0.1:8554/test latency=500 ! rtph264depay ! h264parse ! appsink"

force_gpu_compatible: False
save_to_file: False
visualize: True
vis_worker: False
max_vis_fps: 0
vis_text: True
max_frames: 5000            # where nothing is shown
width: 600
height: 600
fps_interval: 5
det_interval: 100
det_th: 0.5
worker_threads: 4
split_model: True
log_device: False
allow_memory_growth: True
debug_mode: False

label_path: 'models/labels/mscoco_label_map.pbtxt'
split_shape: 1917
num_classes: 90
model_type: 'nms_v2'
model_path: 'models/ssd_mobilenet_v1_coco_2018_01_28/frozen_inference_graph.pb'

# the TensorRT variant
#model_type: 'trt_v1'
#precision_model: 'FP32'
#model: 'ssdlite_mobilenet_v2_coco_2018_05_09'
"""

XAVIER_CAMERA = (
    "nvarguscamerasrc ! video/x-raw(memory:NVMM), width=1280, height=720,format=NV12, framerate=120/1 "
    "! nvvidconv ! video/x-raw,format=I420 ! videoflip method=rotate-180 ! appsink"
)
TX2_CAMERA = (
    "nvcamerasrc ! video/x-raw(memory:NVMM), width=(int)1280, height=(int)720, format=(string)I420, "
    "framerate=(fraction)30/1 ! nvvidconv flip-method=0 ! video/x-raw, format=(string)BGRx ! videoconvert "
    "! video/x-raw, format=(string)BGR ! appsink"
)
RTSP_CAMERA = (
    "rtspsrc location=rtsp://127.0.0.1:8554/test latency=500 ! rtph264depay ! h264parse ! omxh264dec "
    "! nvvidconv ! video/x-raw, width=(int)1280, height=(int)720, format=(string)BGRx ! videoconvert "
    "! appsink"
)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(text, encoding="utf-8"):
    path = Path("config.yml")
    path.write_bytes(text.encode(encoding))
    return path


def load(text=None, environ=None, overrides=None, profile=None):
    if text is not None:
        write(text)
    return load_settings(None, environ or {}, overrides or {}, profile)


def complaint(text=None, environ=None, overrides=None):
    with pytest.raises(ConfigError) as caught:
        load(text, environ, overrides)
    return str(caught.value)


def test_every_default_fits_its_own_row():
    from appliance.schema.values import check_value

    for setting in SETTINGS.values():
        if setting.default is not None:
            value = check_value(setting, setting.default)
            assert value == setting.default and type(value) is type(setting.default)
        assert setting.help


def test_the_original_config_file_loads_unchanged(here):
    loaded = load(ORIGINAL)
    assert loaded.settings == dataclasses.replace(
        Settings(),
        camera_input=1,
        max_frames=5000,
        width=600,
        height=600,
        worker_threads=4,
        label_path="models/labels/mscoco_label_map.pbtxt",
        split_shape=1917,
        num_classes=90,
        model_type="nms_v2",
        model_path="models/ssd_mobilenet_v1_coco_2018_01_28/frozen_inference_graph.pb",
    )
    assert chosen_model(loaded) == "models/ssd_mobilenet_v1_coco_2018_01_28/frozen_inference_graph.pb"
    assert loaded.origins["det_th"] == "config.yml line 20"
    assert check(loaded) == "config.yml: 25 settings, no mistakes"


def test_the_original_config_file_with_its_tensorrt_variant(here):
    text = ORIGINAL.replace("\nmodel_type:", "\n#model_type:").replace("\nmodel_path:", "\n#model_path:")
    text = text.replace("#model_type: 'trt", "model_type: 'trt")
    text = text.replace("#precision", "precision").replace("#model:", "model:")
    loaded = load(text)
    assert loaded.settings.precision_model == "FP32"
    assert chosen_model(loaded) == "ssdlite_mobilenet_v2_coco_2018_05_09"


@pytest.mark.parametrize("pipeline", [XAVIER_CAMERA, TX2_CAMERA, RTSP_CAMERA])
def test_the_original_pipelines_are_taken_as_they_are(here, pipeline):
    assert load(f'camera_input: "{pipeline}"\n').settings.camera_input == pipeline
    assert load(environ={"SPLITLENS_CAMERA_INPUT": pipeline}).settings.camera_input == pipeline


def test_each_layer_beats_the_one_below(here):
    values = {"det_th": 0.1, "width": 640, "height": 480, "camera_input": "a ! appsink"}
    profile = Profile("xavier", values, Path("xavier.yml"))
    text = "det_th: 0.2\nwidth: 641\nheight: 481\n"
    environ = {"SPLITLENS_DET_TH": "0.3", "SPLITLENS_WIDTH": "642", "HOME": "/"}
    loaded = load(text, environ, {"det_th": "0.4"}, profile)
    keys = ("det_th", "width", "height", "camera_input", "exact")
    assert [getattr(loaded.settings, key) for key in keys] == [0.4, 642, 481, "a ! appsink", False]
    assert [loaded.origins[key] for key in keys] == [
        "--det-th",
        "SPLITLENS_WIDTH",
        "config.yml line 3",
        "profile xavier",
        "default",
    ]
    assert [loaded.layers[key] for key in keys] == [
        Layer.COMMAND_LINE,
        Layer.ENVIRONMENT,
        Layer.CONFIG_FILE,
        Layer.PROFILE,
        Layer.DEFAULT,
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "# nothing yet\n",
        "---\n",
        "---\n# nothing\n",
        "\ufeff",
        "det_th:\n",
    ],
)
def test_a_file_that_sets_nothing_is_no_mistake(here, text):
    loaded = load(text)
    assert loaded.settings == Settings()
    assert set(loaded.origins.values()) == {"default"}
    assert check(loaded) == "config.yml: 0 settings, no mistakes"


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffdet_th: 0.25\n",
        "det_th: 0.25\r\nwidth: 64\r\n",
        "{det_th: 0.25}",
        "det_th: 25e-2",
    ],
)
def test_other_ways_to_write_a_file(here, text):
    assert load(text).settings.det_th == 0.25


def test_no_file_at_all(here):
    loaded = load()
    assert loaded.settings == Settings() and loaded.config is None
    assert "no config.yml" in check(loaded)


def test_a_value_left_empty_is_not_set(here):
    profile = Profile("tx2", {"camera_input": 1}, Path("tx2.yml"))
    loaded = load("camera_input:\nlabel_path: ''\n", {"SPLITLENS_CAMERA_INPUT": " "}, {}, profile)
    assert loaded.settings.camera_input == 1
    assert loaded.settings.label_path is None
    assert loaded.origins["camera_input"] == "profile tx2"


@pytest.mark.parametrize(
    "written, value",
    [
        ("0", 0),
        ("2", 2),
        ("'0'", 0),
        ("/dev/video1", "/dev/video1"),
        ("rtsp://cam/1", "rtsp://cam/1"),
        (">\n  videotestsrc !\n  appsink\n", "videotestsrc ! appsink"),
    ],
)
def test_what_a_camera_may_be(here, written, value):
    camera = load("camera_input: " + written).settings.camera_input
    assert camera == value and type(camera) is type(value)


@pytest.mark.parametrize(
    "written, value",
    [
        ("true", True),
        ("True", True),
        ("yes", True),
        ("on", True),
        ("1", True),
        (" TRUE ", True),
        ("false", False),
        ("No", False),
        ("off", False),
        ("0", False),
    ],
)
def test_truth_in_the_environment(here, written, value):
    assert load(environ={"SPLITLENS_VISUALIZE": written}).settings.visualize is value


@pytest.mark.parametrize(
    "written, value",
    [
        ("yes", True),
        ("On", True),
        ("FALSE", False),
        ("no", False),
        ("1", True),
        ("0", False),
        ('"True"', True),
        ("'yes'", True),
        ('"False"', False),
    ],
)
def test_truth_in_a_file(here, written, value):
    assert load("visualize: " + written).settings.visualize is value


@pytest.mark.parametrize(
    "written, expected",
    [
        ("det_treshold: 0.5", "line 1: det_treshold is no setting; did you mean det_th?"),
        ("\nsplit_modle: true", "line 2: split_modle is no setting; did you mean split_model?"),
        ("Det-Th: 1", "line 1: Det-Th is no setting; did you mean det_th?"),
        ("zzzzzz: 1", "line 1: zzzzzz is no setting; `splitlens config show` lists all settings"),
        ("det_th: high", "line 1: det_th must be a number from 0 to 1, not 'high'"),
        ("det_th: '0.5'", "line 1: det_th must be a number from 0 to 1, not the text '0.5'"),
        ("det_th: 1.5", "line 1: det_th must be a number from 0 to 1, not 1.5"),
        ("det_th: -0.1", "line 1: det_th must be a number from 0 to 1, not -0.1"),
        ("det_th: .nan", "line 1: det_th must be a number from 0 to 1, not '.nan'"),
        ("det_th: nan", "line 1: det_th must be a number from 0 to 1, not 'nan'"),
        ("det_th: true", "line 1: det_th must be a number from 0 to 1, not true"),
        ("det_th: 0,5", "line 1: det_th must be a number from 0 to 1, not '0,5'"),
        ("det_th: [0.5]", "line 1: det_th must be a number from 0 to 1, not a list"),
        ("det_th: {a: 1}", "line 1: det_th must be a number from 0 to 1, not a group of settings"),
        (
            "det_th: !!python/name:os.system x",
            "line 1: det_th must be a number from 0 to 1, not something tagged !!python/name:os.system",
        ),
        ("model: !load x", "line 1: model must be a text, not something tagged !load"),
        ("width: 0", "line 1: width must be a whole number of pixels from 1 to 16384, not 0"),
        ("width: 16385", "line 1: width must be a whole number of pixels from 1 to 16384, not 16385"),
        ("width: 640.5", "line 1: width must be a whole number of pixels from 1 to 16384, not 640.5"),
        ("width: 1:30", "line 1: width must be a whole number of pixels from 1 to 16384, not '1:30'"),
        ("max_frames: -1", "line 1: max_frames must be a whole number of frames from 0 up, not -1"),
        ("fps_interval: 0", "line 1: fps_interval must be a number of seconds from 0.01 to 3600, not 0"),
        ("fps_interval: .inf", "line 1: fps_interval must be a number of seconds from 0.01 to 3600, not '.inf'"),
        ("visualize: 2", "line 1: visualize must be true or false, not 2"),
        ("visualize: maybe", "line 1: visualize must be true or false, not the text 'maybe'"),
        (
            "model_type: nms_v9",
            (
                "line 1: model_type must be one of nms_v0, nms_v1, nms_v2, trt_v1, "
                "mask_v1, faster_v2, deeplab_v3, not 'nms_v9'"
            ),
        ),
        ("precision_model: FP64", "line 1: precision_model must be one of FP32, FP16, INT8, not 'FP64'"),
        ("label_path: False", "line 1: label_path must be a text, not False"),
        ("model: 2018_01_28", "line 1: model must be a text, not 2018_01_28; if that is a name, write '2018_01_28'"),
        (
            "camera_input: -1",
            (
                "line 1: camera_input must be a camera index from 0 to 255 or a text "
                "(device path, RTSP or HTTP address, GStreamer pipeline), not -1"
            ),
        ),
        (
            "camera_input: 0.5",
            (
                "line 1: camera_input must be a camera index from 0 to 255 or a text "
                "(device path, RTSP or HTTP address, GStreamer pipeline), not 0.5; "
                "if that is a name, write '0.5'"
            ),
        ),
        ("width: 600\ndet_th:0.5\nheight: 5", "line 2: det_th has no space after the colon; write `det_th: VALUE`"),
        ("width: 600\ndet_th = 0.5\nheight: 5", "line 2: det_th has = in the place of a colon; write `det_th: VALUE`"),
        ("width: 600\ndet_th=0.5", "line 2: det_th has = in the place of a colon; write `det_th: VALUE`"),
        ("det_th:0.5\nheight: 5", "line 1: det_th has no space after the colon; write `det_th: VALUE`"),
        ("det_th = 0.5", "line 1: det_th has = in the place of a colon; write `det_th: VALUE`"),
        (
            "camera_input:rtsp://a:secret@b/1",
            "line 1: camera_input has no space after the colon; write `camera_input: VALUE`",
        ),
        (
            'movie_input: "C:\\Users\\me\\input.mp4"',
            "line 1, column 19: in double quotes \\ begins an escape; use single quotes",
        ),
        (
            'movie_input: "C:\\temp\\new.mp4"',
            "line 1: movie_input has an escape in it: in double quotes \\ begins an escape; use single quotes",
        ),
        ("width: 1\n\nwidth: 2", "line 3: width is already set in line 1; keep one of the two"),
        ("[1]: 2", "line 1: the name of a setting must be a single word"),
        ("- width: 1", "line 1: not a config file; write one `key: value` a line"),
        ("just words", "line 1: not a config file; write one `key: value` a line"),
        ("det_th:\t0.5", "line 1, column 8: a tab; use spaces instead"),
        ("width: 5\n\theight: 5", "line 2, column 1: a tab; use spaces instead"),
        (
            "width: 1\n---\nwidth: 2",
            "line 2, column 1: a second document starts here; a config file has only one `---`, at its top",
        ),
        (
            "width: 1\nmodel: 'x\n",
            "line 3, column 1: not valid YAML: found unexpected end of stream; write one `key: value` a line",
        ),
        ("width: 1\nmodel: a\x01b\n", "line 2: a character that a config file cannot hold; delete it"),
    ],
)
def test_a_mistake_in_a_file_is_named(here, written, expected):
    assert complaint(written) == "config.yml " + expected


def test_all_mistakes_are_told_at_once(here):
    text = "det_th: 2\nwidht: 5\nvis_text: 3\n"
    told = complaint(text, {"SPLITLENS_HEIGHT": "tall"}, {"max_frames": "many"})
    assert told.split("\n") == [
        "config.yml line 1: det_th must be a number from 0 to 1, not 2",
        "config.yml line 2: widht is no setting; did you mean width?",
        "config.yml line 3: vis_text must be true or false, not 3",
        "SPLITLENS_HEIGHT must be a whole number of pixels from 1 to 16384, not 'tall'",
        "--max-frames must be a whole number of frames from 0 up, not 'many'",
    ]


@pytest.mark.parametrize(
    "environ, expected",
    [
        (
            {"SPLITLENS_DET_THR": "1"},
            "SPLITLENS_DET_THR: no setting has this environment variable; did you mean SPLITLENS_DET_TH?",
        ),
        (
            {"SPLITLENS_det_th": "1"},
            "SPLITLENS_det_th: no setting has this environment variable; did you mean SPLITLENS_DET_TH?",
        ),
        ({"SPLITLENS_VISUALIZE": "maybe"}, "SPLITLENS_VISUALIZE must be true or false, not 'maybe'"),
        ({"SPLITLENS_WIDTH": "1.5"}, "SPLITLENS_WIDTH must be a whole number of pixels from 1 to 16384, not 1.5"),
    ],
)
def test_a_mistake_in_the_environment_is_named(here, environ, expected):
    assert complaint(environ=environ) == expected


# What Kubernetes sets in every pod beside a Service called splitlens, and Docker for a link of that name.
FROM_KUBERNETES = {
    "SPLITLENS_SERVICE_HOST": "10.0.0.7",
    "SPLITLENS_SERVICE_PORT": "80",
    "SPLITLENS_SERVICE_PORT_HTTP": "80",
    "SPLITLENS_PORT": "tcp://10.0.0.7:80",
    "SPLITLENS_PORT_80_TCP": "tcp://10.0.0.7:80",
    "SPLITLENS_PORT_80_TCP_PROTO": "tcp",
    "SPLITLENS_PORT_80_TCP_PORT": "80",
    "SPLITLENS_PORT_80_TCP_ADDR": "10.0.0.7",
    "SPLITLENS_NAME": "/dashboard/splitlens",
    "SPLITLENS_ENV_LANG": "C.UTF-8",
}


def test_variables_of_kubernetes_and_docker_are_ignored_with_one_warning(here, caplog):
    loaded = load(environ=dict(FROM_KUBERNETES, SPLITLENS_DET_TH="0.3"))
    assert loaded.settings.det_th == 0.3
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert all(name in caplog.text for name in FROM_KUBERNETES)


@pytest.mark.parametrize(
    "overrides, expected",
    [
        ({"det_th": "high"}, "--det-th must be a number from 0 to 1, not 'high'"),
        ({"det_th": 7}, "--det-th must be a number from 0 to 1, not 7"),
        ({"model_path": ""}, "--model-path must be a text, not ''"),
        ({"det_t": 1}, "det_t is no setting; did you mean det_th?"),
    ],
)
def test_a_mistake_on_the_command_line_is_named(here, overrides, expected):
    assert complaint(overrides=overrides) == expected


def test_a_password_does_not_get_into_a_complaint(here):
    told = complaint("width: 'rtsp://admin:secret@camera/1'\nprecision_model: 'x?password=secret'")
    assert "secret" not in told and "line 1" in told and "line 2" in told
    told = complaint("camera_inputs rtsp://admin:secret@camera/1: 2")
    assert told.startswith("config.yml line 1: camera_inputs rtsp://***@camera/1 is no setting")


def test_a_config_file_that_was_named_must_exist(here):
    with pytest.raises(ConfigError, match=r"^mine/other\.yml: cannot be read: No such file or directory$"):
        load_settings(Path("mine/other.yml"), {}, {})


def test_a_named_file_is_read_in_place_of_the_one_here(here):
    write("width: 5")
    Path("other.yml").write_text("height: 6")
    loaded = load_settings(Path("other.yml"), {}, {})
    assert (loaded.settings.width, loaded.settings.height) == (1280, 6)
    assert loaded.origins["height"] == "other.yml line 1"


def test_files_that_cannot_be_read(here):
    os.mkdir("config.yml")
    assert complaint() == "config.yml: cannot be read: Is a directory"
    os.rmdir("config.yml")
    os.symlink("gone.yml", "config.yml")
    assert complaint() == "config.yml: cannot be read: No such file or directory"
    os.unlink("config.yml")
    Path("config.yml").write_bytes(b"width: 5\nmodel: caf\xe9\n")
    assert complaint() == "config.yml line 2: not UTF-8 text; save the file as UTF-8"
    Path("config.yml").write_bytes(b"#" * 2000000)
    assert complaint() == "config.yml: too large for a config file; is it the right one?"
    Path("config.yml").write_bytes(b"a: " + b"[" * 2000)
    assert complaint().startswith("config.yml line 1, column 24: not valid YAML: nested too deeply; write one `key: ")
    Path("config.yml").write_bytes(b"- " * 2000)
    assert "nested too deeply" in complaint()
    Path("config.yml").write_bytes(b"width: &w 5\nheight: *w\n")
    assert complaint().startswith("config.yml line 2, column 9: not valid YAML: an alias (*name); write out what it")


@pytest.mark.parametrize(
    "text, environ, overrides, expected",
    [
        ("", {}, {}, "ssdlite_mobilenet_v2_coco_2018_05_09"),
        ("model_path: file.pb", {}, {}, "file.pb"),
        ("model_path: file.pb\nmodel: name", {}, {}, "file.pb"),
        ("model_path: file.pb\nmodel: name\nmodel_type: trt_v1", {}, {}, "name"),
        ("model_path: file.pb\nmodel_type: trt_v1", {}, {}, "file.pb"),
        ("model_path: file.pb", {"SPLITLENS_MODEL": "name"}, {}, "name"),
        ("model_path: file.pb", {}, {"model": "name"}, "name"),
        ("model: name", {"SPLITLENS_MODEL_PATH": "file.pb"}, {}, "file.pb"),
        ("", {"SPLITLENS_MODEL_PATH": "file.pb"}, {"model": "name"}, "name"),
        ("model_type: trt_v1", {"SPLITLENS_MODEL": "name"}, {"model_path": "file.pb"}, "file.pb"),
    ],
)
def test_which_model_is_chosen(here, text, environ, overrides, expected):
    assert chosen_model(load(text, environ, overrides)) == expected


def test_keys_without_effect_are_told(here):
    assert compatibility_notes(Settings(), load("").origins) == []
    loaded = load("vis_worker: true\nsplit_shape: 1917", {"SPLITLENS_MODEL_TYPE": "nms_v2"})
    assert compatibility_notes(loaded.settings, loaded.origins) == [
        "config.yml line 1: vis_worker has no effect: drawing always has a thread of its own",
        "SPLITLENS_MODEL_TYPE: model_type nms_v2 is not needed: it is found in the graph, and only compared with that",
        "config.yml line 2: split_shape 1917 is not needed: it is found in the graph, and only compared with that",
    ]


@pytest.mark.parametrize(
    "text, environ, overrides, expected",
    [
        ("", {}, {}, "auto"),
        ("model_type: nms_v2", {}, {}, "auto"),
        ("model_type: trt_v1", {}, {}, "tensorrt"),
        ("engine: tensorrt", {}, {}, "tensorrt"),
        ("model_type: trt_v1\nengine: tensorflow", {}, {}, "tensorflow"),
        ("model_type: trt_v1", {}, {"engine": "tensorflow"}, "tensorflow"),
        # What the file says of its own model does not hold for the one that is named above it.
        ("model: ssd\nmodel_type: trt_v1", {}, {"model": "faster"}, "auto"),
        ("model_type: trt_v1", {}, {"model_path": "file.pb"}, "auto"),
        ("engine: tensorrt", {}, {"model": "other"}, "tensorrt"),
        ("model: ssd", {"SPLITLENS_MODEL_TYPE": "trt_v1"}, {}, "tensorrt"),
    ],
)
def test_an_old_model_type_or_the_engine_asks_for_tensorrt(here, text, environ, overrides, expected):
    assert chosen_engine(load(text, environ, overrides)) == expected


@pytest.mark.parametrize(
    "text, notes",
    [
        ("engine: tensorrt\nprecision_model: FP16", []),
        (
            "precision_model: FP16",
            ["config.yml line 1: precision_model is for TensorRT engines; the others run a graph as it was stored"],
        ),
        (
            "model_type: trt_v1\nprecision_model: FP32",
            ["config.yml line 1: model_type trt_v1 asks for TensorRT; `engine: tensorrt` says the same"],
        ),
        (
            "engine: tensorflow\nmodel_type: trt_v1",
            [
                "config.yml line 2: model_type trt_v1 is not needed: it is found in the graph, and only compared with"
                " that"
            ],
        ),
        (
            "engine: tensorrt\ncalibration_images: photos",
            ["config.yml line 2: calibration_images has no effect: only precision_model INT8 is calibrated"],
        ),
        ("engine: tensorrt\nprecision_model: INT8\ncalibration_images: photos", []),
    ],
)
def test_what_the_settings_of_tensorrt_do_is_told(here, text, notes):
    loaded = load(text)
    assert compatibility_notes(loaded.settings, loaded.origins) == notes


@pytest.mark.parametrize("precision", ["FP16", "INT8"])
@pytest.mark.parametrize(
    "text, overrides, where, engine",
    [
        ("engine: openvino\nprecision_model: {}", {}, "config.yml line 2", "config.yml line 1"),
        ("precision_model: {}", {"engine": "openvino"}, "config.yml line 1", "--engine"),
        ("model_type: trt_v1\nengine: openvino\nprecision_model: {}", {}, "config.yml line 3", "config.yml line 2"),
    ],
)
def test_a_precision_that_openvino_does_not_have_is_refused(here, precision, text, overrides, where, engine):
    with pytest.raises(ConfigError) as caught:
        load(text.format(precision), overrides=overrides)
    assert caught.value.exit_code == 2
    assert (
        str(caught.value)
        == f"{where}: precision_model {precision} cannot be had with engine openvino ({engine}), which computes in FP32"
        " only: take it out, or set engine: tensorrt, which needs an NVIDIA GPU"
    )


def test_a_profile_cannot_ask_openvino_for_it_either(here):
    with pytest.raises(ConfigError, match=r"precision_model INT8 cannot be had with engine openvino \(profile mine\)"):
        with_profile(load("precision_model: INT8"), Profile("mine", {"engine": "openvino"}, Path("mine.yml")))
    assert load("engine: openvino\nprecision_model: FP32").settings.engine == "openvino"


def test_show_lists_every_setting_and_no_password(here):
    loaded = load("det_th: 0.3\ncamera_input: rtsp://admin:secret@camera/1", overrides={"visualize": False})
    lines = show(loaded).split("\n")
    assert [line.split()[0] for line in lines[1:]] == list(SETTINGS)
    column = lines[0].index("set by"), lines[0].index("value")
    table = {line.split()[0]: (line[column[0] : column[1]].strip(), line[column[1] :]) for line in lines[1:]}
    assert table["det_th"] == ("config.yml line 1", "0.3")
    assert table["camera_input"] == ("config.yml line 2", "rtsp://***@camera/1")
    assert table["visualize"] == ("--no-visualize", "false")
    assert table["label_path"] == ("default", "-")
    assert table["fps_interval"] == ("default", "5")


@pytest.mark.parametrize(
    "text",
    [
        "camera_input: rtsp://admin:pa #ss@camera/1\n",
        "camera_input: rtsp://admin:pa # ss@camera/1\n",
        "camera_input: rtsp://admin:12 #ss@camera/1",
        "camera_input: rtsp://adm #in:pa@camera/1",
        "camera_input: rtspsrc location=rtsp://admin:pa #ss@camera/1 ! decodebin ! appsink\n",
        "streams:\n  door: rtsp://admin:pa #ss@camera/1\n",
        "streams:\n  door:\n    source: rtsp://admin:pa #ss@camera/1\n",
        "streams: {door: rtsp://admin:pa #ss@camera/1\n}\n",
    ],
)
def test_an_address_that_yaml_cuts_at_a_number_sign_is_said_without_its_half(here, text):
    told = complaint(text)
    line = text.count("\n", 0, text.index("#")) + 1
    assert (
        told.split("\n")[0]
        == f'config.yml line {line}: an address ends at " #", where a comment begins; write it in single quotes, and #'
        " in a password as %23"
    )
    assert "admin" not in told and "pa " not in told and "ss@" not in told


@pytest.mark.parametrize(
    "text",
    [
        "camera_input: rtsp://admin:secret@camera/1  # the front door\n",
        "camera_input: rtsp://camera:554/1 # ask bob@example.com\n",
        "camera_input: 'rtsp://admin:pa #ss@camera/1'\n",
        "camera_input: rtsp://admin:pa#ss@camera/1\n",
        "movie_input: a.mp4 #ss@camera/1\n",
    ],
)
def test_other_comments_are_no_mistake(here, text):
    load(text)


def test_half_a_password_is_not_shown(here):
    loaded = load(overrides={"camera_input": "rtsp://admin:pa"})
    assert "rtsp://***" in show(loaded) and "admin" not in show(loaded)


def test_every_variable_of_the_project_is_a_setting_or_no_mistake(here, caplog):
    """As they stand in code, scripts and images; those of examples and of tests' own are no part of it."""
    names = set()
    for folder in ("appliance", "web", "deploy", "tools", "docs", "tests/container", "tests/browser"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "vendor" not in path.parts and "__pycache__" not in path.parts:
                names |= set(re.findall(r"SPLITLENS_[A-Z_]*[A-Z]", path.read_text(encoding="utf-8", errors="replace")))
    for path in [ROOT / "README.md", ROOT / "Makefile", ROOT / "noxfile.py", ROOT / "tests" / "zoo.py"]:
        names |= set(re.findall(r"SPLITLENS_[A-Z_]*[A-Z]", path.read_text(encoding="utf-8")))
    settings = {setting.variable for setting in SETTINGS.values()}
    others = names - settings - {"SPLITLENS_PORT"}  # Kubernetes'
    assert "SPLITLENS_IMAGE" in others
    load(environ={name: "x" for name in others})
    assert not caplog.records


@pytest.mark.parametrize(
    "listen, address",
    [
        ("0.0.0.0:8080", ("0.0.0.0", 8080)),
        ("127.0.0.1:80", ("127.0.0.1", 80)),
        (":9000", ("0.0.0.0", 9000)),
        ("[::]:8080", ("::", 8080)),
        ("localhost:1", ("localhost", 1)),
    ],
)
def test_where_the_dashboard_listens(here, listen, address):
    assert listening_address(load(f"listen: '{listen}'").settings.listen) == address


@pytest.mark.parametrize(
    "listen", ["8080", "'8080'", "host", "'host:'", "host:port", "::1:8080", "host:0", "host:65536"]
)
def test_where_nobody_can_listen_is_told_with_what_it_lacks(here, listen):
    assert "config.yml line 1: listen must be an address and a port, like 0.0.0.0:8080, not" in complaint(
        f"listen: {listen}"
    )


@pytest.mark.parametrize(
    "written, names",
    [
        ("shown_classes: [person, traffic light]", ["person", "traffic light"]),
        ("shown_classes:\n  - dog\n  - 'yes'", ["dog", "yes"]),
        ("shown_classes: person, dog", ["person", "dog"]),
        ("shown_classes: []", []),
        ("shown_classes:", None),
    ],
)
def test_classes_in_a_file(here, written, names):
    assert load(written).settings.shown_classes == names


@pytest.mark.parametrize(
    "text, names", [("dog", ["dog"]), ("dog, cat", ["dog", "cat"]), ("[]", []), ("['a, b', c]", ["a, b", "c"])]
)
def test_classes_in_a_word(here, text, names):
    assert load(environ={"SPLITLENS_SHOWN_CLASSES": text}).settings.shown_classes == names
    assert load(overrides={"shown_classes": text}).settings.shown_classes == names


@pytest.mark.parametrize("text", ["[dog", "dog,,cat", "[[dog]]", "{dog: 1}" * 20, "x" * 101])
def test_what_is_no_list_of_classes_is_told(here, text):
    assert "--shown-classes must be a list of names of classes, like [person, dog], not" in complaint(
        overrides={"shown_classes": text}
    )
