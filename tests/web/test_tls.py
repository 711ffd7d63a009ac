"""https inside: the certificate that is made here, files that are given, and everything over them."""

import os
import runpy
import select
import shutil
import socket
import ssl
import stat
import subprocess
import time
from pathlib import Path

import pytest
import requests

from tests.waiting import wait_until
from tests.web.conftest import LIMIT, ROOT, Site, background, csrf_of
from tests.web.test_server import Page
from web import health
from web.certificates import RENEWED_DAYS, VALID_DAYS, Certificate, CertificateError
from web.connection_limits import MOST_UNFINISHED
from web.urls import addresses

DAY = 86400

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl (Debian: apt install openssl)")


@pytest.fixture
def name(monkeypatch):
    monkeypatch.setattr("web.certificates.socket.gethostname", lambda: "Xavier")
    monkeypatch.setattr("web.certificates.own_addresses", lambda: ["192.168.1.5"])


def openssl(path, *words):
    return subprocess.run(
        ["openssl", "x509", "-in", str(path), "-noout"] + list(words),
        stdout=subprocess.PIPE,
        check=True,
        universal_newlines=True,
    ).stdout


def make(folder, **more):
    made = Certificate("self-signed", "", str(folder), **more)
    made.prepare()
    return made


def test_it_names_the_machine_and_is_private(name, tmp_path):
    path = make(tmp_path).certificate
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    for host in ("xavier", "xavier.local", "localhost"):
        assert "does match" in openssl(path, "-checkhost", host)
    for address in ("192.168.1.5", "127.0.0.1", "::1"):
        assert "does match" in openssl(path, "-checkip", address)
    assert "CA:FALSE" in openssl(path, "-text")
    assert [file.name for file in tmp_path.iterdir()] == ["tls.pem"]


def test_it_is_kept_and_made_anew_before_it_ends(name, tmp_path):
    first = Path(make(tmp_path).certificate).read_text()
    now = time.time()
    for days, is_kept in (
        (0, True),
        (VALID_DAYS - RENEWED_DAYS - 1, True),
        (VALID_DAYS - RENEWED_DAYS + 1, False),
        (VALID_DAYS + 1, False),
        (-30, False),
    ):  # the last: a clock that was ahead made it
        (tmp_path / "tls.pem").write_text(first)
        made = make(tmp_path, clock=lambda days=days: now + days * DAY)
        assert (Path(made.certificate).read_text() == first) == is_kept, days


