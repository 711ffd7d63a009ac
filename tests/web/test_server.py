"""The dashboard as it runs: gunicorn with either worker, real HTTP and WebSocket clients, the real bus."""

import logging
import os
import subprocess
import sys

import pytest
import requests
import socketio  # type: ignore[import-untyped]

from appliance.bus import write_exit_reason
from appliance.contract.codec import encode
from appliance.contract.event_messages import END, NEW, EventMessage, ReviewMessage
from tests.waiting import wait_until
from tests.web.conftest import LIMIT, PASSWORD, ROOT, Viewer, background, bearer, csrf_of
from web.accounts import Accounts, Role


class Page:
    """What a browser's page is to the server: a Socket.IO client that keeps what it is told."""

    def __init__(self, site, token=None, session=None, transports=("websocket",), **headers):
        quiet = logging.getLogger("quiet")  # its own logger writes after the end of a test
        quiet.disabled = True
        self.client = socketio.Client(
            reconnection=False, logger=quiet, engineio_logger=quiet, ssl_verify=not site.url.startswith("https:")
        )
        self.heard = []
        for event in ("state", "statistics", "detections", "log", "logs", "daemon", "event", "review"):
            self.client.on(event, lambda message, event=event: self.heard.append((event, message)))
        if token:
            headers.update(bearer(token))
        if session:
            headers["Cookie"] = "; ".join("{}={}".format(*item) for item in session.cookies.items())
        self.client.connect(site.url, headers=headers, transports=list(transports), wait_timeout=LIMIT)

    def of(self, event):
        return [message for topic, message in list(self.heard) if topic == event]

    def newest(self, event):
        return (self.of(event) or [{}])[-1]

    def send(self, event, fields=None):
        return self.client.call(event, fields, timeout=LIMIT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.disconnect()


@pytest.fixture
def operator(site):
    with Page(site, site.tokens["operator"]) as page:
        yield page


@pytest.mark.parametrize("transports", [("websocket",), ("polling",)])
def test_a_page_gets_what_there_is_and_then_all_that_comes(site, transports):
    site.daemon.log("info", "a line from before")
    wait_until(lambda: "a line from before" in site.get("/api/v1/logs").text)
    with Page(site, site.tokens["viewer"], transports=transports) as page:
        wait_until(lambda: all(page.of(event) for event in ("state", "statistics", "detections", "logs", "daemon")))
        assert page.newest("daemon")["up"] is True
        assert page.newest("state")["model"]["status"] == "ready"
        assert page.of("logs")[0][-1]["text"] == "a line from before"
        count = len(page.of("statistics"))
        site.daemon.log("warning", "a new line")
        wait_until(lambda: page.newest("log").get("text") == "a new line")
        wait_until(lambda: len(page.of("statistics")) > count + 3)
        event, review = next(iter(site.daemon.events.values())), next(iter(site.daemon.reviews.values()))
        site.daemon.server.publish(EventMessage(NEW, event))
        site.daemon.server.publish(ReviewMessage(END, review))
        wait_until(lambda: page.of("review"))
        assert page.of("event") == [{"type": "new", "event": encode(event)}]
        assert page.of("review") == [{"type": "end", "review": encode(review)}]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Cookie": "splitlens_session=wrong"},
        {"Origin": "http://evil.example"},
    ],
)
def test_nobody_gets_as_far_as_a_connection(site, headers):
    if "Origin" in headers:
        headers = dict(headers, **bearer(site.tokens["operator"]))
    for transport in ("websocket", "polling"):
        with pytest.raises(socketio.exceptions.ConnectionError):
            Page(site, transports=[transport], **headers)


def test_what_one_page_changes_the_other_sees(site, operator):
    with Page(site, site.tokens["viewer"]) as other:
        assert operator.send("change_settings", {"settings": {"det_th": 0.25}}) == {"ok": True}
        wait_until(lambda: other.newest("state").get("settings", {}).get("det_th") == 0.25)
        assert operator.send("change_settings", {"settings": {"det_th": None}}) == {"ok": True}
        wait_until(lambda: other.newest("state")["settings"]["det_th"] == 0.5)
        refused = other.send("change_settings", {"settings": {"det_th": 0.3}})
        assert refused == {"ok": False, "error": "Only an operator may do that; you are signed in as a viewer."}


