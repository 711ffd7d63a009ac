"""The whole appliance, as `up` starts it and a user meets it: real model, real pictures, real page."""

import os
import re
import signal
import subprocess
import sys

import pytest

from appliance import bus
from appliance.contract.errors import Refused, Unavailable
from tests.browser.chromium import expect
from tests.browser.rig import ROOT, free_port, load, show
from tests.browser.test_live import pixels, see_it_move
from tests.waiting import wait_until

PERSON, COCO = "pedestrian_ssdlite", "ssdlite_mobilenet_v2_coco_2018_05_09"
PATTERN = "videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=15/1 ! videoconvert ! appsink"


class Up:
    """`splitlens up` in a folder of its own."""

    def __init__(self, folder, samples):
        self.folder, self.port = folder, free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.run_dir = folder / "run"
        models = folder / "models"
        models.mkdir()
        for name in (PERSON, COCO):
            (models / name).symlink_to(ROOT / "models" / name)
        (models / "broken").mkdir()
        (models / "broken" / "frozen_inference_graph.pb").write_bytes(b"cut off")
        self.command = [
            sys.executable,
            "-m",
            "appliance",
            "up",
            str(samples / "bikes.mp4"),
            "--model",
            PERSON,
            "--listen",
            f"127.0.0.1:{self.port}",
            "--run-dir",
            str(self.run_dir),
        ]
        self.log = folder / "up.log"
        self.process = None

    def start(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                self.command, cwd=str(self.folder), stdout=log, stderr=log, env=dict(os.environ, PYTHONPATH=str(ROOT))
            )
        wait_until(lambda: self.state()["model"]["status"] == "ready", "the appliance is ready")
        wait_until(lambda: "password" in self.log.read_text(), "the password is printed")

    def state(self):
        assert self.process.poll() is None, self.log.read_text()
        try:
            return bus.request(self.run_dir, {"command": "get_state"}, 2.0)["state"]
        except (Unavailable, Refused):
            return {"model": {"status": None}, "daemon": {"pid": None}}

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(30) == 0, self.log.read_text()

    @property
    def password(self):
        return re.search(r"password (\S+)", self.log.read_text()).group(1)


@pytest.fixture(scope="module")
def up(tmp_path_factory, samples, person_model, coco_model):
    up = Up(tmp_path_factory.mktemp("up"), samples)
    up.start()
    yield up
    up.stop()
    left = subprocess.run(["pgrep", "-f", str(up.folder)], stdout=subprocess.PIPE, text=True)
    assert left.stdout == "", "it left processes behind"


@pytest.fixture
def open_signed_in(browser, up):
    contexts, complaints = [], []

    def open_signed_in(**options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: message.type == "error" and complaints.append(f"{message.text} {message.location['url']}"),
        )
        load(page, up.address + "/login")
        page.get_by_label("Name").fill("operator")
        page.get_by_label("Password").fill(up.password)
        page.get_by_role("button", name="Sign in").click()
        expect(page.locator("#appliance-status")).to_have_text("running")
        return page

    yield open_signed_in
    for context in contexts:
        context.close()
    assert [text for text in complaints if "ERR_" not in text and "503" not in text] == []


def row(page, name):
    return page.locator(f"#model [data-model='{name}']")


def test_the_first_password_is_shown_once_and_opens_the_page(up, open_signed_in):
    assert len(re.findall("password", up.log.read_text())) == 1
    page = open_signed_in()
    see_it_move(page)
    expect(page.locator("#model-name")).to_have_text(PERSON)


def test_the_model_is_switched_while_two_browsers_look(up, open_signed_in):
    page, other = open_signed_in(), open_signed_in()
    for each in (page, other):
        show(each, "settings/model")
    row(page, COCO).get_by_role("button").click()
    for each in (page, other):
        show(each, "")
        expect(each.locator("#model-name")).to_have_text(COCO, timeout=60000)
        see_it_move(each)
    show(other, "settings/model")
    row(other, "broken").get_by_role("button").click()
    expect(page.locator("#model-failure")).to_contain_text("broken cannot be used", timeout=60000)
    expect(page.locator("#model-name")).to_have_text(COCO)
    see_it_move(page)
    show(page, "settings/model")
    row(page, PERSON).get_by_role("button").click()
    expect(other.locator("#model-name")).to_have_text(PERSON, timeout=60000)


