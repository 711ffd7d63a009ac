"""Switching models with detectors that load when a test lets them."""

import threading
import time

import pytest

from appliance.board import detect_board
from appliance.core.errors import ModelError
from appliance.daemon.models import LoadRequest, ModelCatalogue, ModelRunner
from appliance.detectors.none import NoDetector

LIMIT = 20
PLENTY, LITTLE = 10**12, 10**6


class Named(NoDetector):
    def __init__(self, name, log=None):
        self.name, self._log = name, log if log is not None else []
        self._log.append("load " + name)

    def close(self):
        self._log.append("close " + self.name)


def wait_for(condition):
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.002)


@pytest.fixture
def make():
    slots = []

    def make(memory=PLENTY, seconds=3600.0):
        slot = ModelRunner(lambda: None, lambda error: None, lambda: memory, seconds)
        slots.append(slot)
        return slot

    yield make
    for slot in slots:
        slot.close()


def settled(slot):
    return slot.facts()["wanted"] is None


def failing(name):
    def load():
        raise ModelError(f"{name} is damaged.")

    return LoadRequest(name, load, 0)


def test_before_a_model_is_loaded_there_is_none(make):
    facts = make().facts()
    assert (facts["name"], facts["status"], facts["error"]) == (None, "failed", None)


def test_the_old_one_runs_until_the_new_one_is_loaded(make):
    slot, log, gate = make(), [], threading.Event()
    slot.set_threshold(0.25)
    slot.ask_for(LoadRequest("old", lambda: Named("old", log), 0))
    wait_for(lambda: settled(slot))
    slot.ask_for(LoadRequest("new", lambda: (gate.wait(LIMIT), Named("new", log))[1], 0))
    wait_for(lambda: slot.facts()["stage"])
    facts = slot.facts()
    assert (facts["name"], facts["status"], facts["wanted"]) == ("old", "loading", "new")
    gate.set()
    wait_for(lambda: settled(slot))
    assert (slot.facts()["name"], slot.facts()["status"], slot.facts()["stage"]) == ("new", "ready", None)
    assert log == ["load old", "load new", "close old"]
    assert slot.detector.threshold == 0.25


def test_of_several_wishes_the_last_counts(make):
    slot, log, gate = make(), [], threading.Event()
    slot.ask_for(LoadRequest("a", lambda: (gate.wait(LIMIT), Named("a", log))[1], 0))
    wait_for(lambda: slot.facts()["stage"])
    slot.ask_for(LoadRequest("b", lambda: Named("b", log), 0))
    slot.ask_for(LoadRequest("c", lambda: Named("c", log), 0))
    gate.set()
    wait_for(lambda: settled(slot))
    assert slot.facts()["name"] == "c" and "load b" not in log


@pytest.mark.parametrize("memory", [PLENTY, LITTLE])
def test_where_the_new_one_fails_the_old_one_runs_and_it_is_said_why(make, memory):
    slot, log = make(memory), []
    slot.ask_for(LoadRequest("old", lambda: Named("old", log), 0))
    wait_for(lambda: settled(slot))
    slot.ask_for(failing("new"))
    wait_for(lambda: settled(slot))
    facts = slot.facts()
    assert (facts["name"], facts["status"]) == ("old", "ready")
    assert facts["error"] == "new cannot be used. new is damaged."
    assert log == (["load old"] if memory == PLENTY else ["load old", "close old", "load old"])
    slot.ask_for(LoadRequest("other", lambda: Named("other", log), 0))
    wait_for(lambda: settled(slot))
    assert slot.facts()["error"] is None


def test_where_memory_cannot_hold_both_the_old_one_is_closed_first(make):
    slot, log = make(LITTLE), []
    for name in ("old", "new"):
        slot.ask_for(LoadRequest(name, lambda name=name: Named(name, log), 0))
        wait_for(lambda: settled(slot))
    assert log == ["load old", "close old", "load new"]


def test_a_first_model_that_fails_leaves_none(make):
    slot = make()
    slot.ask_for(failing("first"))
    wait_for(lambda: settled(slot))
    assert (slot.facts()["status"], slot.facts()["name"]) == ("failed", None)


