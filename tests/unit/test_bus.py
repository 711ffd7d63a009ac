"""The bus on real sockets: commands, events, frames, and who watches."""

import os
import stat
import threading

import pytest
import zmq

from appliance.bus import (
    COMMAND_THREADS,
    BusServer,
    EventSubscriber,
    FrameSubscriber,
    make_run_dir,
    read_exit_reason,
    request,
    write_exit_reason,
)
from appliance.bus.run_dir import socket_addresses
from appliance.contract.errors import CONFLICT, Refused, Unavailable
from appliance.core.errors import ConfigError, SplitlensError
from tests.waiting import wait_until

LIMIT = 10


@pytest.fixture
def run_dir(tmp_path_factory):
    return make_run_dir(tmp_path_factory.mktemp("run"))


@pytest.fixture
def server(run_dir):
    def answer(command):
        if command["command"] == "refuse":
            raise Refused(CONFLICT, "Not now.")
        if command["command"] == "fail":
            raise SplitlensError("It broke.")
        return {"heard": command}

    server = BusServer(run_dir)
    server.serve(answer)
    yield server
    server.close()


def test_a_daemon_that_is_starting_refuses_commands(run_dir):
    server = BusServer(run_dir)
    try:
        with pytest.raises(Refused, match="The daemon is starting. Try again in some seconds.") as refused:
            request(run_dir, {"command": "hello"}, LIMIT)
        assert refused.value.kind == CONFLICT
        server.serve(lambda command: {"done": command["command"]})
        assert request(run_dir, {"command": "hello"}, LIMIT) == {"done": "hello"}
    finally:
        server.close()


def test_a_command_is_answered(server, run_dir):
    assert request(run_dir, {"command": "hello", "value": 1}) == {"heard": {"command": "hello", "value": 1}}


@pytest.mark.parametrize(
    "name, kind, sentence",
    [
        ("refuse", "conflict", "Not now."),
        ("fail", "failed", "It broke."),
    ],
)
def test_a_refusal_says_why(server, run_dir, name, kind, sentence):
    with pytest.raises(Refused) as caught:
        request(run_dir, {"command": name})
    assert (caught.value.kind, str(caught.value)) == (kind, sentence)


@pytest.mark.parametrize("command", [[], {"command": 3}, {"x": 1}, "text"])
def test_what_is_no_command_is_refused(server, run_dir, command):
    with pytest.raises(Refused, match="JSON object"):
        request(run_dir, command)


def test_what_is_nested_too_deeply_to_be_read_is_answered_and_the_next_command_too(server, run_dir):
    """Each such message ended one of the threads that answer."""
    with zmq.Context.instance().socket(zmq.DEALER) as channel:
        channel.connect(socket_addresses(run_dir).control)
        for _ in range(COMMAND_THREADS):
            channel.send_multipart([b"", b"[" * 100000])
        for _ in range(COMMAND_THREADS):
            assert channel.poll(LIMIT * 1000) and b'"invalid"' in channel.recv_multipart()[-1]
    assert request(run_dir, {"command": "hello"}, LIMIT) == {"heard": {"command": "hello"}}


def test_a_command_that_fails_in_any_way_is_answered_and_the_next_one_too(run_dir):
    def answer(command):
        raise OverflowError("int too large")

    server = BusServer(run_dir)
    server.serve(answer)
    try:
        for _ in range(COMMAND_THREADS + 1):
            with pytest.raises(Refused, match="The daemon failed .OverflowError: int too large.") as refused:
                request(run_dir, {"command": "set"}, 5.0)
            assert refused.value.kind == "failed"
    finally:
        server.close()


def test_slow_commands_hold_up_no_other(run_dir):
    """Not even one of those that would be next for a busy thread if they were dealt in turn."""
    gate, begun = threading.Event(), threading.Semaphore(0)

    def answer(command):
        if command["command"] == "slow":
            begun.release()
            assert gate.wait(LIMIT)
        return {}

    server = BusServer(run_dir)
    server.serve(answer)
    slow = [
        threading.Thread(target=request, args=(run_dir, {"command": "slow"}, LIMIT)) for _ in range(COMMAND_THREADS - 1)
    ]
    try:
        for one in slow:
            one.start()
        assert all(begun.acquire(timeout=LIMIT) for _ in slow)
        for _ in range(2 * COMMAND_THREADS):
            request(run_dir, {"command": "quick"}, LIMIT / 4)
        assert all(one.is_alive() for one in slow)
    finally:
        gate.set()
        for one in slow:
            one.join()
        server.close()


