"""What pages send by Socket.IO, and no more of it than somebody can click."""

import json
import socket
import struct
import threading
from queue import Queue
from typing import Any, List

import pytest
import requests
from werkzeug.test import create_environ

from tests.waiting import wait_until
from tests.web.conftest import LIMIT, bearer, csrf_of
from web import websocket
from web.packets import LONGEST_MESSAGE, MOST_MESSAGES, Flood, Packets, check_packet
from web.rate import Rate
from web.socketio_auth import MOST_OF_A_VIEWER, SocketIOAuth
from web.unsent import MOST_UNSENT, bounded
from web.websocket import WebSocket

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
MASK = b"\x01\x02\x03\x04"


def frame(data, opcode=TEXT, last=True, masked=True, reserved=0):
    length = len(data)
    head = struct.pack("!B", (0x80 if last else 0) | reserved | opcode)
    bit = 0x80 if masked else 0
    if length < 126:
        head += struct.pack("!B", bit | length)
    elif length < 65536:
        head += struct.pack("!BH", bit | 126, length)
    else:
        head += struct.pack("!BQ", bit | 127, length)
    return head + (MASK + bytes(byte ^ MASK[i % 4] for i, byte in enumerate(data)) if masked else data)


class Raw:
    """A WebSocket whose every byte the test makes."""

    def __init__(self, site, role="viewer"):
        self.socket = socket.create_connection(("127.0.0.1", site.port), timeout=LIMIT)
        self.data = b""
        head = (
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        self.socket.sendall(head.format(site.tokens[role]).encode())
        while b"\r\n\r\n" not in self.data:
            self.more()
        head, _, self.data = self.data.partition(b"\r\n\r\n")
        self.status = int(head[9:12])
        if self.status == 101:
            assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head  # the protocol's own example
            assert self.next()[1].startswith(b"0{")

    def more(self):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError
        self.data += data

    def next(self):
        """Kind and content of the next frame."""
        while True:
            if len(self.data) >= 2:
                opcode, length, at = self.data[0] & 15, self.data[1] & 127, 2
                if length == 126:
                    length, at = int.from_bytes(self.data[2:4], "big"), 4
                if len(self.data) >= at + length:
                    content, self.data = self.data[at : at + length], self.data[at + length :]
                    return opcode, content
            self.more()

    def send(self, *frames):
        try:
            self.socket.sendall(b"".join(frames))
        except OSError:  # it ended meanwhile, which `end` sees
            pass

    def end(self):
        """The code that it is ended with."""
        try:
            while True:
                opcode, content = self.next()
                if opcode == CLOSE:
                    return int.from_bytes(content[:2], "big")
        except (EOFError, ConnectionResetError):
            return None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def test_a_page_talks_in_texts(site):
    with Raw(site) as raw:
        raw.send(frame(b"40"))
        wait_until(lambda: raw.next()[1].startswith(b'42["state"'))
        raw.send(frame(b'421["list_recordings",{}]'))
        wait_until(lambda: raw.next()[1].startswith(b"431[{"))
        raw.send(frame(b"are you there", PING))
        wait_until(lambda: raw.next() == (PONG, b"are you there"))
        raw.send(frame(b"", CLOSE))
        assert raw.end() == 1000


BAD_FRAMES = [
    (frame(b"4\x00", BINARY), 1002),
    (frame(b"40", last=False), 1002),
    (frame(b"40", 0), 1002),
    (frame(b"40", masked=False), 1002),
    (frame(b"40", reserved=0x40), 1002),
    (frame(b"x" * 200, PING), 1002),
    (frame(b"\xff\xfe"), 1007),
    (frame(b'451-["x",{"_placeholder":true,"num":0}]'), 1008),
    (frame(b"461-[1]"), 1008),
    (frame(b"b4AAAA"), 1008),
    (frame(b""), 1008),
    (frame(b"9"), 1008),
    (frame(b"2" * 100), 1008),
    (frame(b"42" + b"[" * 1000), 1008),
    (frame(b"42" + b"x" * LONGEST_MESSAGE), 1008),
    (b"\x81\xff" + b"\x7f" * 8 + MASK, 1008),
]


def test_anything_else_ends_the_connection(site):
    opened = [Raw(site, "operator") for _ in BAD_FRAMES]
    try:
        for raw, (data, code) in zip(opened, BAD_FRAMES):
            raw.send(data)
            # What comes behind what is refused may reset the connection before the code is seen.
            assert raw.end() in (code, None), data[:100]
    finally:
        for raw in opened:
            raw.socket.close()
    assert requests.get(site.url + "/healthz", timeout=LIMIT).status_code == 200


def forgive(site):
    """Wait until those who flooded may come again."""

    def may_come():
        with Raw(site) as viewer, Raw(site, "operator") as operator:
            return viewer.status == operator.status == 101

    wait_until(may_come)


def test_who_floods_is_cut_off_and_must_wait_and_others_need_not(site):
    forgive(site)
    with Raw(site) as raw:
        raw.send(frame(b'42["no such thing"]') * 5000)
        assert raw.end() in (1008, None)
    with Raw(site) as again, Raw(site, "operator") as other:
        assert (again.status, other.status) == (429, 101)
    assert requests.get(site.url + "/healthz", timeout=LIMIT).status_code == 200
    forgive(site)
    assert "is not connected" not in site.out.read_text()


def test_one_viewer_does_not_take_the_pages_of_all(site):
    forgive(site)
    pages = [Raw(site) for _ in range(MOST_OF_A_VIEWER + 1)]
    try:
        assert [page.status for page in pages] == [101] * MOST_OF_A_VIEWER + [429]
        with Raw(site, "operator") as other:
            assert other.status == 101
    finally:
        for page in pages:
            page.socket.close()
    forgive(site)


class Polling:
    """A page without WebSockets; it does what the test says."""

    def __init__(self, site, session=None):
        self.url = site.url + "/socket.io/?EIO=4&transport=polling"
        if session:
            opened = session.get(self.url, timeout=LIMIT)
        else:
            opened = requests.get(self.url, headers=bearer(site.tokens["viewer"]), timeout=LIMIT)
        self.url += "&sid=" + opened.text.split('"sid":"')[1].split('"')[0]

    def post(self, data):
        return requests.post(self.url, data=data, timeout=LIMIT).status_code


BAD_POSTS = [
    b"451-[1]",
    b"bAAAA",
    b"40\x1e" * MOST_MESSAGES + b"40",
    b"42" + b"x" * LONGEST_MESSAGE,
    b"\xff",
    b"42" + b"[" * 900,
]


def test_by_polling_the_same_is_refused_and_the_connection_ended(site):
    forgive(site)
    pages = [Polling(site) for _ in BAD_POSTS]
    for page, data in zip(pages, BAD_POSTS):
        assert page.post(b"40") == 200
        assert page.post(data) == 400, data[:100]
        assert page.post(b"3") in (400, 403)
    forgive(site)


def test_a_page_that_does_not_go_when_its_session_ends_is_cut_off(site):
    browser = site.sign_in("victor")
    page = Polling(site, browser)
    assert page.post(b"40") == 200
    wait_until(lambda: "sid" in requests.get(page.url, timeout=LIMIT).text)
    browser.post(site.url + "/logout", data={"csrf_token": csrf_of(browser.page.text)}, timeout=LIMIT)
    assert page.post(b"3") in (400, 403)


def test_one_connection_is_polled_once_at_a_time(site):
    page = Polling(site)
    assert page.post(b"40") == 200
    with socket.create_connection(("127.0.0.1", site.port), timeout=LIMIT) as first:
        # The one that waits is answered when something comes; nothing comes of what is not connected.
        assert requests.get(page.url, timeout=LIMIT).status_code == 200
        first.sendall(f"GET {page.url[page.url.index('/socket.io') :]} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        page.post(b"1")


def test_a_frame_is_unmasked_as_it_was_masked():
    for length in (0, 1, 2, 3, 4, 5, 1000):
        data = bytes(range(256)) * 4
        assert websocket._unmask(frame(data[:length])[-length:] if length else b"", MASK) == data[:length]


def test_a_request_without_a_good_key_is_refused():
    for key, version in ((None, "13"), ("x", "13"), ("dGhlIHNhbXBsZSBub25jZQ==", "8"), ("dGhl", "13")):
        said: List[str] = []
        environ = {"HTTP_SEC_WEBSOCKET_VERSION": version, "gunicorn.socket": None}
        if key:
            environ["HTTP_SEC_WEBSOCKET_KEY"] = key
        assert WebSocket(None)(environ, lambda status, _, said=said: said.append(status))
        assert said == ["400 Bad Request"]


def test_a_rate_allows_what_comes_in_time_and_a_burst():
    now = [0.0]
    rate = Rate(10, 20, lambda: now[0])
    assert [rate.allows() for _ in range(21)] == [True] * 20 + [False]
    now[0] += 0.5
    assert rate.allows(5) and not rate.allows()
    now[0] += 100
    assert rate.allows(20) and not rate.allows(1)


def test_bytes_count_as_messages_do():
    packets = Packets()
    with pytest.raises(Flood):
        for _ in range(MOST_MESSAGES):
            packets.count(1, LONGEST_MESSAGE)


@pytest.mark.parametrize(
    "text", ["1", "2probe", "3", "5", "40", '40{"csrf":"x"}', '42["a",{}]', "43[1]", "41", '420["a"]']
)
def test_what_pages_send_is_let_through(text):
    check_packet(text)


def test_many_zones_with_many_points_are_let_through_and_what_is_nested_deeply_is_not():
    """A page that saved ten zones of twenty points was cut off, and had to wait before it could connect again."""
    polygon = [[0.1234, round(0.0001 * number, 4)] for number in range(100)]
    places = {
        "zones": {f"zone{number}": {"polygon": polygon} for number in range(18)},
        "lines": {f"line{number}": {"from": [0, 0], "to": [1, 1]} for number in range(50)},
        "privacy": [{"polygon": polygon} for _ in range(4)],
    }
    text = "421" + json.dumps(["set_zones", {"stream": "main", **places}], separators=(",", ":"))
    assert LONGEST_MESSAGE / 2 < len(text) < LONGEST_MESSAGE
    check_packet(text)
    for deep in ("[" * 900, '["],[],[",' * 900, '{"a":[[],[],' * 400):
        with pytest.raises(Flood, match="too many parts"):
            check_packet("42" + deep)


def test_a_page_connects_once(site):
    """Each time it would be told all there is."""
    forgive(site)
    with Raw(site) as raw:
        raw.send(frame(b"40"), frame(b"41"), frame(b"40"))
        assert raw.end() in (1008, None)
    forgive(site)


def test_no_script_of_another_page_gets_a_connection(site):
    """A script is loaded with the cookies of the same host at another port, and without an Origin."""
    answer = requests.get(
        site.url + "/socket.io/?EIO=4&transport=polling&j=1", headers=bearer(site.tokens["viewer"]), timeout=LIMIT
    )
    assert answer.status_code == 400 and "sid" not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Upgrade": "x"},
        {"Upgrade": "websocket"},
        {"Upgrade": "x", "Connection": "Upgrade"},
        {"Upgrade": "websocket", "Connection": "Upgrade"},
    ],
    ids=str,
)
def test_a_connection_is_waited_for_once_in_each_way(headers):
    held, goes_on = threading.Event(), threading.Event()

    def inner(environ, start_response):
        held.set()
        goes_on.wait(LIMIT)
        return []

    class Open:
        def check_origin(self, request):
            pass

    door: Any = SocketIOAuth(inner, Open(), {}, lambda sid: None)
    environ = create_environ("/socket.io/?EIO=4&transport=polling&sid=a", headers=headers)
    statuses: List[str] = []
    first = threading.Thread(target=door, args=(dict(environ), lambda status, headers: None))
    first.start()
    try:
        assert held.wait(LIMIT)
        door(dict(environ), lambda status, headers: statuses.append(status))
    finally:
        goes_on.set()
        first.join()
    assert statuses == ["400 BAD REQUEST"]
    assert door(dict(environ), lambda status, headers: None) == []


def test_a_page_that_takes_little_does_not_fill_the_memory():
    unsent = bounded(Queue)()
    for number in range(100 * MOST_UNSENT):
        unsent.put(number)
        assert unsent.qsize() <= MOST_UNSENT
    found = [unsent.get() for _ in range(unsent.qsize())]
    for _ in found:
        unsent.task_done()
    unsent.join()  # all that was dropped counts as done
    assert None in found


def test_the_pages_connections_have_that_bound(here):
    queue = here.parts.socketio.server.eio.create_queue()
    for number in range(2 * MOST_UNSENT):
        queue.put(number)
    assert queue.qsize() <= MOST_UNSENT
