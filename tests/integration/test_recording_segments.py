"""Recording in hard times, as AVI and as MP4: killed processes, a full disk, an encoder that fails or hangs."""

import http.server
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from appliance.core.errors import OutputError
from appliance.core.frame import Detections, Frame, Result, Statistics, Timings
from appliance.core.sink import Sink
from appliance.drawing.overlay import Overlay
from appliance.pipeline.meter import Meter
from appliance.pipeline.stream_pipeline import StreamPipeline
from appliance.recording import encoders, mp4
from appliance.recording.encoders import Encoder, find_encoder, known_encoders
from appliance.recording.interest import Interest
from appliance.recording.mp4 import Mp4Movie
from appliance.recording.segments import SegmentRecorder
from appliance.recording.storage import Storage
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
NOTHING = Statistics(0.0, 0, 0.0, None, 0.0, 0, 0, 0)
OVERLAY = Overlay(False, lambda: NOTHING)
FPS = 25.0
STEP = 4  # the brightness of frame n is n * STEP
# Records the clip over and over at its own pace. Prints the number of each frame after `write`.
RECORD = """
import sys, time
from appliance.core.frame import Detections, Frame, Result, Statistics, Timings
from appliance.drawing.overlay import Overlay
from appliance.recording.segments import SegmentRecorder
from appliance.recording.storage import Storage
import cv2

clip, folder, format = sys.argv[1:]
statistics = Statistics(0.0, 0, 0.0, None, 0.0, 0, 0, 0)
storage = Storage(folder, free_gb=0)
recorder = SegmentRecorder("main", storage, Overlay(False, lambda: statistics), lambda: 25.0, format, 2 / 60.0)
recorder.start()
index = 0
started = time.monotonic()
while not recorder.problem:
    movie = cv2.VideoCapture(clip)
    while not recorder.problem:
        is_read, image = movie.read()
        if not is_read:
            break
        time.sleep(max(0.0, started + index / 25.0 - time.monotonic()))
        frame = Frame(image, index, clip, index / 25.0, index / 25.0, 0.0)
        recorder.write(Result(frame, Detections.empty(), Timings(0, 0, 0, 0, 0, 0), {}))
        print(index, flush=True)
        index += 1
problem = recorder.problem
recorder.close()
print(problem)
"""


@pytest.fixture(scope="module")
def encoder():
    if not shutil.which("gst-launch-1.0"):
        pytest.skip("gst-launch-1.0 is not installed (Debian: gstreamer1.0-tools)")
    return find_encoder()


@pytest.fixture(params=["avi", "mp4"])
def format(request):
    if request.param == "mp4":
        request.getfixturevalue("encoder")
    return request.param


def picture(number, size=(320, 240)):
    return np.full((size[1], size[0], 3), number * STEP, np.uint8)


def make_result(number, size=(320, 240)):
    frame = Frame(picture(number, size), number, "camera", 0.0, 100.0 + number / FPS, 0.0)
    return Result(frame, Detections.empty(), Timings(0, 0, 0, 0, 0, 0), {})


def play(path):
    """The frames' numbers, and when each is shown in seconds."""
    movie = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    numbers, times = [], []
    while True:
        is_read, image = movie.read()
        if not is_read:
            movie.release()
            return numbers, times
        numbers.append(round(float(image.mean()) / STEP))
        times.append(movie.get(cv2.CAP_PROP_POS_MSEC) / 1000)


def start_recording(samples, folder, format):
    return subprocess.Popen(
        [sys.executable, "-c", RECORD, str(samples / "bikes.mp4"), str(folder), format],
        cwd=str(ROOT),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        universal_newlines=True,
    )


