"""Live sources as they are: reader processes, shared memory, devices, HTTP cameras. Movies take the place
of cameras.
"""

import http.server
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest

from appliance.core.errors import SourceError
from appliance.sources import live
from appliance.sources.open import open_camera, open_movie
from tests.command import ROOT
from tests.waiting import LIMIT, wait_until

pytestmark = pytest.mark.boards


def is_running(process):
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def readers(parent=None):
    """The reader processes that a process started."""
    found = []
    for process in psutil.Process(parent).children():
        try:
            if "appliance.sources.reader_main" in process.cmdline() and is_running(process):
                found.append(process)
        except psutil.NoSuchProcess:
            pass
    return found


def open_files():
    return len(os.listdir("/proc/self/fd"))


@pytest.fixture(autouse=True)
def quick_and_clean(monkeypatch):
    """Lost cameras are opened again soon; no test leaves a process, a thread or a descriptor behind."""
    monkeypatch.setattr(live, "FIRST_PAUSE", 0.05)
    files, threads = open_files(), threading.active_count()
    yield
    wait_until(lambda: not readers())
    wait_until(lambda: threading.active_count() <= threads)
    assert open_files() <= files


def make_movie(path, count, fps, size=(64, 48)):
    """Frame n holds n in bars of black and white, one for each bit."""
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, int.from_bytes(b"MJPG", "little"), fps, size)
    assert writer.isOpened()
    for number in range(count):
        writer.write(bars(number, size))
    writer.release()
    return path


def bars(number, size=(64, 48)):
    image = np.zeros((size[1], size[0], 3), np.uint8)
    for bit in range(16):
        if number >> bit & 1:
            image[:, bit * size[0] // 16 : (bit + 1) * size[0] // 16] = 255
    return image


def read_bars(image):
    width = image.shape[1] // 16
    return sum(int(image[:, bit * width : (bit + 1) * width].mean() > 128) << bit for bit in range(16))


@pytest.fixture()
def video9(tmp_path):
    """A path that looks like a camera and leads to a movie."""

    def link(movie):
        path = tmp_path / "video9"
        if path.is_symlink():
            path.unlink()
        os.symlink(str(movie), str(path))
        return str(path)

    return link


def test_a_device_path_delivers_the_pictures_unharmed(samples, video9):
    with open_movie(str(samples / "bikes.mp4")) as movie:
        expected = [frame.image for frame in iter(movie.read, None)]
    path = video9(samples / "bikes.mp4")
    began = time.time()
    with open_camera(path, 640, 272) as source:
        frames = [source.read() for _ in range(60)]
    assert source.is_live and source.fps == 25.0 and source.name == path
    place = 0
    for number, frame in enumerate(frames):
        assert frame.index == number and frame.source == path and frame.stream == "main"
        while place < len(expected) and not np.array_equal(frame.image, expected[place]):
            place += 1
        assert place < len(expected), f"frame {number} is none of the movie's that are left"
        assert began <= frame.time <= time.time()
        assert 0 <= frame.capture_seconds <= frame.captured_at <= time.monotonic()
    assert place - 59 <= source.drops
    assert len({frame.time for frame in frames}) == 60


def test_a_slow_reader_gets_the_newest_frame(tmp_path, video9):
    with open_camera(video9(make_movie(tmp_path / "a.avi", 2000, 100))) as source:
        first = source.read()

        def many_were_dropped():
            return source.drops >= 50

        wait_until(many_were_dropped)
        second = source.read()
        dropped = source.drops
    assert (first.index, second.index) == (0, 1)
    assert read_bars(second.image) - read_bars(first.image) >= 51
    assert dropped >= 50


def test_nothing_grows_over_many_frames(tmp_path, video9):
    in_shared_memory = os.listdir("/dev/shm")
    with open_camera(video9(make_movie(tmp_path / "a.avi", 6000, 1000))) as source:
        for _ in range(300):
            source.read()
        files, memory = open_files(), psutil.Process().memory_info().rss
        (child,) = readers()
        child_memory, child_files = child.memory_info().rss, child.num_fds()
        for _ in range(2500):
            assert source.read() is not None
        assert open_files() == files and child.num_fds() == child_files
        # A frame is 9 kB: one kept of each would be 23 MB.
        assert psutil.Process().memory_info().rss - memory < 8 << 20
        assert child.memory_info().rss - child_memory < 8 << 20
        assert set(os.listdir("/dev/shm")) <= set(in_shared_memory)


def test_another_size_in_mid_stream_is_followed(tmp_path, video9):
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed: apt-get install ffmpeg")
    parts = []
    for size in ("64x48", "128x96"):
        parts.append(
            subprocess.run(
                [
                    "ffmpeg",
                    "-loglevel",
                    "error",
                    "-f",
                    "lavfi",
                    "-i",
                    "testsrc=d=1:s=" + size,
                    "-c:v",
                    "libx264",
                    "-f",
                    "mpegts",
                    "-",
                ],
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
            ).stdout
        )
    (tmp_path / "a.ts").write_bytes(parts[0] + parts[1] + parts[0])
    with open_movie(str(tmp_path / "a.ts")) as movie:
        expected = [frame.image.astype(int) for frame in iter(movie.read, None)]
    sizes = {image.shape for image in expected}
    if len(sizes) == 1:
        pytest.skip("this OpenCV scales everything to the size of the first frame")
    right = set()
    with open_camera(video9(tmp_path / "a.ts")) as source:
        for _ in range(500):
            image = source.read().image
            assert image.shape in sizes
            # OpenCV 4.6 does not decode the first ones of a new size alike every time.
            if min(abs(image - other).mean() for other in expected if other.shape == image.shape) < 15:
                right.add(image.shape)
            if right == sizes:
                break
    assert right == sizes


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGSTOP])
def test_a_reader_that_dies_or_hangs_is_replaced(tmp_path, video9, number):
    notices = []
    path = video9(make_movie(tmp_path / "a.avi", 5000, 50))
    with open_camera(path, live_timeout=1.0, on_notice=notices.append) as source:
        before = source.read()
        (old,) = readers()
        old.send_signal(number)
        wait_until(lambda: len(notices) == 2)
        after = source.read()
        (new,) = readers()
        assert new.pid != old.pid and not is_running(old)
    assert after.index > before.index
    why = "no frame for 1 s" if number == signal.SIGSTOP else f"its reader was killed by {number.name}"
    assert notices[0] == f"camera {path}: {why}; reopening in 0.05 s"
    assert notices[1].startswith(f"camera {path}: is back after ")


