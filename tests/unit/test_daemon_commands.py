"""Commands of the dashboard, without a model."""

import threading
import types

import pytest

from appliance.bus import COMMAND_THREADS
from appliance.contract.commands import COMMANDS
from appliance.contract.errors import Refused
from appliance.core.errors import SourceError
from appliance.daemon import commands


def test_every_command_of_the_contract_has_a_handler_and_nothing_else_has():
    assert set(commands.HANDLERS) == {command.request for command in COMMANDS}


def test_what_is_no_command_or_has_a_wrong_field_never_reaches_a_handler(monkeypatch):
    monkeypatch.setattr(commands, "HANDLERS", {})
    for message, sentence in (
        ({"command": "no_such"}, "There is no such command; there are cancel_model"),
        ({"command": "record", "stream": "main"}, "The field `on` is missing"),
        ({"command": "set_model", "model": "ssd", "x": 1}, "x is no field here"),
    ):
        with pytest.raises(Refused, match=sentence):
            commands.dispatch(None, message)


def test_what_may_take_long_leaves_threads_for_everything_else():
    replays = 1
    assert sum(command.at_once for command in COMMANDS) + commands.MOST_TESTS + replays <= COMMAND_THREADS - 2


def test_sources_that_do_not_answer_leave_room_for_other_commands(monkeypatch):
    begun, end = threading.Semaphore(0), threading.Event()

    def open_source(source, settings, patient):
        begun.release()
        end.wait(20)
        raise SourceError("no frame")

    def test_source():
        with pytest.raises(Refused, match="no frame"):
            commands.dispatch(appliance, {"command": "test_source", "source": 7})

    monkeypatch.setattr(commands, "open_stream_source", open_source)
    streams = types.SimpleNamespace(known_sources=list, all=list)
    appliance = types.SimpleNamespace(streams=streams, settings_for_tests=lambda seconds: None)
    threads = [threading.Thread(target=test_source) for _ in range(commands.MOST_TESTS)]
    for thread in threads:
        thread.start()
        assert begun.acquire(timeout=20)
    with pytest.raises(Refused, match="wait for one of them"):
        commands.dispatch(appliance, {"command": "test_source", "source": 7})
    end.set()
    for thread in threads:
        thread.join(20)
    test_source()