@pytest.mark.parametrize("content", ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_a_damaged_one_and_one_for_another_name_are_made_anew(name, tmp_path, content, monkeypatch):
    (tmp_path / "tls.pem").write_text(content)
    path = make(tmp_path).certificate
    assert "does match" in openssl(path, "-checkhost", "xavier")
    monkeypatch.setattr("web.certificates.socket.gethostname", lambda: "porch")
    assert "does match" in openssl(make(tmp_path).certificate, "-checkhost", "porch.local")


def shown(context):
    """The certificate that a client of this context's server sees."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)

        def serve():
            with listener.accept()[0] as connection, context.wrap_socket(connection, server_side=True):
                pass

        server = background(serve)
        seen = ssl.get_server_certificate(listener.getsockname())
        server.join()
    return seen


def test_new_connections_get_what_is_renewed(name, tmp_path):
    made = make(tmp_path)
    context = made.context()
    first = shown(context)
    assert first in (tmp_path / "tls.pem").read_text()
    made.refresh()
    assert shown(context) == first
    (tmp_path / "tls.pem").unlink()
    made.refresh()
    assert made.context() is context
    assert shown(context) != first and shown(context) in (tmp_path / "tls.pem").read_text()


def test_without_openssl_it_says_what_to_install(name, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CertificateError, match="apt install openssl"):
        make(tmp_path)


def test_files_that_are_none_are_named(tmp_path):
    (tmp_path / "c.pem").write_text("nonsense")
    with pytest.raises(CertificateError, match="c.pem and .*k.pem cannot be used for TLS"):
        Certificate(str(tmp_path / "c.pem"), str(tmp_path / "k.pem"), str(tmp_path)).context()


def test_the_addresses_are_https():
    assert addresses("10.0.0.1", 8080, "https") == ["https://10.0.0.1:8080/"]
    assert addresses("10.0.0.1", 443, "https") == ["https://10.0.0.1/"]


@pytest.fixture(scope="module", params=["eventlet", "gthread"])
def secure(request):
    made = Site(request.param, options={"certificate": "self-signed"})
    made.url = made.url.replace("http:", "https:")
    made.trusted = str(made.folder / "state" / "tls.pem")
    os.environ["REQUESTS_CA_BUNDLE"] = made.trusted
    Certificate("self-signed", "", str(made.folder / "state")).prepare()
    try:
        made.start_daemon()
        made.start("/readyz")
        yield made
    finally:
        del os.environ["REQUESTS_CA_BUNDLE"]
        made.close()


def test_it_is_found_by_https_and_its_cookies_are_for_https(secure):
    assert f"Dashboard: {secure.url}/\n" in secure.out.read_text()
    browser = secure.sign_in()
    assert browser.page.url == secure.url + "/"
    assert len(browser.cookies) == 3 and all(cookie.secure for cookie in browser.cookies)
    # With a certificate of its own no browser may be told to refuse exceptions.
    assert "Strict-Transport-Security" not in browser.page.headers
    change = browser.patch(
        secure.url + "/api/v1/settings",
        json={"det_th": 0.4},
        timeout=LIMIT,
        headers={"X-CSRF-Token": csrf_of(browser.page.text), "Origin": secure.url},
    )
    assert change.status_code == 200


def test_what_drips_in_is_ended_all_the_same(secure):
    """Also within one record of TLS, and in the handshake."""
    address = ("127.0.0.1", secure.port)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    came, goes = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(came, goes)
    with socket.create_connection(address, LIMIT) as begun, socket.create_connection(address, LIMIT) as greeting:
        with pytest.raises(ssl.SSLWantReadError):
            tls.do_handshake()
        hello = goes.read()
        begun.sendall(hello)
        wait_until(lambda: is_done(tls, came, begun))
        begun.sendall(goes.read())
        tls.write(b"GET / HTTP/1.1\r\nX: " + b"x" * 8000)
        for connection, data in ((begun, goes.read()), (greeting, hello)):
            drops = iter(data)

            def is_ended(connection=connection, drops=drops):
                try:
                    connection.sendall(bytes((next(drops),)))
                    select.select([connection], [], [], 0.2)  # until it ends; or the next byte drips
                    return False
                except OSError:
                    return True

            wait_until(is_ended)
    assert "Traceback" not in secure.out.read_text()


def is_done(tls, came, connection):
    """Whether the handshake is."""
    try:
        tls.do_handshake()
        return True
    except ssl.SSLWantReadError:
        came.write(connection.recv(65536))
        return False


def test_those_who_go_for_others_leave_no_line_in_the_log(secure):
    crowd = [socket.create_connection(("127.0.0.1", secure.port), LIMIT) for _ in range(MOST_UNFINISHED + 30)]
    assert requests.get(secure.url + "/healthz", timeout=LIMIT).status_code == 200
    for connection in crowd:
        connection.close()
    assert "Traceback" not in secure.out.read_text()


def test_live_pictures_come_over_it(secure):
    with secure.look("/streams/main.mjpeg") as viewer:
        assert len({viewer.next() for _ in range(6)}) > 2


def test_socket_io_comes_over_it(secure):
    with Page(secure, secure.tokens["operator"]) as page:
        wait_until(lambda: page.of("statistics"))
        assert page.send("record", {"stream": "main", "on": "x"})["ok"] is False


def test_many_at_once_come_over_it(secure):
    sessions = [requests.Session() for _ in range(20)]
    for _ in range(3):
        assert {session.get(secure.url + "/healthz", timeout=LIMIT).status_code for session in sessions} == {200}


def test_who_never_shakes_hands_keeps_nobody_waiting(secure):
    silent = [socket.create_connection(("127.0.0.1", secure.port)) for _ in range(20)]
    half = [socket.create_connection(("127.0.0.1", secure.port)) for _ in range(20)]
    for connection in half:
        connection.sendall(b"\x16\x03\x01")
    assert requests.get(secure.url + "/healthz", timeout=LIMIT).status_code == 200
    for connection in silent + half:
        connection.close()


def test_old_versions_of_tls_are_refused(secure):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", secure.port), timeout=LIMIT) as connection:
        with context.wrap_socket(connection) as wrapped:
            assert wrapped.version() in ("TLSv1.2", "TLSv1.3")


def test_the_containers_health_check_comes_over_it(secure, monkeypatch, capsys):
    monkeypatch.setenv("SPLITLENS_RUN_DIR", str(secure.start_file.parent))
    healthy = runpy.run_path(str(ROOT / "deploy/container/healthy.py"))
    assert healthy["main"]() == 0
    assert capsys.readouterr().out.startswith("ready: ")


def test_it_asks_itself_over_it(secure):
    assert health.asker("gthread", ("0.0.0.0", secure.port), True)()
    assert not health.asker("gthread", ("0.0.0.0", secure.port), False)()
