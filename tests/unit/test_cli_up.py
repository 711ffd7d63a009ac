"""`up` before it starts anything: addresses, folders, and what is written for its children."""

import errno
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.bus import make_run_dir, read_exit_reason, write_exit_reason
from appliance.cli import folder_locks, run_files
from appliance.cli import up as supervise
from appliance.core import locks
from appliance.core.errors import ConfigError
from appliance.core.locks import Taken, lock_file
from appliance.settings import load_settings
from appliance.settings.certificate import certificate_files

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def started(monkeypatch, tmp_path):
    """Runs `up` as far as the start of its children; returns these, the daemon and the dashboard."""
    monkeypatch.chdir(tmp_path)
    found = []

    class Supervisor:
        def __init__(self, children, stop_seconds, upkeep):
            found[:] = children

        def run(self):
            pass

    def started(*arguments, **overrides):
        monkeypatch.setattr(supervise, "Supervisor", Supervisor)
        overrides.setdefault("run_dir", str(tmp_path / "run"))
        overrides.setdefault("listen", f"127.0.0.1:{free_port()}")
        assert supervise.run(load_settings(None, {}, overrides), list(arguments)) == 0
        return found

    return started


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def test_the_command_line_reaches_the_daemon_by_a_private_file(started):
    daemon, _ = started("rtsp://user:se%cret@camera/1 ; x", "--det-th", "0.3")
    assert daemon.command[1:4] == ["-m", "appliance", "daemon"]
    assert json.loads(Path(daemon.command[4]).read_text()) == {
        "arguments": ["rtsp://user:se%cret@camera/1 ; x", "--det-th", "0.3"],
        "heartbeat": daemon.heartbeat,
    }
    assert os.stat(daemon.command[4]).st_mode & 0o777 == 0o600


def test_the_dashboard_is_told_where_everything_is(started, tmp_path):
    port = free_port()
    _, dashboard = started(
        listen=f"127.0.0.1:{port}",
        sign_in="no",
        web_worker="gthread",
        recordings_dir="r",
        run_dir=str(tmp_path / '100%;"'),
    )
    told = json.loads(Path(dashboard.environment["SPLITLENS_DASHBOARD"]).read_text())
    assert (told.pop("listener"),) == dashboard.descriptors and told.pop("heartbeat") == dashboard.heartbeat
    wanted = {
        "run_dir": str(tmp_path / '100%;"'),
        "state_dir": str(tmp_path / "state"),
        "recordings_dir": str(tmp_path / "r"),
        "host": "127.0.0.1",
        "port": port,
        "worker": "gthread",
        "sign_in": False,
        "trusted_proxy": "",
        "base_path": "",
        "framed_by": "",
        "certificate": "",
        "key": "",
    }
    assert {key: told[key] for key in wanted} == wanted
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


def test_the_dashboard_is_told_of_proxies(started):
    _, dashboard = started(trusted_proxy="192.168.1.2,172.30.32.0/23", base_path="/cam/")
    told = json.loads(Path(dashboard.environment["SPLITLENS_DASHBOARD"]).read_text())
    assert (told["trusted_proxy"], told["base_path"]) == ("192.168.1.2/32 172.30.32.0/23", "/cam")


@pytest.mark.parametrize(
    "setting, value, wanted",
    [
        ("trusted_proxy", "proxy.lan", "addresses or networks"),
        ("trusted_proxy", "192.168.1.2/16", "addresses or networks"),
        ("trusted_proxy", ",", "addresses or networks"),
        ("base_path", "splitlens", "a path like /splitlens"),
        ("base_path", "/a?b", "a path like /splitlens"),
        ("framed_by", "home.example", "self, or origins"),
        ("framed_by", "https://a.example/x", "self, or origins"),
        ("framed_by", "https://a.example; script-src *", "self, or origins"),
        ("tls", "cert.pem", "self-signed, or the files"),
        ("tls", "self-signed key.pem x", "self-signed, or the files"),
        ("tls", "'c.pem k.pem", "self-signed, or the files"),
    ],
)
def test_what_is_no_proxy_or_path_is_named(setting, value, wanted):
    with pytest.raises(ConfigError, match=f"{setting.replace('_', '[-_]')} must be {wanted}"):
        load_settings(None, {}, {setting: value})


