"""JPEGs out of what HTTP cameras send, and the answers to their challenges."""

import hashlib
import itertools
import re
import socket
import struct

import pytest

from appliance.sources import http_parts, jpeg
from appliance.sources.address import with_encoded_password
from appliance.sources.frame_sender import Ended
from appliance.sources.http_auth import Credentials, read_challenges
from appliance.sources.http_client import HttpClient
from appliance.sources.http_parts import Parts
from tests.http_camera import part, picture

ONE, TWO, THREE = picture(1), picture(2), picture(3)


def split(data, size):
    """`data` as it comes from the network, in pieces of `size` bytes."""
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    return lambda: pieces.pop(0) if pieces else b""


def read_all(data, size=65536, boundary=b"edge"):
    """The pictures, and how many parts were passed over."""
    passed = []
    return list(Parts(split(data, size), boundary, lambda: passed.append(1))), len(passed)


def with_thumbnail(data):
    """The same picture with a whole JPEG inside a segment before it, as cameras have it."""
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(TWO) + 2) + TWO + data[2:]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000, 65536])
@pytest.mark.parametrize(
    "data, wanted, passed",
    [
        (part(ONE) + part(TWO) + b"--edge--\r\n", [ONE, TWO], 0),
        (part(ONE)[len("--edge\r\n") :] + part(TWO), [ONE, TWO], 0),  # no boundary before the first part
        (part(ONE, "image/jpg") + part(TWO, "image/jpeg;size=12345"), [ONE, TWO], 0),
        (part(ONE) + part(b"") + part(TWO), [ONE, TWO], 1),
        (part(ONE) + part(b"", length=False) + part(TWO), [ONE, TWO], 1),
        (part(ONE) + part(b"ERROR sensor timeout", "text/plain") + part(TWO), [ONE, TWO], 1),
        (part(ONE) + part(b"ERROR sensor timeout", "text/plain", length=False) + part(TWO), [ONE, TWO], 1),
        (part(ONE, length=False) + part(TWO, length=False), [ONE, TWO], 0),
        (part(ONE, boundary="other", length=False) + part(TWO, boundary="other"), [ONE, TWO], 0),
        (part(ONE).replace(b"--edge", b"edge") + part(TWO).replace(b"--edge", b"edge"), [ONE, TWO], 0),
        (part(ONE).replace(b"\r\n\r\n", b"\n\n"), [ONE], 0),
        (part(ONE) + b"\r\n\r\n" + part(TWO), [ONE, TWO], 0),
        (b"--edge\r\n\r\n" + ONE + b"\r\n--edge\r\n\r\n" + TWO, [ONE, TWO], 0),  # parts without a head
        (part(with_thumbnail(ONE), length=False) + part(TWO), [with_thumbnail(ONE), TWO], 0),
        (part(ONE[:-200]) + part(TWO), [TWO], 1),
        (part(ONE[:-200], length=False) + part(TWO), [TWO], 1),
        (part(ONE[:300]) + part(TWO), [TWO], 1),
        (part(ONE).replace(b"Length: ", b"Length: 1") + part(TWO) + part(THREE), [ONE, TWO, THREE], 0),
        (re.sub(rb"Length: \d+", b"Length: 99", part(ONE)) + part(TWO), [ONE, TWO], 0),
        (re.sub(rb"Length: \d+", b"Length: many", part(ONE)) + part(TWO), [ONE, TWO], 0),
        (part(b"\xff\xd8\xff\x00rubbish") + part(TWO), [TWO], 1),
        (ONE, [ONE], 0),
        (ONE + TWO + THREE, [ONE, TWO, THREE], 0),
        (ONE[:-2], [], 1),
        (b"", [], 0),
        (b"<html>no camera</html>\n", [], 0),
    ],
)
def test_pictures_are_found_as_browsers_find_them(data, wanted, passed, size):
    assert read_all(data, size) == (wanted, passed)


def test_a_picture_is_there_before_the_next_part_begins():
    pieces = iter([part(ONE, length=False)])
    parts = iter(Parts(lambda: next(pieces), b"edge", lambda: None))
    assert next(parts) == ONE
    with pytest.raises(StopIteration):
        next(pieces)


@pytest.fixture()
def little(monkeypatch):
    """Less is enough to see that there is an end."""
    monkeypatch.setattr(http_parts, "MOST_BYTES", 1000000)
    return 1000000