def test_a_recording_that_ends_begins_again(tmp_path, video9):
    notices = []
    path = video9(make_movie(tmp_path / "a.avi", 10, 50))
    with open_camera(path, on_notice=notices.append) as source:
        frames = [source.read() for _ in range(25)]
        wait_until(lambda: len(notices) >= 2)
    assert [frame.index for frame in frames] == list(range(25))
    assert notices[0] == f"camera {path}: the stream ended; reopening in 0.05 s"
    assert "is back after" in notices[1]


def test_a_size_that_the_camera_does_not_have_is_said_once(tmp_path, video9):
    notices = []
    path = video9(make_movie(tmp_path / "a.avi", 5, 50))
    with open_camera(path, 1280, 720, on_notice=notices.append) as source:
        for _ in range(12):
            source.read()
    assert [text for text in notices if "gives" in text] == [f"camera {path}: gives pictures of 64x48, not 1280x720"]


@pytest.mark.parametrize(
    "camera, complaint",
    [
        (99, "camera 99: there is no /dev/video99; this machine has "),
        ("/dev/video98", "camera /dev/video98: there is no /dev/video98; this machine has "),
        ("/dev/null", "camera /dev/null: /dev/null is no video device; cameras are /dev/video* (major number 81)"),
        ("/dev/shm", "camera /dev/shm: /dev/shm is a folder; cameras are /dev/video*"),
        (__file__, "cannot be opened; nothing comes that FFmpeg takes for a video"),
    ],
)
def test_a_missing_camera_is_named(camera, complaint):
    with open_camera(camera, 640, 480) as source:
        with pytest.raises(SourceError) as caught:
            source.read()
    assert complaint in str(caught.value)


def test_closing_wakes_a_read_that_waits(silent):
    source = open_camera(f"rtsp://127.0.0.1:{silent}/cam")
    got = []
    reader = threading.Thread(target=lambda: got.append(source.read()))
    reader.start()
    wait_until(readers)
    source.close()
    source.close()
    reader.join(LIMIT)
    assert got == [None] and not readers()
    assert source.read() is None


def test_closing_at_once_leaves_nothing(tmp_path, video9):
    path = video9(make_movie(tmp_path / "a.avi", 10, 50))
    for _ in range(5):
        with open_camera(path):
            pass


