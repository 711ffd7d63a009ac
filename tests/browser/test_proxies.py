"""The dashboard behind nginx and Caddy as docs/proxies.md has them, and behind nginx as people have it."""

import re

import pytest

from tests.browser.chromium import expect
from tests.browser.proxies import caddy, documented, nginx
from tests.browser.rig import NETWORK_CHANGED, Appliance, Dashboard, load, sign_in

# The last: what a page still asks for when its session has just been ended.
FORGIVEN = (NETWORK_CHANGED, "favicon.ico", "401")
PASSED_ON = """proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";
    proxy_set_header Host $http_host;"""
TLS = "listen 443 ssl; ssl_certificate /etc/ssl/home.pem; ssl_certificate_key /etc/ssl/home.key;"
NO_PROTO = "server { " + TLS + " location / { proxy_pass http://192.168.1.5:8080; " + PASSED_ON + " } }"
NO_HOST = "server { listen 443; location / { proxy_pass http://192.168.1.5:8080; } }"
NO_PREFIX = "location /cam/ { proxy_pass http://192.168.1.5:8080/; " + PASSED_ON + " }"


@pytest.fixture(scope="module")
def trusting(tmp_path_factory):
    yield from run(Dashboard(tmp_path_factory.mktemp("t"), trusted_proxy="127.0.0.1/32"))


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    yield from run(Dashboard(tmp_path_factory.mktemp("p"), worker="gthread"))


@pytest.fixture(scope="module")
def below_cam(tmp_path_factory):
    yield from run(Dashboard(tmp_path_factory.mktemp("b"), base_path="/cam"))


def run(dashboard):
    dashboard.start()
    appliance = Appliance(dashboard)
    appliance.start()
    yield dashboard
    appliance.stop()
    dashboard.stop()


@pytest.fixture
def begin(tmp_path_factory):
    """Start a dashboard for one test: begin(trusted_proxy=...). It is ended after the proxies and the pages."""
    running = []

    def begin(**options):
        running.append(run(Dashboard(tmp_path_factory.mktemp("d"), **options)))
        return next(running[-1])

    yield begin
    for dashboard in running:
        next(dashboard, None)


@pytest.fixture
def put(begin):
    """Put a proxy in front: put(nginx, folder, dashboard, ...). It is ended after the pages."""
    proxies = []

    def put(kind, *facts):
        proxies.append(kind(*facts))
        return proxies[0]

    yield put
    for proxy in proxies:
        proxy.stop()


@pytest.fixture
def visit(browser, put):
    """A page in a browser of its own that takes any certificate; what it complains of fails the test."""
    contexts, complaints = [], []

    def visit():
        context = browser.new_context(ignore_https_errors=True)
        contexts.append(context)
        page = context.new_page()
        page.on(
            "console",
            lambda message: message.type == "error" and complaints.append(message.text + " " + message.location["url"]),
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield visit
    for context in contexts:
        context.close()
    assert [text for text in complaints if not any(word in text for word in FORGIVEN)] == []


def use(page, address):
    """All that leads from one page to another, and all that the page fetches by itself."""
    sockets = []
    page.on("websocket", lambda opened: sockets.append(opened.url))
    sign_in(page, address)
    page.wait_for_url(address + "/")
    expect(page.locator("#appliance-status")).to_have_text("running")
    expect(page.get_by_role("img", name="Live picture of main")).to_have_class(re.compile("has-picture"))
    page.get_by_role("link", name="System", exact=True).click()
    page.wait_for_url(address + "/system")
    expect(page.locator("#charts canvas").first).to_be_visible()
    assert [url for url in sockets if url.startswith(address.replace("http", "ws", 1) + "/socket.io/")]
    (session,) = [cookie for cookie in page.context.cookies() if "splitlens_session" in cookie["name"]]
    assert session["secure"] == session["name"].startswith("__Secure-") == address.startswith("https")
    page.get_by_role("link", name="API", exact=True).click()
    page.wait_for_url(address + "/api/v1/docs")
    page.get_by_role("link", name="Dashboard").click()
    page.wait_for_url(address + "/")
    load(page, address + "/settings/account")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(address + "/login")


@pytest.mark.parametrize("example, path, scheme", [(0, "", "https"), (1, "/splitlens", "http")])
def test_nginx_as_documented(trusting, tmp_path, put, visit, example, path, scheme):
    proxy = put(nginx, tmp_path, trusting, documented("nginx", example), path, scheme)
    use(visit(), proxy.address)


@pytest.mark.parametrize("example, path", [(0, ""), (1, "/splitlens")])
def test_caddy_as_documented(trusting, tmp_path, put, visit, example, path):
    proxy = put(caddy, tmp_path, trusting, documented("caddy", example), path)
    use(visit(), proxy.address)


def test_tls_that_ends_before_it_without_a_word_of_that(plain, tmp_path, put, visit):
    proxy = put(nginx, tmp_path, plain, NO_PROTO, "", "https")
    use(visit(), proxy.address)


def test_below_a_path_that_only_the_setting_names(below_cam, tmp_path, put, visit):
    proxy = put(nginx, tmp_path, below_cam, NO_PREFIX, "/cam")
    use(visit(), proxy.address)
    use(visit(), f"http://127.0.0.1:{below_cam.port}/cam")  # without the proxy the same address works


@pytest.mark.parametrize("worker", ["eventlet", "gthread"])
def test_tls_inside_needs_no_proxy(begin, visit, worker):
    use(visit(), begin(worker=worker, certificate="self-signed").address)


def test_a_proxy_that_does_not_pass_on_the_host_is_told_which_header_is_missing(plain, tmp_path, put, browser):
    proxy = put(nginx, tmp_path, plain, NO_HOST)
    page = browser.new_page()
    sign_in(page, proxy.address)
    expect(page.locator("main")).to_contain_text("proxy_set_header Host $http_host;")
    expect(page.locator("main")).to_contain_text("a page at " + proxy.address)
    page.close()


FRAME = (
    """server { listen 443;
 location = /lovelace { default_type text/html; return 200 '<iframe src="/ingress/x/"></iframe>'; }
 location /ingress/x/ { proxy_pass http://192.168.1.5:8080/; """
    + PASSED_ON
    + """
  proxy_set_header X-Ingress-Path /ingress/x; } }"""
)


@pytest.mark.parametrize("framed_by, is_shown", [("self", True), ("", False)])
def test_home_assistants_ingress_shows_it_in_a_frame_where_that_is_allowed(
    begin, tmp_path, put, browser, framed_by, is_shown
):
    """A stand-in for the ingress: the header and the frame are those of Home Assistant's source."""
    proxy = put(nginx, tmp_path, begin(trusted_proxy="127.0.0.1/32", framed_by=framed_by), FRAME)
    page = browser.new_page()
    page.goto(proxy.address + "/lovelace")
    frame = page.frame_locator("iframe")
    if is_shown:
        frame.get_by_label("Name").fill("operator")
        frame.get_by_label("Password").fill("the operator's password")
        frame.get_by_role("button", name="Sign in").click()
        expect(frame.locator("#appliance-status")).to_have_text("running")
    else:
        page.wait_for_load_state("networkidle")
        expect(frame.get_by_label("Name")).to_have_count(0)
    page.close()