# The port


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::"])
def test_a_port_that_another_program_has_is_a_mistake_before_anything_starts(host):
    try:
        taken = supervise.listen_at(host, 0)
    except ConfigError:
        pytest.skip("this machine has no IPv6")
    with taken, pytest.raises(
        ConfigError, match=f"another program has .*{taken.getsockname()[1]}. Stop it, or choose another port"
    ):
        supervise.listen_at(host, taken.getsockname()[1])


@pytest.mark.parametrize(
    "host, complaint",
    [
        ("192.0.2.1", "this machine has no address 192.0.2.1:18080"),
        ("no.such.host.invalid", "no.such.host.invalid:18080 is no address of this machine"),
    ],
)
def test_an_address_that_this_machine_does_not_have_is_a_mistake(host, complaint):
    with pytest.raises(ConfigError, match=complaint):
        supervise.listen_at(host, 18080)


def test_a_port_for_root_only_is_a_mistake():
    error = OSError(errno.EACCES, "Permission denied")
    assert supervise._why_not("0.0.0.0:80", 80, error) == "port 80 is for root only here. Choose one from 1024 on"


def test_a_port_that_is_taken_ends_up_with_one_sentence_and_exit_code_2(tmp_path):
    with supervise.listen_at("127.0.0.1", 0) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        done = subprocess.run(
            [sys.executable, "-m", "appliance", "up", "--listen", listen, "--run-dir", str(tmp_path / "run")],
            cwd=str(tmp_path),
            env=dict(os.environ, PYTHONPATH=str(ROOT)),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
        )
    assert done.returncode == 2 and done.stdout.count("\n") == 1, done.stdout
    assert f"error: listen: another program has {listen}" in done.stdout


# Folders that two appliances must not share


def settings(**overrides):
    return load_settings(None, {}, overrides).settings


@pytest.mark.parametrize("key", ["state_dir", "recordings_dir"])
def test_two_appliances_on_one_folder_are_refused_by_whatever_name(tmp_path, monkeypatch, key):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to("mine")
    one = dict({"state_dir": "a", "recordings_dir": "b"}, **{key: "mine"})
    claims = folder_locks.lock_folders(settings(**one))
    for name in ("mine", "link", str(tmp_path / "mine")):
        two = dict({"state_dir": "c", "recordings_dir": "d"}, **{key: name})
        with pytest.raises(ConfigError, match=f"{key} .*: another appliance is using it .process {os.getpid()} of "):
            folder_locks.lock_folders(settings(**two))
    for claim in claims:
        claim.close()
    for claim in folder_locks.lock_folders(settings(**one)):  # what an appliance that ended left behind is no lock
        claim.close()


def test_one_folder_may_be_for_both(tmp_path):
    claims = folder_locks.lock_folders(settings(state_dir=str(tmp_path), recordings_dir=str(tmp_path)))
    assert len(claims) == 2
    for claim in claims:
        claim.close()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_where_a_file_system_has_no_locks_that_is_said_and_it_goes_on(tmp_path, monkeypatch, caplog, number):
    def flock(file, how):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(locks.fcntl, "flock", flock)
    monkeypatch.setattr(folder_locks.log, "parent", folder_locks.logging.getLogger())  # pytest listens there
    claims = folder_locks.lock_folders(settings(state_dir=str(tmp_path / "s"), recordings_dir=str(tmp_path / "r")))
    assert not any(claim.renew() for claim in claims)
    assert "a second appliance that uses it would not be noticed" in caplog.text


