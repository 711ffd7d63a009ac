"""Switching models with detectors that load when a test lets them."""

import threading

import pytest

from appliance.board import detect_board
from appliance.core.errors import ModelError
from appliance.core.events import EventBus
from appliance.daemon.catalogue import ModelCatalogue
from appliance.daemon.events import ModelFetched, ModelStarted, StateChanged
from appliance.daemon.model_runner import LoadRequest, ModelRunner
from appliance.detectors.none import NoDetector
from tests.waiting import wait_until

LIMIT = 20
PLENTY, LITTLE = 10**12, 10**6


class Named(NoDetector):
    def __init__(self, name, log=None):
        self.name, self._log = name, log if log is not None else []
        self._log.append("load " + name)

    def close(self):
        self._log.append("close " + self.name)


@pytest.fixture
def make():
    runners = []

    def make(memory=PLENTY, seconds=3600.0, events=None):
        runner = ModelRunner(events or EventBus(), lambda: memory, seconds)
        runners.append(runner)
        return runner

    yield make
    for runner in runners:
        runner.close()


def settled(runner):
    return runner.as_message().wanted is None


def failing(name):
    def load():
        raise ModelError(f"{name} is damaged.")

    return LoadRequest(name, load, 0)


def test_before_a_model_is_loaded_there_is_none(make):
    message = make().as_message()
    assert (message.name, message.status, message.error) == (None, "failed", None)


def test_the_old_one_runs_until_the_new_one_is_loaded(make):
    runner, log, gate = make(), [], threading.Event()
    runner.set_threshold(0.05)
    runner.request(LoadRequest("old", lambda: Named("old", log), 0))
    wait_until(lambda: settled(runner))
    runner.request(LoadRequest("new", lambda: (gate.wait(LIMIT), Named("new", log))[1], 0))
    wait_until(lambda: runner.as_message().stage)
    message = runner.as_message()
    assert (message.name, message.status, message.wanted) == ("old", "loading", "new")
    gate.set()
    wait_until(lambda: settled(runner))
    assert (runner.as_message().name, runner.as_message().status, runner.as_message().stage) == (
        "new",
        "ready",
        None,
    )
    assert log == ["load old", "load new", "close old"]
    assert runner.detector.threshold == 0.05
    runner.set_threshold(0.25)
    assert runner.detector.threshold == 0.1  # tracks are kept alive by what is not shown


def test_of_several_requests_the_last_counts(make):
    runner, log, gate = make(), [], threading.Event()
    runner.request(LoadRequest("a", lambda: (gate.wait(LIMIT), Named("a", log))[1], 0))
    wait_until(lambda: runner.as_message().stage)
    runner.request(LoadRequest("b", lambda: Named("b", log), 0))
    runner.request(LoadRequest("c", lambda: Named("c", log), 0))
    gate.set()
    wait_until(lambda: settled(runner))
    assert runner.as_message().name == "c" and "load b" not in log


@pytest.mark.parametrize("memory", [PLENTY, LITTLE])
def test_where_the_new_one_fails_the_old_one_runs_and_it_is_said_why(make, memory):
    runner, log = make(memory), []
    runner.request(LoadRequest("old", lambda: Named("old", log), 0))
    wait_until(lambda: settled(runner))
    runner.request(failing("new"))
    wait_until(lambda: settled(runner))
    message = runner.as_message()
    assert (message.name, message.status) == ("old", "ready")
    assert message.error == "new cannot be used. new is damaged."
    assert log == (["load old"] if memory == PLENTY else ["load old", "close old", "load old"])
    runner.request(LoadRequest("other", lambda: Named("other", log), 0))
    wait_until(lambda: settled(runner))
    assert runner.as_message().error is None


def test_where_memory_cannot_hold_both_the_old_one_is_closed_first(make):
    runner, log = make(LITTLE), []
    for name in ("old", "new"):
        runner.request(LoadRequest(name, lambda name=name: Named(name, log), 0))
        wait_until(lambda: settled(runner))
    assert log == ["load old", "close old", "load new"]


def test_a_first_model_that_fails_leaves_none(make):
    runner = make()
    runner.request(failing("first"))
    wait_until(lambda: settled(runner))
    assert (runner.as_message().status, runner.as_message().name) == ("failed", None)


def test_a_mistake_of_the_program_is_told_too(make):
    runner = make()
    runner.request(LoadRequest("odd", lambda: {}["labels"], 0))
    wait_until(lambda: settled(runner))
    assert runner.as_message().error == "odd cannot be used. KeyError: 'labels'"


