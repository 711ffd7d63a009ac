"""What holds when there are too many, when somebody stops halfway, and between the dashboard and the daemon."""

import ast
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import tests.web.demo as demo
from tests.waiting import wait_until
from tests.web.conftest import ROOT, InProcess
from web import mjpeg
from web.events import MOST_PAGES
from web.mjpeg import TooManyViewers, ViewerLimit


def test_there_is_a_most_of_open_pages_and_a_closed_one_makes_room(here):
    headers = {"Authorization": "Bearer " + here.tokens["viewer"]}
    pages = [here.parts.socketio.test_client(here.app, headers=headers) for _ in range(MOST_PAGES + 1)]
    assert [page.is_connected() for page in pages] == [True] * MOST_PAGES + [False]
    pages[0].disconnect()
    pages[0] = here.parts.socketio.test_client(here.app, headers=headers)
    assert pages[0].is_connected()
    for page in pages[:MOST_PAGES]:
        page.disconnect()
    assert here.parts.socketio.identities == {}


def test_a_viewer_that_leaves_makes_room():
    places = ViewerLimit(2)
    with places.take("a"):
        with places.take("b"):
            with pytest.raises(TooManyViewers):
                with places.take("c"):
                    pass
        with places.take("c"):
            pass


def test_one_viewer_does_not_take_the_places_of_all():
    places = ViewerLimit(4)
    with places.take("a"), places.take("a"):
        with pytest.raises(TooManyViewers):
            with places.take("a"):
                pass
        with places.take("b"), places.take("b"):
            pass
    with places.take("a"):
        pass


def test_who_takes_nothing_is_cut_off(here, monkeypatch):
    """The server's socket gives up; gunicorn closes it then, and the viewer's place is free."""
    monkeypatch.setattr(mjpeg, "_STALLED_SECONDS", 0.2)
    server, viewer = socket.socketpair()
    with server, viewer, here.app.test_request_context(environ_overrides={"gunicorn.socket": server}):
        ended = []
        response = mjpeg.respond([b"x"], lambda: ended.append(True))
        with pytest.raises(socket.timeout):
            for _ in range(1000):
                server.sendall(b"x" * 10000)
        response.close()
        assert ended == [True]


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_a_picture_that_nobody_reads_is_let_go(here, method):
    """Also where the answer's body is never begun."""
    answer = here.client("viewer").open("/streams/main.mjpeg", method=method)
    assert answer.status_code == 200
    answer.close()
    wait_until(lambda: not here.daemon.server.is_watched("main"))
    assert here.parts.broadcasters.count() == {}


def test_a_stream_that_gives_no_pictures_says_why(monkeypatch):
    monkeypatch.setattr("web.live._FIRST_SECONDS", 0.3)
    made = InProcess()
    try:
        client = made.client("operator")
        client.put("/api/v1/streams/door", json={"source": "rtsp://broken/1"})
        for path in ("/streams/door.mjpeg", "/streams/door.jpg"):
            answer = client.get(path)
            assert (answer.status_code, answer.get_json()["error"]) == (
                503,
                "rtsp://broken/1 cannot be opened; check the cable or the address.",
            )
        assert made.parts.broadcasters.count() == {}
    finally:
        made.close()


def test_what_cannot_be_understood_does_not_stop_the_listener(caplog):
    made = InProcess()
    try:
        made.daemon.server._publish("state", {"no": "streams"})
        made.daemon.server._send(made.daemon.server._events, b"log\0{")
        made.daemon.log("info", "still there")
        wait_until(lambda: "still there" in str(made.parts.daemon.logs()))
        assert "of different versions" in caplog.text and "cannot be read" in caplog.text
    finally:
        made.close()


PROGRAM = """
import eventlet
eventlet.monkey_patch()
import sys
import zmq
from appliance.bus import FrameSubscriber
from web.app import make_app, start
from web.options import read_options
options = read_options()
start(make_app(options))
listener = FrameSubscriber(options.run_dir, "main")
number = listener._socket.getsockopt(zmq.FD)
eventlet.hubs.get_hub().add("read", number, lambda *_: None, lambda *_: None, lambda: None)
print(listener.receive(30)[:2])
"""


def test_a_number_that_eventlet_still_has_of_a_closed_connection_stops_no_picture(here):
    start_file = demo.write_start_file(Path(here.options.run_dir).parent, 8080, "eventlet")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=str(ROOT),
        env=dict(os.environ, SPLITLENS_DASHBOARD=str(start_file)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    assert done.stdout.strip() == repr(b"\xff\xd8"), done.stderr


def test_the_dashboard_knows_the_daemon_by_bus_and_contract_alone():
    imported = set()
    for path in (ROOT / "web").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module)
    imported.discard("appliance.recording.avi_reader")  # how an AVI is read: standard library only
    parts = {".".join(name.split(".")[:2]) for name in imported if name.split(".")[0] == "appliance"}
    assert parts <= {"appliance"} | {f"appliance.{part}" for part in ("bus", "contract", "core", "telemetry")}
    assert not {name.split(".")[0] for name in imported} & {"tensorflow", "cv2", "numpy"}


def test_gunicorn_takes_the_workers_without_flask():
    """Eventlet, which patches what is loaded, stumbles over flask's proxies and leaves a traceback at the start."""
    program = "import sys, web.workers.green, web.workers.threads; sys.exit('flask' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=str(ROOT)).returncode == 0
