"""The bus on real sockets: commands, events, frames, and who watches."""

import os
import stat
import threading
import time

import pytest

from appliance.bus import (
    COMMAND_THREADS,
    CONFLICT,
    BusServer,
    EventSubscriber,
    FrameSubscriber,
    Refused,
    Unavailable,
    ask,
    make_run_dir,
    read_last_words,
    write_last_words,
)
from appliance.core.errors import ConfigError, SplitlensError

LIMIT = 10


def until(condition):
    limit = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.01)


@pytest.fixture
def run_dir(tmp_path_factory):
    return make_run_dir(tmp_path_factory.mktemp("run"))


@pytest.fixture
def station(run_dir):
    def answer(command):
        if command["command"] == "refuse":
            raise Refused(CONFLICT, "Not now.")
        if command["command"] == "fail":
            raise SplitlensError("It broke.")
        return {"heard": command}

    station = BusServer(run_dir, answer)
    yield station
    station.close()


def test_a_command_is_answered(station, run_dir):
    assert ask(run_dir, {"command": "hello", "value": 1}) == {"heard": {"command": "hello", "value": 1}}


@pytest.mark.parametrize(
    "name, kind, sentence",
    [
        ("refuse", "conflict", "Not now."),
        ("fail", "failed", "It broke."),
    ],
)
def test_a_refusal_says_why(station, run_dir, name, kind, sentence):
    with pytest.raises(Refused) as caught:
        ask(run_dir, {"command": name})
    assert (caught.value.kind, str(caught.value)) == (kind, sentence)


@pytest.mark.parametrize("command", [[], {"command": 3}, {"x": 1}, "text"])
def test_what_is_no_command_is_refused(station, run_dir, command):
    with pytest.raises(Refused, match="JSON object"):
        ask(run_dir, command)


def test_a_command_that_fails_in_any_way_is_answered_and_the_next_one_too(run_dir):
    def answer(command):
        raise OverflowError("int too large")

    station = BusServer(run_dir, answer)
    try:
        for _ in range(COMMAND_THREADS + 1):
            with pytest.raises(Refused, match="The daemon failed .OverflowError: int too large.") as refused:
                ask(run_dir, {"command": "set"}, 5.0)
            assert refused.value.kind == "failed"
    finally:
        station.close()


def test_a_slow_command_holds_up_no_other(run_dir):
    gate = threading.Event()

    def answer(command):
        if command["command"] == "slow":
            assert gate.wait(LIMIT)
        return {}

    station = BusServer(run_dir, answer)
    slow = threading.Thread(target=ask, args=(run_dir, {"command": "slow"}, LIMIT))
    slow.start()
    try:
        ask(run_dir, {"command": "quick"}, LIMIT)
        assert slow.is_alive()
    finally:
        gate.set()
        slow.join()
        station.close()


def test_without_a_daemon_the_dashboard_is_told(run_dir):
    with pytest.raises(Unavailable, match="did not answer within 0.2 seconds"):
        ask(run_dir, {"command": "hello"}, 0.2)


def test_a_second_daemon_does_not_take_the_first_ones_place(station, run_dir):
    with pytest.raises(ConfigError, match="another appliance is running there"):
        BusServer(run_dir, lambda command: {})
    assert ask(run_dir, {"command": "hello"}) == {"heard": {"command": "hello"}}


def test_a_daemon_leaves_its_last_words_until_the_next_one_starts(run_dir):
    assert read_last_words(run_dir) == ""
    write_last_words(run_dir, "config.yml line 1: häßlich")
    assert read_last_words(run_dir) == "config.yml line 1: häßlich"
    BusServer(run_dir, lambda command: {}).close()
    assert read_last_words(run_dir) == ""


def test_events_are_heard_and_heard_again_after_a_restart(run_dir):
    listener = EventSubscriber(run_dir, ("state",))
    for life in (1, 2):
        station = BusServer(run_dir, lambda command: {})
        heard = []

        def hears(station=station, heard=heard, life=life):
            station.publish("log", {"text": "not asked for"})
            station.publish("state", {"life": life, "text": "häß"})
            heard.append(listener.receive(0.05))
            return ("state", {"life": life, "text": "häß"}) in heard

        until(hears)
        station.close()
        assert all(event is None or event[0] == "state" for event in heard)
    listener.close()