def children_of(pid):
    """The encoders that a process has started."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                facts = (Path("/proc") / entry / "stat").read_text()
            except OSError:
                continue
            if int(facts.rpartition(")")[2].split()[1]) == pid:
                found.append(int(entry))
    return found


@pytest.mark.parametrize("size", [(320, 240), (322, 181), (321, 240), (1280, 720)])
def test_an_mp4_has_every_frame_at_its_time_and_size(tmp_path, encoder, size):
    movie = Mp4Movie(tmp_path / "a.mp4", size[0], size[1], FPS, 100.0, encoder)
    places = [0, 1, 2, 5, 6, 30, 31, 60]
    for number, place in enumerate(places):
        movie.write(picture(number * 5, size), place)
    movie.fill(75)
    movie.close()
    numbers, times = play(tmp_path / "a.mp4")
    assert numbers == [number * 5 for number in range(8)] + [35]  # the last one stands until its end
    assert times == pytest.approx([place / FPS for place in places] + [74 / FPS], abs=0.002)
    assert Storage(str(tmp_path)).list() == [] and movie.frames == 75
    (tmp_path / "a.mp4").rename(tmp_path / "main_20261124-080000.mp4")
    assert Storage(str(tmp_path)).list()[0].seconds == pytest.approx(75 / FPS)
    shape = cv2.VideoCapture(str(tmp_path / "main_20261124-080000.mp4")).read()[1].shape
    assert shape == (size[1] + size[1] % 2, size[0] + size[0] % 2, 3)


def test_colours_are_kept(tmp_path, encoder):
    # The two sizes have different codings; an old OpenCV reads them as if they had the same.
    knows_both = tuple(int(part) for part in cv2.__version__.split(".")[:2]) >= (4, 7)
    for size, most in ((640, 480), 12), ((1280, 720), 12 if knows_both else 30):
        path = tmp_path / f"{size[0]}.mp4"
        movie = Mp4Movie(path, size[0], size[1], FPS, 0.0, encoder)
        colours = [(200, 30, 30), (30, 200, 30), (30, 30, 200), (40, 90, 180)]
        for place in range(10):
            image = np.zeros((size[1], size[0], 3), np.uint8)
            for number, colour in enumerate(colours):
                image[:, number * size[0] // 4 : (number + 1) * size[0] // 4] = colour
            movie.write(image, place)
        movie.close()
        played = cv2.VideoCapture(str(path)).read()[1]
        for number, colour in enumerate(colours):
            seen = played[size[1] // 2, (2 * number + 1) * size[0] // 8].astype(int)
            assert abs(seen - np.array(colour)).max() < most, (size, colour, seen)


def test_an_mp4_is_what_every_browser_plays(tmp_path, encoder):
    if not shutil.which("ffprobe"):
        pytest.skip("ffprobe is not installed (Debian: ffmpeg)")
    movie = Mp4Movie(tmp_path / "a.mp4", 640, 480, FPS, 0.0, encoder)
    for place in range(50):
        movie.write(picture(place, (640, 480)), place)
    movie.close()
    done = subprocess.run(
        [
            "ffprobe",
            "-v",
            "error",
            "-show_entries",
            "stream=codec_name,profile,pix_fmt:format=duration",
            str(tmp_path / "a.mp4"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    assert done.stderr == ""
    facts = dict(line.split("=") for line in done.stdout.split() if "=" in line)
    assert facts["codec_name"] == "h264" and facts["pix_fmt"] == "yuv420p" and float(facts["duration"]) == 2.0


PAGE = """<video id=v muted src="a.mp4"></video><script>
v.onended = () => document.title = "played " + v.duration.toFixed(2) + " " + v.videoWidth;
v.onerror = () => document.title = "failed " + v.error.message;
v.play().catch(error => document.title = "failed " + error);
</script>"""


@pytest.mark.parametrize("is_killed", [False, True], ids=["finished", "after a crash"])
def test_chromium_plays_an_mp4(tmp_path, encoder, is_killed):
    sync_api = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.skip("chromium is not installed")
    movie = Mp4Movie(tmp_path / "a.mp4", 320, 240, FPS, 0.0, encoder)
    for place in range(60):
        movie.write(picture(place), place)
    if is_killed:
        wait_until(lambda: (tmp_path / "a.mp4").read_bytes().count(b"moof") > 1)
        (tmp_path / "b.mp4").write_bytes((tmp_path / "a.mp4").read_bytes())
    movie.close()
    if is_killed:
        (tmp_path / "b.mp4").replace(tmp_path / "a.mp4")
    (tmp_path / "index.html").write_text(PAGE)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def translate_path(self, path):
            return str(tmp_path / os.path.basename(path))

        def log_message(self, *arguments):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with sync_api.sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{server.server_port}/index.html")
            page.wait_for_function("document.title != ''", timeout=120000)
            title = page.title()
            browser.close()
    finally:
        server.shutdown()
        server.server_close()
    seconds, width = re.fullmatch(r"played ([\d.]+) (\d+)", title).groups()
    assert width == "320" and (0.5 <= float(seconds) <= 2.4 if is_killed else abs(float(seconds) - 2.4) < 0.05)


def test_segments_of_both_formats_lose_no_frame_between_them(tmp_path, format):
    storage = Storage(str(tmp_path), free_gb=0)
    recorder = SegmentRecorder("main", storage, OVERLAY, lambda: FPS, format, segment_minutes=0.8 / 60)
    recorder.start()
    for number in range(60):
        recorder.write(make_result(number))
    status = recorder.status()
    recorder.stop()
    assert status.seconds == pytest.approx(60 / FPS) and recorder.problem is None
    recordings = list(reversed(storage.list()))
    assert [one.seconds for one in recordings] == pytest.approx([0.8, 0.8, 0.8])
    played = [play(tmp_path / one.name)[0] for one in recordings]
    assert played == [list(range(20)), list(range(20, 40)), list(range(40, 60))]


def test_two_streams_are_encoded_at_once(tmp_path, encoder):
    storage = Storage(str(tmp_path), free_gb=0)
    recorders = [SegmentRecorder(stream, storage, OVERLAY, lambda: FPS, "mp4", 0.8 / 60) for stream in ("a", "b")]
    for recorder in recorders:
        recorder.start()
    for number in range(40):
        for recorder in recorders:
            recorder.write(make_result(number))
    for recorder in recorders:
        recorder.stop()
    for stream in "ab":
        played = [play(tmp_path / one.name)[0] for one in reversed(storage.list()) if one.stream == stream]
        assert played == [list(range(20)), list(range(20, 40))]


@pytest.mark.parametrize(
    "format, is_child_killed", [("avi", False), ("mp4", False), ("mp4", True)], indirect=["format"]
)
def test_after_sigkill_every_segment_plays(samples, tmp_path, format, is_child_killed):
    process = start_recording(samples, tmp_path, format)
    for _ in range(50 + 50 + 45):
        process.stdout.readline()
    if format == "mp4":
        newest = Storage(str(tmp_path)).list()[0].name
        wait_until(lambda: (tmp_path / newest).read_bytes().count(b"moof") > 0)
    children = children_of(process.pid)
    assert bool(children) == (format == "mp4")
    process.send_signal(signal.SIGSTOP)
    if is_child_killed:
        for child in children:
            os.kill(child, signal.SIGKILL)
    process.kill()
    written = 145 + len(process.stdout.read().split())
    assert process.wait(60) == -signal.SIGKILL
    process.stdout.close()
    wait_until(lambda: not any(Path(f"/proc/{child}/fd").exists() for child in children))
    recordings = list(reversed(Storage(str(tmp_path)).list()))
    counts = [len(play(tmp_path / one.name)[0]) for one in recordings]
    assert counts[:-1] == [50] * (len(counts) - 1) and len(counts) >= 3
    assert [one.seconds for one in recordings] == pytest.approx([count / FPS for count in counts])
    # Of the last one a fragment may be lost and what the encoder or the queue had.
    assert counts[-1] > 0 and sum(counts) <= written + 1
    if format == "avi":
        assert sum(counts) >= written


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    if mounted.returncode:
        pytest.skip("this user may not mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_on_a_full_disk_the_recording_is_kept_and_said_so(samples, small_disk, format):
    process = start_recording(samples, small_disk, format)
    output, _ = process.communicate()
    assert process.returncode == 0
    problem = output.strip().split("\n")[-1]
    assert "no space left" in problem and "Free some space" in problem, problem
    recordings = Storage(str(small_disk), free_gb=0).list()
    assert sum(one.bytes for one in recordings) > 500000
    for one in recordings:
        assert play(small_disk / one.name)[0] and one.seconds > 0


def test_what_events_want_is_kept_on_a_full_disk_and_detection_goes_on(samples, small_disk, format):
    now, interest = time.time(), Interest(1.0, 1.0)
    storage = Storage(str(small_disk), free_gb=0)
    recorder = SegmentRecorder(
        "main", storage, OVERLAY, lambda: FPS, format, clock=lambda: 0.0, interest=interest, is_by_event=True
    )
    interest.touch("1", now, None, "alert")
    movie = cv2.VideoCapture(str(samples / "bikes.mp4"))
    for number in range(4000):
        is_read, image = movie.read()
        if not is_read:
            movie = cv2.VideoCapture(str(samples / "bikes.mp4"))
            continue
        frame = Frame(image, number, "camera", now + number / FPS, number / FPS, 0.0)
        recorder.write(Result(frame, Detections.empty(), Timings(0, 0, 0, 0, 0, 0), {}))
        if recorder.problem:
            break
    assert "no space left" in recorder.problem
    for _ in range(50):  # it pauses: nothing is raised, and nothing waits
        recorder.write(Result(frame, Detections.empty(), Timings(0, 0, 0, 0, 0, 0), {}))
    recorder.close()
    recordings = storage.list()
    assert recordings and {one.kept_as for one in recordings} == {"alerts"}
    for one in recordings:
        assert play(small_disk / one.name)[0]
    assert not list((small_disk / ".ring").glob("*"))


def test_no_room_is_noticed_before_the_disk_is_full(samples, small_disk):
    storage = Storage(str(small_disk), free_gb=0.0005)  # half of it

    def clock():
        return time.monotonic() * 1000  # quick, so that it looks for room after each frame

    recorder = SegmentRecorder("main", storage, OVERLAY, lambda: FPS, clock=clock, now=clock)
    recorder.start()
    movie = cv2.VideoCapture(str(samples / "bikes.mp4"))
    for number in range(100):
        image = movie.read()[1]
        frame = Frame(image, number, "camera", 0.0, number / FPS, 0.0)
        recorder.write(Result(frame, Detections.empty(), Timings(0, 0, 0, 0, 0, 0), {}))
        if recorder.problem:
            break
    assert "have to stay free" in recorder.problem and recorder.wanted and recorder.status() is None
    recorder.stop()
    assert shutil.disk_usage(str(small_disk)).free > 300000
    assert len(play(small_disk / storage.list()[0].name)[0]) >= number


def fake_launcher(folder, monkeypatch, script):
    """Stands for gst-launch-1.0, in front of the true one."""
    path = folder / "bin" / "gst-launch-1.0"
    path.parent.mkdir()
    path.write_text("#!/bin/sh\n" + script)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{path.parent}:{os.environ['PATH']}")


@pytest.mark.parametrize(
    "script, words",
    [
        (
            "echo 'ERROR: from element x264enc0: Can not initialize x264 encoder.' >&2\nexit 1",
            "the encoder x264enc failed: ERROR: from element x264enc0: Can not initialize x264 encoder.",
        ),
        ("exec cat > /dev/null; exit 1", None),  # takes all, writes nothing: no error, and no file
        ("exit 0", "the encoder x264enc failed"),
        ("exec sleep 1000", "the encoder x264enc hangs, and was ended"),
    ],
)
def test_an_encoder_that_fails_or_hangs_pauses_the_recording(tmp_path, monkeypatch, encoder, script, words):
    monkeypatch.setattr(mp4, "PATIENCE", 0.5)
    monkeypatch.setattr("appliance.recording.segments.find_encoder", lambda: Encoder("x264enc", encoder.template))
    fake_launcher(tmp_path, monkeypatch, script)
    storage = Storage(str(tmp_path / "recordings"), free_gb=0)
    recorder = SegmentRecorder("main", storage, OVERLAY, lambda: FPS, "mp4")
    recorder.start()
    for number in range(60):
        recorder.write(make_result(number, (640, 480)))
    if words:
        wait_until(lambda: recorder.write(make_result(60, (640, 480))) or recorder.problem)
        assert words in recorder.problem and "Record as AVI" in recorder.problem
        assert recorder.wanted and recorder.status() is None
    recorder.stop()
    assert storage.list() == []


class Count(Sink):
    def __init__(self):
        self.numbers = []

    def write(self, result):
        self.numbers.append(result.frame.index)


class NoSource:
    name, is_live, drops = "none", True, 0

    def read(self):
        return None

    def close(self):
        pass


def test_an_encoder_that_takes_nothing_holds_up_no_other_sink_and_its_losses_are_counted(
    tmp_path, monkeypatch, encoder
):
    monkeypatch.setattr(mp4, "MOST_WAITING", 10**6)  # two pictures
    monkeypatch.setattr(mp4, "PATIENCE", 1000.0)
    fake_launcher(tmp_path, monkeypatch, "exec sleep 1000")
    recorder = SegmentRecorder("main", Storage(str(tmp_path / "r"), free_gb=0), OVERLAY, lambda: FPS, "mp4")
    recorder.start()
    count, meter = Count(), Meter(5.0)
    feed = StreamPipeline(NoSource(), [recorder, count], meter)
    feed.start(lambda frame: True, lambda: 0)
    for number in range(40):
        feed.deliver([make_result(number, (640, 480))])
        wait_until(lambda number=number: number in count.numbers)
    assert recorder.problem is None  # it still waits for the encoder
    assert meter.statistics().vdrops > 20
    for child in children_of(os.getpid()):
        if (Path("/proc") / str(child) / "cmdline").read_bytes() == b"sleep\x001000\x00":
            os.kill(child, signal.SIGKILL)
    feed.stop()
    feed.finish()
    feed.join()
    assert count.numbers == list(range(40))


def test_an_encoder_that_does_not_end_is_killed_and_said(tmp_path, monkeypatch, encoder):
    monkeypatch.setattr(mp4, "PATIENCE", 0.5)
    fake_launcher(tmp_path, monkeypatch, "cat > /dev/null; exec sleep 1000")
    movie = Mp4Movie(tmp_path / "a.mp4", 64, 48, FPS, 0.0, encoder)
    movie.write(picture(1, (64, 48)), 0)
    with pytest.raises(OutputError, match="hangs, and was ended"):
        movie.close()


def test_the_first_encoder_that_works_is_taken(monkeypatch, encoder):
    exists, tried = encoders._exists, []
    monkeypatch.setattr(
        encoders, "_exists", lambda element: element != "openh264enc" and (element.startswith("nv") or exists(element))
    )
    works = encoders._works
    monkeypatch.setattr(encoders, "_works", lambda one: tried.append(one.element) or works(one))
    assert find_encoder.__wrapped__().element == "x264enc"
    assert tried[0].startswith("nv") and tried[-1] == "x264enc"


def test_every_software_encoder_that_is_here_plays(tmp_path, encoder):
    rows = [row for row in known_encoders() if row["element"] in ("x264enc", "openh264enc")]
    assert len(rows) == 2
    for row in rows:
        if not encoders._exists(row["element"]):
            continue
        path = tmp_path / (row["element"] + ".mp4")
        movie = Mp4Movie(path, 320, 240, FPS, 0.0, Encoder(row["element"], row["words"]))
        for place in range(40):
            movie.write(picture(place), place)
        movie.close()
        assert play(path)[0] == list(range(40)), row["element"]


@pytest.mark.parametrize(
    "lacking, words",
    [
        (["x264enc", "openh264enc"], "GStreamer has none here.*gstreamer1.0-plugins-ugly"),
        (["mp4mux"], "MP4 needs GStreamer's mp4mux; .*apt-get install gstreamer1.0-plugins-good"),
        (["h264parse", "capssetter"], "apt-get install gstreamer1.0-plugins-bad gstreamer1.0-plugins-good"),
    ],
)
def test_what_is_missing_for_mp4_is_named(monkeypatch, encoder, lacking, words):
    exists = encoders._exists
    monkeypatch.setattr(encoders, "_exists", lambda element: element not in lacking and exists(element))
    with pytest.raises(OutputError, match=words):
        find_encoder.__wrapped__()


def test_without_gstreamer_mp4_is_refused_with_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OutputError, match=r"apt-get install gstreamer1\.0-tools .*AVI needs nothing"):
        find_encoder.__wrapped__()
