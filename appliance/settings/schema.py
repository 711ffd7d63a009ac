"""Everything that a user can set: one dataclass whose fields say what they mean.

The loader, the command line and `config show` are made from it. Keys that the original project had keep their
name and meaning.
"""

import dataclasses
from typing import Any, Dict, Mapping, NamedTuple, Optional, Tuple, TypeVar, Union

from appliance.settings.streams import StreamSetting
from appliance.settings.web_values import NETWORKS, ORIGINS, TLS, URL_PATH

T = TypeVar("T")

BOOLEAN, INTEGER, NUMBER, TEXT, CAMERA = "boolean", "integer", "number", "text", "camera"
STREAMS, POWER_MODE = "streams", "power mode"

INPUT, MODEL, DETECTION, PICTURE, OUTPUT, RUNNING, APPLIANCE, RECORDING, BOARD = (
    "what to look at",
    "model",
    "detection",
    "picture",
    "files",
    "running",
    "appliance",
    "recording",
    "board",
)

FOUND_IN_GRAPH = "found in the graph by itself; the value of an old config file is only compared with it"


class Setting(NamedTuple):
    """One row of the schema.

    kind: BOOLEAN, INTEGER, NUMBER (int or float, kept as float), TEXT, CAMERA (int index or text), STREAMS,
    POWER_MODE (int id or text), or one of web_values.py, whose values are texts.
    minimum, maximum: both ends are allowed; None where there is no bound.
    """

    key: str
    kind: str
    default: Any
    help: str
    group: str
    unit: Optional[str]
    minimum: Optional[float]
    maximum: Optional[float]
    choices: Tuple[str, ...]

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return "SPLITLENS_" + self.key.upper()

    @property
    def option(self) -> str:
        """The command line option that sets it."""
        return "--" + self.key.replace("_", "-")


def setting(
    default: T,
    kind: str,
    group: str,
    help: str,
    unit: Optional[str] = None,
    minimum: Optional[float] = None,
    maximum: Optional[float] = None,
    choices: Tuple[str, ...] = (),
) -> T:
    """A field of `Settings` with what the loader, the command line and `config show` need to know of it."""
    metadata = {
        "kind": kind,
        "group": group,
        "help": help,
        "unit": unit,
        "minimum": minimum,
        "maximum": maximum,
        "choices": choices,
    }
    return dataclasses.field(default=default, metadata=metadata)