@pytest.mark.parametrize(
    "first, piece, complaint",
    [
        (b"X: ", b"a" * 65536, "sends more than 1000000 bytes without a whole picture in them"),
        (b"", b"X: a\r\n" * 1000, "sends a head of more than 65536 bytes before a picture"),
        (b"--edge\r\n\r\n", b"a" * 65536, "sends more than 1000000 bytes without a whole picture in them"),
        (b"--edge\r\n\r\n", b"\n" * 65536, "sends more than 1000000 bytes without a whole picture in them"),
        (b"--edge\r\n\r\n" + ONE[:-2], b"a" * 65536, "sends more than 1000000 bytes without a whole picture in them"),
        (b"", part(b"") * 500, "sends more than 1000000 bytes without a whole picture in them"),
        (b"", part(b"\xff\xd8\xff\xd9") * 500, "sends more than 1000000 bytes without a whole picture in them"),
        (b"--edge\r\nContent-Length: 99999999999\r\n\r\n", ONE, "announces a picture of 99999999999 bytes; up to"),
    ],
)
def test_what_has_no_end_is_given_up_and_never_kept(little, first, piece, complaint):
    taken = itertools.chain([first] if first else [], itertools.repeat(piece))
    count = [0]

    def read():
        count[0] += len(piece)
        assert count[0] < 2 * little
        return next(taken)

    parts = Parts(read, b"edge", lambda: None)
    with pytest.raises(Ended, match=complaint):
        list(parts)
    assert len(parts._data) <= little + 2 * 65536


