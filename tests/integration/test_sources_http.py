"""HTTP cameras on loopback, read by real reader processes: MJPEG, snapshots, and what goes wrong with them."""

import contextlib
import hashlib
import re
import socket
import ssl
import struct
import subprocess
import threading

import cv2
import numpy as np
import psutil
import pytest

from appliance.core.errors import SourceError
from appliance.sources import live
from appliance.sources.open import open_camera
from tests.http_camera import HttpCamera, answer, multipart, part, picture, snapshot
from tests.waiting import wait_until


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(live, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(live, "LONGEST_PAUSE", 0.2)


@pytest.fixture()
def serve():
    """Starts cameras on scripts."""
    cameras = []

    def start(script, certificate=None):
        cameras.append(HttpCamera(script, certificate))
        return cameras[-1]

    yield start
    for camera in cameras:
        camera.close()


def stay(client):
    """Say nothing more until the reader goes."""
    client.sock.recv(1)


def read(address, count, **options):
    """Greys of the first frames."""
    with open_camera(address, snapshot_fps=50.0, **options) as source:
        return [int(source.read().image[0, 0, 0]) for _ in range(count)]


def failure(address, **options):
    with open_camera(address, snapshot_fps=50.0, **options) as source:
        with pytest.raises(SourceError) as caught:
            source.read()
    return str(caught.value).split(": ", 1)[1]


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/x-mixed-replace;boundary=edge",
        'multipart/x-mixed-replace; boundary="--edge"',
        "multipart/x-mixed-replace",
        "multipart/mixed;boundary=other",
        "text/plain",
        "",
    ],
)
def test_a_motion_jpeg_camera_is_read_whatever_it_calls_its_pictures(serve, kind):
    def script(client):
        client.send(multipart(kind=kind))
        for number in range(1, 4):
            client.send(part(picture(number)))
        stay(client)

    with open_camera(serve(script).address()) as source:
        assert source.read().image.shape == (48, 64, 3)
        assert source.fps is None


def test_chunks_and_a_declared_length_do_not_disturb(serve):
    body = part(picture(1), length=False) + part(picture(2))

    def chunks(client):
        client.send(answer(b"", "Content-Type: multipart/x-mixed-replace;boundary=edge", "Transfer-Encoding: chunked"))
        for start in range(0, len(body), 100):
            piece = body[start : start + 100]
            client.send(f"{len(piece):x};x=y\r\n".encode() + piece + b"\r\n")
        stay(client)

    def length(client):
        client.send(answer(body, "Content-Type: multipart/x-mixed-replace;boundary=edge", "Content-Length: 0"))
        stay(client)

    for script in (chunks, length):
        with open_camera(serve(script).address()) as source:
            frame = source.read()
            while frame.image[0, 0, 0] != 80:
                frame = source.read()


def test_parts_without_a_picture_are_passed_over_and_said_once(serve):
    def script(client):
        client.send(multipart())
        for number in range(1, 4):
            client.send(part(b"") + part(b"ERROR", "text/plain") + part(picture(number)))
        stay(client)

    notices = []
    with open_camera(serve(script).address(), on_notice=notices.append) as source:
        wait_until(lambda: source.skipped == 6)
        assert source.read() is not None and source.problem is None
    assert [text.split(": ")[-1] for text in notices] == ["sends parts that are no whole JPEG; they are passed over"]


def test_size_and_colour_may_change_in_mid_stream(serve):
    next_one = threading.Semaphore(0)

    def script(client):
        client.send(multipart())
        for data in (picture(1), picture(2, 100, 70), picture(3, coloured=False)):
            client.send(part(data))
            next_one.acquire()

    with open_camera(serve(script).address()) as source:
        frames = []
        for _ in range(3):
            frames.append(source.read().image)
            next_one.release()
    assert [(image.shape, int(image[0, 0, 0])) for image in frames] == [
        ((48, 64, 3), 40),
        ((70, 100, 3), 80),
        ((48, 64, 3), 120),
    ]


