"""`tune` as a user meets it: it measures, says what it found, and the runs to come use it."""

import importlib.util
import json
import os
import signal
import subprocess
import sys

import pytest
import yaml

from appliance.bus import lock_run_dir, make_run_dir
from tests.command import MODELS, ROOT, finish, read_json_lines, run, start
from tests.integration.test_cli_settings import show
from tests.waiting import LIMIT, wait_until

HAS_OPENVINO = importlib.util.find_spec("openvino") is not None
PERSON = "pedestrian_ssdlite"
SMALL = ("--model", PERSON, "--width", "160", "--height", "120") + MODELS


@pytest.fixture(scope="module")
def tuned(tmp_path_factory, samples, person_model):
    """A folder in which the small model was tuned, in next to no time, and what was said."""
    folder = tmp_path_factory.mktemp("tuned")
    run_dir = make_run_dir(folder / "run")
    with lock_run_dir(run_dir):
        return folder, run(
            folder,
            "tune",
            "--seconds",
            "0.5",
            "--clip",
            str(samples / "bikes.mp4"),
            "--json",
            "tune.json",
            "--run-dir",
            str(run_dir),
            *SMALL,
        )


def test_it_measures_and_shows_every_way_to_run_the_model(tuned):
    folder, ended = tuned
    assert ended.code == 0, ended.err
    *rows, last = ended.out.splitlines()
    assert last == f"Kept in state/tuned.yml: `up`, `video` and the others run {PERSON} so from now on."
    assert rows[0].split()[:3] == ["engine", "path", "workers"]
    assert len([row for row in rows if row.startswith("*")]) == 1
    report = json.loads((folder / "tune.json").read_text())
    assert len(report["rows"]) == len(rows) - 1
    openvino = {("openvino", "fast")} if HAS_OPENVINO else set()
    assert {(row["engine"], row["path"]) for row in report["rows"]} == openvino | {
        ("tensorflow", "fast"),
        ("tensorflow", "exact"),
    }
    for row in report["rows"]:
        assert row["refusal"] == "" and row["fps"] > 0 and row["latency_ms"] > 0, "all find the same"
    (kept,) = [row for row in report["rows"] if row["kept"]]
    assert report["kept"] == {"engine": kept["engine"], "worker_threads": kept["workers"], "batch": 1}
    assert f"warning: The appliance is running ({folder / 'run'})" in ended.err


def test_the_runs_to_come_use_it(tuned, samples):
    folder, _ = tuned
    report = json.loads((folder / "tune.json").read_text())
    shown = show(folder, *SMALL, said=f"{PERSON}: tuned on ")
    assert {key: shown[key] for key in report["kept"]} == {
        key: ("tuned (state/tuned.yml)", str(value)) for key, value in report["kept"].items()
    }
    video = ("video", str(samples / "bikes.mp4"), "--max-frames", "3", "--json", "-", *SMALL)
    runs = {
        "tuned": start(folder, *video),
        "another model": start(folder, "config", "show", *MODELS),
        "set": start(folder, *video, "--engine", "tensorflow", "--worker-threads", "1"),
    }
    ended = {name: finish(process) for name, process in runs.items()}
    assert [one.code for one in ended.values()] == [0, 0, 0], ended
    kept = report["kept"]
    assert f"{PERSON}: tuned on " in ended["tuned"].err
    assert f"{PERSON}: ssd graph, fast path, {kept['engine']} on the " in ended["tuned"].err
    assert "tuned" not in ended["another model"].out + ended["another model"].err
    assert "ssd graph, fast path, tensorflow on the " in ended["set"].err
    assert [len(read_json_lines(ended[name].out)) for name in ("tuned", "set")] == [3, 3]


