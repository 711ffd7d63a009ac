"""The page for everybody: two browsers, phones, dark, keyboard, screen readers."""

import re

import pytest

from tests.browser.chromium import expect
from tests.browser.rig import PASSWORDS, ROOT, load, show
from tests.browser.test_live import see_it_move


def test_two_browsers_stay_in_step(appliance, page, open_page):
    other = open_page(role="viewer")
    expect(other.locator("#appliance-status")).to_have_text("running")
    show(page, "settings/model")
    page.locator(f"#model [data-model='{appliance.other_model}']").get_by_role("button").click()
    expect(other.locator("#model-name")).to_have_text(appliance.other_model)
    show(page, "settings/detection")
    number = page.locator("[data-setting=det_th]").get_by_role("spinbutton")
    number.fill("0.25")
    number.press("Enter")
    expect(other.locator("[data-setting=det_th] input[type=number]")).to_have_value("0.25")
    show(page, "")
    page.get_by_role("button", name="Record main").click()
    expect(other.locator("#live .elapsed")).to_be_visible()
    page.get_by_role("button", name="Stop recording main").click()
    show(page, "recordings")
    show(other, "recordings")
    expect(other.locator("[data-recording]")).to_have_count(1)
    page.locator("[data-recording]").get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(other.locator("[data-recording]")).to_have_count(0)


VIEWS = ["", "live/main", "events", "recordings", "system", "streams/main/zones", "settings/streams"]
VIEWS += ["settings/detection", "settings/model", "settings/account"]


def show_full(appliance, page, path):
    """Show a view with all that it can unfold."""
    show(page, path)
    if path == "settings/streams" and page.get_by_role("button", name="Edit").get_attribute("aria-expanded") != "true":
        page.get_by_role("button", name="Edit").click()
    if path == "settings/detection":
        page.locator("[data-setting=shown_classes] details").evaluate("(fold) => { fold.open = true; }")
    if path == "settings/model":
        page.locator("#catalogue-fold").evaluate("(fold) => { fold.open = true; }")
    if path == "streams/main/zones":
        page.get_by_role("button", name="Zone", exact=True).click()
        page.locator(".frame.editing").press("Enter")
        page.locator("#zones details").last.evaluate("(fold) => { fold.open = true; }")
    if path == "system":
        expect(page.locator("[data-chart=fps] canvas")).to_be_visible()
    if path == "recordings":
        expect(page.locator("[data-recording]")).to_have_count(1)


def test_a_phone_scrolls_one_way_only(appliance, open_page):
    page = open_page(phone=True)
    expect(page.locator("#appliance-status")).to_have_text("running")
    appliance.daemon.do_record("main", True)
    appliance.daemon.publish_state()
    for path in VIEWS:
        show_full(appliance, page, path)
        assert page.evaluate("document.documentElement.scrollWidth") == 360, path
        outside = page.evaluate("""[...document.querySelectorAll("main *")].filter((node) => {
            const box = node.getBoundingClientRect();
            return box.width && (box.right > 361 || box.left < -1) && getComputedStyle(node).position !== "absolute";
        }).map((node) => node.outerHTML.slice(0, 80))""")
        assert outside == [], path
    page.get_by_role("link", name="Recordings", exact=True).click()
    expect(page.get_by_role("heading", name="Recordings", level=1)).to_be_visible()


def test_each_view_has_an_address_that_is_opened_sent_and_gone_back_to(appliance, open_page):
    page = open_page(path="/settings/model")
    expect(page.locator("#model-name")).to_be_visible()
    expect(page.locator("#live")).to_be_hidden()
    page.evaluate("window.stays = true")
    for name, path in (("Live", "/"), ("Events", "/events"), ("Recordings", "/recordings"), ("System", "/system")):
        page.locator(f".rail [data-place={name.lower()}]").click()
        expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
        assert page.url == appliance.address + path and page.title().startswith(name)
        expect(page.locator(".rail [aria-current=page] span").first).to_have_text(name)
    page.go_back()
    expect(page.get_by_role("heading", name="Recordings", level=1)).to_be_visible()
    assert page.evaluate("window.stays"), "nothing was loaded again"
    stranger = open_page(role=None, path="/events?label=car")
    stranger.wait_for_url(re.compile("/login"))
    stranger.get_by_label("Name").fill("operator")
    stranger.get_by_label("Password").fill(PASSWORDS["operator"])
    stranger.get_by_role("button", name="Sign in").click()
    stranger.wait_for_url("**/events?label=car")


