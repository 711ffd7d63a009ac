"""Which models were on trial when a daemon crashed. Each daemon is a process: Python writes where it crashed."""

import json
import os
import signal
import subprocess
import sys

import pytest

from tests.command import ROOT

BEGIN = """
import os, signal, sys
from pathlib import Path
from appliance.daemon.trials import Trials
trials = Trials(Path(sys.argv[1]))
print(trials.crashed, flush=True)
"""
CRASH = "os.kill(os.getpid(), signal.SIGABRT)"


def daemon(folder, words):
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + words, str(folder)],
        cwd=str(ROOT),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=60,
    )
    return done.stdout.decode().strip(), done.returncode


def test_those_on_trial_are_named_by_the_next_daemon_alone(tmp_path):
    words = "trials.begin('a'); trials.begin('b'); trials.begin('c'); trials.end('a'); " + CRASH
    assert daemon(tmp_path, words) == ("[]", -signal.SIGABRT)
    assert daemon(tmp_path, "") == ("['b', 'c']", 0)
    assert daemon(tmp_path, "") == ("[]", 0)


@pytest.mark.parametrize(
    "words",
    [
        "trials.begin('a'); os.kill(os.getpid(), signal.SIGKILL)",
        "trials.begin('a'); trials.close()",
        "trials.begin('a'); trials.end('a'); " + CRASH,
        "trials.begin('a'); trials.close(); " + CRASH,
    ],
)
def test_no_model_is_to_blame_where_the_daemon_was_killed_or_had_none_on_trial(tmp_path, words):
    daemon(tmp_path, words)
    assert daemon(tmp_path, "") == ("[]", 0)


def test_the_kernel_that_killed_for_want_of_memory_counts_as_a_crash(tmp_path):
    (tmp_path / "trials.json").write_text(json.dumps({"models": ["a"], "killed_for_memory": -1}))
    assert daemon(tmp_path, "") == ("['a']", 0)


@pytest.mark.parametrize(
    "content",
    ["", "no JSON", "[]", '{"models": 3, "killed_for_memory": -1}', '{"models": [1, {}], "killed_for_memory": -1}'],
)
def test_a_damaged_file_counts_for_nothing(tmp_path, content):
    (tmp_path / "trials.json").write_text(content)
    assert daemon(tmp_path, "") == ("[]", 0)


def test_a_folder_that_cannot_be_written_is_no_reason_not_to_start(tmp_path):
    (tmp_path / "file").write_text("")
    assert daemon(tmp_path / "file" / "state", "trials.begin('a'); trials.close()") == ("[]", 0)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda name: os.symlink("precious", name)])
def test_a_report_that_is_no_file_is_neither_waited_for_nor_written_through(tmp_path, make):
    (tmp_path / "precious").write_text("kept")
    make(str(tmp_path / "crash.txt"))
    (tmp_path / "trials.json").write_text(json.dumps({"models": ["x" * 10000], "killed_for_memory": -1}))
    assert daemon(tmp_path, "trials.begin('a'); trials.close()") == ("[]", 0)
    assert (tmp_path / "precious").read_text() == "kept"