def test_without_a_daemon_the_dashboard_is_told(run_dir):
    with pytest.raises(Unavailable, match="did not answer within 0.2 seconds"):
        request(run_dir, {"command": "hello"}, 0.2)


def test_a_second_daemon_does_not_take_the_first_ones_place(server, run_dir):
    with pytest.raises(ConfigError, match="another appliance is running there"):
        BusServer(run_dir)
    assert request(run_dir, {"command": "hello"}) == {"heard": {"command": "hello"}}


def test_a_daemon_leaves_its_exit_reason_until_the_next_one_starts(run_dir):
    assert read_exit_reason(run_dir) == ""
    write_exit_reason(run_dir, "config.yml line 1: häßlich")
    assert read_exit_reason(run_dir) == "config.yml line 1: häßlich"
    BusServer(run_dir).close()
    assert read_exit_reason(run_dir) == ""


def test_events_are_heard_and_heard_again_after_a_restart(run_dir):
    subscriber = EventSubscriber(run_dir, ("state",))
    for life in (1, 2):
        server = BusServer(run_dir)
        heard = []

        def hears(server=server, heard=heard, life=life):
            server._publish("log", {"text": "not asked for"})
            server._publish("state", {"life": life, "text": "häß"})
            heard.append(subscriber.receive(0.05))
            return ("state", {"life": life, "text": "häß"}) in heard

        wait_until(hears)
        server.close()
        assert all(event is None or event[0] == "state" for event in heard)
    subscriber.close()


def test_each_dashboard_that_begins_to_listen_hears_once_what_was_logged_before(server, run_dir):
    server._publish("log", {"text": "first"})
    for told in (["first", "second"], ["first", "second", "third"]):
        subscriber = EventSubscriber(run_dir, ("log", "state"))
        heard = []

        def is_heard(subscriber=subscriber, heard=heard):
            server._publish("state", {})
            event = subscriber.receive(0.05)
            heard.extend([event] if event is not None else [])
            return ("state", {}) in heard

        wait_until(is_heard)
        server._publish("log", {"text": told[-1]})
        newest = "log", {"text": told[-1]}
        wait_until(
            lambda heard=heard, subscriber=subscriber, newest=newest: (
                heard.append(subscriber.receive(0.05)) or newest in heard
            )
        )
        assert [event[1]["text"] for event in heard if event and event[0] == "log"] == told
        subscriber.close()


def test_only_a_stream_with_viewers_is_watched(server, run_dir):
    assert not server.is_watched("main")
    first, second = FrameSubscriber(run_dir, "main"), FrameSubscriber(run_dir, "main")
    wait_until(lambda: server.is_watched("main"))
    assert not server.is_watched("mai") and not server.is_watched("other")
    first.close()
    assert server.is_watched("main")
    second.close()
    wait_until(lambda: not server.is_watched("main"))


def test_a_slow_viewer_gets_the_newest_picture(server, run_dir):
    subscriber = FrameSubscriber(run_dir, "main")
    wait_until(lambda: server.is_watched("main"))
    for _ in range(50):
        server.publish_frame("main", b"old")
        server.publish_frame("other", b"not asked for")
    got = []

    def newest_came():
        server.publish_frame("main", b"new\0est")
        got.append(subscriber.receive(0.05))
        return got[-1] == b"new\0est"

    wait_until(newest_came)
    subscriber.close()
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
def test_what_a_cleaner_took_from_the_directory_comes_back(server, run_dir, taken):
    """Sockets, or all of it: who was there before and who comes later hear each other again."""
    before = EventSubscriber(run_dir, ("state",))
    names = [path.name for path in run_dir.iterdir()] if taken == "*" else taken.split()
    for name in names:
        (run_dir / name).unlink()
    if taken == "*":
        run_dir.rmdir()
    wait_until(lambda: all((run_dir / name).exists() for name in names if name != "exit_reason"))
    assert stat.S_IMODE(run_dir.stat().st_mode) == 0o700
    assert request(run_dir, {"command": "hello"}, LIMIT) == {"heard": {"command": "hello"}}
    after, viewer = EventSubscriber(run_dir, ("state",)), FrameSubscriber(run_dir, "main")
    heard = {}

    def all_heard():
        server._publish("state", {})
        server.publish_frame("main", b"jpeg")
        heard.update(
            {
                name: name in heard or subscriber.receive(0.02) is not None
                for name, subscriber in (("before", before), ("after", after), ("viewer", viewer))
            }
        )
        return all(heard.values())

    wait_until(all_heard)
    for subscriber in (before, after, viewer):
        subscriber.close()
    with pytest.raises(ConfigError, match=f"another appliance is running there .process {os.getpid()} of "):
        BusServer(run_dir)