def test_a_model_is_switched_and_a_broken_one_is_not(site, operator):
    before = site.get("/api/v1/model").json()["name"]
    assert operator.send("set_model", {"model": "broken"}) == {"ok": True}
    wait_until(lambda: operator.newest("state")["model"]["stage"] == "warming up")
    wait_until(lambda: operator.newest("state")["model"]["error"])
    model = operator.newest("state")["model"]
    assert "cut off at byte 1234" in model["error"] and (model["name"], model["wanted"]) == (before, None)
    assert operator.send("set_model", {"model": "ssd_mobilenet_v1_coco_2018_01_28"})["ok"]
    wait_until(lambda: operator.newest("state")["model"]["name"] == "ssd_mobilenet_v1_coco_2018_01_28")
    assert operator.send("set_model", {"model": "no_such"}) == {"ok": False, "error": "There is no model no_such."}


def test_the_power_mode_is_set_or_it_is_said_why_not(site, operator):
    assert operator.send("set_power", {"mode": 0, "clocks": True}) == {"ok": True}
    wait_until(
        lambda: operator.newest("state")["power"]["current"] == 0 and operator.newest("state")["power"]["clocks"]
    )
    refused = operator.send("set_power", {"mode": 5})
    assert refused == {"ok": False, "error": "Power mode 5 needs a restart of the board, so it was not set."}
    assert operator.send("set_power", {"clocks": False})["ok"]
    assert operator.send("set_power", {})["error"].startswith("mode or clocks")
    assert site.daemon.heard[-1] == {"command": "set_power"}


def test_a_source_is_tried_out(operator):
    answer = operator.send("test_source", {"source": "1"})
    assert answer["ok"] and answer["jpeg"].startswith("/9j/") and answer["width"] == 320
    assert operator.send("test_source", {"source": "rtsp://a:b@broken/"}) == {
        "ok": False,
        "error": "rtsp://***@broken/ cannot be opened; check the cable or the address.",
    }


@pytest.mark.parametrize(
    "event, fields",
    [
        ("set_model", {}),
        ("set_model", {"model": 3}),
        ("set_model", {"model": "../x"}),
        ("set_model", {"model": "a/b"}),
        ("set_model", {"model": "x" * 300}),
        ("set_model", []),
        ("set_model", "x"),
        ("set_model", None),
        ("set_stream", {"stream": "Main", "source": "0"}),
        ("set_stream", {"stream": "main", "source": True}),
        ("set_stream", {"stream": "main", "source": "x" * 3000}),
        ("set_stream", {"stream": "main", "source": ""}),
        ("set_stream", {"stream": "main", "source": "a\nb"}),
        ("set_stream", {"stream": "main", "source": -1}),
        ("set_stream", {"stream": "main", "source": "0", "model": 5}),
        ("set_stream", {"stream": "main", "source": 0.5}),
        ("set_stream", {"stream": "main", "source": "0", "more": 1}),
        ("reset_stream", {"stream": "a" * 33}),
        ("remove_stream", {"stream": "main\n"}),
        ("record", {"stream": "main", "on": 1}),
        ("record", {"stream": "main"}),
        ("change_settings", {"settings": {}}),
        ("change_settings", {"settings": {"det_th": 2}}),
        ("change_settings", {"settings": {"det_th": "0.5"}}),
        ("change_settings", {"settings": {"det_th": float("nan")}}),
        ("change_settings", {"settings": {"shown_classes": [1]}}),
        ("change_settings", {"settings": {"vis_text": 1}}),
        ("change_settings", {"settings": {"shown_classes": "person"}}),
        ("change_settings", {"settings": {"x": 1}}),
        ("change_settings", {"settings": {"max_vis_fps": True}}),
        ("delete_recording", {"name": "../../etc/passwd"}),
        ("delete_recording", {"name": "x.txt"}),
        ("delete_recording", {"name": None}),
        ("test_source", {"source": None}),
        ("set_power", {"mode": "0"}),
        ("set_power", {"mode": None}),
        ("set_power", {"mode": 0.5}),
        ("set_power", {"clocks": 1}),
        ("set_power", {"mode": 256}),
        ("set_power", {"mode": True}),
        ("set_power", {"modes": 0}),
    ],
)
def test_fields_of_the_wrong_kind_never_reach_the_daemon(site, operator, event, fields):
    heard = len(site.daemon.heard)
    answer = operator.send(event, fields)
    assert answer["ok"] is False and answer["error"].endswith(".")
    assert [command for command in site.daemon.heard[heard:] if command["command"] != "get_state"] == []