def test_a_folder_that_was_taken_away_is_made_and_locked_again_for_a_daemon_that_may_write_there(tmp_path):
    mine = settings(state_dir=str(tmp_path / "s"), recordings_dir=str(tmp_path / "r"))
    state, recordings = folder_locks.lock_folders(mine)
    assert not state.renew() and not recordings.renew()
    subprocess.run(["rm", "-r", str(tmp_path / "r")], check=True)
    assert recordings.renew() and not state.renew()
    assert not recordings.renew()
    assert (tmp_path / "r").stat().st_mode & 0o777 == 0o700
    with pytest.raises(ConfigError, match="another appliance is using it"):
        folder_locks.lock_folders(settings(state_dir=str(tmp_path / "x"), recordings_dir=str(tmp_path / "r")))
    subprocess.run(["rm", "-r", str(tmp_path / "s")], check=True)
    (tmp_path / "s").write_text("")
    assert not state.renew() and not state.renew()
    (tmp_path / "s").unlink()
    assert state.renew()
    subprocess.run(["rm", "-r", str(tmp_path / "s")], check=True)
    other = folder_locks.FolderLock("state_dir", tmp_path / "s", "lock")  # it was quicker
    assert not state.renew()
    for claim in (state, recordings, other):
        claim.close()


# The run directory


def test_what_a_cleaner_took_from_the_run_directory_comes_back(tmp_path):
    run_dir = make_run_dir(tmp_path / "run")
    files = run_files.RunFiles(run_dir, {"daemon.json": {"a": 1}, "dashboard.json": {"b": 2}}, lambda: None)
    (run_dir / "daemon.json").unlink()
    files.keep()
    assert json.loads((run_dir / "daemon.json").read_text()) == {"a": 1}
    subprocess.run(["rm", "-r", str(run_dir)], check=True)
    files.keep()
    assert json.loads((run_dir / "dashboard.json").read_text()) == {"b": 2}
    assert run_dir.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("change", ["text", "link", "pipe"])
def test_what_a_confined_daemon_made_of_the_start_files_is_not_used(tmp_path, change):
    run_dir = make_run_dir(tmp_path / "run")
    files = run_files.RunFiles(run_dir, {"daemon.json": {"arguments": ["--det-th", "0.5"]}}, lambda: None)
    (run_dir / "daemon.json").unlink()
    (tmp_path / "other").write_text('{"arguments": ["--models-dir", "/"]}')
    if change == "text":
        (run_dir / "daemon.json").write_text((tmp_path / "other").read_text())
    elif change == "link":
        (run_dir / "daemon.json").symlink_to(tmp_path / "other")
    else:
        os.mkfifo(str(run_dir / "daemon.json"))
    files.keep()
    assert not (run_dir / "daemon.json").is_symlink()
    assert json.loads((run_dir / "daemon.json").read_text()) == {"arguments": ["--det-th", "0.5"]}
    assert json.loads((tmp_path / "other").read_text()) == {"arguments": ["--models-dir", "/"]}


def test_a_link_or_a_pipe_in_place_of_the_last_words_leads_nowhere(tmp_path):
    """The supervisor, which is not confined, would write where the link leads, or wait at the pipe for ever."""
    words, other = tmp_path / "exit_reason", tmp_path / "other"
    other.write_text("mine")
    words.symlink_to(other)
    assert read_exit_reason(tmp_path) == ""
    run_files.leave_reason(tmp_path, "The daemon crashed.", 1.0)
    assert other.read_text() == "mine" and read_exit_reason(tmp_path).startswith("The daemon crashed.")
    words.unlink()
    os.mkfifo(str(words))
    assert read_exit_reason(tmp_path) == ""
    run_files.leave_reason(tmp_path, "The daemon crashed.", 1.0)
    assert read_exit_reason(tmp_path).startswith("The daemon crashed.")
    words.write_text("a" * 10**6)
    assert len(read_exit_reason(tmp_path)) <= 10000


def test_a_link_in_place_of_a_lock_leads_nowhere(tmp_path):
    other = tmp_path / "other"
    other.write_text("mine")
    (tmp_path / "lock").symlink_to(other)
    with lock_file(tmp_path / "lock"), pytest.raises(Taken, match=f"process {os.getpid()} of"):
        lock_file(tmp_path / "lock")
    assert other.read_text() == "mine" and not (tmp_path / "lock").is_symlink()
    (tmp_path / "lock").unlink()
    os.mkfifo(str(tmp_path / "lock"))
    with pytest.raises(OSError, match="it is no file"):
        lock_file(tmp_path / "lock")