def test_each_dashboard_that_begins_to_listen_hears_once_what_was_logged_before(station, run_dir):
    station.publish("log", {"text": "first"})
    for told in (["first", "second"], ["first", "second", "third"]):
        listener = EventSubscriber(run_dir, ("log", "state"))
        heard = []

        def is_heard(listener=listener, heard=heard):
            station.publish("state", {})
            event = listener.receive(0.05)
            heard.extend([event] if event is not None else [])
            return ("state", {}) in heard

        until(is_heard)
        station.publish("log", {"text": told[-1]})
        newest = "log", {"text": told[-1]}
        until(
            lambda heard=heard, listener=listener, newest=newest: (
                heard.append(listener.receive(0.05)) or newest in heard
            )
        )
        assert [event[1]["text"] for event in heard if event and event[0] == "log"] == told
        listener.close()


def test_only_a_stream_with_viewers_is_watched(station, run_dir):
    assert not station.is_watched("main")
    first, second = FrameSubscriber(run_dir, "main"), FrameSubscriber(run_dir, "main")
    until(lambda: station.is_watched("main"))
    assert not station.is_watched("mai") and not station.is_watched("other")
    first.close()
    assert station.is_watched("main")
    second.close()
    until(lambda: not station.is_watched("main"))


def test_a_slow_viewer_gets_the_newest_picture(station, run_dir):
    listener = FrameSubscriber(run_dir, "main")
    until(lambda: station.is_watched("main"))
    for _ in range(50):
        station.publish_frame("main", b"old")
        station.publish_frame("other", b"not asked for")
    got = []

    def newest_came():
        station.publish_frame("main", b"new\0est")
        got.append(listener.receive(0.05))
        return got[-1] == b"new\0est"

    until(newest_came)
    listener.close()
    assert got.count(b"old") < 25


def test_the_directory_is_private(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir(mode=0o755)
    assert stat.S_IMODE(make_run_dir(folder).stat().st_mode) == 0o700


def test_a_directory_that_cannot_hold_sockets_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be made"):
        make_run_dir(tmp_path / "file" / "run")
    with pytest.raises(ConfigError, match="too long"):
        make_run_dir(tmp_path / ("x" * 120))
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(ConfigError, match="somebody else"):
        make_run_dir(tmp_path / "link")


@pytest.mark.parametrize("taken", ["*", "frames events control", "lock"])
def test_what_a_cleaner_took_from_the_directory_comes_back(station, run_dir, taken):
    """Sockets, or all of it: who was there before and who comes later hear each other again."""
    before = EventSubscriber(run_dir, ("state",))
    names = [path.name for path in run_dir.iterdir()] if taken == "*" else taken.split()
    for name in names:
        (run_dir / name).unlink()
    if taken == "*":
        run_dir.rmdir()
    until(lambda: all((run_dir / name).exists() for name in names if name != "exit_reason"))
    assert stat.S_IMODE(run_dir.stat().st_mode) == 0o700
    assert ask(run_dir, {"command": "hello"}, LIMIT) == {"heard": {"command": "hello"}}
    after, viewer = EventSubscriber(run_dir, ("state",)), FrameSubscriber(run_dir, "main")
    heard = {}

    def all_heard():
        station.publish("state", {})
        station.publish_frame("main", b"jpeg")
        heard.update(
            {
                name: name in heard or listener.receive(0.02) is not None
                for name, listener in (("before", before), ("after", after), ("viewer", viewer))
            }
        )
        return all(heard.values())

    until(all_heard)
    for listener in (before, after, viewer):
        listener.close()
    with pytest.raises(ConfigError, match=f"another appliance is running there .process {os.getpid()} of "):
        BusServer(run_dir, lambda command: {})
