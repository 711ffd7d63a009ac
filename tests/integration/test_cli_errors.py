"""Every mistake that a user may make ends in one clear message and the exit code of its kind."""

import os
import re
import shlex
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.command import MODELS, ROOT, count_frames, run

CONFIG, MODEL, SOURCE, OUTPUT = 2, 3, 4, 5
COCO = "ssdlite_mobilenet_v2_coco_2018_05_09"
XAVIER = (
    "nvarguscamerasrc ! video/x-raw(memory:NVMM), width=1280, height=720,format=NV12, framerate=120/1 "
    "! nvvidconv ! video/x-raw,format=I420 ! videoflip method=rotate-180 ! appsink"
)


# What is typed, the exit code, and what is complained about.
QUICK = [
    ("imgae", CONFIG, "imgae is no command; did you mean image? `splitlens --help` shows what can be given."),
    ("models gte x", CONFIG, "gte is no command; did you mean get?"),
    ("", CONFIG, "COMMAND"),
    ("--det-th 0.3 image bus.jpg", CONFIG, "--det-th stands before the command; options come after it."),
    ("image bus.jpg --det-thr 0.3", CONFIG, "--det-thr is no option; did you mean --det-th? `splitlens "),
    ("image bus.jpg --det-t 0.3", CONFIG, "--det-t is no option; did you mean --det-th?"),
    ("image bus.jpg zidane.jpg", CONFIG, "zidane.jpg is one argument too many."),
    ("image bus.jpg --det-th high", CONFIG, "--det-th must be a number from 0 to 1, not 'high'."),
    ("bench --seconds 0", CONFIG, "--seconds: must be a number above 0, not '0'."),
    ("SPLITLENS_DET_TH=2 image bus.jpg", CONFIG, "SPLITLENS_DET_TH must be a number from 0 to 1, not 2."),
    (
        "image bus.jpg --config typo.yml",
        CONFIG,
        (
            "typo.yml line 2: det_treshold is no setting; did you mean det_th?\n"
            "typo.yml line 3: width must be a whole number of pixels from 1 to 16384, not 'wide'."
        ),
    ),
    *[
        (
            command + " --engine openvino --precision-model INT8",
            CONFIG,
            (
                "--precision-model: precision_model INT8 cannot be had with engine openvino (--engine), which computes"
                " in FP32"
            ),
        )
        for command in ("image bus.jpg", "config check", "models list", "tune", "bench", "up")
    ],
    ("config check --config gone.yml", CONFIG, "gone.yml: cannot be read: No such file or directory."),
    (
        "image bus.jpg --models-dir empty",
        MODEL,
        COCO + " is not installed. `splitlens models get " + COCO + "` fetches it (51 MB).",
    ),
    ("image bus.jpg --model " + COCO[:-1], MODEL, " is no model that is known or installed; did you mean " + COCO),
    ("image bus.jpg --model gone/gone.pb", MODEL, "gone/gone.pb does not exist."),
    ("image bus.jpg --model text.pb", MODEL, "text.pb: this is no frozen graph"),
    ("image bus.jpg --model cut.pb", MODEL, "cut.pb: this is no frozen graph, or a truncated one."),
    ("image bus.jpg --model bus.jpg", MODEL, "bus.jpg is no frozen graph but a picture."),
    ("image bus.jpg --label-path gone.pbtxt", MODEL, "The label map gone.pbtxt cannot be read: "),
    ("image bus.jpg --label-path maps/broken.pbtxt", MODEL, "maps/broken.pbtxt line 2: "),
    ("image gone.jpg", SOURCE, "gone.jpg does not exist; jpg, jpeg and png files are accepted"),
    ("image", SOURCE, "images does not exist; "),
    ("image empty", SOURCE, "empty holds no picture; "),
    ("video gone.mp4", SOURCE, "gone.mp4 does not exist; mp4, avi and mkv files are accepted."),
    ("video cut.mp4", SOURCE, "cut.mp4 is no movie, or was cut off while it was recorded and has no index; "),
    ("video empty", SOURCE, "empty is a folder; "),
    ("stream garden", SOURCE, "'garden' is no camera; accepted are an index (0), "),
    ("stream 'videotestsrc ! fakesink'", SOURCE, 'GStreamer pipeline: it has to end in " ! appsink"'),
    ("image bus.jpg --save-to-file --output-dir text.pb", OUTPUT, "text.pb/output_image: Not a directory."),
    ("video clip.mp4 --save-to-file --output-dir text.pb", OUTPUT, "text.pb/output_movie: Not a directory."),
    ("image bus.jpg --json gone/found.jsonl", OUTPUT, "gone/found.jsonl: no such directory. Make it first"),
]

