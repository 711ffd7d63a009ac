"""Chromium on the dashboard. Where it or Playwright is missing, the tests are skipped."""

import os
import shutil
from pathlib import Path

import pytest

from tests.browser.rig import NETWORK_CHANGED, PASSWORDS, ROOT, Appliance, Dashboard, load, sign_in

CHROMIUM = os.environ.get("SPLITLENS_CHROMIUM") or shutil.which("chromium")
LIBRARIES = ("web/static/vendor/socket.io.js", "web/static/vendor/uplot.js", "tests/browser/vendor/axe.min.js")
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}


@pytest.fixture(scope="session")
def browser():
    if not CHROMIUM:
        pytest.skip("no Chromium (Debian: apt install chromium), so no browser tests")
    missing = [name for name in LIBRARIES if not (ROOT / name).is_file()]
    if missing:
        pytest.fail(f"{missing} is missing. `python tools/fetch_web_libraries.py --tests` gets them.", pytrace=False)
    from tests.browser.chromium import api

    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def dashboard(tmp_path_factory):
    dashboard = Dashboard(Path(tmp_path_factory.mktemp("d")))
    dashboard.start()
    yield dashboard
    dashboard.stop()


@pytest.fixture
def begin(dashboard):
    """Start a daemon for one test: begin(["main", "yard"]), begin(apart=True). It is ended after the pages."""
    running = []

    def begin(streams=("main",), apart=False):
        appliance = Appliance(dashboard, streams)
        running.append(appliance)
        if apart:
            appliance.start_apart()
        else:
            appliance.start()
        return appliance

    yield begin
    for appliance in running:
        appliance.stop()


@pytest.fixture
def appliance(begin):
    """A daemon as it is after its start, with one stream."""
    return begin()


@pytest.fixture(scope="session")
def sessions(browser, dashboard):
    """The cookies of each role: signing in is slow on purpose, and limited in rate."""
    kept = {}
    for name, password in PASSWORDS.items():
        context = browser.new_context()
        page = context.new_page()
        sign_in(page, dashboard.address, name, password)
        page.wait_for_url(dashboard.address + "/")
        kept[name] = context.storage_state()
        context.close()
    return kept


@pytest.fixture
def open_page(browser, dashboard, sessions, begin):
    """Open the dashboard in a browser of its own: open_page(role="operator", phone=False, dark=False, path="/").

    What a page complains of in its console (errors, breaches of the content policy) fails the test,
    unless it is in `page.forgiven`.
    """
    contexts, pages = [], []

    def open_page(role="operator", phone=False, dark=False, path="/", **more):
        context = browser.new_context(
            viewport=PHONE if phone else DESKTOP,
            color_scheme="dark" if dark else "light",
            storage_state=sessions[role] if role else None,
            **more,
        )
        page = context.new_page()
        page.complaints, page.forgiven = [], [NETWORK_CHANGED]
        page.on("console", lambda message: message.type == "error" and page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        contexts.append(context)
        pages.append(page)
        load(page, dashboard.address + path)
        return page

    yield open_page
    complaints = [text for page in pages for text in page.complaints if not any(word in text for word in page.forgiven)]
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def path():
    """Where `page` is opened; a module whose tests are about another view has its own."""
    return "/"


@pytest.fixture
def page(appliance, open_page, path):
    """An operator's page that shows the appliance."""
    from tests.browser.chromium import expect

    page = open_page(path=path)
    expect(page.locator("#appliance-status")).to_have_text("running")
    return page
