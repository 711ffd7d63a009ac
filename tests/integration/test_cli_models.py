"""`models`, `doctor`, `bench` and `--help`, as typed."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from appliance.zoo.catalogue import load_catalogue
from tests.command import MODELS, ROOT, finish, run, start

COCO = "ssdlite_mobilenet_v2_coco_2018_05_09"
SIZES = ["160x120", "544x288", "1280x720"]


@pytest.fixture(scope="module")
def mine(tmp_path_factory, person_model):
    """A folder in which a user's own graph was imported, with its labels, into models/."""
    here = tmp_path_factory.mktemp("mine")
    shutil.copy(str(person_model), str(here / "walkers.pb"))
    (here / "walkers.pbtxt").write_text('item { id: 1 name: "walker" }\n')
    ended = run(here, "models", "import", "walkers.pb", "--labels", "walkers.pbtxt")
    assert ended == (0, "walkers is in models/walkers/frozen_inference_graph.pb; run it with --model walkers\n", "")
    return here


def list_models(here, *words):
    ended = run(here, "models", "list", *words)
    assert (ended.code, ended.err) == (0, "")
    heading, *rows = [re.split(" {2,}", line) for line in ended.out.splitlines()]
    assert heading == ["NAME", "FAMILY", "SIZE", "INSTALLED", "FITS PC"]
    return {row[0]: row[1:] for row in rows}


def test_the_catalogue_is_listed_with_what_is_installed(tmp_path, mine, coco_model):
    table = list_models(tmp_path, *MODELS)
    assert set(table) >= {entry.name for entry in load_catalogue()}
    assert table[COCO] == ["SSD", "51 MB", "yes", "yes"]
    assert table["faster_rcnn_resnet101_coco_2018_01_28"] == ["Faster R-CNN", "593 MB", "no", "yes"]
    assert list_models(mine)["walkers"] == ["SSD", "12 MB", "yes, your own", "yes"]
    assert list_models(mine)[COCO] == ["SSD", "51 MB", "no", "yes"]


def test_a_model_is_shown_as_it_would_run(mine):
    ended = run(mine, "models", "show", "walkers")
    assert (ended.code, ended.err) == (0, "")
    assert re.match(
        r"name: walkers\nfile: models/walkers/frozen_inference_graph\.pb \(1\d\.\d MB\)\n"
        r"sha256: [0-9a-f]{64}\nfrom: .*walkers\.pb\nlicence: not known\n"
        r"family: SSD\nfits this board: yes\ninput size: 300 x 300\nclasses: 1\nlabels: 1\n"
        r"anchors: 1917\nengine: (tensorflow|openvino)\npath: fast\ncut:\n"
        r"  Postprocessor/\S+:0 float32 \[1, 1917, 1, 4\]\n"
        r"  Postprocessor/\S+:0 float32 \[1, 1917, 1\]\n"
        r"  Postprocessor/\S+:0 float32 \[1, 4\]\n$",
        ended.out,
    )
    assert "path: exact (exact is on)\n" in run(mine, "models", "show", "walkers", "--exact").out
    assert "path: whole (split_model is off)\n" in run(mine, "models", "show", "walkers", "--no-split-model").out
    (mine / "others.pbtxt").write_text('item { id: 9 name: "runner" }\n')
    labels = ("--label-path", "others.pbtxt")
    assert "labels: none, ids are shown (" in run(mine, "models", "show", "walkers", *labels).out


def test_an_imported_model_runs_by_its_name_with_its_labels(mine, samples):
    ended = run(mine, "image", str(samples / "bus.jpg"), "--model", "walkers")
    assert ended.code == 0, ended.err
    assert re.match(r"frame 0: walker 1\.00 \[[\d ]+\], walker 0\.99 \[[\d ]+\]\n", ended.out)
    assert "model: walkers (fast path, " in ended.out


