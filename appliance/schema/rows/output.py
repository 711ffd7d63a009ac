"""Settings of the output: pictures, files, statistics."""

import dataclasses

from appliance.schema.setting import BOOLEAN, INTEGER, NUMBER, OUTPUT, PICTURE, RUNNING, TEXT, setting


@dataclasses.dataclass(frozen=True)
class OutputSettings:
    """The settings of one run's outputs."""

    # Picture
    visualize: bool = setting(
        True,
        BOOLEAN,
        PICTURE,
        "show the picture in a window, where there is a display and an OpenCV with windows; "
        "nothing is drawn if nobody can see it",
    )
    max_vis_fps: float = setting(
        0.0,
        NUMBER,
        PICTURE,
        "maximum number of frames to draw per second",
        unit="frames a second",
        minimum=0,
        maximum=1000,
        zero="no limit",
        title="Pictures a second, at most (0: any)",
        live=True,
        per_stream=True,
    )
    vis_text: bool = setting(
        True,
        BOOLEAN,
        PICTURE,
        "write the statistics into the picture",
        title="Write the figures into the picture",
        live=True,
        per_stream=True,
    )
    show_boxes: bool = setting(
        True,
        BOOLEAN,
        PICTURE,
        "draw what is detected: boxes with label, track and score, and masks",
        title="Draw boxes",
        live=True,
        per_stream=True,
    )
    show_zones: bool = setting(
        True,
        BOOLEAN,
        PICTURE,
        "draw zones and lines, with what they have counted",
        title="Draw zones and lines",
        live=True,
        per_stream=True,
    )
    mask_output_size: str = setting(
        "input",
        TEXT,
        PICTURE,
        "size of the pictures drawn for a Mask R-CNN: `input` = the frame's own, `settings` = `width` x `height`, "
        "as the original project has it",
        choices=("input", "settings"),
        per_stream=True,
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
        "stop after this many frames; 0 = never; while a window shows the picture, only closing it ends the run",
        unit="frames",
        minimum=0,
    )
    fps_interval: float = setting(
        5.0, NUMBER, RUNNING, "time over which statistics are averaged", unit="seconds", minimum=0.01, maximum=3600
    )
    debug_mode: bool = setting(
        False, BOOLEAN, RUNNING, "log more, and every frame that took much longer than the others"
    )
