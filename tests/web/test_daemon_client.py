"""What the dashboard keeps of what the daemon says."""

import os
import subprocess
import time

import pytest

from appliance import bus
from web import daemon_client


def state(status, started=1.0):
    return {"daemon": {"status": status, "started": started}, "streams": []}


def test_a_late_answer_does_not_revive_a_daemon_that_stops(tmp_path, monkeypatch):
    answers = iter([state("running"), state("running", started=2.0)])
    monkeypatch.setattr(daemon_client, "ask", lambda *arguments: {"state": next(answers)})
    monkeypatch.setattr(daemon_client.DaemonClient, "_fetch_state", lambda self: None)  # it asks by itself
    here = daemon_client.DaemonClient(str(tmp_path), lambda topic, message: None)
    here._take(daemon_client.STATE, state("stopping"))
    here.ask({"command": "get_state"}, 1.0)
    assert here.get_state()["daemon"]["status"] == "stopping"
    here.ask({"command": "get_state"}, 1.0)  # of the next one
    assert here.get_state()["daemon"]["status"] == "running"


def silent(tmp_path, pid, model="ready"):
    """What the page is told of a daemon of this process that was heard just now, and then fell silent."""
    here = daemon_client.DaemonClient(str(tmp_path), lambda topic, message: None)
    here.state = {"daemon": {"status": "running", "pid": pid}, "model": {"status": model}, "streams": []}
    return here, here._why(time.monotonic())


@pytest.mark.parametrize("model, seconds", [("ready", bus.HANG_SECONDS), ("loading", bus.LOADING_SECONDS)])
def test_a_daemon_that_hangs_is_not_said_to_be_restarted_before_it_is(tmp_path, model, seconds):
    assert silent(tmp_path, os.getpid(), model)[1] == (
        f"The daemon hangs or is stopped; it is killed and started again in {seconds:.0f} s."
    )


def test_a_daemon_that_is_gone_left_its_reason_or_ended_unexpectedly(tmp_path):
    process = subprocess.Popen(["true"])
    process.wait()
    here, why = silent(tmp_path, process.pid)
    assert why == "The daemon ended unexpectedly; it is started again."
    here._take(daemon_client.LOG, {"time": time.time() - 3600, "level": "error", "text": "It was long ago."})
    assert here._why(time.monotonic()) == "The daemon ended unexpectedly; it is started again."
    here._take(daemon_client.LOG, {"time": time.time(), "level": "error", "text": "The camera driver crashed."})
    assert here._why(time.monotonic()) == "The camera driver crashed."
    bus.write_last_words(tmp_path, "The daemon was killed by SIGKILL (out of memory?).")
    assert here._why(time.monotonic()) == "The daemon was killed by SIGKILL (out of memory?)."


def test_a_daemon_that_was_heard_but_not_its_state_is_told_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(daemon_client.DaemonClient, "_fetch_state", lambda self: None)
    here = daemon_client.DaemonClient(str(tmp_path), lambda topic, message: None)
    here._take(daemon_client.LOG, {"level": "info", "text": "it starts"})
    with pytest.raises(bus.Unavailable, match="has just started.* Try again"):
        here.get_stream("main")