def test_on_another_machine_it_is_not_used(tuned, tmp_path):
    folder, _ = tuned
    path = folder / "state" / "tuned.yml"
    content = yaml.safe_load(path.read_text())
    assert content["models"][PERSON]["machine"]["cores"] == len(os.sched_getaffinity(0))
    content["models"][PERSON]["machine"]["cores"] = 4096
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "tuned.yml").write_text(yaml.safe_dump(content))
    shown = show(tmp_path, *SMALL, said="on another machine (cores 4096, now ")
    assert shown["worker_threads"] == ("default", "0")


def test_what_somebody_set_is_not_varied_and_not_kept(tmp_path, samples, person_model):
    (tmp_path / "config.yml").write_text("engine: tensorflow\n")
    once = ("--worker-threads", "1")
    ended = run(
        tmp_path,
        "tune",
        "--seconds",
        "0.2",
        "--clip",
        str(samples / "bikes.mp4"),
        "--json",
        "tune.json",
        *(SMALL + once),
    )
    assert ended.code == 0, ended.err
    assert (
        ended.out.splitlines()[-1]
        == f"Kept in state/tuned.yml: `up`, `video` and the others run {PERSON} so from now on, where this is set too:"
        " engine: tensorflow, worker_threads: 1."
    )
    report = json.loads((tmp_path / "tune.json").read_text())
    assert report["kept"] == {"batch": 1}
    assert [(row["engine"], row["path"], row["workers"]) for row in report["rows"]] == [
        ("tensorflow", "fast", 1),
        ("tensorflow", "exact", 1),
    ]
    assert "engine is tensorflow by config.yml line 1: nothing else is measured" in ended.err
    shown = show(tmp_path, *SMALL, said="with worker_threads: 1: not used")
    assert (shown["worker_threads"], shown["batch"]) == (("default", "0"), ("default", "0"))
    assert show(tmp_path, *(SMALL + once), said=f"{PERSON}: tuned on ")["batch"][0].startswith("tuned")


def test_it_ends_at_once_and_keeps_nothing(tmp_path, samples, person_model):
    process = start(tmp_path, "tune", "--seconds", "600", "--clip", str(samples / "bikes.mp4"), *SMALL)
    wait_until((tmp_path / "state").exists)
    process.send_signal(signal.SIGINT)
    ended = finish(process)
    assert (ended.code, ended.out) == (-signal.SIGINT, "")
    assert os.listdir(str(tmp_path / "state")) == []


ENDLESS_LOAD = """
import sys, threading
from appliance.cli import main as program
from appliance.cli.tune import run, trial
run.WHOLE_SECONDS = run.LOADING_SECONDS = 0.5
trial.load_detector = lambda *arguments: threading.Event().wait()
sys.exit(program.main())
"""


def test_a_load_without_end_is_given_up_and_nothing_waits_for_it(tmp_path, samples, person_model):
    words = ("tune", "--seconds", "0.1", "--clip", str(samples / "bikes.mp4"), *SMALL)
    done = subprocess.run(
        [sys.executable, "-c", ENDLESS_LOAD, *words],
        cwd=str(tmp_path),
        stderr=subprocess.PIPE,
        env=dict(os.environ, PYTHONPATH=str(ROOT)),
        universal_newlines=True,
        timeout=LIMIT,
    )
    assert done.returncode == 1
    assert (
        done.stderr.splitlines()[-1]
        == f"error: {PERSON} was not loaded in the time that `tune` has. Run it once, so that what is built for it is"
        " kept, and tune again."
    )
    assert os.listdir(str(tmp_path / "state")) == []


def test_a_place_that_cannot_be_written_to_is_said_at_once(tmp_path, person_model):
    (tmp_path / "a file").write_text("")
    for words, said in ((("--state-dir", "a file"), "a file"), (("--json", "none/tune.json"), "none/tune.json")):
        ended = run(tmp_path, "tune", "--seconds", "600", *(SMALL + words))
        assert (ended.code, ended.out) == (5, "")
        assert ended.err.startswith(f"error: {said}: ")