def test_a_snapshot_address_is_asked_over_one_connection(serve):
    camera = serve(lambda client: client.send(snapshot(picture(client.number))))
    with open_camera(camera.address("/snap.jpg?a=b c"), snapshot_fps=50.0) as source:
        for _ in range(10):
            source.read()
        assert source.fps == 50.0 and source.reconnects == 0
    assert camera.connections == 1 and len(camera.requests) >= 10
    assert {target for target, _ in camera.requests} == {"/snap.jpg?a=b%20c"}


@pytest.mark.parametrize("headers", [["Connection: close"], []])
def test_a_snapshot_address_that_closes_is_asked_over_new_ones(serve, headers):
    """Also one that does not say that it will."""

    def script(client):
        client.send(snapshot(picture(client.number), *headers))
        return "close"

    camera = serve(script)
    notices = []
    with open_camera(camera.address(), snapshot_fps=50.0, on_notice=notices.append) as source:
        for _ in range(10):
            source.read()
        assert not notices and source.problem is None
    assert camera.connections >= 10


def test_a_snapshot_without_a_length_ends_with_its_connection(serve):
    def script(client):
        client.send(answer(picture(client.number), "Content-Type: image/jpg"))
        return "close"

    assert len(read(serve(script).address(), 5)) == 5


def test_snapshots_that_are_none_are_passed_over_until_there_are_too_many(serve):
    def script(client):
        client.send(snapshot(picture(1) if client.number % 4 == 1 else b"busy"))

    assert read(serve(script).address(), 5) == [40] * 5
    assert failure(serve(lambda client: client.send(snapshot(b"busy"))).address()) == (
        "gives no picture: 5 answers had none in them"
    )


def test_pictures_that_follow_each_other_without_any_parts_are_read(serve):
    def script(client):
        client.send(answer(picture(1) + picture(2), "Content-Type: application/octet-stream"))
        stay(client)

    assert read(serve(script).address(), 1)[0] in (40, 80)


def test_what_is_no_picture_is_left_to_ffmpeg(serve, tmp_path):
    path = tmp_path / "a.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 48))
    for _ in range(50):
        writer.write(np.full((48, 64, 3), 80, np.uint8))
    writer.release()
    movie = path.read_bytes()

    def script(client):
        client.send(answer(movie, "Content-Type: video/x-msvideo", f"Content-Length: {len(movie)}"))

    with open_camera(serve(script).address()) as source:
        assert source.read().image.shape[2] == 3
    page = answer(b"<html>", "Content-Type: text/html", "Content-Length: 6")
    assert failure(serve(lambda client: client.send(page)).address()) == (
        "cannot be opened; nothing comes that FFmpeg takes for a video"
    )


def guard(scheme):
    """Of a camera that bob may see, with the password pa/ss."""

    def digest(*words):
        return hashlib.md5(":".join(words).encode()).hexdigest()

    def script(client):
        words = client.headers.get("authorization", "")
        fields = dict(re.findall(r'(\w+)="?([^",]*)', words))
        if scheme == "Basic":
            is_right = words == "Basic Ym9iOnBhL3Nz"
        else:
            is_right = (
                words.startswith("Digest ")
                and fields["nonce"] == "n"
                and fields["response"]
                == digest(
                    digest("bob", "cam", "pa/ss"),
                    "n",
                    fields["nc"],
                    fields["cnonce"],
                    "auth",
                    digest("GET", client.target),
                )
            )
        if is_right:
            client.send(snapshot(picture(1)))
        else:
            client.send(
                answer(
                    b"",
                    f'WWW-Authenticate: {scheme} realm="cam", nonce="n", qop="auth"',
                    "Content-Length: 0",
                    status="401 Unauthorized",
                )
            )

    return script


@pytest.mark.parametrize("scheme", ["Basic", "Digest"])
def test_the_password_of_the_address_signs_in(serve, scheme, caplog):
    camera = serve(guard(scheme))
    with open_camera(camera.address("/a.jpg", user="bob:pa/ss"), snapshot_fps=50.0) as source:
        for _ in range(3):
            assert source.read().source == f"http://***@127.0.0.1:{camera.port}/a.jpg"
    # Refused once, not before each picture; and only the request that was refused went without.
    assert ["authorization" in headers for _, headers in camera.requests[:4]] == [False, True, True, True]
    assert camera.connections <= 2
    for user in ("", "bob:wrong"):
        camera = serve(guard(scheme))
        assert failure(camera.address("/a.jpg", user=user)) == (
            "the server answers 401 Unauthorized; user name or password is missing or wrong"
        )
        assert len(camera.requests) <= 2  # cameras lock out who tries more often
    assert "pa/ss" not in caplog.text