def test_a_model_is_removed(mine):
    shutil.copytree(str(mine / "models" / "walkers"), str(mine / "models" / "walkers-2"))
    assert run(mine, "models", "remove", "walkers-2") == (0, "walkers-2 was removed\n", "")
    assert not (mine / "models" / "walkers-2").exists() and (mine / "models" / "walkers").exists()
    again = run(mine, "models", "remove", "walkers-2")
    assert (again.code, again.err) == (3, "error: walkers-2 is not installed; did you mean walkers?\n")


@pytest.mark.parametrize(
    "words, complaint",
    [
        (("get", COCO + "x"), f"{COCO}x is no model of the catalogue; did you mean {COCO}"),
        (("show", "wolkers"), "wolkers is no model that is known or installed; did you mean walkers?"),
        (("show", COCO), f"{COCO} is not installed. `splitlens models get {COCO}` fetches it"),
        (("import", "gone.pb"), "gone.pb does not exist."),
        (("import", "text.pb"), "error: text.pb: this is no frozen graph"),
        (("import", "walkers.pb"), "walkers is installed already: `splitlens models remove walkers` first"),
        (("import", "walkers.pb", "--name", "w2", "--labels", "text.pb"), "error: text.pb is no label map: "),
        (("import", "walkers.pb", "--name", "../w2"), "../w2"),
    ],
)
def test_what_models_cannot_do_is_said(mine, words, complaint):
    (mine / "text.pb").write_text("This is a text.\n")
    ended = run(mine, "models", *words)
    assert (ended.code, ended.out) == (3, "")
    assert complaint in ended.err and ".downloads" not in ended.err
    # Beside it only what is kept for the next time: parts of downloads, compiled models.
    assert set(os.listdir(str(mine / "models"))) - {".downloads", ".engines"} == {"walkers"}


def test_the_doctor_finds_what_is_here_and_what_is_not(tmp_path, coco_model):
    (tmp_path / "config.yml").write_text("det_treshold: 0.5\n")
    (tmp_path / "good").mkdir()
    well = start(tmp_path / "good", "doctor", *MODELS)
    ill = start(tmp_path, "doctor", "--models-dir", "empty")
    ended = finish(well)
    assert ended.code == 0, ended.out
    assert ended.out.endswith("The appliance can run.\n")
    subjects = [line.split()[1] for line in ended.out.splitlines()[:-1] if not line.startswith(" ")]
    assert subjects[0] == "board" and {"power", "sensors", "Python", "libraries"} <= set(subjects)
    assert {"TensorFlow", "OpenCV", "models"} <= set(subjects)
    assert not re.search("^missing", ended.out, re.MULTILINE)
    ended = finish(ill)
    assert ended.code == 1
    missing = [found.split("\n    ") for found in re.split("^missing +", ended.out, flags=re.MULTILINE)[1:]]
    assert [found[0].split()[0] for found in missing] == ["models", "settings"]
    assert f"`splitlens models get {COCO}` fetches it" in missing[0][1]
    assert "-> config.yml line 1: det_treshold is no setting; did you mean det_th?" in missing[1][1]
    assert ended.out.endswith("The appliance cannot run yet: see to models, settings.\n")


