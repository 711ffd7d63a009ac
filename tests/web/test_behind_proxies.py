"""Below a path, in another page's frame, and from another origin: what the app answers."""

import re
from urllib.parse import unquote

import pytest

from tests.web.conftest import PASSWORD, InProcess, csrf_of

PREFIX = "/api/hassio_ingress/Ab3"


@pytest.fixture(scope="module")
def proxied():
    made = InProcess(trusted_proxy="127.0.0.1", framed_by="self")
    yield made
    made.close()


def browse(made, headers):
    client = made.app.test_client()
    client.environ_base.update({"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers.items()})
    return client


def sign_in(client, prefix="", **more):
    page = client.get(prefix + "/login").get_data(as_text=True)
    form = {"csrf_token": csrf_of(page), "name": "olga", "password": PASSWORD}
    return client.post(prefix + "/login", data=dict(form, **more))


def test_below_a_path_every_link_of_every_page_stays_there(proxied):
    client = browse(proxied, {"X-Forwarded-Prefix": PREFIX, "Accept": "text/html"})
    pages = [client.get(PREFIX + "/login")]
    sign_in(client, PREFIX)
    pages += [client.get(PREFIX + path) for path in ("/", "/no/such/page", "/api/v1/docs")]
    for page in pages:
        links = re.findall(r'(?:href|src|action)="([^"#][^"]*)"', page.get_data(as_text=True))
        assert links and all(link.startswith(PREFIX + "/") or link == "openapi.json" for link in links), links
    assert PREFIX + "/api/v1/docs" in pages[1].get_data(as_text=True)


def test_below_a_path_redirects_and_cookies_stay_there(proxied):
    client = browse(proxied, {"X-Ingress-Path": PREFIX, "Accept": "text/html"})
    stranger = client.get(PREFIX + "/api/v1/docs")
    assert unquote(stranger.headers["Location"]) == PREFIX + "/login?next=/api/v1/docs"
    inside = sign_in(client, PREFIX, next="/api/v1/docs")
    assert inside.headers["Location"] == PREFIX + "/api/v1/docs"
    cookies = inside.headers.getlist("Set-Cookie")
    assert len(cookies) == 2 and all(f"Path={PREFIX};" in cookie + ";" for cookie in cookies)
    page = client.get(PREFIX + "/")
    out = client.post(PREFIX + "/logout", data={"csrf_token": csrf_of(page.get_data(as_text=True))})
    assert out.headers["Location"] == PREFIX + "/login" and "Path=" + PREFIX in out.headers["Set-Cookie"]


def test_the_description_names_its_server_below_the_path(proxied):
    client = proxied.client("viewer")
    client.environ_base["HTTP_X_FORWARDED_PREFIX"] = "/splitlens"
    assert client.get("/api/v1/openapi.json").get_json()["servers"] == [{"url": "/splitlens/api/v1"}]
    assert proxied.client("viewer").get("/api/v1/openapi.json").get_json()["servers"] == [{"url": "/api/v1"}]


@pytest.mark.parametrize(
    "framed_by, ancestors, option, same_site",
    [
        ("", "'none'", "DENY", "Lax"),
        ("self", "'self'", "SAMEORIGIN", "Lax"),
        ("self https://home.example:8123", "'self' https://home.example:8123", None, "None"),
    ],
)
def test_only_who_is_named_may_show_the_dashboard_in_a_frame(framed_by, ancestors, option, same_site):
    made = InProcess(framed_by=framed_by)
    try:
        answer = sign_in(browse(made, {"Origin": "https://localhost"}))
        assert answer.headers["Content-Security-Policy"].endswith("; frame-ancestors " + ancestors)
        assert answer.headers.get("X-Frame-Options") == option
        assert all("SameSite=" + same_site in cookie for cookie in answer.headers.getlist("Set-Cookie"))
        plain = sign_in(browse(made, {"Origin": "http://localhost"}))
        assert all("SameSite=Lax" in cookie for cookie in plain.headers.getlist("Set-Cookie"))
    finally:
        made.close()


ORIGINS = [
    ("http://localhost", "localhost", 200),
    ("https://localhost", "localhost", 200),  # TLS ended before it
    ("https://localhost", "localhost:443", 200),
    ("http://localhost:80", "localhost", 200),
    ("https://localhost:8443", "localhost:8443", 200),
    ("HTTP://LOCALHOST", "localhost", 403),
    ("https://localhost", "localhost:80", 403),
    ("http://localhost:81", "localhost", 403),
    ("http://user@localhost", "localhost", 403),
    ("http://localhost/x", "localhost", 403),
    ("http://evil.example", "localhost", 403),
    ("null", "localhost", 403),
    ("", "localhost", 403),
    ("file://localhost", "localhost", 403),
    ("http://[::1", "localhost", 403),
    ("http://localhost:99999", "localhost", 403),
]


@pytest.mark.parametrize("origin, host, status", ORIGINS)
def test_pages_and_socket_io_have_one_rule_for_origins(here, origin, host, status):
    headers = {"Origin": origin, "Host": host}
    change = {"path": "/api/v1/settings", "json": {"det_th": 0.4}, "headers": headers}
    assert here.client("operator").patch(**change).status_code == status
    answer = here.client("operator").get("/socket.io/?EIO=4&transport=polling", headers=headers)
    assert answer.status_code == status
    assert not [name for name in answer.headers.keys() if name.startswith("Access-Control")]
    if status == 403:
        assert "Host header names localhost" in answer.get_json()["error"]


def test_what_is_refused_for_its_host_says_which_header_is_missing(here, proxied):
    def ask(made, **headers):
        answer = made.client("operator").patch(
            "/api/v1/settings", json={"det_th": 0.4}, headers=dict(headers, Origin="https://home.example")
        )
        return answer.status_code, answer.get_json().get("error", "")

    status, said = ask(here)
    assert status == 403 and "a page at https://home.example, but its Host header names localhost" in said
    assert "nginx: proxy_set_header Host $http_host;" in said
    status, said = ask(here, **{"X-Forwarded-Host": "home.example"})
    assert status == 403 and "If 127.0.0.1 is a proxy of yours, set trusted_proxy to that address" in said
    assert ask(proxied, **{"X-Forwarded-Host": "home.example"}) == (200, "")