@dataclasses.dataclass(frozen=True)
class Settings:
    """The settings of one run, complete and checked."""

    # Input
    image_input: str = setting(
        "images", TEXT, INPUT, "a picture, or a folder of pictures (with its subfolders), for `image`"
    )
    movie_input: str = setting("input.mp4", TEXT, INPUT, "the movie for `video`")
    camera_input: Union[int, str] = setting(
        0,
        CAMERA,
        INPUT,
        "the camera for `stream`: an index, a device path, an RTSP or HTTP address, or a GStreamer pipeline "
        "that ends in appsink",
        minimum=0,
        maximum=255,
    )
    streams: Optional[Mapping[str, StreamSetting]] = setting(
        None,
        STREAMS,
        INPUT,
        "for `up`: cameras, or movies that play in a loop, by name, each with a source as for camera_input and, if it "
        "needs, a `model` of its own; left out, camera_input is one stream called main",
    )
    width: int = setting(
        1280,
        INTEGER,
        INPUT,
        "width to ask of a USB camera; see also mask_output_size",
        unit="pixels",
        minimum=1,
        maximum=16384,
    )
    height: int = setting(
        720,
        INTEGER,
        INPUT,
        "height to ask of a USB camera; see also mask_output_size",
        unit="pixels",
        minimum=1,
        maximum=16384,
    )
    live_timeout: float = setting(
        20.0,
        NUMBER,
        INPUT,
        "a camera that gave no frame for so long is opened again",
        unit="seconds",
        minimum=0.1,
        maximum=86400,
    )
    open_timeout: float = setting(
        30.0,
        NUMBER,
        INPUT,
        "a camera may take so long from being opened to its first frame; where live_timeout is longer, that long",
        unit="seconds",
        minimum=0.1,
        maximum=86400,
    )
    snapshot_fps: float = setting(
        5.0,
        NUMBER,
        INPUT,
        "an HTTP address that gives one JPEG a request is asked so often",
        unit="requests a second",
        minimum=0.01,
        maximum=60,
    )
    rtsp_transport: str = setting(
        "auto",
        TEXT,
        INPUT,
        "how RTSP cameras send their pictures; auto = tcp, and udp where the camera has no tcp",
        choices=("auto", "tcp", "udp"),
    )

    # Model
    model: str = setting(
        "ssdlite_mobilenet_v2_coco_2018_05_09",
        TEXT,
        MODEL,
        "name of a model of the catalogue, or path of a frozen graph",
    )
    model_path: Optional[str] = setting(
        None, TEXT, MODEL, "path of a frozen graph; where `model` is set too, the higher layer wins"
    )
    label_path: Optional[str] = setting(
        None, TEXT, MODEL, "label map (.pbtxt) or list of names (.txt); by default the model's own"
    )
    load_timeout: float = setting(
        1800.0,
        NUMBER,
        MODEL,
        "for `up`: a model that is not loaded after so long is given up; TensorRT may take many minutes to build an "
        "engine",
        unit="seconds",
        minimum=1,
        maximum=86400,
    )
    trust_graph: bool = setting(
        False,
        BOOLEAN,
        MODEL,
        "take a graph with any operation in it, also one that may write files or run programs; only for a graph whose "
        "maker you trust as yourself",
    )
    models_dir: str = setting("models", TEXT, MODEL, "folder that holds the installed models")
    model_type: Optional[str] = setting(
        None,
        TEXT,
        MODEL,
        FOUND_IN_GRAPH + "; trt_v1 asks for TensorRT, as `engine: tensorrt` does",
        choices=("nms_v0", "nms_v1", "nms_v2", "trt_v1", "mask_v1", "faster_v2", "deeplab_v3"),
    )
    split_shape: Optional[int] = setting(None, INTEGER, MODEL, FOUND_IN_GRAPH, minimum=1)
    num_classes: Optional[int] = setting(None, INTEGER, MODEL, FOUND_IN_GRAPH, minimum=1)
    engine: str = setting(
        "auto",
        TEXT,
        MODEL,
        "what runs the network; auto = tensorrt where model_type is trt_v1, openvino for SSD models on x86 without an "
        "NVIDIA GPU, where it is installed, else tensorflow. TensorRT takes SSD models, and minutes to build an "
        "engine, once",
        choices=("auto", "tensorflow", "openvino", "tensorrt"),
    )
    precision_model: Optional[str] = setting(
        None,
        TEXT,
        MODEL,
        "precision of a TensorRT engine, FP32 if left out; TensorFlow runs a graph as it was stored, OpenVINO in FP32",
        choices=("FP32", "FP16", "INT8"),
    )
    calibration_images: Optional[str] = setting(
        None,
        TEXT,
        MODEL,
        "folder with some hundred pictures of what the camera will see; needed for precision_model INT8",
    )

    result_timeout: float = setting(
        10.0,
        NUMBER,
        MODEL,
        "for `up`: where frames come and the model gives no result for so long, its engine hangs and the daemon starts "
        "anew; its first result may take five minutes, and a slow model five times its slowest",
        unit="seconds",
        minimum=1,
        maximum=3600,
    )

    # Detection
    det_th: float = setting(0.5, NUMBER, DETECTION, "detections with a lower score are left out", minimum=0, maximum=1)
    det_interval: int = setting(
        100, INTEGER, DETECTION, "list the detections every so many frames; 0 = never", unit="frames", minimum=0
    )
    split_model: bool = setting(
        True, BOOLEAN, DETECTION, "cut the graph in front of its non-maximum suppression and run both parts at once"
    )
    exact: bool = setting(
        False,
        BOOLEAN,
        DETECTION,
        "use the graph's own preprocessing and non-maximum suppression throughout; slower, same detections",
    )
    worker_threads: int = setting(
        0,
        INTEGER,
        DETECTION,
        "threads that run the front of the model; 0 = chosen for this machine",
        minimum=0,
        maximum=256,
    )
    batch: int = setting(
        0,
        INTEGER,
        DETECTION,
        "frames that wait (of several streams, or of a movie) are given to the GPU together, up to so many; "
        "0 = chosen for this machine",
        unit="frames",
        minimum=0,
        maximum=64,
    )
    xla: Optional[bool] = setting(
        None,
        BOOLEAN,
        DETECTION,
        "let TensorFlow compile the model for the GPU by XLA: may be faster for one camera, was slower for several "
        "streams, starts half a minute later; left out, chosen for this machine",
    )
    force_gpu_compatible: bool = setting(
        False, BOOLEAN, DETECTION, "TensorFlow option: all tensors in pinned memory; was faster on the TX2"
    )
    allow_memory_growth: bool = setting(
        True, BOOLEAN, DETECTION, "TensorFlow option: take GPU memory as it is needed, not all at the start"
    )
    log_device: bool = setting(False, BOOLEAN, DETECTION, "TensorFlow option: log the device of every operation")

    # Picture
    visualize: bool = setting(
        True,
        BOOLEAN,
        PICTURE,
        "show the picture in a window, where there is a display and an OpenCV with windows; "
        "nothing is drawn for nobody",
    )
    vis_text: bool = setting(True, BOOLEAN, PICTURE, "write the statistics into the picture")
    mask_output_size: str = setting(
        "input",
        TEXT,
        PICTURE,
        "size of the pictures drawn for a Mask R-CNN: `input` = the frame's own, `settings` = `width` x `height`, "
        "as the original project has it",
        choices=("input", "settings"),
    )
    max_vis_fps: float = setting(
        0.0,
        NUMBER,
        PICTURE,
        "draw at most so many frames a second; 0 = no limit",
        unit="frames a second",
        minimum=0,
        maximum=1000,
    )
    vis_worker: bool = setting(
        False,
        BOOLEAN,
        PICTURE,
        "no effect: drawing always has a thread of its own; accepted so that old config files load",
    )

    # Files
    save_to_file: bool = setting(False, BOOLEAN, OUTPUT, "write what was drawn to output_movie/ or output_image/")
    output_dir: str = setting(".", TEXT, OUTPUT, "folder in which output_movie/ and output_image/ are made")

    # Running
    max_frames: int = setting(
        0,
        INTEGER,
        RUNNING,
        "stop after so many frames; 0 = never; while a window shows the picture only closing it ends the run",
        unit="frames",
        minimum=0,
    )
    fps_interval: float = setting(
        5.0, NUMBER, RUNNING, "the statistics are averages of so long", unit="seconds", minimum=0.01, maximum=3600
    )
    debug_mode: bool = setting(
        False, BOOLEAN, RUNNING, "log more, and every frame that took much longer than the others"
    )

    # The appliance: `up`
    listen: str = setting(
        "0.0.0.0:8080", TEXT, APPLIANCE, "address and port of the dashboard; 127.0.0.1:8080 keeps it to this machine"
    )
    sign_in: bool = setting(
        True, BOOLEAN, APPLIANCE, "ask who comes to the dashboard for a password; without, everybody may change all"
    )
    web_worker: str = setting(
        "eventlet", TEXT, APPLIANCE, "how gunicorn serves the dashboard", choices=("eventlet", "gthread")
    )
    tls: Optional[str] = setting(
        None,
        TLS,
        APPLIANCE,
        "https inside: self-signed makes a certificate, which browsers ask about once; or the files of a certificate "
        "(with its chain) and of its key, with a space between",
    )
    trusted_proxy: Optional[str] = setting(
        None,
        NETWORKS,
        APPLIANCE,
        "addresses or networks of the proxies in front of the dashboard, whose X-Forwarded headers are believed; left "
        "out, nobody's (docs/proxies.md)",
    )
    base_path: Optional[str] = setting(
        None,
        URL_PATH,
        APPLIANCE,
        "path below which a proxy serves the dashboard, like /splitlens, where the proxy sends no X-Forwarded-Prefix",
    )
    framed_by: Optional[str] = setting(
        None,
        ORIGINS,
        APPLIANCE,
        "whose pages may show the dashboard in a frame: self (Home Assistant's ingress) and origins like "
        "https://home.example:8123; left out, nobody's",
    )
    live_width: int = setting(
        1280,
        INTEGER,
        APPLIANCE,
        "live pictures are made no wider; recordings keep the camera's size",
        unit="pixels",
        minimum=160,
        maximum=16384,
    )
    state_dir: str = setting(
        "state", TEXT, APPLIANCE, "folder for what is changed in the dashboard, its accounts and sessions"
    )
    run_dir: Optional[str] = setting(
        None, TEXT, APPLIANCE, "private folder for the sockets between daemon and dashboard; by default one in /tmp"
    )

    # Board
    profile: Optional[str] = setting(
        None,
        TEXT,
        BOARD,
        "defaults that take the place of this board's own: the name of one in profiles/, or a file of the same form",
    )
    power_mode: Union[int, str] = setting(
        "leave",
        POWER_MODE,
        BOARD,
        "for `up` on a Jetson: power mode of nvpmodel, by id or name, set at the start through the power helper; "
        "`leave` changes nothing",
        minimum=0,
        maximum=255,
    )
    jetson_clocks: Optional[bool] = setting(
        None,
        BOOLEAN,
        BOARD,
        "for `up` on a Jetson: whether jetson_clocks holds the clocks at the highest of the power mode; left out, "
        "nothing is changed",
    )

    # Recording
    recordings_dir: str = setting("recordings", TEXT, RECORDING, "folder of the recordings")
    record_format: str = setting(
        "avi",
        TEXT,
        RECORDING,
        "avi: Motion JPEG, as in the original project; mp4: H.264, where there is an encoder",
        choices=("avi", "mp4"),
    )
    segment_minutes: float = setting(
        10.0,
        NUMBER,
        RECORDING,
        "a new file is begun every so many minutes; 0 = never",
        unit="minutes",
        minimum=0,
        maximum=1440,
    )
    segment_mb: float = setting(
        0.0, NUMBER, RECORDING, "a new file is begun at this size; 0 = at no size", unit="MB", minimum=0
    )
    keep_days: float = setting(
        0.0, NUMBER, RECORDING, "older recordings are deleted; 0 = never", unit="days", minimum=0
    )
    keep_gb: Optional[float] = setting(
        None,
        NUMBER,
        RECORDING,
        "the oldest recordings are deleted where all together are larger; left out, a quarter "
        "of the disk; 0 = no limit",
        unit="GB",
        minimum=0,
    )
    free_gb: float = setting(
        1.0,
        NUMBER,
        RECORDING,
        "so much of the disk stays free: the oldest recordings are deleted for it, then recording stops",
        unit="GB",
        minimum=0,
    )


def _rows() -> Dict[str, Setting]:
    return {
        field.name: Setting(key=field.name, default=field.default, **field.metadata)
        for field in dataclasses.fields(Settings)
    }


SETTINGS = _rows()
"""The schema, key to row, in the order in which it is shown."""
