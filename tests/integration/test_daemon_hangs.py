"""A daemon whose engine hangs: it says so, ends, and does not load such a model for ever. The engines are stand-ins."""

import json
import signal

import cv2
import numpy as np
import pytest

from appliance import bus
from appliance.contract.events import STATE
from tests.command import start
from tests.daemon import Daemon
from tests.waiting import LIMIT


@pytest.fixture
def folder(tmp_path):
    """With a movie and two models, whose graphs are never read."""
    for name in ("hangs", "works", "slow", "fails", "crashes"):
        (tmp_path / "models" / name).mkdir(parents=True)
        (tmp_path / "models" / name / "frozen_inference_graph.pb").write_bytes(name.encode())
    movie = cv2.VideoWriter(str(tmp_path / "movie.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 25.0, (64, 48))
    for number in range(50):
        movie.write(np.full((48, 64, 3), number, np.uint8))
    movie.release()
    return tmp_path


def daemon_of(folder, model="hangs", result_timeout=1):
    words = (str(folder / "movie.avi"), "--models-dir", str(folder / "models"), "--model", model)
    # AVI needs no search for an encoder, which may take longer than the engine runs.
    config = f"result_timeout: {result_timeout}\nrecord_format: avi\n"
    return Daemon(folder, *words, config=config, environ={"HANGS_AT": "5"}, module="tests.hanging")


def end_of(daemon):
    """Its exit code and what it printed, once it has ended by itself."""
    out, err = daemon.process.communicate(timeout=LIMIT)
    return daemon.process.returncode, out + err


def test_an_engine_that_hangs_ends_the_daemon_and_hangs_twice_at_most(folder):
    daemon = daemon_of(folder)
    for _ in range(2):
        daemon.__enter__()
        code, printed = end_of(daemon)
        assert code == 3 and "hangs gave no result for" in printed and "(stand-in on the CPU) hangs" in printed
        assert "hangs gave no result for" in bus.read_exit_reason(daemon.run_dir)
        assert "Traceback" not in printed
    with daemon:
        state = daemon.until(lambda state: state["model"]["error"] and daemon.stream()["status"] == "no_results")
        assert "hangs is not loaded: 2 times it hung, failed or ended the daemon" in state["model"]["error"]
        assert (state["model"]["status"], state["model"]["name"], state["model"]["wanted"]) == ("failed", None, None)
        assert (state["daemon"]["status"], state["daemon"]["ready"]) == ("no_model", False)
        assert daemon.pictures(2), "pictures move without it"
        daemon.ask("set_model", model="works")
        state = daemon.until(lambda state: state["daemon"]["ready"])
        assert (state["model"]["name"], state["daemon"]["status"]) == ("works", "running")
        assert daemon.stream()["status"] == "live"
        daemon.ask("set_model", model="hangs")  # whoever asks for it gets it, once
        code, printed = end_of(daemon)
        assert code == 3 and "the daemon starts anew without it" in printed
    with daemon:
        assert daemon.until(lambda state: state["model"]["error"])["model"]["status"] == "failed"


@pytest.mark.parametrize("model, code", [("fails", 3), ("crashes", -signal.SIGSEGV)])
def test_a_model_that_ends_the_daemon_at_each_start_does_so_twice_at_most(folder, model, code):
    daemon = daemon_of(folder, model)
    for _ in range(2):
        daemon.process = start(
            folder, "daemon", str(daemon.run_dir / "daemon.json"), module=daemon.module, **daemon.environ
        )
        assert end_of(daemon)[0] == code
    with daemon:
        state = daemon.until(lambda state: state["model"]["error"])
        assert model + " is not loaded: 2 times it hung, failed or ended the daemon" in state["model"]["error"]
        assert daemon.pictures(2), "pictures move without it"


def test_a_daemon_that_somebody_kills_has_no_model_to_blame(folder):
    daemon = daemon_of(folder, "works")
    for _ in range(3):
        daemon.__enter__()
        daemon.until(lambda state: state["daemon"]["ready"])
        daemon.process.kill()
        end_of(daemon)
    with daemon:
        assert daemon.until(lambda state: state["daemon"]["ready"])["model"]["name"] == "works"


def test_what_hangs_is_said_before_the_daemon_ends(folder):
    with daemon_of(folder) as daemon:
        listener = bus.EventSubscriber(daemon.run_dir, (STATE,))
        seen = []
        while not seen or seen[-1]["daemon"]["status"] != "stopping":
            event = listener.receive(LIMIT)
            assert event is not None
            seen.append(event[1])
        listener.close()
        end_of(daemon)
    assert "hangs gave no result" in seen[-1]["daemon"]["problem"]


def test_a_model_that_was_chosen_while_another_hung_is_not_to_blame(folder):
    daemon = daemon_of(folder, result_timeout=20).__enter__()
    daemon.until(lambda state: daemon.stream()["status"] == "no_results")
    daemon.ask("set_model", model="works")
    code, printed = end_of(daemon)
    assert code == 3 and "hangs gave no result for" in printed and "starts anew with works" in printed
    with daemon:
        assert daemon.until(lambda state: state["daemon"]["ready"])["model"]["name"] == "works"


def test_a_recording_is_whole_although_an_engine_hung(folder):
    (folder / "state").mkdir()
    (folder / "state" / "appliance.json").write_text(
        json.dumps({"version": 1, "changes": {"record:main": {"value": True, "over": False}}})
    )
    daemon = daemon_of(folder).__enter__()
    assert end_of(daemon)[0] == 3
    (recording,) = (folder / "recordings").glob("*.avi")
    movie = cv2.VideoCapture(str(recording))
    assert movie.isOpened() and movie.read()[0]


def test_a_machine_that_is_too_slow_for_its_model_says_so(folder):
    with daemon_of(folder, "slow") as daemon:
        state = daemon.until(lambda state: state["streams"][0]["status"] == "slow")
        assert "too slow for the model: it takes" in state["streams"][0]["problem"]
        assert (state["daemon"]["status"], state["daemon"]["ready"]) == ("slow", True)
