"""Behind a proxy: whose word is taken, and what for."""

import pytest

from web.client_address import client_address, limited_as, read_networks
from web.forwarded import Forwarded
from web.options import Options

TRUSTED = read_networks("10.0.0.0/8 fd00::1")


@pytest.mark.parametrize(
    "peer, header, address",
    [
        ("192.168.1.9", "1.2.3.4", "192.168.1.9"),  # not one of ours: anybody can write a header
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "1.2.3.4", "1.2.3.4"),
        ("10.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4"),  # what the client made up stands on the left
        ("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.2", "1.2.3.4"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "1.2.3.4, nonsense", "10.0.0.1"),
        ("10.0.0.1", "1.2.3.4:5678", "1.2.3.4"),
        ("fd00::1", "[2001:db8::1]:443", "2001:db8::1"),
        ("::ffff:10.0.0.1", "1.2.3.4", "1.2.3.4"),
        ("", "1.2.3.4", ""),
    ],
)
def test_the_client_is_the_first_that_is_no_proxy_of_ours(peer, header, address):
    assert client_address(peer, header, TRUSTED) == address


def test_a_header_without_end_is_not_read_to_its_end():
    assert client_address("10.0.0.1", ",".join(["10.0.0.2"] * 100000), TRUSTED) == "10.0.0.2"


@pytest.mark.parametrize(
    "address, counted",
    [
        ("1.2.3.4", "1.2.3.4"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("2001:db8::1:2:3:4", "2001:db8::/64"),
        ("", ""),
    ],
)
def test_one_machine_counts_once_however_many_addresses_it_has(address, counted):
    assert limited_as(address) == counted


def forward(headers, peer="10.0.0.1", path="/login", **options):
    """What the parts behind see of a request."""
    seen = {}
    fields = dict({"trusted_proxy": "10.0.0.0/8"}, **options)
    door = Forwarded(lambda environ, _: seen.update(environ) or [b""], Options("run", "state", "recordings", **fields))
    environ = {
        "REMOTE_ADDR": peer,
        "PATH_INFO": path,
        "SCRIPT_NAME": "",
        "wsgi.url_scheme": "http",
        "HTTP_HOST": "inside:8080",
    }
    environ.update({"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers.items()})
    door(environ, None)
    return seen


ALL = {
    "X-Forwarded-For": "1.2.3.4",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "home.example",
    "X-Forwarded-Prefix": "/splitlens",
}


def shown(environ):
    return tuple(environ[name] for name in ("REMOTE_ADDR", "wsgi.url_scheme", "HTTP_HOST", "SCRIPT_NAME", "PATH_INFO"))


def test_a_trusted_proxy_is_believed():
    assert shown(forward(ALL)) == ("1.2.3.4", "https", "home.example", "/splitlens", "/login")


def test_of_anybody_else_nothing_is_believed_and_nothing_is_left(caplog):
    environ = forward(ALL, peer="192.168.1.9")
    assert shown(environ) == ("192.168.1.9", "http", "inside:8080", "", "/login")
    assert not any("FORWARDED" in name for name in environ)
    assert "192.168.1.9 sends X-Forwarded headers, which are not believed" in caplog.text
    assert "set trusted_proxy to its address" in caplog.text


@pytest.mark.parametrize(
    "path, inside",
    [
        ("/login", "/login"),
        ("/splitlens/login", "/login"),
        ("/splitlens", "/"),
        ("/splitlens/", "/"),
        ("/splitlensX", "/splitlensX"),
        ("/", "/"),
    ],
)
def test_the_prefix_may_be_taken_away_by_the_proxy_or_not(path, inside):
    for environ in (forward(ALL, path=path), forward({}, path=path, base_path="/splitlens")):
        assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == ("/splitlens", inside)


@pytest.mark.parametrize(
    "prefix", ["//evil.example", "splitlens", "/a b", '/a"><script>', "/a/../b", "/a//b", "/" + "a" * 300]
)
def test_what_is_no_path_is_no_prefix(prefix):
    assert forward({"X-Forwarded-Prefix": prefix})["SCRIPT_NAME"] == ""


def test_home_assistants_ingress_says_its_path():
    assert forward({"X-Ingress-Path": "/api/hassio_ingress/Ab3_x"})["SCRIPT_NAME"] == "/api/hassio_ingress/Ab3_x"


@pytest.mark.parametrize(
    "said, scheme", [("https, http", "https"), ("wss", "https"), ("HTTPS", "https"), ("x", "http")]
)
def test_the_scheme_is_the_browsers(said, scheme):
    assert forward({"X-Forwarded-Proto": said})["wsgi.url_scheme"] == scheme
