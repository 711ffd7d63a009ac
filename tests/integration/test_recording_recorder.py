"""The recording in hard times: a killed process, a full disk; and how other players see it."""

import os
import re
import shutil
import signal
import struct
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

pytestmark = pytest.mark.boards

ROOT = Path(__file__).resolve().parents[2]
# Records the clip over and over, in a process of its own. Prints the number of each frame after `write`.
RECORD = """
import resource, signal, sys
from appliance.core.errors import OutputError
from appliance.core.frame import Detections, Frame, Result, Statistics, Timings
from appliance.drawing.overlay import Overlay
from appliance.recording.recorder import MovieRecorder
import cv2

clip, path, frames, bytes_allowed, is_live = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
if bytes_allowed:
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_allowed, bytes_allowed))
statistics = Statistics(0.0, 0, 0.0, None, 0.0, 0, 0, 0)
recorder = MovieRecorder(path, lambda: 25.0, Overlay(False, lambda: statistics), is_live == "True")
movie = cv2.VideoCapture(clip)
for index in range(frames):
    is_read, image = movie.read()
    if not is_read:
        movie = cv2.VideoCapture(clip)
        is_read, image = movie.read()
    frame = Frame(image, index, clip, index / 25.0, index / 25.0, 0.0)
    try:
        recorder.write(Result(frame, Detections.empty(), Timings(0, 0, 0, 0, 0, 0), {}))
    except OutputError as problem:
        print(problem)
        sys.exit(problem.exit_code)
    if recorder.frames > index:
        print(index, flush=True)
recorder.close()
print("closed")
"""


def start_recording(samples, path, frames, bytes_allowed=0, is_live=False):
    arguments = [str(samples / "bikes.mp4"), str(path), str(frames), str(bytes_allowed), str(is_live)]
    return subprocess.Popen(
        [sys.executable, "-c", RECORD] + arguments,
        cwd=str(ROOT),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    )


def count_frames(path, api=cv2.CAP_FFMPEG):
    movie = cv2.VideoCapture(str(path), api)
    count = 0
    while movie.read()[0]:
        count += 1
    movie.release()
    return count


@pytest.fixture(scope="session")
def ffprobe():
    program = shutil.which("ffprobe")
    if not program:
        pytest.skip("ffprobe is not installed (Debian: ffmpeg)")
    return program


def count_with_ffprobe(ffprobe, path):
    """The frames that FFmpeg's own tool decodes, after it has found nothing to complain of."""
    done = subprocess.run(
        [ffprobe, "-v", "error", "-count_frames", "-show_entries", "stream", str(path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True,
    )  # fmt: skip
    assert done.stderr == "" and "codec_name=mjpeg" in done.stdout
    return int(re.findall("nb_read_frames=([0-9]+)", done.stdout)[0])


def test_a_recording_is_the_clip(samples, tmp_path, ffprobe):
    path = tmp_path / "a.avi"
    output, _ = start_recording(samples, path, 40).communicate()
    assert output.split()[-1] == "closed"
    assert count_frames(path) == count_with_ffprobe(ffprobe, path) == 40
    recorded, clip = cv2.VideoCapture(str(path)), cv2.VideoCapture(str(samples / "bikes.mp4"))
    for _ in range(40):
        # Nothing but JPEG lies between them: on average less than 3 of 255 steps.
        assert cv2.absdiff(recorded.read()[1], clip.read()[1]).mean() < 3
    recorded.release()
    clip.release()


def test_after_sigkill_every_frame_can_be_played(samples, tmp_path):
    path = tmp_path / "a.avi"
    process = start_recording(samples, path, 1000000)
    written = [int(process.stdout.readline()) for _ in range(120)]
    process.send_signal(signal.SIGKILL)
    written += [int(line) for line in process.stdout.read().split()]
    assert process.wait(60) == -signal.SIGKILL
    process.stdout.close()
    # One more may have reached the file before its number reached us; half of one must not disturb.
    assert len(written) <= count_frames(path) <= len(written) + 1
    movie = cv2.VideoCapture(str(path))
    assert len(written) <= movie.get(cv2.CAP_PROP_FRAME_COUNT) <= len(written) + 1
    movie.release()


def test_after_sigkill_ffmpeg_has_nothing_to_complain_of(samples, tmp_path, ffprobe):
    path = tmp_path / "a.avi"
    process = start_recording(samples, path, 1000000)
    for _ in range(50):
        process.stdout.readline()
    process.kill()
    process.wait(60)
    process.stdout.close()
    assert count_with_ffprobe(ffprobe, path) >= 50


def check_what_is_kept(output, path):
    """The seconds named in the message are those in the file."""
    *numbers, message = output.strip().split("\n")
    assert str(path) in message
    (seconds,) = re.findall("The ([0-9.]+) seconds recorded before it are kept and can be played", message)
    assert seconds == f"{len(numbers) / 25.0:.1f}"
    assert len(numbers) == count_frames(path) > 5
    data = path.read_bytes()
    assert struct.unpack_from("<I", data, 4)[0] + 8 == len(data)  # no half of a picture at its end
    return message


def test_where_a_file_may_not_grow_the_recording_is_kept_and_said_so(samples, tmp_path):
    path = tmp_path / "a.avi"
    process = start_recording(samples, path, 1000, bytes_allowed=2000000)
    output, _ = process.communicate()
    assert process.returncode == 5
    assert "takes no larger file" in check_what_is_kept(output, path)


def test_where_a_live_recording_may_not_grow_it_is_kept_and_the_run_goes_on(samples, tmp_path):
    path = tmp_path / "a.avi"
    process = start_recording(samples, path, 200, bytes_allowed=2000000, is_live=True)
    output, _ = process.communicate()
    assert process.returncode == 0
    *recorded, closed = output.strip().split("\n")
    assert closed == "closed" and 5 < len(recorded) < 150
    assert "The recording ends here; detection goes on" in check_what_is_kept("\n".join(recorded), path)


def test_on_a_full_disk_the_recording_is_kept_and_said_so(samples, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    if mounted.returncode:
        pytest.skip("this user may not mount a small disk")
    try:
        path = disk / "movies" / "a.avi"
        process = start_recording(samples, path, 1000)
        output, _ = process.communicate()
        assert process.returncode == 5
        assert "no space left" in check_what_is_kept(output, path)
        assert os.path.getsize(str(path)) > 1500000
    finally:
        subprocess.run(["umount", str(disk)], check=True)