def hanging(name, gate, log):
    return LoadRequest(name, lambda: (gate.wait(LIMIT), Named(name, log))[1], 0, remember=True)


@pytest.mark.parametrize("memory", [PLENTY, LITTLE])
def test_a_load_that_is_given_up_stands_in_nobodys_way(make, memory):
    events, log, gate, started = EventBus(), [], threading.Event(), []
    runner = make(memory, events=events)
    events.subscribe(ModelStarted, lambda event: started.append(event.name))
    runner.request(LoadRequest("old", lambda: Named("old", log), 0))
    wait_until(lambda: settled(runner))
    runner.request(hanging("stuck", gate, log))
    wait_until(lambda: runner.as_message().stage and runner.as_message().stage.startswith("reading"))
    assert runner.give_up()
    wait_until(lambda: settled(runner))
    assert (runner.as_message().name, runner.as_message().status) == ("old", "ready")
    assert runner.as_message().error.startswith("stuck is not used: it was given up.")
    assert not runner.is_loading and runner.is_at_work
    runner.request(LoadRequest("new", lambda: Named("new", log), 0))
    wait_until(lambda: settled(runner))
    assert runner.as_message().name == "new"
    gate.set()
    wait_until(lambda: not runner.is_at_work)
    assert runner.as_message().name == "new" and log[-1] == "close stuck" and "stuck" not in started
    assert not runner.give_up()


def test_a_load_has_a_limit(make):
    runner, log, gate = make(seconds=0.05), [], threading.Event()
    runner.request(hanging("stuck", gate, log))
    wait_until(lambda: settled(runner))
    assert runner.as_message().error.startswith(
        "stuck is not used: it was not loaded within 0.05 seconds (load_timeout)."
    )
    gate.set()
    wait_until(lambda: not runner.is_at_work)
    assert runner.as_message().name is None


def test_what_was_asked_for_meanwhile_comes_after_what_is_given_up(make):
    runner, log, gate = make(), [], threading.Event()
    runner.request(hanging("stuck", gate, log))
    wait_until(lambda: runner.as_message().stage)
    runner.request(LoadRequest("new", lambda: Named("new", log), 0))
    runner.give_up()
    wait_until(lambda: runner.as_message().name == "new")
    gate.set()


def test_a_model_is_said_to_run_once_it_does(make):
    events, started = EventBus(), []
    runner = make(events=events)
    events.subscribe(ModelStarted, lambda event: started.append((event, runner.as_message().name)))
    runner.request(LoadRequest("chosen", lambda: Named("chosen"), 0, remember=True))
    wait_until(lambda: settled(runner))
    assert started == [(ModelStarted("chosen", remember=True), "chosen")]


def test_a_runner_closes_the_detector_that_it_loaded_once_its_loop_has_ended():
    runner, log = ModelRunner(EventBus(), lambda: PLENTY), []
    runner.request(LoadRequest("only", lambda: Named("only", log), 0))
    wait_until(lambda: settled(runner))
    runner.close()
    assert log == ["load only", "close only"]


def test_a_runner_closes_while_a_load_hangs(make):
    runner, log, gate = make(), [], threading.Event()
    runner.request(hanging("stuck", gate, log))
    wait_until(lambda: runner.as_message().stage)
    runner.close()
    gate.set()
    wait_until(lambda: not runner.is_at_work)
    assert log == ["load stuck", "close stuck"]


def test_who_waits_for_a_model_is_told_that_it_was_fetched(tmp_path, monkeypatch):
    events, fetched, ended = EventBus(), [], threading.Event()

    def get(name, models_dir, progress):
        if name != "ssd_mobilenet_v1_coco_2018_01_28":
            raise ModelError("no connection")

    def changed(event):
        if all(row.download is None or row.download.error for row in catalogue.rows()):
            ended.set()

    monkeypatch.setattr("appliance.daemon.catalogue.get", get)
    catalogue = ModelCatalogue(tmp_path, detect_board(), events)
    events.subscribe(StateChanged, changed)
    events.subscribe(ModelFetched, lambda event: fetched.append(event.name))
    catalogue.fetch("ssdlite_mobilenet_v2_coco_2018_05_09")
    assert ended.wait(LIMIT) and fetched == []
    catalogue.fetch("ssd_mobilenet_v1_coco_2018_01_28")
    wait_until(lambda: fetched == ["ssd_mobilenet_v1_coco_2018_01_28"])
