"""What the page says while the daemon or the dashboard is away, and how it comes back."""

import re
from dataclasses import replace

import pytest

from tests.browser.chromium import expect
from tests.browser.rig import Appliance, Dashboard, show, sign_in
from tests.browser.test_live import see_it_move


@pytest.fixture
def apart(begin):
    """A daemon that can be killed."""
    return begin(apart=True)


def test_a_daemon_that_is_killed_is_told_and_its_picture_marked_and_both_come_back(apart, open_page):
    page = open_page()
    page.forgiven.append("503 (SERVICE UNAVAILABLE)")  # what it asked the daemon for at that moment
    expect(page.locator("#appliance-status")).to_have_text("running")
    see_it_move(page)
    apart.kill()
    expect(page.locator(".banner")).to_contain_text(re.compile(r"The daemon has not answered since \d\d:\d\d:\d\d: ."))
    expect(page.locator("#live .picture-note")).to_contain_text("Not live")
    expect(page.locator("#live .state-word")).to_have_text("· stale")
    expect(page.locator("#appliance-status")).to_have_text("no daemon")
    show(page, "settings/detection")
    number = page.locator("[data-setting=det_th]").get_by_role("spinbutton")
    number.fill("0.7")
    number.press("Enter")
    expect(page.locator("[data-setting=det_th] .failed")).to_be_visible()
    expect(number).to_have_value("0.5")  # what holds, as far as is known
    apart.start_apart()
    expect(page.locator(".banner")).to_have_count(0)
    show(page, "")
    expect(page.locator("#live .picture-note")).to_be_hidden()
    see_it_move(page)


def test_a_dashboard_that_is_gone_is_told_and_the_page_comes_back_by_itself(browser, tmp_path):
    dashboard = Dashboard(tmp_path)
    dashboard.start()
    appliance = Appliance(dashboard)
    appliance.start()
    context = browser.new_context()
    try:
        page = context.new_page()
        sign_in(page, dashboard.address)
        expect(page.locator("#appliance-status")).to_have_text("running")
        see_it_move(page)
        dashboard.stop()
        expect(page.locator(".banner")).to_contain_text(
            re.compile(r"The dashboard has been unreachable since \d\d:\d\d:\d\d")
        )
        expect(page.locator("#live .picture-note")).to_contain_text("Not live")
        page.get_by_role("button", name="Record main").click()
        expect(page.locator("#live .failed").first).to_contain_text("nothing was changed")
        dashboard.start()
        expect(page.locator(".banner")).to_have_count(0)
        see_it_move(page)
        assert appliance.heard("record") == []
    finally:
        context.close()
        appliance.stop()
        if dashboard.process.poll() is None:
            dashboard.stop()


def test_a_problem_of_the_daemon_and_a_disk_that_fills_are_told(appliance, page):
    told = appliance.daemon.state

    def with_trouble():
        state = told()
        daemon = replace(state.daemon, problem="The state file cannot be written: no space.")
        storage = replace(state.storage, alarm="Recording was stopped: less than 1 GB is free.")
        return replace(state, daemon=daemon, storage=storage)

    appliance.daemon.state = with_trouble
    expect(page.locator(".banner.warn")).to_have_text(
        [re.compile("The state file cannot be written"), re.compile("Recording was stopped")]
    )


def test_the_log_is_shown_by_level(appliance, page):
    appliance.daemon.log("warning", "The lens is dusty.")
    appliance.daemon.log("error", "The lens fell off.")
    show(page, "system")
    lines = page.locator("#log-lines .log-line:visible")
    expect(lines.last).to_contain_text("The lens fell off.")
    page.get_by_label("Show", exact=True).select_option("error")
    expect(lines.filter(has_text="dusty")).to_have_count(0)
    expect(lines.filter(has_text="fell off")).to_have_count(1)
    page.get_by_label("Show", exact=True).select_option("info")
    expect(lines.filter(has_text="dusty")).to_have_count(1)
