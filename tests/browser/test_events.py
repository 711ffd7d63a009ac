"""The view of events: listed, filtered, opened, played, marked, by mouse, keys and fingers."""

import dataclasses
import re
import time

import pytest

from appliance.contract import event_messages as messages
from appliance.contract.errors import CONFLICT, Refused
from tests.browser.chromium import expect
from tests.browser.rig import show
from tests.browser.test_page import violations
from tests.waiting import wait_until
from tests.web.fake_events import EXAMPLE_ID


@pytest.fixture
def two(begin):
    return begin(["main", "yard"])


def cards(page):
    return page.locator("#events .review[data-card]")


def arrive(appliance, stream="main", label="person"):
    """A new alert, as the daemon says it."""
    start = round(time.time(), 6)
    event = dataclasses.replace(
        next(iter(appliance.daemon.events.values())),
        **{"id": f"{start:.6f}-000777", "stream": stream, "label": label, "start": start, "end": start + 5},
        review=f"{start:.6f}-r00777",
    )
    review = messages.Review(
        str(event.review), stream, start, start + 5, messages.ALERT, [label], ["door"], [event.id], False
    )
    with appliance.daemon.lock:
        appliance.daemon.events = {event.id: event, **appliance.daemon.events}
        appliance.daemon.reviews = {review.id: review, **appliance.daemon.reviews}
    appliance.daemon.server.publish(messages.ReviewMessage(messages.NEW, review))
    return review


def test_events_are_filtered_and_the_address_keeps_it(two, open_page):
    page = open_page(path="/events")
    expect(cards(page).first).to_contain_text("main")
    expect(page.get_by_role("button", name="Alerts")).to_have_text(re.compile(r"Alerts \d+"))
    page.get_by_role("combobox", name="Filter by label").select_option("dog")
    expect(page).to_have_url(re.compile(r"/events\?label=dog$"))
    expect(cards(page).filter(has_text="Person")).to_have_count(0)
    expect(cards(page).first).to_contain_text("Dog")
    page.get_by_role("button", name="Detections").click()
    expect(page).to_have_url(re.compile("severity=detection"))
    expect(cards(page).first).to_contain_text("detection")
    page.get_by_role("searchbox").fill("nothing like it")
    expect(page.get_by_role("heading", name="No event matches")).to_be_visible()
    page.get_by_role("button", name="Remove all filters").click()
    expect(cards(page).filter(has_text="Person").first).to_be_visible()
    page.go_back()
    expect(page.locator("[data-chip=label]")).to_be_visible()
    sent = open_page(path="/events?label=dog&starred=1")
    expect(sent.locator("[data-chip]")).to_have_text(["Label: dogremove this filter", "Starredremove this filter"])
    expect(cards(sent).first).to_contain_text("Dog")
    sent.locator("[data-chip=label]").click()
    expect(sent).to_have_url(re.compile(r"/events\?starred=1$"))


def test_older_events_come_while_one_scrolls(two, open_page):
    page = open_page(path="/events")
    expect(cards(page).first).to_be_visible()
    for _ in range(20):
        page.mouse.wheel(0, 5000)
        if cards(page).count() > 60:
            break
        page.wait_for_timeout(100)
    expect(cards(page)).to_have_count(61)


