"""A request is whole or refused, however it comes in pieces."""

import pytest

from web.admission import _LONGEST_UNCHECKED, LONGEST_BODY, LONGEST_FORM, Admission
from web.request_buffer import IDLE_SECONDS, LONGEST_HEAD, REQUEST_SECONDS, Refusal, Refused, RequestBuffer, parse_head

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def new_buffer(longest=1000):
    def longest_body(head):
        if not longest:
            raise Refused(403, "Sign in first.")
        return longest

    made = RequestBuffer(longest_body, Clock())
    made.clock = made._clock
    return made


@pytest.mark.parametrize("request_bytes", [GET, POST, GET + POST, POST * 3])
def test_a_request_is_the_same_in_one_piece_and_in_single_bytes(request_bytes):
    one, many = new_buffer(), new_buffer()
    one.feed(request_bytes)
    taken = []
    while one.is_whole:
        taken.append(one.take())
        one.go_on()
    assert b"".join(taken) == request_bytes
    singly = []
    for number in range(len(request_bytes)):
        many.feed(request_bytes[number : number + 1])
        if many.is_whole:
            singly.append(many.take())
            many.go_on()
    assert singly == taken


def test_the_deadline_is_of_the_whole_request_and_not_of_its_pieces():
    made = new_buffer()
    assert made.deadline == made.clock() + IDLE_SECONDS
    made.clock.now += 3
    made.feed(b"POST")
    deadline = made.clock() + REQUEST_SECONDS
    for piece in (b" / HTTP/1.1\r\n", b"Content-Length: 5\r\n", b"\r\n", b"h", b"e", b"l"):
        made.clock.now += 0.5
        made.feed(piece)
        assert made.deadline == deadline and not made.is_whole


def test_a_request_that_drips_in_is_looked_at_less_and_less():
    made = new_buffer()
    assert made.taken() == 0
    made.feed(b"GET")
    made.clock.now += 3
    made.feed(b" ")
    assert made.taken() == 3


def test_the_next_request_has_its_own_deadline():
    made = new_buffer()
    made.feed(GET + b"GET")
    made.clock.now += 4
    made.take()
    made.go_on()
    assert made.deadline == made.clock() + REQUEST_SECONDS and made.is_begun and not made.is_whole


@pytest.mark.parametrize(
    "data, status",
    [
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),
        (b"get / HTTP/1.1\r\n", 400),
        (b"\r\n\r\n", 400),
        (b"\0" * 100, 400),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * (1 << 20), 431),
        (b"GET /" + b"a" * LONGEST_HEAD, 431),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 100000 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"".join(b"%d:\r\n" % number for number in range(101)) + b"\r\n", 431),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc", 411),
        (b"POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: -3\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: +3\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 3, 3\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\ny: z\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 1001\r\n\r\n", 400),
    ],
)
def test_what_is_no_request_or_too_much_is_refused_and_nothing_more_is_kept_of_it(data, status):
    made = new_buffer()
    for start in range(0, len(data), 65536):
        made.feed(data[start : start + 65536])
        if made.refusal:
            break
    assert made.refusal.status == status and made.refusal.sentence.endswith(".") and not made.is_whole
    assert len(made._data) <= LONGEST_HEAD + 65536


def test_who_may_send_no_body_is_refused_before_it_comes():
    made = new_buffer(longest=0)
    made.feed(GET)
    assert made.is_whole
    made = new_buffer(longest=0)
    made.feed(POST[:-5])
    assert made.refusal == Refusal(403, "Sign in first.")


def test_who_waits_for_a_100_continue_gets_one_and_only_one():
    made = new_buffer()
    made.feed(b"POST / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n")
    assert made.wants_continue and not made.is_whole
    made.feed(b"ab")
    assert not made.wants_continue
    assert made.take() == b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nab"  # or the server's own would come too


def test_a_body_is_taken_of_who_signed_in_of_a_password_and_of_an_own_form(here):
    sockets = {}
    admission = Admission(here.parts.guard, sockets)
    browser = here.app.test_client()
    form = browser.get("/login").headers["Set-Cookie"].partition(";")[0]

    def longest(*lines, path="/"):
        try:
            return admission.longest_body(parse_head("\r\n".join((f"POST {path} HTTP/1.1",) + lines).encode()))
        except Refused as error:
            return error.status

    session = here.parts.sessions.add(here.parts.guard._accounts.find("victor"))
    assert longest() == 403
    assert longest("Cookie: " + form) == LONGEST_FORM
    assert longest("Cookie: " + form[:-1] + ("0" if form[-1] != "0" else "1")) == 403
    assert longest("Cookie: splitlens_form=abc") == longest("Cookie: splitlens_form=\xe9.\xe9") == 403
    assert longest("Cookie: splitlens_session=" + session) == LONGEST_BODY
    assert longest("Cookie: splitlens_session=" + session[1:]) == 403
    assert longest("Authorization: Bearer " + here.tokens["viewer"]) == LONGEST_BODY
    assert longest("Authorization: Bearer " + here.tokens["viewer"][1:]) == 403
    basic = "Authorization: Basic b2xnYTpjb3JyZWN0IGhvcnNl"
    assert longest(basic) == _LONGEST_UNCHECKED
    assert browser.get("/api/v1/state", headers=[tuple(basic.split(": "))]).status_code == 200
    assert longest(basic) == LONGEST_BODY
    assert longest("Authorization: Negotiate x") == 403
    polling = "/socket.io/?transport=polling&sid=abc"
    assert longest(path=polling) == 403
    sockets["abc"] = object()
    assert longest(path=polling) == LONGEST_BODY


@pytest.mark.parametrize("name", ["X_Forwarded_For", "x-forwarded_for", "X_FORWARDED_HOST", "X_Ingress_Path"])
def test_no_other_way_to_write_what_proxies_set_gets_past_them(name):
    """gunicorn 21, of Python 3.6, would add it to what the proxy says."""
    with pytest.raises(Refused):
        parse_head(f"GET / HTTP/1.1\r\nHost: x\r\n{name}: 6.6.6.6".encode())
    assert parse_head(b"GET / HTTP/1.1\r\nX-Forwarded-For: 6.6.6.6\r\napi_key: x").headers["x-forwarded-for"]
