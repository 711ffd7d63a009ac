"""Zones, lines and masks: drawn by mouse and by keys, replayed, saved, and still there."""

import re

import pytest

from tests.browser.chromium import expect
from tests.browser.rig import load, show
from tests.browser.test_page import tab_to
from tests.waiting import wait_until


@pytest.fixture
def path():
    return "/streams/main/zones"


class Drawing:
    """What is done on the picture. Places are shares of it."""

    def __init__(self, page):
        self.page = page
        self.picture = page.locator(".frame.editing")
        self.entries = page.locator("#zones .pickable")

    def at(self, x, y):
        self.page.evaluate("scrollTo(0, 0)")
        box = self.picture.bounding_box()
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    def click(self, *points):
        for point in points:
            self.page.mouse.click(*self.at(*point))

    def drag(self, start, end):
        self.page.mouse.move(*self.at(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self.at(*end), steps=5)
        self.page.mouse.up()

    def tool(self, name):
        self.page.get_by_role("button", name=name, exact=True).click()

    def save(self):
        self.page.get_by_role("button", name="Save", exact=True).click()
        expect(self.page.locator(".save-bar .outcome")).to_contain_text("Saved.")
        expect(self.page.locator(".save-bar")).to_contain_text("As saved")


def see_picture(page):
    expect(page.locator("#zones .live-image.has-picture")).to_be_visible()
    expect(page.locator(".save-bar")).to_contain_text("As saved")


def saved(appliance):
    return appliance.heard("set_zones")[-1]


def near(points, wanted):
    return [[pytest.approx(value, abs=0.012) for value in point] for point in wanted] == points


def test_a_zone_a_line_and_masks_are_drawn_by_mouse_replayed_saved_and_still_there(appliance, page):
    see_picture(page)
    drawing = Drawing(page)
    drawing.tool("Zone")
    drawing.click((0.2, 0.2), (0.6, 0.2), (0.6, 0.6))
    page.keyboard.press("Escape")  # takes the last point back
    drawing.click((0.7, 0.7), (0.2, 0.7), (0.2, 0.2))  # the first point closes it
    expect(drawing.entries).to_have_text([re.compile("zone-1Zone · all labels")])
    drawing.drag((0.7, 0.7), (0.8, 0.995))  # the lower edge attracts it
    drawing.drag((0.4, 0.2), (0.4, 0.1))  # the small point between two
    page.keyboard.press("ControlOrMeta+z")
    expect(page.locator("#zones .handle:not(.mid, .all)")).to_have_count(4)
    page.get_by_label("Name", exact=True).fill("drive")
    page.get_by_label("Labels", exact=True).select_option("person")
    page.get_by_label("An event here is").select_option("alert")
    page.get_by_label("Loiter").fill("4")
    page.get_by_label("Loiter").press("Enter")

    replay = page.locator("#zones .card", has_text="Replayed")
    expect(replay).to_contain_text("3 alerts, of 30 tracks")
    expect(replay).to_contain_text("As saved, there were 0.")
    expect(replay).to_contain_text(re.compile(r"drive: \d tracks entered; \d stayed"))
    expect(replay.get_by_role("link").first).to_have_attribute("href", re.compile("/events/[0-9.]+-[0-9]+"))
    assert appliance.heard("set_zones") == [], "nothing is saved yet"

    drawing.tool("Line")
    drawing.click((0.1, 0.5), (0.9, 0.5))
    page.get_by_role("button", name="Turn round").click()
    drawing.tool("Ignore")
    drawing.click((0.005, 0.01), (0.1, 0.01), (0.1, 0.1))  # the edges attract
    page.keyboard.press("Enter")
    drawing.tool("Privacy")
    drawing.click((0.9, 0.01), (0.9995, 0.001), (1.005, 0.3))  # the very corner, and beside the edge
    expect(page.locator(".save-bar")).to_contain_text("not done")
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    page.mouse.dblclick(*drawing.at(0.9, 0.3))
    expect(page.locator(".shape-form")).to_contain_text("Black in everything from the moment it is saved")
    page.get_by_text("As YAML").click()
    expect(page.locator("pre.yaml")).to_contain_text("loiter: 4")
    drawing.save()
    told = saved(appliance)
    drive = dict(told["zones"]["drive"])
    assert near(drive.pop("polygon"), [[0.2, 0.2], [0.6, 0.2], [0.8, 1.0], [0.2, 0.7]])
    assert drive == {"labels": ["person"], "alert": True, "loiter": 4}
    line = told["lines"]["line-1"]
    assert near([line["from"], line["to"]], [[0.9, 0.5], [0.1, 0.5]])
    assert near(told["ignore"][0]["polygon"], [[0, 0], [0.1, 0], [0.1, 0.1]])
    assert near(told["privacy"][0]["polygon"], [[0.9, 0], [1, 0], [1, 0.3], [0.9, 0.3]])

    load(page, page.url)
    expect(drawing.entries).to_have_count(4)
    expect(drawing.entries.nth(1)).to_contain_text(re.compile(r"in \d+, out \d+ today"))
    drawing.entries.first.click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("drive")
    page.get_by_role("button", name="Delete drive").click()
    expect(drawing.entries).to_have_count(3)
    show(page, "")
    page.go_back()
    expect(drawing.entries).to_have_count(3)  # not saved, and not lost
    expect(page.locator(".save-bar")).to_contain_text("Not saved")
    page.get_by_role("button", name="Discard").click()
    expect(drawing.entries).to_have_count(4)


def test_all_of_it_is_done_with_the_keyboard(appliance, page):
    see_picture(page)
    tab_to(page, page.get_by_role("button", name="Zone", exact=True))
    page.keyboard.press("Enter")
    tab_to(page, page.locator(".frame.editing"))
    page.keyboard.press("Enter")
    first = page.get_by_role("button", name=re.compile("^Point 1 of zone-1"))
    expect(first).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowUp")
    expect(first).to_have_accessible_name("Point 1 of zone-1: 34 %, 30 %")
    tab_to(page, page.get_by_role("button", name=re.compile("^Add a point to zone-1")).first, 6)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=re.compile("^Point 2 of"))).to_be_focused()
    page.keyboard.press("ArrowUp")
    tab_to(page, page.get_by_role("button", name=re.compile("^Point 4 of")), 4)
    page.keyboard.press("Delete")
    expect(page.get_by_role("button", name=re.compile("^Point [0-9] of"))).to_have_count(4)
    page.keyboard.press("l")
    tab_to(page, page.locator(".frame.editing"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=re.compile("^Start of line-1"))).to_be_focused()
    tab_to(page, page.get_by_role("button", name="line-1: move all of it"), 4)
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("ControlOrMeta+z")
    page.keyboard.press("ControlOrMeta+y")
    tab_to(page, page.get_by_role("button", name="Save", exact=True))
    page.keyboard.press("Enter")
    wait_until(lambda: appliance.heard("set_zones"), "it is saved")
    told = saved(appliance)
    assert told["zones"]["zone-1"]["polygon"] == [[0.34, 0.3], [0.495, 0.315], [0.65, 0.35], [0.35, 0.65]]
    assert told["lines"]["line-1"] == {"from": [0.35, 0.4], "to": [0.65, 0.4]}


def test_what_cannot_be_saved_is_said_and_kept(appliance, page, open_page):
    see_picture(page)
    drawing = Drawing(page)
    drawing.tool("Zone")
    drawing.click((0.2, 0.2), (0.8, 0.8), (0.8, 0.2), (0.2, 0.8))
    page.keyboard.press("Enter")
    expect(page.locator(".save-bar")).to_contain_text("zone-1 crosses itself")
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    viewer = open_page(role="viewer", path="/streams/main/zones")
    see_viewer = viewer.locator(".save-bar")
    expect(see_viewer).to_contain_text("You are signed in as a viewer")
    for name in ("Zone", "Save"):
        expect(viewer.get_by_role("button", name=name, exact=True)).to_be_disabled()
