"""The live pictures and the figures."""

import re

import pytest

from tests.browser.chromium import expect
from tests.browser.rig import load, show
from tests.waiting import wait_until


def pixels(page, name="main"):
    """What the page shows of a stream at this moment; "" while it has no picture."""
    return page.evaluate(
        """(name) => {
        const image = document.querySelector(`[data-stream="${name}"] .live-image`);
        if (!image || !image.naturalWidth) return "";
        const canvas = new OffscreenCanvas(80, 45);
        const context = canvas.getContext("2d");
        context.drawImage(image, 0, 0, 80, 45);
        return context.getImageData(0, 0, 80, 45).data.join();
    }""",
        name,
    )


def see_it_move(page, name="main"):
    wait_until(lambda: pixels(page, name), f"there is a picture of {name}")
    first = pixels(page, name)
    wait_until(lambda: pixels(page, name) not in ("", first), f"the picture of {name} moves")


def hide(page, hidden):
    """As when another tab is opened; headless Chromium has every tab in front."""
    page.evaluate(
        """(hidden) => {
        Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
    }""",
        hidden,
    )


@pytest.fixture
def two_streams(begin):
    return begin(["main", "yard"])


@pytest.fixture
def five_streams(begin):
    return begin(["main", "yard", "door", "gate", "roof"])


def test_the_picture_moves_and_the_figures_are_shown(page):
    expect(page.locator(".live-image.has-picture")).to_be_visible()
    see_it_move(page)
    show(page, "system")
    now = page.locator("#now")
    expect(now.locator(".figure", has_text=re.compile("^FPS"))).to_contain_text(re.compile(r"\d\.\d"))
    expect(now.locator(".figure", has_text="Latency")).to_contain_text(re.compile(r"\d+\.\d ms"))
    expect(now.locator(".legend")).to_contain_text(re.compile(r"Capture.*Front.*Back.*Waiting.*Hand-over"))
    expect(now.locator(".seen-now")).to_contain_text("person")
    expect(page.locator("#readings")).to_contain_text("Power")
    parts = ("cap", "front", "back", "lost", "send")
    widths = [now.locator(f".piece.{part}").bounding_box()["width"] for part in parts]
    assert widths[1] == max(widths) and min(widths) > 0, "the bar's pieces are as long as what they stand for"


def test_the_last_half_hour_is_drawn(page):
    show(page, "system")
    for chart in ("fps", "latency", "load", "power", "temperatures"):
        expect(page.locator(f"[data-chart={chart}] canvas")).to_be_visible()
    expect(page.locator("[data-chart=fps] .chart-legend")).to_contain_text(re.compile(r"main \d"))
    expect(page.locator("[data-chart=load] .chart-legend")).to_contain_text(re.compile(r"memory \d+\.\d %"))


def test_one_stream_or_all(two_streams, open_page):
    page = open_page()
    for name in ("main", "yard"):
        expect(page.get_by_role("img", name=f"Live picture of {name}")).to_be_visible()
        see_it_move(page, name)
    page.get_by_role("link", name="Enlarge yard").click()
    expect(page.get_by_role("img", name="Live picture of main")).to_have_count(0)
    expect(page.get_by_role("heading", name="yard", level=1)).to_be_visible()
    expect(page.locator(".live-details .figure", has_text=re.compile("^FPS"))).to_contain_text(re.compile(r"\d\.\d"))
    wait_until(lambda: not two_streams.is_watched("main"), "nothing is drawn of the stream that is not shown")
    see_it_move(page, "yard")
    load(page, page.url)
    expect(page.get_by_role("img", name="Live picture of yard")).to_be_visible()
    expect(page.get_by_role("img", name="Live picture of main")).to_have_count(0)
    show(page, "system")
    wait_until(lambda: not two_streams.is_watched("yard"), "nothing is drawn while another view is shown")
    page.go_back()
    see_it_move(page, "yard")


def test_boxes_zones_and_figures_are_switched_for_all_streams_or_for_one(two_streams, open_page):
    page = open_page()
    for name, key in (("Boxes", "show_boxes"), ("Zones", "show_zones"), ("Figures", "vis_text")):
        button = page.get_by_role("button", name=name, exact=True)
        expect(button).to_have_attribute("aria-pressed", "true")
        button.click()
        expect(button).to_have_attribute("aria-pressed", "false")
        assert two_streams.heard("change_settings")[-1]["settings"] == {key: False}
    show(page, "live/yard")
    boxes = page.get_by_role("button", name="Boxes", exact=True)
    expect(boxes).to_have_attribute("aria-pressed", "false")
    boxes.click()
    expect(boxes).to_have_attribute("aria-pressed", "true")
    (said,) = two_streams.heard("change_stream_settings")
    assert (said["stream"], said["settings"]) == ("yard", {"show_boxes": True})


def test_many_streams_leave_connections_for_the_rest_of_the_page(five_streams, open_page):
    page = open_page()
    for name in five_streams.streams:
        expect(page.locator(f"[data-stream={name}] .live-image.has-picture")).to_be_visible()
        see_it_move(page, name)
    assert page.evaluate("fetch('/api/v1/state').then((answer) => answer.status)") == 200


def test_nothing_is_drawn_for_a_tab_that_is_hidden(appliance, page):
    see_it_move(page)
    hide(page, True)
    wait_until(lambda: not appliance.is_watched("main"), "nothing is drawn")
    hide(page, False)
    wait_until(lambda: appliance.is_watched("main"), "it is drawn again")
    see_it_move(page)


def test_a_source_that_is_lost_is_told_on_the_picture(appliance, page):
    see_it_move(page)
    appliance.daemon.do_set_stream("main", appliance.broken_source)
    tile = page.locator("#live [data-stream=main]")
    expect(tile.locator(".picture-note")).to_contain_text("cannot be opened")
    expect(tile.locator(".state-word")).to_have_text("· lost")
    expect(tile).to_have_class(re.compile("dim"))


def color_of(page, chart, name):
    row = page.locator(f"[data-chart={chart}] .chart-legend li", has_text=re.compile(f"^{name} "))
    return row.locator(".swatch").evaluate("(swatch) => getComputedStyle(swatch).backgroundColor")


def test_a_stream_has_one_colour_in_all_charts_whichever_others_are_in_them(begin, open_page):
    appliance = begin(["alpha", "beta"])
    with appliance.daemon.lock:
        appliance.daemon.streams["alpha"].source = appliance.broken_source  # which has no latency
    page = open_page(path="/system")
    alpha, beta = color_of(page, "fps", "alpha"), color_of(page, "fps", "beta")
    assert alpha != beta
    assert color_of(page, "latency", "beta") == beta