def test_the_source_is_switched_and_set_back(up, open_signed_in):
    bus.request(up.run_dir, {"command": "set_stream", "stream": "main", "source": PATTERN}, 30)
    page = open_signed_in()
    show(page, "live/main")
    expect(page.locator(".live-details")).to_contain_text("320×240", timeout=60000)
    wait_until(lambda: pixels(page), "a picture comes")
    bus.request(up.run_dir, {"command": "reset_stream", "stream": "main"}, 30)
    expect(page.locator(".live-details")).to_contain_text("640×272", timeout=60000)
    see_it_move(page)


def test_a_recording_is_made_and_played_back(up, open_signed_in):
    page = open_signed_in()
    tile = page.locator("#live [data-stream=main]")
    tile.get_by_role("button", name="Record main").click()
    under_way = re.compile(r"Recording main_.*\.(avi|mp4): 0:0[2-9]")
    expect(tile.locator(".elapsed")).to_have_attribute("aria-label", under_way, timeout=60000)
    tile.get_by_role("button", name="Stop recording main").click()
    show(page, "recordings")
    recording = page.locator("[data-recording]")
    expect(recording.get_by_role("button", name="Delete")).to_be_enabled(timeout=60000)
    recording.get_by_role("button", name="Play").click()
    width = """() => {
        const screen = document.querySelector("#recordings .player :is(img, video)");
        return screen ? screen.naturalWidth || screen.videoWidth : 0;
    }"""
    wait_until(lambda: page.evaluate(width) == 640, "it plays")


def test_who_goes_by_is_an_event_and_a_zone_is_drawn_replayed_saved_and_outlives_a_crash(up, open_signed_in):

    def is_pictured():
        reviews = ask(up, "list_reviews")["reviews"]
        return reviews and ask(up, "get_event", id=reviews[0]["events"][0])["event"]["has_snapshot"]

    wait_until(is_pictured, "somebody is seen")
    page = open_signed_in()
    show(page, "events")
    picture = page.locator("#events .review img").first
    expect(picture).to_be_visible(timeout=60000)
    wait_until(lambda: picture.evaluate("(image) => image.naturalWidth") > 0, "its picture is shown")
    show(page, "streams/main/zones")
    expect(page.locator("#zones .live-image.has-picture")).to_be_visible(timeout=60000)
    page.get_by_role("button", name="Zone", exact=True).click()
    box = page.locator(".frame.editing").bounding_box()
    for x, y in ((0.005, 0.02), (0.995, 0.02), (0.995, 0.98), (0.005, 0.98)):
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    page.keyboard.press("Enter")
    expect(page.locator("#zones .card", has_text="Replayed")).to_contain_text(
        re.compile(r"would have been [1-9]\d* alert"), timeout=60000
    )
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".save-bar")).to_contain_text("As saved")
    whole = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
    known = {event["id"] for event in ask(up, "list_events")["events"]}
    killed = up.state()["daemon"]["pid"]
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: up.state()["daemon"]["pid"] not in (None, killed), "another daemon runs")
    assert ask(up, "get_zones")["streams"]["main"]["zones"] == {"zone-1": {"polygon": whole}}
    now = {event["id"] for event in ask(up, "list_events", limit=200)["events"]}
    assert known <= now, "all events that were stored are still there"


def ask(up, name, **fields):
    return bus.request(up.run_dir, dict(fields, command=name), 30)


def test_a_daemon_that_is_killed_is_told_and_comes_back(up, open_signed_in):
    page = open_signed_in()
    see_it_move(page)
    killed = up.state()["daemon"]["pid"]
    os.kill(killed, signal.SIGSTOP)  # it may be back before anybody notices; like this it stays away
    expect(page.locator(".banner")).to_be_visible()
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: up.state()["daemon"]["pid"] not in (None, killed), "another daemon runs")
    expect(page.locator(".banner")).to_have_count(0, timeout=60000)
    see_it_move(page)
