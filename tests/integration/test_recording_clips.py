"""Clips of events, cut from recordings without encoding again: which frames are in them, and how they play."""

import contextlib
import os
import shutil
import subprocess
import threading

import cv2
import pytest

from appliance.contract.errors import Refused
from appliance.recording import clips as clips_module
from appliance.recording.clips import Clips
from appliance.recording.encoders import find_encoder
from appliance.recording.mp4_reader import Mp4Error, read_track
from tests.unit.test_recording_events import UNIX, EventBench, record
from tests.unit.test_recording_segments import FPS, play
from tests.waiting import wait_until

PRE, POST = 1.0, 2.0


@pytest.fixture(params=["avi", "mp4"])
def format(request):
    if request.param == "mp4":
        if not shutil.which("gst-launch-1.0"):
            pytest.skip("gst-launch-1.0 is not installed (Debian: gstreamer1.0-tools)")
        find_encoder()
    return request.param


@pytest.fixture
def bench(tmp_path, format):
    return EventBench(tmp_path, PRE, POST, is_by_event=False, format=format, segment_minutes=5 / 60)


def clips_of(bench):
    return Clips(bench.storage, lambda stream: (PRE, POST), bench.now)


def recorded(bench, frames=160):
    bench.recorder.start()
    bench.feed(range(frames))
    bench.recorder.stop()
    bench.clock.now += 100
    return bench


def test_a_clip_goes_over_segments_and_misses_no_frame(bench, format):
    clips = clips_of(recorded(bench))
    clip = clips.make(record(start=4.2, end=9.5))
    assert clip.name == f"1.5-000001.{format}"
    numbers = play(clips.folder / clip.name)
    # From 3.2 s, or the key frame before it, to 11.5 s. Key frames come once a second.
    first = 32 if format == "avi" else 30
    assert numbers == [number % 64 for number in range(first, 115)]
    assert clip.start == pytest.approx(UNIX + first / 10, abs=0.001)


def test_a_clip_begins_with_a_key_frame_where_the_recording_begins_late(bench):
    clips = clips_of(recorded(bench))
    clip = clips.make(record(start=-5.0, end=0.5))
    assert play(clips.folder / clip.name) == list(range(25)) and clip.start == pytest.approx(UNIX)