def ground(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_dark_comes_from_the_system_or_the_toggle_and_is_kept(appliance, open_page):
    dark, light = open_page(dark=True), open_page(dark=False)
    dark_ground, light_ground = ground(dark), ground(light)
    assert dark_ground != light_ground
    toggle = light.get_by_role("button", name="Theme")
    toggle.click()
    toggle.click()
    expect(toggle).to_have_accessible_name("Theme: dark")
    assert ground(light) == dark_ground
    load(light, light.url)
    expect(toggle).to_have_accessible_name("Theme: dark")
    assert ground(light) == dark_ground
    toggle.click()
    assert ground(light) == light_ground


def tab_to(page, locator, most=80):
    """Go on with Tab until the focus is there."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if locator.evaluate("(node) => node === document.activeElement"):
            return
    pytest.fail(f"Tab does not reach {locator}")


def test_everything_can_be_done_with_the_keyboard(appliance, page):
    tab_to(page, page.get_by_role("link", name="Skip to the content"), 1)
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    tab_to(page, page.get_by_role("button", name="Record main"))
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "the focus is seen"
    page.keyboard.press("Enter")
    expect(page.locator("#live .elapsed")).to_be_visible()
    expect(page.get_by_role("button", name="Stop recording main")).not_to_have_attribute("aria-busy", "true")
    page.keyboard.press("Enter")  # the focus has stayed where it was
    expect(page.get_by_role("button", name="Record main")).to_be_focused()
    tab_to(page, page.get_by_role("link", name="Settings", exact=True))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("link", name="Model", exact=True))
    page.keyboard.press("Enter")
    tab_to(page, page.locator(f"#model [data-model='{appliance.other_model}'] button"))
    page.keyboard.press("Space")
    expect(page.locator("#model-name")).to_have_text(appliance.other_model)
    show(page, "settings/streams")
    tab_to(page, page.locator("#streams").get_by_role("button", name="Edit"))
    page.keyboard.press("Enter")
    expect(page.get_by_label("Source", exact=True)).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    expect(page.locator("#streams code")).to_have_text("3")
    expect(page.locator("#streams").get_by_role("button", name="Edit")).to_be_focused()
    show(page, "settings/detection")
    tab_to(page, page.locator("[data-setting=vis_text] input"))
    page.keyboard.press("Space")
    expect(page.locator("[data-setting=vis_text] .outcome")).to_have_text("Applied.")
    show(page, "recordings")
    tab_to(page, page.locator("[data-recording]").get_by_role("button", name="Delete"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    tab_to(page, page.get_by_role("dialog").get_by_role("button", name="Delete"), 5)
    page.keyboard.press("Enter")
    expect(page.locator("[data-recording]")).to_have_count(0)
    expect(page.locator("#recordings-list")).to_be_focused()


def violations(page):
    """What axe-core finds that is serious or critical. The debugger puts it in, past the content policy."""
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": (ROOT / "tests/browser/vendor/axe.min.js").read_text()})
    found = page.evaluate("axe.run({ resultTypes: ['violations'] }).then((found) => found.violations)")
    return [
        f"{each['id']}: {each['nodes'][0]['html']} {each['nodes'][0]['failureSummary']}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_no_serious_barrier_is_found(appliance, open_page, dark, phone):
    page = open_page(dark=dark, phone=phone)
    expect(page.locator("#appliance-status")).to_have_text("running")
    appliance.daemon.do_record("main", True)
    appliance.daemon.log("error", "The camera is gone.")
    appliance.daemon.log("warning", "The camera is slow.")
    appliance.daemon.model["error"] = "It is cut off."
    appliance.daemon.publish_state()
    for path in VIEWS:
        show_full(appliance, page, path)
        assert violations(page) == [], path
    show(page, "recordings")
    page.locator("[data-recording]").get_by_role("button", name="Play").click()
    expect(page.locator("#recordings .file-note")).to_contain_text("is AVI")
    assert violations(page) == []


def test_no_serious_barrier_for_a_viewer_or_before_signing_in(appliance, open_page):
    page = open_page(role="viewer")
    expect(page.locator("#appliance-status")).to_have_text("running")
    for path in ("", "settings/streams"):
        show(page, path)
        assert violations(page) == [], path
    login = open_page(role=None, path="/login")
    assert violations(login) == []


def test_nothing_comes_from_elsewhere_and_nothing_inline_runs(appliance, open_page):
    page = open_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    load(page, page.url)
    expect(page.locator("#appliance-status")).to_have_text("running")
    see_it_move(page)
    assert asked and all(re.match(re.escape(appliance.address) + r"/|data:|ws://127", url) for url in asked)
    policy = page.request.get(appliance.address + "/").headers["content-security-policy"]
    assert "unsafe" not in policy and "default-src" in policy
    page.forgiven += ["Content Security Policy", "Refused"]
    ran = page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "window.ran = true";
        document.body.append(script);
        return window.ran === true;
    }""")
    assert not ran


def test_the_description_of_the_api_looks_like_the_dashboard(appliance, open_page):
    page = open_page(path="/api/v1/docs")
    look = "(node) => { const style = getComputedStyle(node); return [style.fontFamily, style.backgroundColor]; }"
    there = page.locator("body").evaluate(look)
    assert there == open_page().locator("body").evaluate(look) and "serif" not in there[0].split(", ")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    phone = open_page(path="/api/v1/docs", phone=True)
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_a_control_is_called_begins_with_what_it_shows(appliance, page):
    """Whoever speaks to the machine says what is to be seen (WCAG 2.5.3)."""
    expect(page.locator(".live-image")).to_have_count(1)
    wrong = page.evaluate("""() => [...document.querySelectorAll("a[aria-label], button[aria-label]")]
        .filter((control) => control.textContent.trim() && !control.getAttribute("aria-label").toLowerCase()
            .includes(control.textContent.trim().toLowerCase()))
        .map((control) => `${control.textContent}: ${control.getAttribute("aria-label")}`)""")
    assert wrong == []