# These show only once the model is loaded.
SLOW = [
    ("image broken.jpg", SOURCE, "broken.jpg is damaged or no picture; "),
    ("stream 77", SOURCE, "camera 77: there is no /dev/video77; "),
    ("stream /dev/video77", SOURCE, "camera /dev/video77: there is no /dev/video77; "),
    (
        "stream rtsp://bob:geheim@127.0.0.1:1/cam",
        SOURCE,
        "camera rtsp://***@127.0.0.1:1/cam: connection refused; nothing listens there",
    ),
    (f"stream '{XAVIER}'", SOURCE, 'GStreamer has no element "nvarguscamerasrc": it exists on Jetson'),
    ("image bus.jpg --json /dev/full", OUTPUT, "/dev/full: no space left. Free some space"),
]


@pytest.fixture(scope="module")
def here(tmp_path_factory, samples, coco_model):
    """A working directory with files that are wrong in many ways."""
    here = tmp_path_factory.mktemp("errors")
    (here / "empty").mkdir()
    (here / "typo.yml").write_text("det_th: 0.5\ndet_treshold: 0.3\nwidth: wide\n")
    (here / "text.pb").write_text("This is a text.\n")
    (here / "cut.pb").write_bytes(coco_model.read_bytes()[:1000000])
    (here / "maps").mkdir()
    (here / "maps" / "broken.pbtxt").write_text("item {\n  id: 'x'\n}\n")
    (here / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    (here / "cut.mp4").write_bytes((samples / "bikes.mp4").read_bytes()[:100000])
    for name, sample in (("bus.jpg", "bus.jpg"), ("clip.mp4", "bikes.mp4")):
        os.symlink(str(samples / sample), str(here / name))
    return here


def run_typed(here, typed):
    words = shlex.split(typed)
    environ = dict(word.split("=", 1) for word in words if word.startswith("SPLITLENS_"))
    words = [word for word in words if not word.startswith("SPLITLENS_")]
    if words[:1] in (["image"], ["video"], ["stream"]) and "--models-dir" not in words:
        words += MODELS
    return run(here, *words, **environ)


@pytest.fixture(scope="module")
def slow_ones(here):
    """How each of SLOW ended; two at a time, as each loads TensorFlow."""
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(SLOW, pool.map(lambda row: run_typed(here, row[0]), SLOW)))


def check(ended, code, complaint):
    assert ended.code == code, ended.err
    _, message = ended.err.split("error: ", 1)
    assert "error" not in message and complaint in message
    assert message.endswith((".\n", "?\n"))
    assert "geheim" not in ended.out + ended.err


@pytest.mark.parametrize("typed, code, complaint", QUICK)
def test_a_mistake_is_told_at_once(here, typed, code, complaint):
    ended = run_typed(here, typed)
    check(ended, code, complaint)
    assert ended.out == ""
    # Nothing but the message, and what is being loaded.
    assert ended.err.split("error: ", 1)[0] in ("", "Loading text\n", "Loading cut\n")


@pytest.mark.parametrize("row", SLOW, ids=[row[0] for row in SLOW])
def test_a_mistake_that_shows_later_is_told_as_clearly(slow_ones, row):
    check(slow_ones[row], *row[1:])
    # Whichever test is the first on a machine waits for the network to be compiled.
    told = [line for line in slow_ones[row].err.splitlines() if "compiled the network" not in line]
    assert told[0] == "Loading " + COCO and len(told) == 3
    assert re.match(COCO + r": ssd graph, fast path, \w+ on the CPU$", told[1])


def test_a_summary_that_cannot_be_written_costs_nothing_else(tmp_path, samples, coco_model):
    (tmp_path / "output_movie").mkdir()
    for second in range(300):
        (tmp_path / "output_movie" / f"output_{int(time.time()) + second}.txt").mkdir()
    ended = run(tmp_path, "video", str(samples / "bikes.mp4"), "--max-frames", "5", "--save-to-file", *MODELS)
    assert ended.code == OUTPUT
    assert ended.err.splitlines()[-1].startswith("error: ./output_movie/output_")
    assert ended.err.endswith(".txt: Is a directory. Choose another place.\n")
    (movie,) = (tmp_path / "output_movie").glob("*.avi")
    assert count_frames(movie) == 5 and f"movie: ./output_movie/{movie.name}\n" in ended.out


BROKEN = """
import sys
from appliance.cli import main as program
def broken(options):
    program._load(options)
    return {}["key"]
program._COMMANDS["config"] = broken
sys.exit(program.main(sys.argv[1:]))
"""


def test_a_mistake_of_the_program_is_one_line_with_its_place(tmp_path):
    def end(*words):
        done = subprocess.run(
            [sys.executable, "-c", BROKEN, "config", "show"] + list(words),
            cwd=str(tmp_path),
            env=dict(os.environ, PYTHONPATH=str(ROOT)),
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        return done.returncode, done.stderr

    code, told = end()
    assert code == 1
    assert (
        told
        == "error: KeyError: 'key' (<string> line 6). This is a mistake in Splitlens; --debug-mode shows more of it.\n"
    )
    assert "Traceback" in end("--debug-mode")[1]
