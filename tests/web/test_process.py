"""The dashboard as a process: its first start, its restart, its end; a daemon that is killed; many viewers."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading

import psutil
import pytest
import requests

import tests.web.demo as demo
from appliance.core.process import Heartbeat
from tests.waiting import wait_until
from tests.web.conftest import LIMIT, PASSWORD, REAL_METHOD, ROOT, Site, csrf_of, free_port
from tests.web.test_server import Page
from web.accounts import Accounts, passwords


@pytest.fixture(params=["eventlet", "gthread"])
def fresh(request):
    made = Site(request.param)
    yield made
    made.close()


def resident_bytes(pid):
    """Of the gunicorn worker: the memory that it takes."""
    (worker,) = psutil.Process(pid).children()
    return worker.memory_info().rss


def test_the_first_start_shows_a_password_once_and_a_restart_keeps_who_is_signed_in(fresh):
    (fresh.folder / "state" / "accounts.json").unlink()
    fresh.start()
    said = fresh.out.read_text()
    found = re.search(r"Dashboard: (\S+)  first sign-in: user operator, password (\S+) \(shown once\)\n", said)
    assert found and found.group(1) == fresh.url + "/"
    assert all(re.match(r"\d{4}-\d\d-\d\dT[\d:]{8}[+-]\d{4} [A-Z]+ dashboard: .", line) for line in said.splitlines())
    browser = fresh.sign_in("operator", found.group(2))
    assert browser.page.url == fresh.url + "/"
    fresh.stop()

    fresh.start()
    assert fresh.out.read_text()[len(said) :].endswith(f"dashboard: Dashboard: {fresh.url}/\n")
    assert found.group(2) not in fresh.out.read_text()[len(said) :]
    for path in (fresh.folder / "state").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    page = browser.get(fresh.url + "/", timeout=LIMIT)
    assert "csrf-token" in page.text and page.url == fresh.url + "/"

    # Without the daemon it says so; and the page that was open before goes on, its token is as good as it was.
    change = {"json": {"det_th": 0.3}, "headers": {"X-CSRF-Token": csrf_of(browser.page.text)}, "timeout": LIMIT}
    answer = browser.patch(fresh.url + "/api/v1/settings", **change)
    assert (answer.status_code, answer.json()["error"]) == (503, "The daemon was not heard yet; it is starting.")
    fresh.start_daemon()
    wait_until(lambda: requests.get(fresh.url + "/readyz", timeout=LIMIT).status_code == 200)
    assert browser.patch(fresh.url + "/api/v1/settings", **change).status_code == 200


@pytest.mark.skipif(not REAL_METHOD.startswith("scrypt"), reason="this Python has no scrypt, which takes the memory")
def test_twenty_sign_ins_leave_no_memory_behind(fresh, monkeypatch):
    monkeypatch.setattr(passwords, "_BEST", REAL_METHOD)
    Accounts(str(fresh.folder / "state")).set_password("olga", PASSWORD)
    fresh.start()
    assert fresh.sign_in().page.status_code != 401
    before = resident_bytes(fresh.process.pid)
    for _ in range(20):
        assert fresh.sign_in().page.url == fresh.url + "/"
    assert resident_bytes(fresh.process.pid) - before < 80e6


def test_it_stops_at_once_though_pages_and_pictures_are_open(fresh):
    fresh.start_daemon()
    fresh.start("/readyz")
    with fresh.look("/streams/main.mjpeg") as viewer, Page(fresh, fresh.tokens["viewer"]) as page:
        viewer.next()
        wait_until(lambda: page.of("state"))
        assert fresh.stop() < 20  # 1 by rights; without a limit it would wait for ever
    with pytest.raises(requests.ConnectionError):
        requests.get(fresh.url + "/healthz", timeout=LIMIT)
    said = fresh.out.read_text()
    assert "Traceback" not in said and "SIGKILL" not in said, said


def test_a_master_that_is_killed_leaves_no_worker_with_the_port(fresh):
    fresh.start_daemon()
    fresh.start("/readyz")
    (worker,) = psutil.Process(fresh.process.pid).children()
    with fresh.look("/streams/main.mjpeg") as viewer:
        viewer.next()
        fresh.process.kill()
        fresh.process.wait(LIMIT)
        wait_until(lambda: is_gone(worker))
    wait_until(lambda: can_listen(fresh.port))


def is_gone(process):
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def can_listen(port):
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            free.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def test_it_serves_a_socket_that_is_open_already_and_tells_that_it_lives(fresh):
    """As the supervisor starts it: the port is not even free for a moment while it is started again."""
    heard, heart = os.pipe()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(10)
        fresh.port = listener.getsockname()[1]
        fresh.url = f"http://127.0.0.1:{fresh.port}"
        options = json.loads(fresh.start_file.read_text())
        options.update(port=fresh.port, listener=listener.fileno(), heartbeat=heart)
        fresh.start_file.write_text(json.dumps(options))
        fresh.start(pass_fds=(listener.fileno(), heart))
        os.close(heart)
        assert os.read(heard, 1) == Heartbeat.WELL
        os.kill(psutil.Process(fresh.process.pid).children()[0].pid, signal.SIGSTOP)
        fresh.process.kill()
        fresh.process.wait(LIMIT)
        while os.read(heard, 4096):  # until nobody is left who could beat, stopped or not
            pass
        fresh.start_file.write_text(json.dumps(dict(options, heartbeat=-1)))
        fresh.start(pass_fds=(listener.fileno(),))
    os.close(heard)


def test_a_daemon_that_is_killed_is_noticed_and_its_last_words_are_told(fresh):
    """The fake daemon in a process of its own, which dies in the middle."""
    daemon = demo.fake_daemon(fresh.folder, "--fps", "20")
    try:
        fresh.start("/readyz")
        with Page(fresh, fresh.tokens["viewer"]) as page, fresh.look("/streams/main.mjpeg") as viewer:
            viewer.next()
            daemon.send_signal(signal.SIGUSR1)
            daemon.wait(LIMIT)
            wait_until(lambda: page.newest("daemon").get("up") is False)
            assert page.newest("daemon")["why"] == "The camera driver crashed the daemon."
            daemon = demo.fake_daemon(fresh.folder, "--fps", "20")
            wait_until(lambda: page.newest("daemon")["up"])
            assert len({viewer.next() for _ in range(8)}) > 1
            os.kill(daemon.pid, signal.SIGKILL)
            daemon.wait(LIMIT)
            wait_until(lambda: page.newest("daemon")["up"] is False)
            assert page.newest("daemon")["why"].startswith("The daemon ended unexpectedly")
    finally:
        daemon.kill()
        daemon.wait()


@pytest.mark.parametrize(
    "content, complaint",
    [
        (None, "is not set"),
        ("{", "dashboard.json"),
        ('{"run_dir": "x"}', "state_dir"),
        ('{"run_dir": "x", "state_dir": "y", "recordings_dir": "z", "worker": "sync"}', "worker must be one of"),
        ('{"run_dir": "x", "state_dir": "y", "recordings_dir": "z", "port": "80"}', "port must be of type int"),
    ],
)
def test_a_wrong_start_file_is_named(tmp_path, content, complaint):
    environment = {key: value for key, value in os.environ.items() if key != "SPLITLENS_DASHBOARD"}
    if content is not None:
        (tmp_path / "dashboard.json").write_text(content)
        environment["SPLITLENS_DASHBOARD"] = str(tmp_path / "dashboard.json")
    command = [sys.executable, "-m", "gunicorn", "-c", "web/gunicorn.conf.py", "web.wsgi:app"]
    done = subprocess.run(
        command,
        cwd=str(ROOT),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    )
    assert done.returncode != 0 and complaint in done.stdout and "Traceback" not in done.stdout


def test_damaged_files_are_kept_beside_and_it_starts_with_a_new_operator(tmp_path):
    """What a broken disk left must not keep the owner out: the new password stands in the log, as the first one did."""
    state = tmp_path / "state"
    start_file = demo.write_start_file(tmp_path, free_port())
    (state / "accounts.json").write_text('{"accounts": []}')
    (state / "secret_key").write_text("")
    process = demo.gunicorn(start_file, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        said = ""
        while "password" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        wait_until(lambda: (state / "secret_key.damaged").exists())
    finally:
        process.terminate()
        said += process.communicate(timeout=LIMIT)[0]
    assert "Traceback" not in said
    (damaged,) = (line for line in said.splitlines() if "accounts.json is damaged: it holds no accounts" in line)
    assert re.match(r"\d{4}-\d\d-\d\dT\S+ ERROR dashboard: ", damaged)
    assert (state / "accounts.json.damaged").read_text() == '{"accounts": []}'


VIEWERS = 49


def stalled_viewer(site):
    """Asks for pictures and never reads one."""
    connection = socket.create_connection(("127.0.0.1", site.port))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.sendall(
        b"GET /streams/main.mjpeg HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        + f"Authorization: Bearer {site.tokens['viewer']}\r\n\r\n".encode()
    )
    return connection


class Crowd:
    """So many viewers, each reading as fast as it can; counts the different pictures that each has seen."""

    def __init__(self, site, count):
        self.seen = [0] * count
        self.viewers = [site.look("/streams/main.mjpeg", ("operator", "viewer")[number % 2]) for number in range(count)]
        self.threads = [threading.Thread(target=self.watch, args=(number,), daemon=True) for number in range(count)]
        self.is_over = False
        for thread in self.threads:
            thread.start()

    def watch(self, number):
        last = b""
        try:
            while not self.is_over:
                picture = self.viewers[number].next()
                self.seen[number] += picture != last
                last = picture
        except (requests.RequestException, StopIteration, AssertionError):
            if not self.is_over:
                raise

    def close(self):
        self.is_over = True
        for thread in self.threads:
            thread.join(LIMIT)
        for viewer in self.viewers:
            viewer.answer.close()


@pytest.mark.parametrize("worker", ["eventlet", "gthread"])
def test_fifty_viewers_one_of_them_stalled(worker):
    """The stalled one holds up nobody, and what it does not take is kept nowhere."""
    site = Site(worker, fps=5.0, picture_bytes=20000)
    site.start_daemon()
    site.start("/readyz")
    stalled = stalled_viewer(site)
    crowd = Crowd(site, VIEWERS)
    try:
        wait_until(lambda: min(crowd.seen) >= 5)
        before, begun = resident_bytes(site.process.pid), sum(crowd.seen)
        # More than any buffer between the two has room for: the stalled one has not taken the last of it.
        target = [count + 40 for count in crowd.seen]
        wait_until(lambda: all(seen >= wanted for seen, wanted in zip(crowd.seen, target)))
        grown = resident_bytes(site.process.pid) - before
        passed = (sum(crowd.seen) - begun) * 20000
        assert grown < 8 << 20, f"grown by {grown} while {passed} went through"
        assert passed > 4 * (8 << 20)
        assert 'splitlens_viewers{stream="main"} 50.0' in site.get("/metrics").text
        refusals = [
            site.get("/streams/main.mjpeg", ("operator", "viewer")[number % 2], stream=True) for number in range(1, 16)
        ]
        assert [answer.status_code for answer in refusals[:14]] == [200] * 14
        assert (refusals[14].status_code, refusals[14].json()["error"]) == (
            503,
            "64 viewers is the most; close a live picture or a download somewhere.",
        )
        for answer in refusals:
            answer.close()
        # Signing in, and the rest of the page, work meanwhile.
        assert site.sign_in("victor", PASSWORD).page.status_code == 200
    finally:
        crowd.close()
        stalled.close()
        site.close()