def test_players_know_how_long_a_clip_is_and_can_seek_in_it(bench, format):
    clips = clips_of(recorded(bench))
    path = clips.folder / clips.make(record(start=4.0, end=9.0)).name
    movie = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    assert movie.get(cv2.CAP_PROP_FPS) == pytest.approx(FPS)
    assert movie.get(cv2.CAP_PROP_FRAME_COUNT) == 80
    movie.set(cv2.CAP_PROP_POS_FRAMES, 41)
    assert round(float(movie.read()[1].mean()) / 4) == (30 + 41) % 64
    movie.release()
    if format == "mp4":
        data = path.read_bytes()
        assert data.index(b"moov") < data.index(b"mdat")
    if shutil.which("ffprobe"):
        answer = subprocess.run(
            ["ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames:format=duration", "-of",
             "csv=p=0", str(path)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True,
        )  # fmt: skip
        assert answer.stdout.split() == ["80", "8.000000"]


def test_of_an_event_that_goes_on_the_clip_shows_what_there_is(bench):
    bench.recorder.start()
    bench.feed(range(64))
    clips, event = clips_of(bench), record(start=1.0)

    def last():
        bench.clock.now += 20.0  # then it is made anew
        try:
            return play(clips.folder / clips.make(event).name)[-1]
        except Refused:  # before the first second is encoded
            return -1

    wait_until(lambda: last() >= 48)  # of what is being encoded the last second is still missing
    bench.recorder.stop()


def test_a_clip_is_made_once_for_all_who_ask_and_kept_for_an_hour(bench, monkeypatch):
    clips = clips_of(recorded(bench))
    begin, cuts = threading.Event(), []

    def cut(*arguments):
        cuts.append(arguments)
        begin.wait(60)
        return real(*arguments)

    real = clips_module.cut
    monkeypatch.setattr(clips_module, "cut", cut)
    event = record(start=4.0, end=9.0)
    names = []
    threads = [threading.Thread(target=lambda: names.append(clips.make(event).name)) for _ in range(5)]
    for thread in threads:
        thread.start()
    wait_until(lambda: cuts)
    begin.set()
    for thread in threads:
        thread.join()
    assert len(set(names)) == 1 and len(names) == 5 and len(cuts) == 1
    clips.make(event)
    path = clips.folder / names[0]
    for seconds, is_there in ((3500, True), (3700, False)):
        os.utime(str(path), (bench.now() - seconds, 1.0))
        clips.tidy()
        assert path.exists() == is_there and len(cuts) == 1
    clips.make(event)
    assert len(cuts) == 2
    for seconds, is_there in ((50, True), (70, False)):
        os.utime(str(path), (bench.now() - seconds, 1.0))
        clips.tidy(lacks_room=True)
        assert path.exists() == is_there


def test_a_clip_is_gone_with_the_recording_that_it_was_cut_from(bench):
    """Who deletes a recording does not want to find it among the clips."""
    clips = clips_of(recorded(bench))
    event = record(start=4.0, end=9.0)
    path = clips.folder / clips.make(event).name
    for _ in range(2):
        os.utime(str(path), (bench.now(), 1.0))
        clips.tidy()
        assert path.exists()
    for recording in bench.storage.list():
        bench.storage.delete(recording.name)
    with pytest.raises(Refused, match="There is no recording of this event"):
        clips.make(event)
    os.utime(str(path), (bench.now(), 1.0))
    clips.tidy()
    assert not path.exists()


def test_without_a_recording_there_is_a_clear_answer(bench):
    clips = clips_of(recorded(bench))
    with pytest.raises(Refused, match="There is no recording of this event") as caught:
        clips.make(record(start=400.0, end=500.0))
    assert caught.value.kind == "not_found"
    event = record(start=4.0, end=9.0)
    for recording in bench.storage.list():
        os.unlink(str(bench.storage.folder / recording.name))
    with pytest.raises(Refused, match="There is no recording of this event, or no more"):
        clips.make(event)
    assert [path.name for path in clips.folder.iterdir()] == []


def test_a_clip_that_takes_too_long_is_given_up_and_nothing_is_left(bench, monkeypatch):
    clips = clips_of(recorded(bench))
    monkeypatch.setattr(clips_module, "PATIENCE", -1.0)
    with pytest.raises(Refused, match="disk is slow"):
        clips.make(record(start=4.0, end=9.0))
    assert [path.name for path in clips.folder.iterdir()] == []


def test_what_is_no_recording_is_left_out_of_a_clip(bench, format):
    recorded(bench)
    (first, *_) = sorted(recording.name for recording in bench.storage.list())
    (bench.storage.folder / first).write_bytes(b"\0" * 5000)
    clips = clips_of(bench)
    with pytest.raises(Refused):
        clips.make(record(start=1.0, end=1.5))
    clip = clips.make(record(start=4.0, end=9.0))
    assert play(clips.folder / clip.name)[0] == 50


def test_a_file_that_is_cut_off_anywhere_is_no_failure(tmp_path):
    if not shutil.which("gst-launch-1.0"):
        pytest.skip("gst-launch-1.0 is not installed (Debian: gstreamer1.0-tools)")
    bench = EventBench(tmp_path / "recordings", is_by_event=False, format="mp4")
    recorded(bench, 64)
    (recording,) = bench.storage.list()
    whole = (bench.storage.folder / recording.name).read_bytes()
    path, found = tmp_path / "cut.mp4", set()
    for length in [*range(0, 3000, 7), len(whole)]:
        path.write_bytes(whole[:length])
        with path.open("rb") as file, contextlib.suppress(Mp4Error):
            found.add(len(read_track(file).samples))
    assert {0, 64} <= found
