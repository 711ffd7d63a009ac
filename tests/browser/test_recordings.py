"""Recording, playing, fetching, deleting."""

import re

from tests.browser.chromium import expect
from tests.browser.rig import show
from tests.browser.test_live import see_it_move
from tests.waiting import wait_until


def record_a_little(page):
    tile = page.locator("#live [data-stream=main]")
    tile.get_by_role("button", name="Record main").click()
    expect(tile.locator(".elapsed")).to_have_attribute(
        "aria-label", re.compile(r"Recording main_.*\.avi: 0:0[1-9], .* GB free")
    )
    tile.get_by_role("button", name="Stop recording main").click()
    expect(tile.get_by_role("button", name="Record main")).to_be_visible()
    show(page, "recordings")
    row = page.locator("[data-recording]")
    expect(row).to_have_count(1)
    expect(row.get_by_role("button", name="Delete")).to_be_enabled()
    return row


def see_playback(page):
    wait_until(lambda: page.evaluate("document.querySelector('dialog img').naturalWidth") == 320, "it plays")


def test_a_recording_is_made_played_fetched_and_deleted(appliance, page):
    row = record_a_little(page)
    name = row.get_attribute("data-recording")

    row.get_by_role("button", name="Play").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(name)
    see_playback(page)
    dialog.get_by_label("Speed").select_option("4")
    see_playback(page)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(row.get_by_role("button", name="Play")).to_be_focused()

    with page.expect_download() as download:
        row.get_by_role("link", name="Download").click()
    fetched = download.value
    assert fetched.suggested_filename == name
    with open(fetched.path(), "rb") as file:
        assert file.read(12)[8:] == b"AVI "

    row.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog")).to_contain_text("cannot be brought back")
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(row).to_have_count(1)
    row.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)
    expect(page.locator("#recordings-outcome")).to_have_text(f"{name} is deleted.")
    expect(page.locator("#recordings")).to_contain_text("No recordings.")
    show(page, "")
    see_it_move(page)


def test_a_recording_under_way_cannot_be_deleted(appliance, page):
    appliance.daemon.do_record("main", True)
    appliance.daemon.publish_state()
    show(page, "recordings")
    row = page.locator("[data-recording]")
    expect(row).to_contain_text("recording")
    expect(row.get_by_role("button", name="Delete")).to_be_disabled()


def test_a_recording_that_fails_says_why(appliance, page):
    expect(page.get_by_role("button", name="Record main")).to_be_enabled()
    appliance.daemon.streams["main"].source = appliance.broken_source
    page.get_by_role("button", name="Record main").click()
    expect(page.locator("#live [data-stream=main] .failed").first).to_contain_text("no pictures that could be recorded")