def test_an_event_is_opened_played_with_its_boxes_and_left_by_going_back(two, open_page):
    page = open_page(path="/events")
    first = cards(page).first
    expect(first).to_be_visible()
    page.mouse.wheel(0, 300)
    wait_until(lambda: page.evaluate("scrollY") > 100)
    before = page.evaluate("scrollY")
    cards(page).nth(4).get_by_role("link").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("What happened")
    expect(page).to_have_url(re.compile(r"/events/[\d.]+-\d+$"))
    expect(dialog.get_by_role("button", name=re.compile("Clip, .* kB"))).to_be_enabled()
    video, canvas = dialog.locator("video"), dialog.locator("canvas.over")
    wait_until(lambda: video.evaluate("(node) => node.currentTime") > 0, "it plays")
    dialog.get_by_role("button", name="Pause").click()
    dialog.get_by_role("slider", name="Position").press("Home")
    dialog.get_by_role("button", name="The next moment").click()
    dialog.get_by_role("button", name="The next moment").click()
    # It entered the zone three seconds after the start; its box began at 0.1 and goes 0.05 a second.
    expect(canvas).to_have_attribute("data-boxes", re.compile(r"^\w+ \d+ · 0.94 0\.2\d\d 0.250 0\.4\d\d 0.850$"))
    dialog.get_by_role("button", name="Boxes").click()
    expect(canvas).to_have_attribute("data-boxes", "")
    title = dialog.get_by_role("heading").first.text_content()
    dialog.get_by_role("button", name="The event before").click()
    expect(dialog.get_by_role("heading").first).not_to_have_text(title)
    page.go_back()
    expect(dialog).to_be_hidden()
    expect(page).to_have_url(re.compile("/events$"))
    assert page.evaluate("scrollY") == before
    cards(page).nth(4).get_by_role("link").click()
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(cards(page).nth(4).get_by_role("link")).to_be_focused()


def test_an_event_that_was_sent_opens_by_its_address_and_one_that_is_gone_says_so(two, open_page):
    page = open_page(path=f"/events/{EXAMPLE_ID}")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("24 November")
    dialog.get_by_role("button", name="Close").click()
    expect(page).to_have_url(re.compile("/events$"))
    page.forgiven.append("404")
    show(page, "events/1.0-gone")
    expect(dialog).to_contain_text("There is no such event")


def test_the_keys_move_mark_star_play_and_fetch(two, open_page):
    page = open_page(path="/events")
    links = cards(page).get_by_role("link")
    links.first.focus()
    page.keyboard.press("ArrowRight")
    expect(links.nth(1)).to_be_focused()
    top = "document.activeElement.getBoundingClientRect().top + scrollY"
    row = page.evaluate(top)
    page.keyboard.press("ArrowDown")
    assert page.evaluate(top) > row
    page.keyboard.press("ArrowUp")
    assert page.evaluate(top) == row
    links.nth(1).focus()
    second = cards(page).nth(1)
    expect(second.get_by_label("New")).to_be_visible()
    page.keyboard.press("s")
    expect(second.get_by_label("New")).to_be_hidden()
    page.keyboard.press("f")
    expect(second.get_by_text("Starred")).to_be_visible()
    page.keyboard.press("Space")
    expect(second.locator(".plays video")).to_be_visible()
    page.keyboard.press("Space")
    expect(second.locator("video")).to_have_count(0)
    with page.expect_download() as download:
        page.keyboard.press("d")
    with open(download.value.path(), "rb") as file:
        assert file.read(12)[4:8] == b"ftyp"
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    first = cards(page).first
    page.keyboard.press("Escape")
    first.hover()
    expect(first.locator(".plays video")).to_be_visible()


def test_what_is_new_is_announced_and_nothing_moves(two, open_page):
    page = open_page(path="/events")
    expect(cards(page).first).to_be_visible()
    badge = page.locator("#badge-events")
    expect(badge).to_have_text("40")
    top = cards(page).first.evaluate("(node) => node.getBoundingClientRect().top")
    review = arrive(two)
    expect(badge).to_have_text("41")
    button = page.get_by_role("button", name="1 new")
    expect(button).to_be_visible()
    assert cards(page).first.evaluate("(node) => node.getBoundingClientRect().top") == top
    button.click()
    expect(page.locator(f"[data-card='{review.id}']")).to_contain_text("Person · door")
    expect(button).to_be_hidden()


def test_an_alert_that_was_seen_elsewhere_is_not_counted_again_when_it_ends(two, open_page):
    page = open_page(path="/events")
    badge = page.locator("#badge-events")
    expect(badge).to_have_text("40")
    seen = next(review for review in two.daemon.reviews.values() if review.severity == messages.ALERT)
    two.daemon.seen[seen.id] = ["operator"]
    page.reload()
    expect(badge).to_have_text("39")
    two.daemon.server.publish(messages.ReviewMessage(messages.END, seen))
    review = arrive(two)  # it comes after that
    expect(page.get_by_role("button", name="1 new")).to_be_visible()
    expect(badge).to_have_text("40")
    assert review.id != seen.id