def test_a_mistake_of_the_program_is_told_too(make):
    slot = make()
    slot.ask_for(LoadRequest("odd", lambda: {}["labels"], 0))
    wait_for(lambda: settled(slot))
    assert slot.facts()["error"] == "odd cannot be used. KeyError: 'labels'"


def hanging(name, gate, log, taken=lambda: None):
    return LoadRequest(name, lambda: (gate.wait(LIMIT), Named(name, log))[1], 0, taken)


@pytest.mark.parametrize("memory", [PLENTY, LITTLE])
def test_a_load_that_is_given_up_stands_in_nobodys_way(make, memory):
    slot, log, gate, taken = make(memory), [], threading.Event(), []
    slot.ask_for(LoadRequest("old", lambda: Named("old", log), 0))
    wait_for(lambda: settled(slot))
    slot.ask_for(hanging("stuck", gate, log, lambda: taken.append("stuck")))
    wait_for(lambda: slot.facts()["stage"] and slot.facts()["stage"].startswith("reading"))
    assert slot.give_up()
    wait_for(lambda: settled(slot))
    assert (slot.facts()["name"], slot.facts()["status"]) == ("old", "ready")
    assert slot.facts()["error"].startswith("stuck is not used: it was given up.")
    assert not slot.is_loading and slot.is_at_work
    slot.ask_for(LoadRequest("new", lambda: Named("new", log), 0))
    wait_for(lambda: settled(slot))
    assert slot.facts()["name"] == "new"
    gate.set()
    wait_for(lambda: not slot.is_at_work)
    assert slot.facts()["name"] == "new" and log[-1] == "close stuck" and not taken
    assert not slot.give_up()


def test_a_load_has_a_limit(make):
    slot, log, gate = make(seconds=0.05), [], threading.Event()
    slot.ask_for(hanging("stuck", gate, log))
    wait_for(lambda: settled(slot))
    assert slot.facts()["error"].startswith("stuck is not used: it was not loaded within 0.05 seconds (load_timeout).")
    gate.set()
    wait_for(lambda: not slot.is_at_work)
    assert slot.facts()["name"] is None


def test_what_was_asked_for_meanwhile_comes_after_what_is_given_up(make):
    slot, log, gate = make(), [], threading.Event()
    slot.ask_for(hanging("stuck", gate, log))
    wait_for(lambda: slot.facts()["stage"])
    slot.ask_for(LoadRequest("new", lambda: Named("new", log), 0))
    slot.give_up()
    wait_for(lambda: slot.facts()["name"] == "new")
    gate.set()


def test_a_model_is_remembered_once_it_runs(make):
    slot, taken = make(), []
    slot.ask_for(LoadRequest("old", lambda: Named("old"), 0, lambda: taken.append(slot.facts()["name"])))
    wait_for(lambda: settled(slot))
    assert taken == ["old"]


def test_a_slot_closes_while_a_load_hangs(make):
    slot, log, gate = make(), [], threading.Event()
    slot.ask_for(hanging("stuck", gate, log))
    wait_for(lambda: slot.facts()["stage"])
    slot.close()
    gate.set()
    wait_for(lambda: not slot.is_at_work)
    assert log == ["load stuck", "close stuck"]


def test_who_waits_for_a_model_is_told_that_it_was_fetched(tmp_path, monkeypatch):
    fetched, ended = [], threading.Event()

    def get(name, models_dir, progress):
        if name != "ssd_mobilenet_v1_coco_2018_01_28":
            raise ModelError("no connection")

    def changed():
        if library is not None and all(row["download"] is None or row["download"]["error"] for row in library.rows()):
            ended.set()

    library = None
    monkeypatch.setattr("appliance.daemon.models.get", get)
    library = ModelCatalogue(tmp_path, detect_board(), changed, fetched.append)
    library.fetch("ssdlite_mobilenet_v2_coco_2018_05_09")
    assert ended.wait(LIMIT) and fetched == []
    library.fetch("ssd_mobilenet_v1_coco_2018_01_28")
    wait_for(lambda: fetched == ["ssd_mobilenet_v1_coco_2018_01_28"])