def test_a_browser_signs_in_and_its_page_ends_when_it_signs_out(site):
    browser = site.sign_in()
    assert browser.page.status_code == 200 and "csrf-token" in browser.page.text
    with Page(site, session=browser) as page, Page(site, session=browser, transports=["polling"]) as other:
        wait_until(lambda: page.of("state") and other.of("state"))
        assert page.send("list_recordings")["ok"]
        browser.post(site.url + "/logout", data={"csrf_token": csrf_of(browser.page.text)}, timeout=LIMIT)
        wait_until(lambda: not page.client.connected and not other.client.connected)


def test_an_account_that_is_removed_is_out_at_once(site):
    Accounts(str(site.folder / "state")).add("otto", Role.OPERATOR, PASSWORD)
    browser = site.sign_in("otto")
    viewer = Viewer(browser.get(site.url + "/streams/main.mjpeg", stream=True, timeout=LIMIT))
    with Page(site, session=browser) as page:
        wait_until(lambda: page.of("state"))
        command = [sys.executable, "-m", "web.accounts", "remove", "otto"]
        environment = dict(os.environ, SPLITLENS_DASHBOARD=str(site.start_file))
        assert subprocess.call(command, cwd=str(ROOT), env=environment) == 0
        assert browser.get(site.url + "/api/v1/state", timeout=LIMIT).status_code == 401
        viewer.rest()
        wait_until(lambda: not page.client.connected)


# Live pictures


def test_the_picture_moves(site):
    with site.look("/streams/main.mjpeg") as viewer:
        assert len({viewer.next() for _ in range(5)}) == 5


def test_the_daemon_draws_only_while_somebody_looks(site):
    server = site.daemon.server
    wait_until(lambda: not server.is_watched("yard") and not server.is_watched("main"))
    with site.look("/streams/yard.mjpeg") as second:
        with site.look("/streams/yard.mjpeg") as first:
            first.next()
            second.next()
            assert server.is_watched("yard") and not server.is_watched("main")
            assert 'splitlens_viewers{stream="yard"} 2.0' in site.get("/metrics").text
        wait_until(lambda: 'splitlens_viewers{stream="yard"} 1.0' in site.get("/metrics").text)
        assert second.next() != second.next()
        assert server.is_watched("yard")
    wait_until(lambda: not server.is_watched("yard"))
    wait_until(lambda: 'splitlens_viewers{stream="yard"}' not in site.get("/metrics").text)


def test_a_single_picture(site):
    answer = site.get("/streams/main.jpg")
    assert answer.headers["Content-Type"] == "image/jpeg" and answer.content.startswith(b"\xff\xd8")


def test_a_viewer_may_ask_for_fewer_pictures(site):
    with site.look("/streams/main.mjpeg?fps=2") as few, site.look("/streams/main.mjpeg") as all_of_them:
        seen = {few.next() for _ in range(3)}
        sent = []
        while seen - set(sent):
            sent.append(all_of_them.next())
    assert len(sent) >= 8  # of ten a second; the second and third came half a second after the one before
    assert site.get("/streams/main.mjpeg?fps=0").status_code == 400
    assert site.get("/streams/main.mjpeg?fps=nan").status_code == 400


@pytest.mark.parametrize("path", ["/streams/nowhere.mjpeg", "/streams/nowhere.jpg", "/streams/..%2fx.jpg"])
def test_a_stream_that_does_not_exist(site, path):
    assert site.get(path).status_code == 404


def test_a_live_picture_ends_with_its_stream(site):
    site.call("PUT", "/api/v1/streams/door", json={"source": "3"})
    with site.look("/streams/door.mjpeg") as viewer:
        viewer.next()
        ended = background(viewer.rest)
        assert site.call("DELETE", "/api/v1/streams/door").status_code == 200
        ended.join(LIMIT)
        assert not ended.is_alive()


