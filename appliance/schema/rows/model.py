"""Settings of the model, its engine, and the selection of its results."""

import dataclasses
from typing import Optional, Sequence

from appliance.core.engine_facts import AUTO
from appliance.schema.engines import (
    engine_choices,
    engine_help,
    model_type_help,
    precision_choices,
    precision_help,
)
from appliance.schema.setting import BOOLEAN, DETECTION, INTEGER, LABELS, MODEL, NUMBER, TEXT, setting

FOUND_IN_GRAPH = "found in the graph automatically; a value from an old config file is only compared with it"


@dataclasses.dataclass(frozen=True)
class ModelSettings:
    """The settings of the model and of detection."""

    # Model
    model: str = setting(
        "ssdlite_mobilenet_v2_coco_2018_05_09",
        TEXT,
        MODEL,
        "name of a model of the catalogue, or path of a frozen graph",
    )
    model_path: Optional[str] = setting(
        None, TEXT, MODEL, "path of a frozen graph; if `model` is set too, the higher layer wins"
    )
    label_path: Optional[str] = setting(
        None, TEXT, MODEL, "label map (.pbtxt) or list of names (.txt); by default the model's own"
    )
    load_timeout: float = setting(
        1800.0,
        NUMBER,
        MODEL,
        "for `up`: loading a model is abandoned after this long; some engines take many minutes to build",
        unit="seconds",
        minimum=1,
        maximum=86400,
    )
    trust_graph: bool = setting(
        False,
        BOOLEAN,
        MODEL,
        "accept a graph with any operation, also those that may write files or run programs; only for a graph whose "
        "author you trust completely",
    )
    models_dir: str = setting("models", TEXT, MODEL, "folder that holds the installed models")
    model_type: Optional[str] = setting(
        None,
        TEXT,
        MODEL,
        FOUND_IN_GRAPH + model_type_help(),
        choices=("nms_v0", "nms_v1", "nms_v2", "trt_v1", "mask_v1", "faster_v2", "deeplab_v3"),
    )
    split_shape: Optional[int] = setting(None, INTEGER, MODEL, FOUND_IN_GRAPH, minimum=1)
    num_classes: Optional[int] = setting(None, INTEGER, MODEL, FOUND_IN_GRAPH, minimum=1)
    engine: str = setting(
        AUTO,
        TEXT,
        MODEL,
        engine_help(),
        choices=engine_choices(),
    )
    precision_model: Optional[str] = setting(
        None,
        TEXT,
        MODEL,
        precision_help(),
        choices=precision_choices(),
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
        "for `up`: if frames arrive and the model gives no result for this long, its engine hangs and the daemon "
        "restarts; the first result may take five minutes, and a slow model five times its slowest so far",
        unit="seconds",
        minimum=1,
        maximum=3600,
    )

    # Detection
    det_th: float = setting(
        0.5,
        NUMBER,
        DETECTION,
        "detections with a lower score are left out",
        minimum=0,
        maximum=1,
        title="Threshold (lowest score)",
        live=True,
        per_stream=True,
    )
    shown_classes: Optional[Sequence[str]] = setting(
        None,
        LABELS,
        DETECTION,
        "names of the classes to look for, separated by commas; others are not drawn, counted or written; by default "
        "all",
        title="Classes shown",
        live=True,
        per_stream=True,
    )
    det_interval: int = setting(
        100, INTEGER, DETECTION, "list the detections every so many frames", unit="frames", minimum=0, zero="never"
    )
    split_model: bool = setting(
        True, BOOLEAN, DETECTION, "split the graph before its non-maximum suppression and run both parts in parallel"
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
        "threads that run the front of the model",
        minimum=0,
        maximum=256,
        zero="chosen for this machine",
    )
    batch: int = setting(
        0,
        INTEGER,
        DETECTION,
        "how many waiting frames (of several streams, or of a movie) the GPU processes together at most",
        unit="frames",
        zero="chosen for this machine",
        minimum=0,
        maximum=64,
    )
    xla: Optional[bool] = setting(
        None,
        BOOLEAN,
        DETECTION,
        "let TensorFlow compile the model for the GPU with XLA: may be faster for one camera, was slower for several "
        "streams, takes half a minute longer to start; by default chosen for this machine",
    )
    force_gpu_compatible: bool = setting(
        False, BOOLEAN, DETECTION, "TensorFlow option: all tensors in pinned memory; was faster on the TX2"
    )
    allow_memory_growth: bool = setting(
        True, BOOLEAN, DETECTION, "TensorFlow option: allocate GPU memory as needed, not all at the start"
    )
    log_device: bool = setting(False, BOOLEAN, DETECTION, "TensorFlow option: log the device of every operation")
