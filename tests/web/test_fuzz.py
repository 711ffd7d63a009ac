"""Requests that no browser sends: none of them is the server's fault, and none stops it."""

import random
import re
import socket
import struct

import pytest
import requests

from tests.web.conftest import LIMIT, Site

REQUESTS = 1500

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "get", "G\0T", "X" * 300, ""]
PATHS = [
    "/",
    "/login",
    "/logout",
    "/healthz",
    "/readyz",
    "/metrics",
    "/api/v1/state",
    "/api/v1/settings",
    "/api/v1/",
    "*",
    "/streams/main.jpg",
    "/static/../../etc/passwd",
    "/static/%2e%2e/x",
    "/recordings/a.avi",
    "http://x/",
    "//x",
    "/%",
    "/socket.io/?EIO=4&transport=polling",
    "/socket.io/?EIO=4&transport=polling&sid=abc",
    "/socket.io/?j=x&EIO=4",
    "/socket.io/?EIO=4&transport=websocket",
    "/%00",
    "/\xff",
    "/?" + "a=b&" * 500,
    "/login?next=//x",
    "",
    "/" + "a" * 5000,
]
VERSIONS = ["HTTP/1.1", "HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/9.9", "HTTP/1.", "http/1.1", "", "HTTP/1.1 x"]
LINES = [
    "Host: 127.0.0.1",
    "Host: x:99999",
    "Host:",
    "Host: a b",
    "Content-Length: 0",
    "Content-Length: 5",
    "Content-Length: -1",
    "Content-Length: 99999999999999999999",
    "Content-Length: 0x5",
    "Content-Length: 5\nX: y",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding : chunked",
    "Expect: 100-continue",
    "Expect: 200-ok",
    "Connection: close",
    "Connection: upgrade",
    "Upgrade: websocket",
    "Upgrade: h2c",
    "Sec-WebSocket-Key: x",
    "Sec-WebSocket-Version: 13",
    "Cookie: " + "a=b; " * 1000,
    "Cookie: splitlens_session=x; splitlens_form=\xe9",
    "Authorization: Basic !!!",
    "Authorization: Bearer \xff",
    "Authorization: Digest x",
    "Origin: null",
    "Origin: http://[",
    "Origin: http://127.0.0.1",
    "X-CSRF-Token: \xe9",
    "Content-Type: application/json",
    "Content-Type: application/x-www-form-urlencoded",
    "Range: bytes=-1",
    "Content-Type: multipart/form-data",
    " folded",
    "Accept: text/html",
    "X-Forwarded-For: x, y",
    ": nameless",
    "X-Forwarded-Prefix: /\r",
    "Script-Name: /x",
    "A\0: b",
    "no colon",
    'If-None-Match: "',
    "If-Modified-Since: never",
]
BODIES = ["", "hello", "{}", "[" * 3000, "name=a&password=b", "5\r\nhello\r\n0\r\n\r\n", "\0" * 50, "x" * 70000]


def fuzzed(chance, token):
    lines = [chance.choice(LINES) for _ in range(chance.randrange(6))]
    if chance.random() < 0.7:
        lines.insert(0, "Host: 127.0.0.1")
    if chance.random() < 0.5:
        lines.append("Authorization: Bearer " + token)
    body = chance.choice(BODIES)
    if chance.random() < 0.5:
        lines.append(f"Content-Length: {len(body)}")
    request = "{} {} {}\r\n{}\r\n\r\n{}".format(
        chance.choice(METHODS),
        chance.choice(PATHS),
        chance.choice(VERSIONS + ["HTTP/1.1"] * 9),
        "\r\n".join(lines),
        body,
    ).encode("latin-1")
    kind = chance.random()
    if kind < 0.1:
        return request[: chance.randrange(len(request))]
    if kind < 0.2:
        at = chance.randrange(len(request))
        return request[:at] + bytes((chance.randrange(256),)) + request[at + 1 :]
    return request * chance.choice((1, 1, 1, 3))


@pytest.mark.parametrize("worker", ["eventlet", "gthread"])
def test_no_request_is_the_servers_fault(worker):
    site = Site(worker)
    try:
        site.start_daemon()
        site.start("/readyz")
        chance = random.Random(worker)
        for number in range(REQUESTS):
            data = fuzzed(chance, site.tokens["viewer"])
            with socket.create_connection(("127.0.0.1", site.port), timeout=LIMIT) as connection:
                try:
                    connection.sendall(data)
                    if number % 7 == 0:  # it leaves by a reset
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        continue
                    connection.shutdown(socket.SHUT_WR)
                    answer = b"".join(iter(lambda: connection.recv(65536), b""))
                except OSError:
                    continue
                # A daemon's answer is not the server's fault either: 503 says that a stream gives no picture.
                assert not re.search(rb"HTTP/1\.[01] 50[0-2]", answer), (
                    data[:500],
                    answer[:300],
                    site.out.read_text()[-3000:],
                )
        assert requests.get(site.url + "/healthz", timeout=LIMIT).status_code == 200
        assert "Traceback" not in site.out.read_text(), site.out.read_text()[-3000:]
    finally:
        site.close()