def test_many_pictures_are_no_reason_to_end(little):
    pictures, passed = read_all((part(ONE) + part(b"")) * (little // len(ONE)))
    assert len(pictures) == passed == little // len(ONE)


def size_of(data, width, height):
    """The same JPEG, with another size in its head."""
    place = data.index(b"\xff\xc0")
    return data[: place + 5] + struct.pack(">HH", height, width) + data[place + 9 :]


def test_the_size_is_read_before_the_picture_is_decoded():
    head = jpeg.read_head(ONE)
    assert (head.width, head.height) == (64, 48) and ONE[head.scan : head.scan + 2] == b"\xff\xda"
    assert jpeg.read_head(ONE[: head.scan]) is None
    head = jpeg.read_head(size_of(ONE, 60000, 60001))
    assert (head.width, head.height) == (60000, 60001)
    head = jpeg.read_head(picture(1, coloured=False))
    assert (head.width, head.height) == (64, 48)


FRAME = ONE[ONE.index(b"\xff\xc0") :][:19]


@pytest.mark.parametrize(
    "data",
    [
        b"GIF89a",
        ONE[:2] + b"\x00" + ONE[2:],
        size_of(ONE, 0, 48),
        size_of(ONE, 64, 0),
        ONE[:2] + FRAME + ONE[2:],  # two sizes
        b"\xff\xd8\xff\xda\x00\x02",
        b"\xff\xd8\xff\xe0\x00\x01",
        b"\xff\xd8\xff\xd9\xff\xd9",
    ],
)
def test_a_head_that_decoders_would_read_otherwise_is_refused(data):
    with pytest.raises(jpeg.Damaged):
        jpeg.read_head(data)
    assert not http_parts.is_whole(data)


def test_challenges_are_told_apart():
    assert read_challenges(
        ['Digest realm="a, Basic \\"b\\"", nonce="x==", qop="auth,auth-int", Basic realm=c', "Negotiate"]
    ) == [
        ("digest", {"realm": 'a, Basic "b"', "nonce": "x==", "qop": "auth,auth-int"}),
        ("basic", {"realm": "c"}),
        ("negotiate", {}),
    ]


def test_nothing_is_sent_before_it_is_asked_for():
    credentials = Credentials("bob", "geheim")
    assert credentials.authorization("GET", "/") is None
    assert not credentials.challenge(["Negotiate"]) and not credentials.challenge([])
    assert credentials.authorization("GET", "/") is None
    assert credentials.challenge(['Basic realm="x"'])
    assert credentials.authorization("GET", "/") == "Basic Ym9iOmdlaGVpbQ=="


def fields_of(header):
    ((scheme, fields),) = read_challenges([header])
    assert scheme == "digest"
    return fields


@pytest.mark.parametrize(
    "algorithm, make", [(None, hashlib.md5), ("MD5", hashlib.md5), ("md5", hashlib.md5), ("SHA-256", hashlib.sha256)]
)
@pytest.mark.parametrize("qop", [None, "auth", "auth-int, auth"])
def test_a_digest_is_what_the_server_computes(algorithm, make, qop):
    offer = 'Digest realm="cam", nonce="n1"'
    offer += f", algorithm={algorithm}" if algorithm else ""
    offer += f', qop="{qop}", opaque="o"' if qop else ""

    def digest(text):
        return make(text.encode()).hexdigest()

    credentials = Credentials("bob", "pa:ss")
    assert credentials.challenge(['Basic realm="cam"', offer])
    for count in ("00000001", "00000002"):
        fields = fields_of(credentials.authorization("GET", "/a?b=c"))
        inner = f"n1:{count}:{fields['cnonce']}:auth" if qop else "n1"
        assert fields["response"] == digest(f"{digest('bob:cam:pa:ss')}:{inner}:{digest('GET:/a?b=c')}")
        assert (fields["username"], fields["uri"], fields.get("algorithm")) == ("bob", "/a?b=c", algorithm)
        assert fields.get("opaque") == ("o" if qop else None) and fields.get("nc") == (count if qop else None)


def test_the_example_of_the_standard_has_its_response(monkeypatch):
    monkeypatch.setattr("os.urandom", lambda count: bytes.fromhex("0a4f113b"))
    credentials = Credentials("Mufasa", "Circle Of Life")
    assert credentials.challenge(
        [
            'Digest realm="testrealm@host.com", qop="auth,auth-int", '
            'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
        ]
    )
    fields = fields_of(credentials.authorization("GET", "/dir/index.html"))
    assert fields["cnonce"] == "0a4f113b" and fields["response"] == "6629fae49393a05397450978507c4ef1"


@pytest.mark.parametrize(
    "offer",
    [
        'Digest realm="x", nonce="n", algorithm=SHA-512-256',
        'Digest realm="x", nonce="n", qop="auth-int"',
        'Digest realm="x"',
    ],
)
def test_a_digest_that_cannot_be_answered_is_not_answered(offer):
    assert not Credentials("bob", "geheim").challenge([offer])


@pytest.mark.parametrize(
    "written, meant",
    [
        ("rtsp://admin:pa/ss@127.0.0.1:554/cam", "rtsp://admin:pa%2Fss@127.0.0.1:554/cam"),
        ("rtsp://admin:pa#ss@camera/1", "rtsp://admin:pa%23ss@camera/1"),
        ("http://admin:pa?ss@[fe80::1]:80/", "http://admin:pa%3Fss@[fe80::1]:80/"),
        ("rtsp://admin:p@ss@camera/1", "rtsp://admin:p%40ss@camera/1"),
        ("rtsp://admin:p/a@b@camera/1", "rtsp://admin:p%2Fa%40b@camera/1"),
        ("rtsp://admin:pa/ss@camera", "rtsp://admin:pa%2Fss@camera"),
        ("rtsp://admin:pa/ss@camera/video@2", "rtsp://admin:pa%2Fss@camera/video@2"),
        ("rtsp://admin:50%ss@camera/1", "rtsp://admin:50%25ss@camera/1"),
        ("rtsp://admin:ü ü@camera/1", "rtsp://admin:%C3%BC%20%C3%BC@camera/1"),
    ],
)
def test_a_password_as_people_write_it_is_encoded(written, meant):
    assert with_encoded_password(written) == meant
    assert with_encoded_password(meant) == meant


@pytest.mark.parametrize(
    "address",
    [
        "rtsp://camera/1",
        "rtsp://admin:pass@camera/1",
        "rtsp://admin@camera/1?a=b@c",
        "http://camera:80/video@2",
        "http://camera/video@2",
        "rtsp://[fe80::1]:554/video@2",
        "rtsp://admin:12/34@camera/1",
        "/dev/video0",
        "0",
    ],
)
def test_an_address_that_may_be_right_stays_as_it_is(address):
    assert with_encoded_password(address) == address


def test_a_password_that_may_be_a_port_is_said(monkeypatch):
    def resolve(host, port, *more):
        assert (host, port) == ("admin", 12)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(Ended, match="its host name is not known; .* written as %2F %23 %3F %40?") as caught:
        HttpClient("http://admin:12/34@camera/", 1.0).get()
    assert "34" not in str(caught.value) and "admin" not in str(caught.value)