def test_a_redirect_is_followed_and_the_password_stays_at_home(serve):
    other = serve(lambda client: client.send(snapshot(picture(2))))

    def script(client):
        if client.target == "/far":
            client.send(answer(b"", f"Location: http://localhost:{other.port}/pic", status="302 Found"))
        elif client.target == "/near":
            client.send(answer(b"", "Location: pic?a=b", status="307 Temporary Redirect"))
        else:
            guard("Basic")(client)
            return None
        return "close"

    camera = serve(script)
    assert read(camera.address("/near", user="bob:pa/ss"), 2) == [40, 40]
    assert read(camera.address("/far", user="bob:pa/ss"), 2) == [80, 80]
    assert all("authorization" not in headers for _, headers in other.requests)


@pytest.mark.parametrize(
    "location, complaint",
    [
        ("/video", "the server sends on to another address more than 5 times"),
        ("file:///etc/passwd", "the server sends on to an address that is not followed; only http and https are"),
        ("rtsp://127.0.0.1/", "the server sends on to an address that is not followed; only http and https are"),
        ("http://127.0.0.1:99999/", "its host or port is missing or wrong"),
        ("http://[/", "the server sends on to an address that is not followed"),
        ("", "the server sends on to an address that is not followed"),
    ],
)
def test_a_redirect_that_nobody_should_follow_is_said(serve, location, complaint):
    camera = serve(
        lambda client: client.send(answer(b"", "Location: " + location, "Content-Length: 0", status="302 Found"))
    )
    assert failure(camera.address()).startswith(complaint)
    assert len(camera.requests) <= 6


@pytest.mark.parametrize(
    "status, complaint",
    [
        ("403 Forbidden", "the server answers 403 Forbidden; this user may not see this stream"),
        ("404 Not Found", "the server answers 404 Not Found; there is no stream at this path of the address"),
        ("503 Busy\x1b[1m", "the server answers 503 Busy1m; the camera serves no more viewers, or is starting"),
        ("204 No Content", "the server answers 204 No Content"),
        ("500", "the server answers 500"),
    ],
)
def test_what_the_server_refuses_is_said(serve, status, complaint):
    def script(client):
        client.send(answer(b"", "Content-Length: 0", status=status))

    assert failure(serve(script).address()) == complaint


def test_a_camera_that_was_busy_is_found_again(serve):
    def script(client):
        if 3 <= client.number <= 5:
            client.send(answer(b"", "Content-Length: 0", status="503 Busy"))
        else:
            client.send(snapshot(picture(1)))

    notices = []
    with open_camera(serve(script).address(), snapshot_fps=50.0, on_notice=notices.append) as source:
        wait_until(lambda: source.reconnects == 1 and source.problem is None)
    assert len(notices) == 2 and "503 Busy; the camera serves no more viewers" in notices[0]


def memory_of_readers():
    """Bytes; 0 where none runs."""
    sizes = [0]
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            sizes.append(child.memory_info().rss)
    return max(sizes)


def bomb(width, height):
    data = picture(1)
    place = data.index(b"\xff\xc0")
    return data[: place + 5] + struct.pack(">HH", height, width) + data[place + 9 :]


