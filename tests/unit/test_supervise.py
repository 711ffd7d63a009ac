"""`up` before it becomes the supervisor: addresses, directories, and what is written for its children."""

import configparser
import json
import os
import shlex
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from appliance import supervise
from appliance.errors import ConfigError, SplitlensError
from appliance.settings import load_settings


@pytest.mark.parametrize("listen, address", [
    ("0.0.0.0:8080", ("0.0.0.0", 8080)), ("127.0.0.1:80", ("127.0.0.1", 80)), (":9000", ("0.0.0.0", 9000)),
    ("[::]:8080", ("::", 8080)), ("localhost:1", ("localhost", 1)),
])
def test_addresses(listen, address):
    assert supervise.listening_address(listen) == address


@pytest.mark.parametrize("listen", ["8080", "host", "host:", "host:port", "::1:8080", "host:0", "host:65536"])
def test_what_is_no_address_is_named(listen):
    with pytest.raises(ConfigError, match="listen must be an address and a port"):
        supervise.listening_address(listen)


ROOT = Path(__file__).resolve().parents[2]


class Became(Exception):
    pass


@pytest.fixture
def become(monkeypatch, tmp_path):
    """Runs `up` as far as the supervisor's start; returns the configuration that it would read."""
    monkeypatch.chdir(tmp_path)

    def become(*arguments, **overrides):
        def execv(path, words):
            raise Became(words)

        monkeypatch.setattr(supervise.os, "execv", execv)
        monkeypatch.setattr(supervise, "_open_output", lambda: None)
        overrides.setdefault("run_dir", str(tmp_path / "run"))
        with pytest.raises(Became) as caught:
            supervise.run(load_settings(None, {}, overrides), list(arguments))
        config = configparser.RawConfigParser()
        config.read(caught.value.args[0][-1])
        return config

    return become


def test_the_command_line_reaches_the_daemon_by_a_private_file(become, tmp_path):
    config = become("rtsp://user:se%cret@camera/1 ; x", "--det-th", "0.3")
    command = shlex.split(config["program:daemon"]["command"])
    assert command[1:4] == ["-m", "appliance", "daemon"]
    arguments = ["rtsp://user:se%cret@camera/1 ; x", "--det-th", "0.3"]
    assert json.loads(Path(command[4]).read_text()) == {"arguments": arguments}
    assert os.stat(command[4]).st_mode & 0o777 == 0o600
    assert "cret" not in (tmp_path / "run" / "supervisord.conf").read_text()


def test_the_dashboard_is_told_where_everything_is(become, tmp_path):
    config = become(listen="127.0.0.1:9000", sign_in="no", web_worker="gthread", recordings_dir="r")
    path = config["program:dashboard"]["environment"].rpartition('SPLITLENS_DASHBOARD="')[2].rstrip('"')
    assert json.loads(Path(path).read_text()) == {
        "run_dir": str(tmp_path / "run"), "state_dir": str(tmp_path / "state"), "recordings_dir": str(tmp_path / "r"),
        "host": "127.0.0.1", "port": 9000, "worker": "gthread", "sign_in": False,
        "trusted_proxy": "", "base_path": "", "framed_by": ""}
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


def test_a_percent_sign_in_a_path_is_not_taken_for_a_variable(become, tmp_path):
    config = become(run_dir=str(tmp_path / "100%"))
    assert config["supervisord"]["pidfile"] == str(tmp_path / "100%%" / "supervisord.pid")


@pytest.mark.parametrize("name", ["a;b", 'a"b'])
def test_a_path_that_supervisor_would_misread_is_refused(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SplitlensError, match="cannot be used here"):
        supervise.run(load_settings(None, {}, {"run_dir": str(tmp_path / name)}), [])


CHILD = """
import os, signal, sys, time
own, other = sys.argv[1:]

def end(*_):
    open(own + ".told", "w").close()
    while not os.path.exists(other + ".told"):
        time.sleep(0.01)
    open(own + ".ended", "w").close()
    sys.exit()

signal.signal(signal.SIGTERM, end)
open(own + ".ready", "w").close()
while True:
    time.sleep(0.05)
"""


def supervise_by(config, file):
    with file.open("w") as text:
        config.write(text)
    return subprocess.Popen([sys.executable, "-m", "appliance.supervise", "-n", "-c", str(file)], cwd=str(ROOT))


def test_daemon_and_dashboard_are_told_to_stop_at_once(become, tmp_path):
    """Each of these ends only when the other was told too."""
    config = become()
    (tmp_path / "child.py").write_text(CHILD)
    for own, other in (("daemon", "dashboard"), ("dashboard", "daemon")):
        words = [sys.executable, str(tmp_path / "child.py"), str(tmp_path / own), str(tmp_path / other)]
        config["program:" + own]["command"] = " ".join(map(shlex.quote, words))
    process = supervise_by(config, tmp_path / "run" / "supervisord.conf")
    try:
        until = time.monotonic() + 60
        while not all((tmp_path / (name + ".ready")).exists() for name in ("daemon", "dashboard")):
            assert time.monotonic() < until and process.poll() is None
            time.sleep(0.05)
        process.terminate()
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
    assert (tmp_path / "daemon.ended").exists() and (tmp_path / "dashboard.ended").exists()


def is_open(address):
    with socket.socket() as probe:
        return probe.connect_ex(address) == 0


def test_a_supervisor_that_is_killed_leaves_no_dashboard_behind(become, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = free.getsockname()
    config = become(listen="127.0.0.1:{}".format(address[1]))
    config["program:daemon"]["command"] = "sleep 20"
    process = supervise_by(config, tmp_path / "run" / "supervisord.conf")
    try:
        until = time.monotonic() + 60
        while not is_open(address):
            assert time.monotonic() < until and process.poll() is None
            time.sleep(0.05)
    finally:
        process.kill()
        process.wait()
    until = time.monotonic() + 60
    while is_open(address):
        assert time.monotonic() < until, "the dashboard goes on"
        time.sleep(0.05)


def test_what_supervisor_says_does_not_overwrite_what_its_children_print(tmp_path):
    code = """
import os
from appliance.supervise import _open_output
_open_output()
open("/dev/fd/1", "ab").write(b"a child")
os.write(1, b", Supervisor")
"""
    with (tmp_path / "log").open("w") as log:
        subprocess.run([sys.executable, "-c", code], stdout=log, check=True, cwd=str(ROOT))
    assert (tmp_path / "log").read_text() == "a child, Supervisor"


def test_the_dashboard_is_told_of_proxies(become):
    config = become(trusted_proxy="192.168.1.2,172.30.32.0/23", base_path="/cam/")
    path = config["program:dashboard"]["environment"].rpartition('SPLITLENS_DASHBOARD="')[2].rstrip('"')
    told = json.loads(Path(path).read_text())
    assert (told["trusted_proxy"], told["base_path"]) == ("192.168.1.2/32 172.30.32.0/23", "/cam")


@pytest.mark.parametrize("setting, value, wanted", [
    ("trusted_proxy", "proxy.lan", "addresses or networks"),
    ("trusted_proxy", "192.168.1.2/16", "addresses or networks"),
    ("trusted_proxy", ",", "addresses or networks"), ("base_path", "splitlens", "a path like /splitlens"),
    ("base_path", "/a?b", "a path like /splitlens"),
    ("framed_by", "home.example", "self, or origins"), ("framed_by", "https://a.example/x", "self, or origins"),
    ("framed_by", "https://a.example; script-src *", "self, or origins"),
])
def test_what_is_no_proxy_or_path_is_named(setting, value, wanted):
    with pytest.raises(ConfigError, match="{} must be {}".format(setting.replace("_", "[-_]"), wanted)):
        load_settings(None, {}, {setting: value})
