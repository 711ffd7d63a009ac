"""One stranger's connections, however many and however slow, do not stop the dashboard for others."""

import re
import resource
import runpy
import select
import shutil
import socket
from types import SimpleNamespace
from typing import Any, List

import psutil
import pytest
import requests

from tests.waiting import wait_until
from tests.web.conftest import LIMIT, PASSWORD, ROOT, Site, csrf_of, short_folder
from tests.web.demo import write_start_file
from web.connection_limits import MOST_BUSY, MOST_BUSY_AN_ADDRESS, MOST_UNFINISHED, SPARE, ConnectionLimits
from web.workers.reader import _LATE, Reader
from web.workers.reception import Reception, refusal
from web.workers.turns import Turns

MANY = 1200


@pytest.fixture(scope="module", params=["eventlet", "gthread"])
def dashboard(request):
    made = Site(request.param)
    made.start_daemon()
    made.start("/readyz")
    yield made
    made.close()


def connect(site):
    return socket.create_connection(("127.0.0.1", site.port), timeout=LIMIT)


def close(connections):
    for connection in connections:
        connection.close()


def ask(site, data):
    """Everything that is answered until the connection ends."""
    with connect(site) as connection:
        connection.sendall(data)
        return rest(connection)


def rest(connection):
    answer = b""
    try:
        while True:
            data = connection.recv(65536)
            if not data:
                return answer
            answer += data
    except ConnectionResetError:
        return answer


def works(site):
    """The dashboard answers strangers, people who sign in, and machines."""
    assert requests.get(site.url + "/healthz", timeout=LIMIT).status_code == 200
    assert site.get("/api/v1/state").status_code == 200
    assert site.sign_in("victor", PASSWORD).page.status_code == 200
    return True


def form_cookie(site):
    return requests.get(site.url + "/login", timeout=LIMIT).cookies["splitlens_form"]


@pytest.mark.parametrize(
    "begin",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
        b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: "
        b"splitlens_form={cookie}\r\nContent-Length: 100\r\n\r\nname=",
    ],
    ids=["idle", "slow heads", "slow bodies"],
)
def test_hundreds_of_unfinished_requests_of_one_address_keep_nobody_out(dashboard, begin):
    begin = begin.replace(b"{cookie}", form_cookie(dashboard).encode())
    (worker,) = psutil.Process(dashboard.process.pid).children()
    before = worker.num_fds()
    crowd = []
    try:
        for _ in range(MANY):
            crowd.append(connect(dashboard))
            try:
                crowd[-1].sendall(begin)
            except OSError:  # its place is taken by one behind it
                pass
        works(dashboard)
        wait_until(lambda: worker.num_fds() <= before + MOST_UNFINISHED + 10)
    finally:
        close(crowd)


def test_a_request_that_does_not_come_is_ended(dashboard):
    form = b"POST /login HTTP/1.1\r\nHost: x\r\nCookie: splitlens_form=" + form_cookie(dashboard).encode()
    begun = [
        (b"", b""),
        (b"GET / HTTP/1.1\r\n", b"HTTP/1.1 408"),
        (form + b"\r\nContent-Length: 9\r\n\r\nname", b"HTTP/1.1 408"),
        (b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nname", b"HTTP/1.1 403"),
    ]
    connections = [connect(dashboard) for _ in begun]
    try:
        for connection, (begin, _) in zip(connections, begun):
            connection.sendall(begin)
        for connection, (_, end) in zip(connections, begun):
            answer = rest(connection)
            assert answer[: len(end)] == end and bool(answer) == bool(end)
    finally:
        close(connections)


def test_what_drips_in_is_ended_all_the_same(dashboard):
    with connect(dashboard) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\n")

        def is_ended():
            try:
                connection.sendall(b"X: y\r\n")
                select.select([connection], [], [], 0.2)  # until it ends; or the next byte drips
                return False
            except OSError:
                return True

        wait_until(is_ended)
    works(dashboard)


def test_requests_in_one_row_are_answered_in_their_order(dashboard):
    row = (
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 3
        + b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"
        + b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    answer = ask(dashboard, row)
    assert re.findall(rb"HTTP/1\.1 (\d+)", answer) == [b"200", b"200", b"200", b"401", b"200"]


def test_a_body_is_sent_after_a_100_continue(dashboard):
    head = (
        "PATCH /api/v1/settings HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nExpect: 100-continue\r\n"
        "Connection: close\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n"
    )
    with connect(dashboard) as connection:
        connection.sendall(head.format(dashboard.tokens["operator"]).encode())
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b'{"det_th": 0.3}')
        assert rest(connection).startswith(b"HTTP/1.1 200")


def test_who_does_not_read_the_answer_is_hung_up_on(dashboard):
    """Requests in a row whose answers nobody takes: the server stops with them, and others are answered."""
    crowd = []
    try:
        for _ in range(MOST_BUSY_AN_ADDRESS + 50):
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            connection.connect(("127.0.0.1", dashboard.port))
            connection.setblocking(False)
            try:
                connection.send(b"GET /static/js/main.js HTTP/1.1\r\nHost: x\r\n\r\n" * 200)
            except OSError:
                pass
            crowd.append(connection)
        works(dashboard)
    finally:
        close(crowd)


def test_no_descriptor_left_is_waited_for(dashboard):
    (worker,) = psutil.Process(dashboard.process.pid).children()
    # Requests of before need no descriptors any more; they would fail, and say so.
    connections: Any = getattr(worker, "net_connections", None) or worker.connections  # of new and old psutil
    wait_until(lambda: sum(found.laddr[1] == dashboard.port for found in connections("tcp")) == 1)
    limits = resource.prlimit(worker.pid, resource.RLIMIT_NOFILE)
    assert limits[0] == limits[1]  # it was raised
    crowd = []

    most = 0

    def has_run_out():
        nonlocal most
        if worker.num_fds() < most - 2 or not most:  # it has closed some of before meanwhile
            most = worker.num_fds() + 3
            resource.prlimit(worker.pid, resource.RLIMIT_NOFILE, (most, limits[1]))
            crowd.extend(connect(dashboard) for _ in range(10))
        return worker.num_fds() >= most

    try:
        wait_until(has_run_out)
    finally:
        resource.prlimit(worker.pid, resource.RLIMIT_NOFILE, limits)
        close(crowd)
    works(dashboard)
    assert "Traceback" not in dashboard.out.read_text()


def test_a_stranger_is_told_why(dashboard):
    head = b"POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = ask(dashboard, head + b"5\r\nhello\r\n0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 411 Length Required\r\nConnection: close\r\n") and answer.endswith(
        b'{"error": "Send the body\'s length (Content-Length).", "kind": "invalid"}'
    )
    assert refusal(_LATE).startswith(b"HTTP/1.1 408 Request Timeout\r\n")


