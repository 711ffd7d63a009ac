"""Each state of a stream and of the appliance, as a person sees it: the chip, the tile, the cards."""

import json
import re
import urllib.error
import urllib.request

import pytest

from tests.browser.chromium import expect
from tests.browser.rig import show

STATES = [
    ("starting", "", "starting", "starting", "The source is starting."),
    ("live", "", "live", "running", None),
    ("slow", "this machine is too slow for the model: it takes 3.0 of 25 frames a second", "slow", "slow", None),
    ("no_frames", "no frame for 12 s", "no frames", "no frames", "no frame for 12 s"),
    ("no_results", "frames come, and no result for 7 s", "no results", "no results", None),
    ("lost", "it cannot be reached; reopening in 4 s", "lost", "no frames", "it cannot be reached; reopening in 4 s"),
    ("failed", "there is no such device", "failed", "no frames", "there is no such device"),
]


def ready(address):
    try:
        with urllib.request.urlopen(address + "/readyz", timeout=10) as answer:
            return answer.status, json.loads(answer.read().decode())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read().decode())


def set_state(appliance, state, problem, stream="main"):
    known = appliance.daemon.streams[stream]
    known.state, known.problem = state, problem
    appliance.daemon.publish_state()


@pytest.mark.parametrize("state, problem, word, chip, note", STATES, ids=[state[0] for state in STATES])
def test_a_stream_says_in_which_state_it_is_everywhere(appliance, page, dashboard, state, problem, word, chip, note):
    set_state(appliance, state, problem)
    expect(page.locator("#appliance-status")).to_have_text(chip)
    for card in ("#live .state-word", "#now .now-stream .chip", "#sources .entry .chip"):
        expect(page.locator(card)).to_have_text(re.compile(f"^(· )?{word}(, .* FPS)?$"))
    expect(page.locator("#sources .entry")).to_contain_text(problem)
    if note:
        expect(page.locator("#live .picture-note")).to_have_text(note)
    else:
        expect(page.locator("#live .picture-note")).to_be_hidden()
        expect(page.locator("#live .tile")).to_contain_text(problem)
    status, answer = ready(dashboard.address)
    works = state in ("live", "slow")
    assert (status, answer["ready"]) == ((200, True) if works else (503, False))
    look = page.locator("#appliance-status").get_attribute("class")
    assert ("good" in look) == (state == "live")


def test_a_slow_stream_says_how_much_of_the_source_it_takes(appliance, page):
    appliance.daemon.streams["main"].source_fps = 45.0
    set_state(appliance, "slow", "this machine is too slow for the model: it takes 10 of 45 frames a second")
    expect(page.locator("#live .state-word")).to_contain_text(" of 45.0 FPS")


def test_one_of_two_streams_that_gives_nothing_is_told_at_the_top(dashboard, begin, open_page):
    two = begin(["main", "yard"])
    page = open_page()
    set_state(two, "no_frames", "no frame for 12 s", "yard")
    expect(page.locator("#appliance-status")).to_have_text("1 of 2 live")
    expect(page.get_by_role("link", name="System 1 thing needs you")).to_be_visible()
    expect(page.locator("#live [data-stream=yard] .state-word")).to_have_text("· no frames")
    expect(page.locator("#live [data-stream=main] .state-word")).to_have_text("live")
    assert ready(dashboard.address) == (200, {"ready": True, "status": "degraded"})


def no_model(appliance, error):
    appliance.daemon.model.update(name=None, wanted=None, status="failed", error=error)
    set_state(appliance, "no_results", "no model is loaded: frames come, and nothing is detected")


def test_without_a_model_nothing_runs_and_the_default_is_offered(appliance, page, dashboard):
    no_model(appliance, "other is not loaded: 2 times it hung, failed or ended the daemon.")
    expect(page.locator("#appliance-status")).to_have_text("no model")
    expect(page.locator("#model-status")).to_have_text("none")
    expect(page.locator("#model-failure")).to_have_text(
        "other is not loaded: 2 times it hung, failed or ended the daemon."
    )
    assert ready(dashboard.address)[1] == {"ready": False, "status": "no_model", "reason": "No model is loaded."}
    show(page, "settings/model")
    button = page.locator("#model-default")
    expect(button).to_have_text("Use the default: " + appliance.first_model)
    button.click()
    expect(page.locator("#model-name")).to_have_text(appliance.first_model)
    expect(button).to_be_hidden()
    assert appliance.heard("set_model") == [{"command": "set_model", "model": appliance.first_model}]
