"""What the dashboard keeps of what the daemon says."""

import dataclasses
import os
import subprocess
import threading
import time

import pytest

from appliance import bus
from appliance.contract.answers import StateAnswer
from appliance.contract.codec import encode
from appliance.contract.commands import COMMAND_OF_NAME
from appliance.contract.errors import Refused, Unavailable
from appliance.contract.event_requests import MakeClip
from appliance.contract.events import LOG, STATE, LogEntry
from appliance.contract.live_settings import describe_live_settings
from appliance.contract.requests import GetState
from tests.waiting import LIMIT
from tests.web.messages import MODEL, make_state
from web import daemon_client


def test_a_late_answer_does_not_revive_a_daemon_that_stops(tmp_path, monkeypatch):
    answers = iter([make_state(), make_state(started=2.0)])
    monkeypatch.setattr(bus, "request", lambda *arguments: encode(StateAnswer(next(answers))))
    monkeypatch.setattr(daemon_client.DaemonClient, "_fetch_state", lambda self: None)  # it asks by itself
    here = daemon_client.DaemonClient(str(tmp_path), lambda topic, message: None)
    here._take(STATE, encode(make_state(status="stopping")))
    here.ask(GetState())
    assert here.get_state().daemon.status == "stopping"
    here.ask(GetState())  # of the next one
    assert here.get_state().daemon.status == "running"


@pytest.fixture()
def here(tmp_path, monkeypatch):
    monkeypatch.setattr(daemon_client.DaemonClient, "_fetch_state", lambda self: None)  # it asks by itself
    return daemon_client.DaemonClient(str(tmp_path), lambda topic, message: None)


def test_the_state_of_a_newer_daemon_is_used_and_what_it_adds_is_left_out(here):
    newer = encode(make_state(live_settings=describe_live_settings()))
    newer["daemon"]["mood"] = "good"
    newer["daemon"]["status"] = "dreaming"
    newer["settings"]["sharpness"] = 3
    newer["live_settings"][0]["key"] = "sharpness"
    newer["weather"] = {}
    here._take(STATE, newer)
    assert here.get_state().daemon.status == "dreaming"
    assert not hasattr(here.get_state(), "weather")


def test_what_a_daemon_of_another_version_lacks_is_told_in_a_sentence(here, monkeypatch, caplog):
    older = encode(make_state())
    del older["daemon"]["pid"]
    monkeypatch.setattr(bus, "request", lambda *arguments: {"state": older})
    here._take(STATE, older)
    assert [(line.getMessage(), line.exc_info) for line in caplog.records] == [
        (
            "The daemon and the dashboard are of different versions (State.daemon.pid is missing.); restart Splitlens",
            None,
        )
    ]
    with pytest.raises(Unavailable, match=r"of different versions \(StateAnswer.state.daemon.pid is missing"):
        here.ask(GetState())


def silent(tmp_path, pid, model="ready"):
    """What the page is told about a daemon of this process that was heard just now, and then fell silent."""
    here = daemon_client.DaemonClient(str(tmp_path), lambda topic, message: None)
    here.state = make_state(pid=pid, model=dataclasses.replace(MODEL, status=model))
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
    here._take(LOG, encode(LogEntry(time.time() - 3600, "error", "It was long ago.")))
    assert here._why(time.monotonic()) == "The daemon ended unexpectedly; it is started again."
    here._take(LOG, encode(LogEntry(time.time(), "error", "The camera driver crashed.")))
    assert here._why(time.monotonic()) == "The camera driver crashed."
    bus.write_exit_reason(tmp_path, "The daemon was killed by SIGKILL (out of memory?).")
    assert here._why(time.monotonic()) == "The daemon was killed by SIGKILL (out of memory?)."


def test_a_daemon_that_was_heard_but_not_its_state_is_told_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(daemon_client.DaemonClient, "_fetch_state", lambda self: None)
    here = daemon_client.DaemonClient(str(tmp_path), lambda topic, message: None)
    here._take(LOG, encode(LogEntry(time.time(), "info", "it starts")))
    with pytest.raises(Unavailable, match="has just started.* Try again"):
        here.get_stream("main")


def test_who_asks_for_a_clip_waits_here_while_as_many_as_may_are_made(here, monkeypatch):
    """In the daemon each would occupy one of the threads that answer everything else, too."""
    gate, begun = threading.Event(), threading.Semaphore(0)

    def answer(run_dir, message, seconds):
        if message["command"] != "make_clip":
            return encode(StateAnswer(make_state()))
        begun.release()
        assert gate.wait(LIMIT)
        return {"name": "one.mp4", "start": 1.0}

    monkeypatch.setattr(bus, "request", answer)
    here._take(STATE, encode(make_state()))
    row = COMMAND_OF_NAME["make_clip"]
    asking = [threading.Thread(target=here.ask, args=(MakeClip("1.0-a"),)) for _ in range(row.at_once)]
    try:
        for one in asking:
            one.start()
        assert all(begun.acquire(timeout=LIMIT) for _ in asking)
        monkeypatch.setattr(daemon_client, "command_of", lambda request: dataclasses.replace(row, seconds=0.01))
        with pytest.raises(Refused, match="Too many ask for that at once"):
            here.ask(MakeClip("2.0-b"))
        monkeypatch.undo()
        monkeypatch.setattr(bus, "request", answer)
        here.ask(GetState())
    finally:
        gate.set()
        for one in asking:
            one.join()
    assert here.ask(MakeClip("2.0-b")).name == "one.mp4"
