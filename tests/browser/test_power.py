"""The power card: there on a Jetson, set by an operator, and honest where it cannot be."""

import pytest

from tests.browser.chromium import expect
from tests.waiting import wait_until


@pytest.fixture
def path():
    return "/system"


def test_mode_and_clocks_are_set_and_shown(appliance, page):
    card = page.locator("#power")
    mode = card.get_by_label("Power mode", exact=True)
    expect(card).to_contain_text("Now: MAXP_CORE_ARM, 4 cores, CPU 2.00 GHz")
    button = card.get_by_role("button", name="Set the power mode")
    expect(button).to_be_disabled()
    mode.select_option("0")
    button.click()
    expect(card.locator(".outcome")).to_have_text("Applied.")
    expect(card).to_contain_text("Now: MAXN, 6 cores")
    card.get_by_role("checkbox").check()
    wait_until(lambda: len(appliance.heard("set_power")) == 2, "the daemon hears of the clocks")
    expect(card.get_by_role("checkbox")).to_be_checked()
    heard = [(said.get("mode"), said.get("clocks")) for said in appliance.heard("set_power")]
    assert heard == [(0, None), (None, True)]


def test_what_was_applied_stays_shown_though_the_state_with_it_comes_after_the_answer(appliance, page, monkeypatch):
    card = page.locator("#power")
    expect(card.get_by_role("checkbox")).to_be_enabled()
    monkeypatch.setattr(appliance.daemon, "publish_state", lambda: None)
    card.get_by_role("checkbox").click()
    expect(card.locator(".outcome")).to_have_text("Applied.")
    expect(card.get_by_role("checkbox")).to_be_checked()


def test_a_mode_that_needs_a_restart_says_so_and_nothing_changes(appliance, page):
    card = page.locator("#power")
    card.get_by_label("Power mode", exact=True).select_option("5")
    card.get_by_role("button", name="Set the power mode").click()
    expect(card).to_contain_text("needs a restart of the board")
    expect(card).to_contain_text("Now: MAXP_CORE_ARM")


def test_a_viewer_only_looks(appliance, open_page):
    card = open_page("viewer", path="/system").locator("#power")
    expect(card).to_contain_text("Now: ")
    expect(card.get_by_role("checkbox")).to_be_disabled()
    expect(card.get_by_role("combobox")).to_be_disabled()
    expect(card.locator(".access-note")).to_be_visible()


def test_without_the_helper_it_is_only_shown(appliance, page):
    appliance.daemon.power.update(settable=False, clocks=None, problem="The power helper does not run on this board.")
    card = page.locator("#power")
    expect(card).to_contain_text("The power helper does not run on this board.")
    expect(card.get_by_role("combobox")).to_be_disabled()


def test_a_machine_without_power_modes_has_no_card(appliance, page):
    appliance.daemon.power = None
    expect(page.locator("#power")).to_be_hidden()