def test_the_bench_measures_all_it_has_bars_for(tmp_path, samples, coco_model):
    words = ("--clip", str(samples / "bikes.mp4"), "--json", "bench.json")
    ended = run(tmp_path, "bench", "--seconds", "0.3", *(MODELS + words))
    assert ended.code == 0, ended.err
    report = json.loads((tmp_path / "bench.json").read_text())
    assert report["machine"]["model"] == COCO and report["machine"]["path"] == "fast"
    rows = report["sizes"]
    assert ["{width}x{height}".format(**row) for row in rows] == SIZES
    for row in rows:
        assert min(row[way]["fps"] for way in ("whole", "engine", "loop")) > 0
        loop, engine = row["loop"]["fps"], row["engine"]["fps"]
        rounding = 0.1 / loop + 0.1 / engine
        assert row["loop_to_engine"] == pytest.approx(loop / engine, rel=rounding, abs=0.001)
    loops = report["streams"] + report["visualize"] + [report["camera"]] + [row["loop"] for row in rows]
    for row in loops:
        assert 0 < row["latency_ms"] <= row["latency_p90_ms"] <= row["latency_p99_ms"] and row["cpu_percent"] > 0
    assert [row["streams"] for row in report["streams"]] == [1, 2, 4, 8]
    off, limited, every = report["visualize"]
    assert off["drawn_fps"] == 0  # what the viewer sees may be of the turn before
    assert every["drawn_fps"] == pytest.approx(every["fps"], abs=0.1) and 0 < limited["drawn_fps"] <= 40
    assert every["seen_fps"] >= 0 < min(every["draw_ms"], every["encode_ms"])
    assert report["camera"]["engine_ms"] > 0 and report["camera"]["fps"] <= 40
    assert report["engines"][-1]["engine"] == "tensorflow"
    for row in report["engines"]:
        assert row["compared"] > 5 and row["unmatched"] == 0 and row["is_equal"], row
        assert row["first_detection_s"] > 0 and row["peak_memory_mb"] > 50
    first, last = report["engines"][0]["peak_memory_mb"], report["engines"][-1]["peak_memory_mb"]
    assert len(report["engines"]) == 1 or first < last  # each of its own process, not of the one that measures
    assert {"reached", "measured", "what"} <= set(report["bars"][0]) and len(report["bars"]) >= 11
    table = ended.out.splitlines()
    assert COCO in table[1]
    assert [line.split()[0] for line in table if re.match(r"\d+x\d+ +\d", line)] == SIZES * 2
    assert len([line for line in table if line.endswith(" reached")]) == len(report["bars"])


def test_the_bench_says_before_it_measures_that_it_cannot_write(tmp_path):
    ended = run(tmp_path, "bench", "--seconds", "600", "--json", "none/bench.json", *MODELS)
    assert (ended.code, ended.out) == (5, "")
    assert ended.err == "error: none/bench.json: no such directory. Make it first, or choose another place.\n"


def test_a_part_of_the_bench_that_is_none_is_refused(tmp_path):
    ended = run(tmp_path, "bench", "--only", "sizes,colour", *MODELS)
    assert ended.code == 2
    assert ended.err == (
        "error: --only: colour is no part of the bench; there are sizes, streams, visualize, camera, engines.\n"
    )


@pytest.mark.parametrize(
    "command",
    [
        "",
        "image",
        "video",
        "stream",
        "bench",
        "doctor",
        "models",
        "models list",
        "models show",
        "models get",
        "models import",
        "models remove",
        "config",
        "config show",
        "config check",
    ],
)
def test_every_command_has_its_help(tmp_path, command):
    ended = run(tmp_path, *(command.split() + ["--help"]), COLUMNS="100")
    assert (ended.code, ended.err) == (0, "")
    usage = ended.out.splitlines()[0]
    assert usage.startswith(f"usage: splitlens {command}") and len(usage) < 150
    # A picture has no camera, a list of models no threshold; but `config show --help` explains all.
    explain_all = ("config show", "config check")
    assert ("--camera-input" in ended.out) == (command in explain_all + ("stream",))
    assert ("--det-th" in ended.out) == (command in explain_all + ("image", "video", "stream", "bench"))


@pytest.mark.parametrize("words", [["--help"], ["image", "--help"], ["config", "show"], ["models", "list"]])
def test_a_quick_answer_loads_nothing_heavy(tmp_path, words):
    program = (
        "import sys\nfrom appliance.cli.main import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "print(sorted({'numpy', 'cv2', 'tensorflow', 'psutil'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program] + words,
        cwd=str(tmp_path),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=dict(os.environ, PYTHONPATH=str(ROOT)),
    )
    assert done.stderr == ("['numpy']\n" if words[0] == "models" else "[]\n")


def test_the_version_is_told(tmp_path):
    ended = run(tmp_path, "--version")
    assert ended.code == 0 and re.match(r"splitlens \d+\.\d+\.\d+\n$", ended.out)


def test_the_graph_of_the_catalogue_itself_gets_its_name(tmp_path, person_model):
    ended = run(tmp_path, "models", "import", str(person_model), "--name", "pedestrian_ssdlite")
    assert ended.code == 0 and ended.out.startswith("pedestrian_ssdlite is in models/")