@pytest.mark.parametrize("is_stopped", [False, True])
def test_the_reader_does_not_outlive_its_parent(tmp_path, video9, is_stopped):
    path = video9(make_movie(tmp_path / "a.avi", 5000, 50))
    program = (
        "import sys\nfrom appliance.sources.open import open_camera\nsource = open_camera(sys.argv[1])\n"
        "source.read()\nprint('reads', flush=True)\nwhile source.read():\n    pass\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, path], stdout=subprocess.PIPE, cwd=str(ROOT))
    try:
        assert parent.stdout.readline() == b"reads\n"
        (child,) = readers(parent.pid)
        if is_stopped:  # as one that hangs in a driver: it does not see that its socket is closed
            child.suspend()
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()
    wait_until(lambda: not is_running(child))


def test_no_password_is_on_a_command_line(silent):
    with open_camera(f"rtsp://bob:secret@127.0.0.1:{silent}/cam") as source:
        wait_until(readers)
        assert "secret" not in source.name and "bob" not in source.name
        (child,) = readers()
        assert "secret" not in " ".join(child.cmdline()) and "secret" not in str(child.environ())


@pytest.fixture()
def silent():
    """Port of a server that accepts and says nothing."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(5)
        yield server.getsockname()[1]


@pytest.mark.parametrize("scheme", ["rtsp", "http"])
def test_a_silent_server_is_given_up(silent, scheme):
    with open_camera(f"{scheme}://127.0.0.1:{silent}/cam", live_timeout=1.0, open_timeout=1.0) as source:
        with pytest.raises(SourceError, match="no frame for 1 s"):
            source.read()


@pytest.mark.parametrize("scheme", ["rtsp", "http"])
def test_a_refused_connection_is_named(scheme):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"{scheme}://127.0.0.1:{free.getsockname()[1]}/cam"
        with open_camera(address) as source:
            with pytest.raises(SourceError) as caught:
                source.read()
    assert str(caught.value).startswith(f"camera {address}: connection refused; nothing listens there")


def test_an_unknown_host_is_named():
    with open_camera("rtsp://bob:secret@no-such-camera.invalid/cam") as source:
        with pytest.raises(SourceError) as caught:
            source.read()
    assert "no-such-camera.invalid/cam: its host name is not known" in str(caught.value)
    assert "secret" not in str(caught.value)


class WebCamera(http.server.BaseHTTPRequestHandler):
    """/mjpeg: pictures for ever, or as many as the server has left. /movie: a file. /locked: 401. Else 404."""

    def do_GET(self):
        if self.path == "/mjpeg":
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=next")
            self.end_headers()
            number = 0
            while not self.server.stopping.wait(0.02) and self.server.pictures > 0:
                self.server.pictures -= 1
                picture = cv2.imencode(".jpg", bars(number))[1].tobytes()
                self.wfile.write(b"--next\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(picture))
                self.wfile.write(picture + b"\r\n")
                number += 1
        elif self.path == "/movie":
            data = self.server.movie.read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", "video/mp4")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        elif self.path == "/locked":
            self.send_response(401)
            self.send_header("WWW-Authenticate", "Basic realm=camera")
            self.end_headers()
        else:
            self.send_error(404)

    def handle(self):
        try:
            super().handle()
        except ConnectionError:
            pass  # the viewer left

    def log_message(self, *args):
        pass


class WebServer(http.server.HTTPServer):
    """Serves one after the other, in a thread."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), WebCamera)
        self.stopping = threading.Event()
        self.pictures = 1 << 30
        self.movie = Path()


@pytest.fixture()
def web():
    with WebServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.stopping.set()
        server.shutdown()
        thread.join(LIMIT)


def test_a_web_camera_of_jpegs_is_read(web):
    with open_camera(f"http://127.0.0.1:{web.server_port}/mjpeg") as source:
        numbers = [read_bars(source.read().image) for _ in range(30)]
    assert numbers == sorted(set(numbers))


def test_a_web_camera_that_stops_is_opened_again(web):
    notices = []
    web.pictures = 100
    address = f"http://127.0.0.1:{web.server_port}/mjpeg"
    with open_camera(address, on_notice=notices.append) as source:
        source.read()

        def it_was_lost():
            return notices

        wait_until(it_was_lost)
        web.pictures = 1 << 30

        def it_is_back():
            return "is back after" in notices[-1]

        wait_until(it_is_back)
        assert source.read() is not None
    assert notices[0].startswith(f"camera {address}: the stream ended")


def test_a_movie_on_a_web_server_is_played_again_and_again(web, tmp_path):
    web.movie = make_movie(tmp_path / "a.avi", 20, 50)
    notices = []
    with open_camera(f"http://127.0.0.1:{web.server_port}/movie", on_notice=notices.append) as source:
        for _ in range(50):
            assert read_bars(source.read().image) < 20
        wait_until(lambda: len(notices) >= 2)
    assert "the stream ended" in notices[0] and "is back" in notices[1]


@pytest.mark.parametrize(
    "path, complaint",
    [
        ("/nowhere", "the server answers 404 Not Found; there is no stream at this path of the address"),
        ("/locked", "the server answers 401 Unauthorized; user name or password is missing or wrong"),
    ],
)
def test_what_a_web_server_refuses_is_said(web, path, complaint):
    with open_camera(f"http://bob:secret@127.0.0.1:{web.server_port}{path}") as source:
        with pytest.raises(SourceError) as caught:
            source.read()
    assert complaint in str(caught.value) and "secret" not in str(caught.value)