@pytest.mark.parametrize(
    "data, complaint",
    [
        (snapshot(bomb(60000, 60000)), "sends pictures of 60000x60000; up to 40 megapixels are taken"),
        (multipart(part(bomb(60000, 60000))), "sends pictures of 60000x60000; up to 40 megapixels are taken"),
        (
            answer(b"", "Content-Type: image/jpeg", "Content-Length: 99999999999"),
            "announces a picture of 99999999999 bytes; up to 33554432 are taken",
        ),
        (
            multipart(b"--edge\r\nContent-Length: 99999999999\r\n\r\n"),
            "announces a picture of 99999999999 bytes; up to 33554432 are taken",
        ),
        (
            b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70000,
            "the server's answer is no HTTP that can be read, or its head is too long",
        ),
        (
            b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 1000,
            "the server's answer is no HTTP that can be read, or its head is too long",
        ),
    ],
)
def test_what_is_too_large_is_said_before_it_takes_memory(serve, data, complaint):
    def script(client):
        client.send(data)
        stay(client)

    assert failure(serve(script).address()) == complaint


@pytest.mark.parametrize(
    "begin, piece",
    [(b"", b"H"), (b"HTTP/1.1 200 OK\r\n", b"X"), (multipart(), b"a"), (multipart(part(picture(1))[:-300]), b"a")],
)
def test_a_trickle_is_given_up_like_silence(serve, begin, piece):
    def script(client):
        client.send(begin)
        while True:
            client.send(piece)
            client.sock.settimeout(0.05)
            try:
                client.sock.recv(1)
                return
            except OSError:
                pass

    assert failure(serve(script).address(), live_timeout=1.0, open_timeout=1.0) == "no frame for 1 s"


def test_an_endless_part_takes_no_memory(serve):
    sent = []

    def script(client):
        client.send(multipart(b"--edge\r\n\r\n" + picture(1)[:-2]))
        while True:
            client.send(b"a" * (1 << 20))
            sent.append(memory_of_readers())

    assert failure(serve(script).address()) == "sends more than 33554432 bytes without a whole picture in them"
    assert max(sent) - sent[0] < 3 * (32 << 20)


@pytest.mark.parametrize("data", [b"SSH-2.0-OpenSSH_8.0\r\n", b"\x00" * 100])
def test_what_speaks_no_http_is_one_sentence(serve, data):
    def script(client):
        client.send(data)
        return "close"

    assert failure(serve(script).address()) in (
        "cannot be opened; nothing comes that FFmpeg takes for a video",
        "the server broke off its answer",
    )


@pytest.mark.parametrize(
    "address, complaint",
    [
        ("http://two..dots/", "its host name is not known; is it spelled right, and are / # ? @ in the password"),
        ("http://127.0.0.1:99999/", "its host or port is missing or wrong; are / # ? @ in the password written as"),
        ("http://:80/", "its host or port is missing or wrong"),
    ],
)
def test_an_address_that_cannot_be_right_is_said(address, complaint):
    assert failure(address).startswith(complaint)


@pytest.fixture()
def certificate(tmp_path):
    key, cert = str(tmp_path / "key.pem"), str(tmp_path / "cert.pem")
    made = subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            key,
            "-out",
            cert,
            "-days",
            "2",
            "-subj",
            "/CN=camera",
        ],
        stderr=subprocess.DEVNULL,
    )
    if made.returncode:
        pytest.skip("openssl makes no certificate")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


def test_a_camera_with_its_own_certificate_is_read_over_tls(serve, certificate):
    camera = serve(lambda client: client.send(snapshot(picture(2))), certificate)
    assert read(camera.address().replace("http:", "https:"), 3) == [80] * 3
    assert camera.connections == 1


def test_tls_where_there_is_none_is_said():
    gone = threading.Event()

    def refuse():
        client, _ = server.accept()
        with client:
            client.recv(65536)
            client.sendall(answer(b"", status="400 Bad Request"))
            gone.wait()

    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(1)
        thread = threading.Thread(target=refuse)
        thread.start()
        reason = failure(f"https://127.0.0.1:{server.getsockname()[1]}/")
        gone.set()
        thread.join()
    assert reason.startswith("no TLS connection comes about (")


def test_nobody_is_sent_from_tls_to_where_all_can_listen(serve, certificate):
    camera = serve(
        lambda client: client.send(answer(b"", "Location: http://127.0.0.1/", "Content-Length: 0", status="301 Moved")),
        certificate,
    )
    assert failure(camera.address().replace("http:", "https:")) == (
        "the server sends on to an address that is not followed; only https is"
    )
