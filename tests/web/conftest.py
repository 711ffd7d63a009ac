"""What the dashboard's tests share: a fake daemon on the real bus, the app in this process, and under gunicorn."""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Dict, Optional

import pytest
import requests

# Before pytest's own import of it, as in tests/conftest.py.
import tests.web.demo as demo
import tests.web.fake_daemon as fake_daemon
from tests.waiting import wait_until
from web.accounts import Accounts, Role, passwords
from web.app import make_app, start
from web.options import Options, read_options

# Quick ones for the accounts that the tests make; the real cost is in test_accounts.py and of every first password.
REAL_METHOD = passwords._BEST
passwords._BEST = "pbkdf2:sha512:1"

LIMIT = 60
ROOT = demo.ROOT
PASSWORD = "correct horse"


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def add_accounts(state_dir):
    """A viewer and an operator; returns their tokens. The hash of the password is made once, it is slow."""
    accounts = Accounts(str(state_dir))
    accounts.add("olga", Role.OPERATOR, PASSWORD)
    accounts.add("victor", Role.VIEWER, PASSWORD)
    return {"operator": accounts.add_token("robot", Role.OPERATOR), "viewer": accounts.add_token("camera", Role.VIEWER)}


def bearer(token):
    return {"Authorization": "Bearer " + token}


def short_folder():
    """pytest's own folders are too deep for the name of a socket."""
    return Path(tempfile.mkdtemp(prefix="web"))


class Site:
    """A dashboard in a gunicorn of its own, over a fake daemon in this process."""

    def __init__(self, worker="eventlet", sign_in=True, options: Any = None, **daemon: Any):
        self.folder = short_folder()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.start_file = demo.write_start_file(self.folder, self.port, worker, sign_in, **(options or {}))
        self.tokens: Dict[str, str] = add_accounts(self.folder / "state") if sign_in else {}
        self.daemon_options = daemon
        self.daemon: Optional[fake_daemon.FakeDaemon] = None
        self.process: Any = None

    def start_daemon(self):
        options = dict({"streams": ["main", "yard"]}, **self.daemon_options)
        self.daemon = fake_daemon.FakeDaemon(
            str(self.folder / "run"), str(self.folder / "recordings"), **options
        ).start()

    def stop_daemon(self, status="running"):
        self.daemon.stop(status)
        self.daemon = None

    def start(self, wait_for="/healthz", **options):
        """Start gunicorn. What it prints is in the file `out`. options: of its Popen."""
        self.out = self.folder / "out"
        with open(str(self.out), "a") as out:
            self.process = demo.gunicorn(self.start_file, stdout=out, stderr=subprocess.STDOUT, **options)

        def answers():
            assert self.process.poll() is None, self.out.read_text()
            try:
                return requests.get(self.url + wait_for, timeout=5).status_code == 200
            except (requests.ConnectionError, requests.Timeout):  # a loaded machine takes long to start it
                return False

        wait_until(answers)
        return self

    def get(self, path, role="viewer", **options):
        return requests.get(self.url + path, headers=bearer(self.tokens[role]), timeout=LIMIT, **options)

    def look(self, path, role="viewer"):
        return Viewer(self.get(path, role, stream=True))

    def call(self, method, path, role="operator", **options):
        return requests.request(method, self.url + path, headers=bearer(self.tokens[role]), timeout=LIMIT, **options)

    def sign_in(self, name="olga", password=PASSWORD):
        """A browser's session; `page` is what it sees first."""
        session = requests.Session()
        form = session.get(self.url + "/login", timeout=LIMIT)
        session.page = session.post(
            self.url + "/login",
            timeout=LIMIT,
            data={"csrf_token": csrf_of(form.text), "name": name, "password": password, "next": "/"},
        )
        return session

    def stop(self):
        """Returns the seconds that it took."""
        began = time.monotonic()
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(LIMIT)
        self.process = None
        return time.monotonic() - began

    def close(self):
        self.stop()
        if self.daemon:
            self.stop_daemon()
        shutil.rmtree(str(self.folder))


class Viewer:
    """Looks at moving pictures as a browser does."""

    def __init__(self, answer):
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == "multipart/x-mixed-replace; boundary=picture"
        self.answer = answer
        self.chunks = answer.iter_content(65536)
        self.data = b""
        self.line(b"--picture\r\n")

    def line(self, end):
        """What comes before `end`."""
        while end not in self.data:
            self.data += next(self.chunks)
        found, _, self.data = self.data.partition(end)
        return found

    def next(self):
        """The next picture, which must be a whole JPEG."""
        head = self.line(b"\r\n\r\n")
        assert head.startswith(b"Content-Type: image/jpeg\r\n")
        length = int(head.split(b"Content-Length: ")[1])
        jpeg = self.line(b"\r\n--picture\r\n")
        assert len(jpeg) == length and jpeg.startswith(b"\xff\xd8")
        return jpeg

    def rest(self):
        """How many pictures come until it ends."""
        data = self.data + b"".join(self.chunks)
        assert data.endswith(b"--picture--\r\n")
        return data.count(b"Content-Type")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.answer.close()


def csrf_of(page):
    return re.search('name="csrf-token" content="([^"]+)"', page).group(1)


@pytest.fixture(scope="module", params=["eventlet", "gthread"])
def site(request):
    """One for all tests of a module; they leave the daemon running."""
    made = Site(request.param)
    made.start_daemon()
    made.start("/readyz")
    yield made
    made.close()


class InProcess:
    """The app in this process, for what needs no real server."""

    def __init__(self, sign_in=True, **options):
        folder = short_folder()
        os.environ["SPLITLENS_DASHBOARD"] = str(demo.write_start_file(folder, 8080, "gthread", sign_in, **options))
        try:
            self.options: Options = read_options()
        finally:
            del os.environ["SPLITLENS_DASHBOARD"]
        self.tokens = add_accounts(self.options.state_dir)
        self.daemon = fake_daemon.FakeDaemon(self.options.run_dir, self.options.recordings_dir, ["main"]).start()
        self.app = make_app(self.options)
        self.parts = self.app.extensions["dashboard"]
        start(self.app)
        wait_until(lambda: self.parts.daemon.state and self.parts.daemon.statistics)

    def client(self, role=None):
        """A client of the machines' kind, without cookies; of nobody if no role is given."""
        client = self.app.test_client()
        if role:
            client.environ_base["HTTP_AUTHORIZATION"] = "Bearer " + self.tokens[role]
        return client

    def sign_in(self, name="olga", password=PASSWORD):
        client = self.app.test_client()
        page = client.get("/login").get_data(as_text=True)
        client.page = client.post("/login", data={"csrf_token": csrf_of(page), "name": name, "password": password})
        return client

    def close(self):
        self.parts.daemon.stop()
        self.daemon.stop()
        shutil.rmtree(str(Path(self.options.run_dir).parent))


@pytest.fixture(scope="module")
def here():
    made = InProcess()
    yield made
    made.close()


def background(work):
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread
