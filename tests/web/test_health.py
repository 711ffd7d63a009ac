"""The dashboard asks itself whether it answers, and is started again if it does not."""

import os
import socket
import subprocess
import sys
import threading

import psutil
import pytest
import requests

from tests.waiting import wait_until
from tests.web.conftest import LIMIT, ROOT, Site
from web import health


@pytest.mark.parametrize("worker", ["eventlet", "gthread"])
def test_a_dashboard_that_hangs_is_started_again(worker):
    site = Site(worker)
    command = [sys.executable, "-m", "gunicorn", "-c", "web/gunicorn.conf.py", "tests.web.hanging:app"]
    try:
        with open(str(site.folder / "out"), "w") as out:
            site.process = subprocess.Popen(
                command,
                cwd=str(ROOT),
                env=dict(os.environ, SPLITLENS_DASHBOARD=str(site.start_file)),
                stdout=out,
                stderr=subprocess.STDOUT,
            )

        def answers():
            try:
                return requests.get(site.url + "/healthz", timeout=5).status_code == 200
            except (requests.ConnectionError, requests.Timeout):
                return False

        wait_until(answers)
        (first,) = psutil.Process(site.process.pid).children()
        with socket.create_connection(("127.0.0.1", site.port), timeout=LIMIT) as connection:
            connection.sendall(b"GET /hang HTTP/1.1\r\nHost: x\r\n\r\n")
            wait_until(lambda: not first.is_running() or first.status() == psutil.STATUS_ZOMBIE)
        wait_until(answers)
        assert "it did not answer itself 3 times; it is started again" in (site.folder / "out").read_text()
    finally:
        site.close()


def test_three_failures_in_a_row_are_needed(monkeypatch):
    monkeypatch.setattr(health, "CHECK_SECONDS", 0.0)
    answers = [True, False, False, True, False, False, False, True]
    ended = threading.Event()
    health.watch("gthread", lambda: answers.pop(0), ended.set)
    assert ended.wait(LIMIT) and answers == [True]


@pytest.mark.parametrize(
    "answer, is_well",
    [
        (b'HTTP/1.1 200 OK\r\n\r\n{"ok": true}', True),
        (b"HTTP/1.1 200 OK\r\n\r\nelse", False),
        (b"", False),
        (b'HTTP/1.1 503 X\r\n\r\n{"error": 1}', False),
    ],
)
def test_only_its_own_answer_counts(answer, is_well):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(1)

        def serve():
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        assert health.asker("gthread", server.getsockname(), False)() is is_well
        thread.join(LIMIT)


def test_nobody_who_listens_is_no_answer():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        address = server.getsockname()
    assert health.asker("gthread", address, False)() is False
