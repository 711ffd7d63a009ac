"""What the browser tests look at: the dashboard as gunicorn serves it, joined to a stand-in for the daemon.

Another appliance can take its place, so `Appliance` names all that the tests use of it.
"""

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Dict, List, Sequence

from tests.waiting import wait_until
from tests.web.fake_daemon import FIRST_MODEL, FakeDaemon
from web.accounts import Accounts, Role

ROOT = Path(__file__).resolve().parent.parent.parent
ANY_CERTIFICATE = ssl._create_unverified_context()
NETWORK_CHANGED = "ERR_NETWORK_CHANGED"

PASSWORDS = {"operator": "the operator's password", "viewer": "the viewer's password"}
"""The names of the users are those of their roles."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Dashboard:
    """gunicorn, as `splitlens up` starts it."""

    def __init__(self, folder: Path, worker: str = "eventlet", **options: Any) -> None:
        self.folder, self.port = folder, free_port()
        self.address = f"{'https' if options.get('certificate') else 'http'}://127.0.0.1:{self.port}"
        self.run_dir, self.recordings = folder / "run", folder / "recordings"
        for path in (self.run_dir, folder / "state", self.recordings):
            path.mkdir(mode=0o700)
        accounts = Accounts(str(folder / "state"))
        for name, password in PASSWORDS.items():
            accounts.add(name, Role[name.upper()], password)
        (folder / "start.json").write_text(
            json.dumps(
                dict(
                    {
                        "run_dir": str(self.run_dir),
                        "state_dir": str(folder / "state"),
                        "recordings_dir": str(self.recordings),
                        "host": "127.0.0.1",
                        "port": self.port,
                        "worker": worker,
                        "sign_in": True,
                    },
                    **options,
                )
            )
        )
        self.process: Any = None

    def start(self) -> None:
        command = [sys.executable, "-m", "gunicorn", "-c", "web/gunicorn.conf.py", "web.wsgi:app"]
        environment = dict(os.environ, SPLITLENS_DASHBOARD=str(self.folder / "start.json"))
        with open(self.folder / "dashboard.log", "ab") as log:
            self.process = subprocess.Popen(command, cwd=str(ROOT), env=environment, stdout=log, stderr=log)
        wait_until(self.answers, "an answer of the dashboard")

    def answers(self) -> bool:
        assert self.process.poll() is None, (self.folder / "dashboard.log").read_text()
        try:
            with urllib.request.urlopen(self.address + "/healthz", timeout=5, context=ANY_CERTIFICATE):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Appliance:
    """One daemon behind the dashboard. first_model runs; other_model is installed; the others fail."""

    first_model = FIRST_MODEL
    other_model = "ssd_mobilenet_v1_coco_2018_01_28"
    broken_model = "broken"
    new_model, broken_download = "faster_rcnn_resnet50_coco_2018_01_28", "broken_download"
    unfit_model = "mask_rcnn_inception_v2_coco_2018_01_28"
    other_source, broken_source = "rtsp://user:secret@camera.lan/1", "rtsp://broken.lan/1"
    hidden_source = "rtsp://***@camera.lan/1"

    def __init__(self, dashboard: Dashboard, streams: Sequence[str] = ("main",)) -> None:
        self.dashboard, self.streams = dashboard, list(streams)
        self.address = dashboard.address
        self.daemon: Any = None
        self.process: Any = None

    def start(self) -> None:
        """Inside this process: it takes no time, and `heard` has its commands."""
        self.daemon = FakeDaemon(str(self.dashboard.run_dir), str(self.dashboard.recordings), self.streams).start()
        wait_until(self.is_ready, "the dashboard hears the daemon")

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(self.address + "/readyz", timeout=5, context=ANY_CERTIFICATE):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def heard(self, command: str) -> List[Dict[str, Any]]:
        return [said for said in self.daemon.heard if said["command"] == command]

    def is_watched(self, stream: str) -> bool:
        return bool(self.daemon.server.is_watched(stream))

    def start_apart(self) -> None:
        """In a process of its own, so that it can be killed."""
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.web.fake_daemon",
                str(self.dashboard.run_dir),
                "--recordings",
                str(self.dashboard.recordings),
                "--streams",
                ",".join(self.streams),
            ],
            cwd=str(ROOT),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.daemon:
            self.daemon.stop()
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)
        for path in self.dashboard.recordings.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def load(page: Any, address: str) -> None:
    """Go there, until the scripts run.

    Chromium breaks off all that it loads when a network interface comes or goes, as one does with every container that
    somebody starts on this machine.
    """
    for _ in range(5):
        try:
            page.goto(address, wait_until="domcontentloaded")
        except Exception as error:
            if NETWORK_CHANGED not in str(error):
                raise
        else:
            if page.locator("#boot").count() == 0:
                return
    raise AssertionError(f"the scripts of {address} do not start")


def show(page: Any, path: str) -> None:
    """Show another view as a link to it does: "settings/model". Nothing is loaded again."""
    page.evaluate("(path) => import('/static/js/router.js').then((router) => router.go(path))", path)


def sign_in(page: Any, address: str, name: str = "operator", password: str = PASSWORDS["operator"]) -> None:
    load(page, address + "/login")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