def test_a_daemon_that_cannot_open_its_sockets_in_the_new_directory_is_started_again_once(tmp_path, monkeypatch):
    """A confined daemon may write to the old one only."""
    run_dir, restarts = make_run_dir(tmp_path / "run"), []
    files = run_files.RunFiles(run_dir, {"daemon.json": {}}, lambda: restarts.append("restart"))
    files.keep()
    (run_dir / "daemon.json").unlink()
    monkeypatch.setattr(run_files, "_SOCKET_SECONDS", 0.0)
    files.keep()
    files.keep()
    assert restarts == ["restart"]
    (run_dir / "daemon.json").unlink()
    for name in ("frames", "events", "control"):
        (run_dir / name).touch()
    files.keep()
    assert restarts == ["restart"]


def test_the_run_directory_never_looks_unused(tmp_path, monkeypatch):
    run_dir = make_run_dir(tmp_path / "run")
    files = run_files.RunFiles(run_dir, {"daemon.json": {}}, lambda: None)
    for path in (run_dir, run_dir / "daemon.json"):
        os.utime(str(path), (0, 0))
    files.keep()
    assert (run_dir / "daemon.json").stat().st_mtime == 0
    monkeypatch.setattr(run_files, "_TOUCH_SECONDS", 0.0)
    files.keep()
    assert all(path.stat().st_mtime > 0 for path in (run_dir, run_dir / "daemon.json"))


def test_the_page_gets_the_daemons_own_reason_or_that_of_its_supervisor(tmp_path):
    run_files.leave_reason(tmp_path, "The daemon was killed by SIGKILL (out of memory?).", 0.5)
    assert read_exit_reason(tmp_path) == (
        "The daemon was killed by SIGKILL (out of memory?). It is started again after 0.5 s."
    )
    write_exit_reason(tmp_path, "The camera driver crashed.")
    run_files.leave_reason(tmp_path, "The daemon ended with exit code 1.", 30.0)
    assert read_exit_reason(tmp_path) == "The camera driver crashed. It is started again after 30 s."
    run_files.leave_reason(tmp_path, "The daemon ended with exit code 1.", 30.0)  # before it could say anything
    assert read_exit_reason(tmp_path) == "The daemon ended with exit code 1. It is started again after 30 s."


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl (Debian: apt install openssl)")
def test_certificates_are_tried_before_anything_is_started(tmp_path, monkeypatch):
    certificate, key, locked = (tmp_path / name for name in ("my c.pem", "k.pem", "locked.pem"))
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-subj", "/CN=x", "-out", str(certificate)]
    subprocess.run(make + ["-keyout", str(locked), "-passout", "pass:secret"], check=True, stderr=subprocess.DEVNULL)
    with pytest.raises(ConfigError, match="no certificate with its key, both PEM, without a password"):
        certificate_files(f"'{certificate}' {locked}")
    subprocess.run(make + ["-keyout", str(key), "-nodes"], check=True, stderr=subprocess.DEVNULL)
    monkeypatch.chdir(tmp_path)
    settings = load_settings(None, {}, {"tls": "'my c.pem' k.pem"}).settings
    assert certificate_files(settings.tls) == (str(certificate), str(key))
    with pytest.raises(ConfigError, match="no certificate with its key"):
        certificate_files("k.pem 'my c.pem'")
    with pytest.raises(ConfigError, match="there is no file .*/missing.pem"):
        certificate_files("missing.pem k.pem")
    assert certificate_files("self-signed") == ("self-signed", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="apt install openssl"):
        certificate_files("self-signed")


def test_the_daemon_has_few_pools_of_memory_unless_somebody_says_how_many(monkeypatch):
    monkeypatch.delenv("MALLOC_ARENA_MAX", raising=False)
    assert supervise.memory_environment() == {"MALLOC_ARENA_MAX": "4"}
    monkeypatch.setenv("MALLOC_ARENA_MAX", "1")
    assert supervise.memory_environment() == {}