def test_a_form_is_signed_in_with_after_all(dashboard):
    session = requests.Session()
    page = session.get(dashboard.url + "/login", timeout=LIMIT)
    data = {"csrf_token": csrf_of(page.text), "name": "victor", "password": PASSWORD}
    assert requests.post(dashboard.url + "/login", data=data, timeout=LIMIT).status_code == 403
    assert session.post(dashboard.url + "/login", data=data, timeout=LIMIT).history[0].status_code == 302


def test_there_is_a_thread_for_each_request_that_may_be_answered(monkeypatch):
    """Or those who do not read their answers, from two addresses, would have them all."""
    folder = short_folder()
    monkeypatch.setenv("SPLITLENS_DASHBOARD", str(write_start_file(folder, 8080, "gthread")))
    settings = runpy.run_path(str(ROOT / "web" / "gunicorn.conf.py"))
    shutil.rmtree(str(folder))
    assert settings["threads"] >= MOST_BUSY + SPARE


class Server:
    """A reader alone, whose requests are answered with nothing, at once."""

    def __init__(self, limits):
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(300)
        self.listener.setblocking(False)
        reception: Any = Reception.__new__(Reception)
        reception.limits = limits
        reception.admission = SimpleNamespace(longest_body=lambda head: 0, is_known=lambda head: False)
        reception._connections, reception._context, reception._trusted = {}, None, ()
        poll = select.epoll()
        self.reader = Reader(reception, poll, poll.poll, self.work)
        self.worked: List[Any] = []
        self._reception = reception
        self._clients: List[Any] = []

    def work(self, connection):
        self.worked.append(connection.client)
        connection.buffer.take()
        self.reader.take_back(connection, True)

    def connect(self, data):
        connection = socket.create_connection(self.listener.getsockname())
        connection.sendall(data)
        self._clients.append(connection)
        return connection

    def close(self):
        close(self._clients + list(self._reception._connections) + [self.listener])

    def turns(self, count):
        for _ in range(count):
            self.reader.turn([self.listener])


def test_no_address_has_another_wait_for_all_of_its_requests():
    turns = Turns()
    for number in range(100):
        turns.add("many", number)
    turns.add("few", "a")
    turns.add("few", "b")
    assert [turns.take() for _ in range(5)] == [99, "b", 98, "a", 97]
    assert turns.discard("many", 50) and not turns.discard("many", 50) and not turns.discard("none", 1)
    assert [turns.take() for _ in range(96)] == [number for number in reversed(range(97)) if number != 50]
    assert not turns
    with pytest.raises(KeyError):
        turns.take()


def test_who_is_new_does_not_wait_for_one_request_of_each_that_asks_again():
    server = Server(ConnectionLimits())
    request = b"GET / HTTP/1.1\r\n\r\n"
    for _ in range(200):
        server.connect(request * 200)
    server.turns(100)
    for _ in range(5):
        before = len(server.worked)
        new = server.connect(request)
        server.turns(3)
        assert new.getsockname() in server.worked[before:] and len(server.worked) - before <= 24
    server.close()


def test_who_finds_no_place_is_answered_when_there_is_one():
    limits = ConnectionLimits(10, 1, 1)
    server = Server(limits)
    other, _ = limits.enter(None, "10.0.0.1")
    assert limits.begin(other, False) == (True, None)
    one = server.connect(b"GET / HTTP/1.1\r\n\r\n")
    server.turns(2)
    assert not server.worked
    limits.leave(other)
    server.turns(2)
    assert server.worked == [one.getsockname()]
    server.close()