def test_one_several_and_all_are_marked_as_seen_which_can_be_undone(two, open_page):
    page = open_page(role="viewer", path="/events?label=dog&severity=alert")
    expect(cards(page).first).to_be_visible()
    count = cards(page).count()
    page.get_by_role("button", name="Select").click()
    expect(page.get_by_role("button", name="Star", exact=True)).to_be_disabled()
    cards(page).nth(0).get_by_role("checkbox").check()
    cards(page).nth(1).get_by_role("link").click()
    expect(page.get_by_text("2 selected")).to_be_visible()
    page.get_by_role("button", name="Mark as seen", exact=True).click()
    toast = page.locator(".toast")
    expect(toast).to_contain_text("2 reviews marked as seen.")
    expect(page.locator("#events .review.seen")).to_have_count(2)
    toast.get_by_role("button", name="Undo").click()
    expect(page.locator("#events .review.seen")).to_have_count(0)
    page.get_by_role("button", name="Mark all as seen").click()
    expect(page.locator("#events .review:not(.seen)")).to_have_count(0)
    assert count == cards(page).count() == 10


def test_a_day_is_chosen_in_the_calendar_and_its_time_line_leads_to_an_event(two, open_page):
    page = open_page(path="/events")
    page.get_by_role("button", name="The day before").click()
    expect(page).to_have_url(re.compile(r"day=\d{4}-\d\d-\d\d"))
    expect(page.get_by_role("heading", name="Yesterday", exact=True)).to_be_visible()
    slider = page.get_by_role("slider", name="Time of the day")
    expect(slider.locator("i").first).to_be_visible()
    slider.focus()
    page.keyboard.press("ArrowDown")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"\d\d:\d\d, \w+, \w+, (alert|detection)"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("Yesterday")
    page.keyboard.press("Escape")
    page.locator(".aside .calendar [aria-current=date]").focus()
    today = page.locator(".aside .calendar button:not([disabled])").last
    expect(today).to_have_accessible_name(re.compile(r"\d+ \w+ \d+, \d+ events?"))
    today.click()
    expect(page).to_have_url(re.compile("/events$"))


def test_events_that_cannot_be_read_say_why(two, open_page):
    page = open_page(path="/events")
    expect(cards(page).first).to_be_visible()
    page.forgiven.append("status of 4")

    def refuse(**_):
        raise Refused(CONFLICT, "The database is locked by another program since 14:02.")

    two.daemon.do_list_reviews = refuse
    page.get_by_role("button", name="Detections").click()
    expect(page.locator("#events .empty")).to_contain_text("The database is locked by another program since 14:02.")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_phone_has_all_of_it_within_a_thumbs_reach(two, open_page, dark):
    page = open_page(phone=True, dark=dark, path="/events", has_touch=True)
    expect(cards(page).first).to_be_visible()
    page.get_by_role("button", name="Filter", exact=True).click()
    sheet = page.get_by_role("dialog", name="Filters")
    sheet.get_by_role("combobox", name="Filter by label").select_option("dog")
    assert violations(page) == []
    sheet.get_by_role("button", name="Show").click()
    expect(page.locator("[data-chip=label]")).to_be_visible()
    small = page.evaluate(
        """[...document.querySelectorAll("#events button, #events select, #view-tools button")].filter((node) => {
            const box = node.getBoundingClientRect();
            return box.width && (box.height < 43.5 || box.width < 40);
        }).map((node) => node.outerHTML.slice(0, 90))"""
    )
    assert small == []
    page.get_by_role("button", name="Time line").click()
    slider = page.get_by_role("slider", name="Time of the day")
    expect(slider).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="The day before").click()  # of which no mark lies below the bar at the foot
    slider.locator("i").first.tap(force=True)
    expect(page.get_by_role("dialog")).to_contain_text("Yesterday")
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Pictures").click()
    cards(page).first.get_by_role("link").click()
    expect(page.get_by_role("dialog")).to_contain_text("What happened")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert violations(page) == []