def test_a_live_picture_ends_with_the_right_to_see_it(site):
    browser = site.sign_in("victor")
    with Viewer(browser.get(site.url + "/streams/main.mjpeg", stream=True, timeout=LIMIT)) as viewer:
        viewer.next()
        ended = background(viewer.rest)
        browser.post(site.url + "/logout", data={"csrf_token": csrf_of(browser.page.text)}, timeout=LIMIT)
        ended.join(LIMIT)
        assert not ended.is_alive()


# The daemon goes and comes


def test_a_page_is_told_why_the_daemon_cannot_start(site, operator):
    site.stop_daemon()
    wait_until(lambda: operator.newest("daemon")["up"] is False)
    write_exit_reason(site.folder / "run", "config.yml line 1: det_treshold is no setting.")
    wait_until(lambda: operator.newest("daemon")["why"] == "config.yml line 1: det_treshold is no setting.")
    site.start_daemon()
    wait_until(lambda: operator.newest("daemon")["up"] is True)


def test_who_watches_is_told_whether_it_detects(site, operator):
    def asked():
        answer = requests.get(site.url + "/readyz", timeout=LIMIT)
        figures = site.get("/metrics").text
        healthy = subprocess.run(
            [sys.executable, str(ROOT / "deploy" / "container" / "healthy.py")],
            stdout=subprocess.PIPE,
            env=dict(os.environ, SPLITLENS_RUN_DIR=str(site.start_file.parent)),
            universal_newlines=True,
        )
        return answer.status_code, "splitlens_ready 1.0" in figures, healthy.returncode, healthy.stdout

    assert asked() == (200, True, 0, "ready: running\n")
    for stream in site.daemon.streams.values():
        stream.state = "no_results"
    wait_until(lambda: asked() == (503, False, 1, "not ready: Frames come, and the model gives no results.\n"))
    figures = site.get("/metrics").text
    assert 'splitlens_stream_state{state="no_results",stream="main"} 1.0' in figures
    assert 'splitlens_stream_state{state="live",stream="main"} 0.0' in figures
    assert 'splitlens_seconds_since_last_result{stream="main"}' not in figures
    assert "splitlens_model_ready 1.0" in figures
    site.daemon.model.update(name=None, status="failed")
    wait_until(lambda: asked()[3] == "not ready: No model is loaded.\n")
    assert "splitlens_model_ready 0.0" in site.get("/metrics").text


def ended_pid():
    """Of a process that is gone."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


@pytest.mark.parametrize(
    "exit_reason, status, why",
    [
        (None, "running", "The daemon ended unexpectedly; it is started again."),
        ("The camera driver crashed.", "running", "The camera driver crashed."),
        (None, "stopping", "The daemon was stopped."),
    ],
)
def test_a_page_is_told_when_the_daemon_goes_and_when_it_is_back(site, operator, exit_reason, status, why):
    site.stop_daemon()  # what it said before is no reason
    wait_until(lambda: operator.newest("daemon")["up"] is False)
    site.start_daemon()
    site.daemon.pid = ended_pid()
    wait_until(lambda: operator.newest("daemon")["up"] is True)
    if exit_reason:
        site.daemon.log("error", exit_reason)
        wait_until(lambda: operator.newest("log").get("text") == exit_reason)
    with site.look("/streams/main.mjpeg") as viewer:
        viewer.next()
        site.stop_daemon(status)
        wait_until(lambda: operator.newest("daemon")["up"] is False)
        assert operator.newest("daemon")["why"] == why
        assert operator.send("record", {"stream": "main", "on": True}) == {"ok": False, "error": why}
        state = site.get("/api/v1/state")
        assert (state.status_code, state.json()) == (503, {"error": why, "kind": "unavailable"})
        ready = requests.get(site.url + "/readyz", timeout=LIMIT)
        assert (ready.status_code, ready.json()["ready"]) == (503, False)
        assert requests.get(site.url + "/healthz", timeout=LIMIT).status_code == 200
        metrics = site.get("/metrics").text
        assert "splitlens_daemon_up 0.0" in metrics and "splitlens_frames_total" not in metrics
        heard = len(operator.heard)
        site.start_daemon()
        wait_until(lambda: operator.newest("daemon")["up"] is True)
        wait_until(lambda: "state" in [event for event, _ in operator.heard[heard:]])
        assert len({viewer.next() for _ in range(8)}) > 1  # the picture moves again by itself
    assert requests.get(site.url + "/readyz", timeout=LIMIT).status_code == 200
