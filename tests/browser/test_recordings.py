"""Recording, playing, fetching, deleting."""

import re

import pytest

from tests.browser.chromium import expect
from tests.browser.rig import show
from tests.browser.test_live import see_it_move
from tests.browser.test_page import violations
from tests.waiting import wait_until


def record_a_little(page):
    tile = page.locator("#live [data-stream=main]")
    tile.get_by_role("button", name="Record main").click()
    expect(tile.locator(".elapsed")).to_have_attribute(
        "aria-label", re.compile(r"Recording main_.*\.avi: 0:0[4-9], .* GB free")
    )
    tile.get_by_role("button", name="Stop recording main").click()
    expect(tile.get_by_role("button", name="Record main")).to_be_visible()
    show(page, "recordings")
    row = page.locator("[data-recording]")
    expect(row).to_have_count(1)
    expect(row.get_by_role("button", name="Delete")).to_be_enabled()
    return row


def see_playback(page):
    wait_until(
        lambda: page.evaluate("document.querySelector('#recordings .player img').naturalWidth") == 320, "it plays"
    )


def test_a_recording_is_made_played_fetched_and_deleted(appliance, page):
    row = record_a_little(page)
    name = row.get_attribute("data-recording")
    player = page.locator("#recordings .player")

    row.get_by_role("button", name="Play").click()
    see_playback(page)
    player.get_by_role("button", name="Pause").click()  # at once: it lasts some seconds only
    expect(player.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect(page.locator("#recordings")).to_contain_text(f"{name} is AVI, which browsers cannot play")
    player.get_by_role("button", name=re.compile("speed")).click()
    expect(player.get_by_role("button", name="2×, speed")).to_be_visible()

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
    expect(player).to_contain_text("Nothing is played")
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


@pytest.fixture
def movies(begin):
    """Two streams with three files each around their newest event: two that join, and one after a gap."""
    appliance = begin(["main", "yard"])
    appliance.daemon.make_recordings()
    return appliance


def newest(appliance, stream):
    return next(event for event in appliance.daemon.events.values() if event.stream == stream)


def playing_time(page):
    return page.locator("#recordings video").evaluate("(node) => node.paused ? -1 : node.currentTime")


def test_the_player_goes_from_file_to_file_and_says_where_nothing_was_recorded(movies, open_page):
    event = newest(movies, "main")
    page = open_page(path=f"/recordings?at={event.start + 1:.1f}&stream=main")
    source = page.locator("#recordings video")
    expect(source).to_have_attribute("src", re.compile(r"main_.*_0\.mp4$"))
    wait_until(lambda: playing_time(page) > 4, "it plays from the moment of the address")
    boxes = re.compile(rf"^{event.label} \d+ [\d.]+ 0.250 [\d.]+ 0.850$")
    expect(page.locator("#recordings canvas.over")).to_have_attribute("data-boxes", boxes)
    page.locator("#recordings .player").get_by_role("slider").press("End")
    expect(source).to_have_attribute("src", re.compile(r"main_.*_1\.mp4$"))
    line = page.get_by_role("slider", name="Time of the day, all streams")
    page.locator("#recordings .player").get_by_role("slider").press("End")
    expect(page.locator("#recordings .player")).to_contain_text(
        re.compile(r"Nothing recorded from \d\d:\d\d to \d\d:\d\d")
    )
    page.get_by_role("button", name=re.compile("Go on at")).click()
    expect(source).to_have_attribute("src", re.compile(r"main_.*_2\.mp4$"))
    line.press("Shift+ArrowLeft")
    expect(source).to_have_attribute("src", re.compile(r"main_.*_0\.mp4$"))
    line.press("ArrowRight")
    expect(source).to_have_attribute("src", re.compile(r"main_.*_1\.mp4$"))
    expect(line).to_have_attribute("aria-valuetext", re.compile(r"\d\d:\d\d:\d\d, main"))
    line.press("Space")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile(r"recordings\?at=[\d.]+&stream=main"))
    page.get_by_role("button", name="1 h").click()
    expect(page.locator(".dayline .lane[data-stream=main] u")).to_have_count(2)
    page.locator(f"#recordings [data-event='{newest(movies, 'yard').id}']").click()
    expect(source).to_have_attribute("src", re.compile(r"yard_.*_0\.mp4$"))


def test_several_files_are_chosen_on_the_line_and_in_the_list_and_deleted(movies, open_page):
    page = open_page(path=f"/recordings?at={newest(movies, 'main').start:.1f}&stream=main")
    rows = page.locator("[data-recording]")
    expect(rows).to_have_count(6)
    storage = page.get_by_role("table", name="Storage by stream")
    expect(storage.get_by_role("row", name=re.compile("main"))).to_contain_text(
        re.compile(r"mainalerts .* kB · events .* kB.* kB9 days")
    )
    page.get_by_role("button", name="1 h").click()
    page.get_by_role("button", name="Select", exact=True).click()
    expect(page.get_by_text("Choose files in the list")).to_be_visible()
    box, head = (page.locator(f".dayline {name}").first.bounding_box() for name in (".bar", ".head"))
    page.mouse.move(head["x"] - 15, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(head["x"] + 40, box["y"] + 8)
    page.mouse.up()
    expect(page.locator(".dayline .pick")).to_be_visible()
    expect(page.get_by_text(re.compile(r"to \d\d:\d\d, \d files"))).to_be_visible()
    assert all(
        row.get_by_role("checkbox").is_checked() for row in rows.all() if "main" in row.get_attribute("data-recording")
    )
    for row in rows.all():
        row.get_by_role("checkbox").set_checked("main" in row.get_attribute("data-recording"))
    names = [row.get_attribute("data-recording") for row in rows.all() if row.get_by_role("checkbox").is_checked()]
    assert len(names) == 3
    one = page.get_by_role("checkbox", name=f"Select {names[0]}")
    one.uncheck()
    expect(page.get_by_text(re.compile(r"^2 files"))).to_be_visible()
    one.check()
    expect(page.get_by_text(re.compile(r"^3 files"))).to_be_visible()
    assert violations(page) == []
    page.locator("#recordings .toolbar").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog")).to_contain_text(re.compile(r"3 files .* cannot be brought back"))
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(rows).to_have_count(3)
    expect(page.locator("#recordings-outcome")).to_have_text("3 files are deleted.")
    assert not any((movies.dashboard.recordings / name).exists() for name in names)
