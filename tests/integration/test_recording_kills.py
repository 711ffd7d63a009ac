"""Recording by event while the process is killed at any moment: what is left plays, and nothing else is left."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest

from appliance.contract.event_messages import EventRecord
from appliance.core.database import Database
from appliance.recording.clips import Clips
from appliance.recording.encoders import find_encoder
from appliance.recording.storage import Storage
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
# For each line with a folder and a format it forks a process, and prints its id. That records twelve seconds of capture
# time in one, in segments of one second; every two seconds an event begins, and lasts for one. At the end of each event
# it writes the names of the recordings into FOLDER.told.
RECORD = """
import os, sys, time
from pathlib import Path
import numpy as np
from appliance.core.database import Database
from appliance.core.frame import Detections, Frame, Result, Timings
from appliance.recording import segments
from appliance.recording.clean_copy import CleanCopy
from appliance.recording.encoders import find_encoder
from appliance.recording.interest import Interest
from appliance.recording.storage import Storage

segments.RING_SECONDS = 1.0

def record(folder, format):
    interest, start = Interest(0.5, 0.5), time.time()
    storage = Storage(folder, free_gb=0, database=Database(Path(folder + ".db")))
    recorder = segments.SegmentRecorder(
        "main", storage, CleanCopy(), lambda: 25.0, format, interest=interest, is_by_event=True, now=lambda: start
    )
    number, told = 0, open(folder + ".told", "w")
    while not recorder.problem:
        time.sleep(1 / 300)
        at = number / 25
        image = np.random.RandomState(number % 50).randint(0, 255, (12, 16, 3), np.uint8).repeat(10, 0).repeat(10, 1)
        frame = Frame(image, number, "", start + at, at, 0.0)
        if number % 50 == 30:
            interest.touch(str(number // 50), start + at, None, "detection")
        if number % 50 == 5 and number > 50:
            interest.touch(str(number // 50 - 1), start + at - 1.0, start + at, "alert")
            print(*[one.name for one in storage.list()], file=told, flush=True)
        recorder.write(Result(frame, Detections.empty(), Timings(0, 0, 0, 0, 0, 0), {}))
        number += 1
    raise SystemExit(recorder.problem)

if sys.argv[1:] == ["mp4"]:
    find_encoder()
for line in sys.stdin:
    pid = os.fork()
    if not pid:
        record(*line.split())
    print(pid, flush=True)
    sys.exit("it ended by itself") if os.waitpid(pid, 0)[1] != 9 else print("killed", flush=True)
"""


def pictures(path):
    movie = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    count = 0
    while movie.read()[0]:
        count += 1
    movie.release()
    return count


def kill_and_look(recorder, folder, format, seconds):
    """One round: record, kill it, and look at what is left."""
    recorder.stdin.write(f"{folder} {format}\n")
    recorder.stdin.flush()
    pid, told = int(recorder.stdout.readline()), Path(f"{folder}.told")
    wait_until(lambda: told.exists() and told.read_text().strip())  # a slow encoder has nothing to show at first
    time.sleep(seconds)  # not to wait for something: the moment is any
    os.kill(pid, signal.SIGKILL)
    assert recorder.stdout.readline() == "killed\n"
    names = [line for line in told.read_text().split("\n") if line][-1].split()
    database = Database(Path(f"{folder}.db"))
    storage = Storage(str(folder), free_gb=0, database=database)
    # Its encoders finish their files.
    wait_until(lambda: storage.tidy() is not None and not storage._unfinished)
    assert not list((folder / ".ring").iterdir())
    recordings = storage.list()
    assert set(names) <= {recording.name for recording in recordings}
    counts = {recording.name: pictures(folder / recording.name) for recording in recordings}
    assert recordings and all(counts.values()), counts
    begin = min(recording.started for recording in recordings)
    event = EventRecord(
        "1.0-1", "main", "person", begin, begin + 60, 0.9, 0.9, (0, 0, 1, 1), 1.0,
        None, [], [], False, "alert", None, False, False, False,
    )  # fmt: skip
    clips = Clips(storage, lambda stream: (1.0, 1.0))
    assert pictures(clips.folder / clips.make(event).name) >= 0.98 * sum(counts.values())
    database.close()


def check(folder, format, rounds):
    if format == "mp4":
        if not shutil.which("gst-launch-1.0"):
            pytest.skip("gst-launch-1.0 is not installed (Debian: gstreamer1.0-tools)")
        find_encoder()
    dice = random.Random(rounds)
    with subprocess.Popen(
        [sys.executable, "-c", RECORD, format],
        cwd=str(ROOT),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        universal_newlines=True,
    ) as recorder:
        for number in range(rounds):
            kill_and_look(recorder, folder / str(number), format, dice.uniform(0.0, 0.3))


@pytest.mark.parametrize("format", ["avi", "mp4"])
def test_what_a_killed_process_kept_plays(tmp_path, format):
    check(tmp_path, format, 2)


@pytest.mark.heavy
@pytest.mark.parametrize("format", ["avi", "mp4"])
def test_a_hundred_times(tmp_path, format):
    check(tmp_path, format, 50)
