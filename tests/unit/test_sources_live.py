"""What the live source does when its reader fails, with a reader that follows a script; and the ring between both."""

import errno
import logging
import os
import select
import socket
import subprocess
import sys
import threading
import time
from typing import Any, List

import numpy as np
import pytest

from appliance.core.errors import SourceError
from appliance.sources import live, protocol
from appliance.sources import reader_process as child
from appliance.sources.frame_sender import Ended, FrameSender, ParentGone
from appliance.sources.live import LiveSource
from appliance.sources.shared_frames import SLOTS, Layout, SharedFrameReader, SharedFrameWriter

LAYOUT = Layout(5, 4, 16)


class ScriptedChild:
    """Takes the place of ReaderProcess: each start takes the next script, a list of messages.

    "ring" sends a ring, "silence" lets time pass, a number so many seconds of it, "hold" waits until the source is
    closed.
    """

    scripts: List[List[Any]] = []
    stopped = 0
    holds = threading.Event()

    def __init__(self, spec):
        self.has_ended = False
        self.freed = []
        self._script = list(ScriptedChild.scripts.pop(0))
        self._ring = SharedFrameWriter(LAYOUT)

    def listen(self, seconds, alarm):
        if not self._script:
            self.has_ended = True
            return []
        message = self._script.pop(0)
        if message == "silence":
            live.time.now += seconds
            return []
        if isinstance(message, int):
            live.time.now += min(message, seconds)
            return []
        if message == "hold":
            ScriptedChild.holds.set()
            select.select([alarm], [], [])
            return []
        if message == "ring":
            with self._ring.file as file:
                return [({"ring": 1, "width": 5, "height": 4, "stride": 16}, os.dup(file.fileno()))]
        if "number" in message:
            self._ring.bytes_of(message["slot"])[:] = bytes([message["number"]]) * LAYOUT.frame_bytes
        return [(message, None)]

    def free(self, ring, slot):
        self.freed.append(slot)

    def forget_remarks(self):
        pass

    def stop(self):
        self._ring.file.close()
        ScriptedChild.stopped += 1

    def why(self):
        return "its reader was killed by SIGSEGV"

    def explanation(self):
        return None


class Time:
    now = 100.0

    def monotonic(self):
        return self.now


def frame(number, slot=0):
    return {"slot": slot, "ring": 1, "number": number, "at": 5.0, "time": 6.0, "took": 0.5}


OPENED = [{"opening": True}, {"opened": True, "fps": 30.0}, "ring"]


@pytest.fixture()
def play(monkeypatch):
    """Start a source on scripts; gives it with its notices and pauses once the scripts are through."""
    sources = []

    def start(*scripts):
        ScriptedChild.scripts = [list(script) for script in scripts]
        ScriptedChild.stopped = 0
        notices, pauses = [], []

        def sleep(self, seconds):
            pauses.append(seconds)
            live.time.now += seconds
            if not ScriptedChild.scripts:
                self._closing.set()

        monkeypatch.setattr(live, "ReaderProcess", ScriptedChild)
        monkeypatch.setattr(live, "time", Time())
        monkeypatch.setattr(LiveSource, "_sleep", sleep)
        source = LiveSource("cam", {}, 20.0, notices.append, open_timeout=50.0)
        sources.append(source)
        source._thread.join(30)
        assert not source._thread.is_alive()
        assert ScriptedChild.stopped == len(scripts)
        return source, notices, pauses

    yield start
    for source in sources:
        source.close()


def test_a_camera_is_opened_again_with_growing_pauses(play, caplog):
    ended = [{"opening": True}, {"ended": "there is no /dev/video0"}]
    caplog.set_level(logging.WARNING)
    _, notices, pauses = play(OPENED + [frame(1)], *[ended] * 6, OPENED + [frame(1)], ended, ended)
    assert pauses == [1, 2, 4, 8, 16, 30, 30, 1, 2, 4]
    assert notices == [
        "camera cam: its reader was killed by SIGSEGV; reopening in 1 s",
        "camera cam: there is no /dev/video0; reopening in 2 s",
        "camera cam: is back after 91 s",
        "camera cam: its reader was killed by SIGSEGV; reopening in 1 s",
        "camera cam: there is no /dev/video0; reopening in 2 s",
    ]
    assert [record.getMessage() for record in caplog.records] == notices


def test_a_camera_may_take_longer_to_open_than_between_two_frames(play):
    slow = [{"opening": True}, {"opened": True, "fps": 30.0}, "ring", 49, frame(1), 19, frame(2), 21]
    _, notices, _ = play(slow, slow)
    assert notices == [
        "camera cam: no frame for 20 s; reopening in 1 s",
        "camera cam: is back after 70 s",
        "camera cam: no frame for 20 s; reopening in 1 s",
    ]


def test_what_a_camera_is_noticed_for_is_said_once_and_counted(play):
    passed = [{"skipped": 3, "notice": "sends rubbish"}, {"notice": "is small"}] * 2
    source, notices, _ = play(OPENED + [frame(1)] + passed + ["silence"], OPENED + [frame(1)] + passed)
    assert source.skipped == 12
    assert [text for text in notices if "camera cam: sends rubbish" == text] == ["camera cam: sends rubbish"]
    assert [text for text in notices if "is small" in text] == ["camera cam: is small"]


def test_a_silent_camera_is_given_up_after_the_timeout(play):
    _, notices, _ = play(OPENED + [frame(1), "silence"], OPENED + [frame(1)])
    assert notices[0] == "camera cam: no frame for 20 s; reopening in 1 s"
    assert notices[1] == "camera cam: is back after 21 s"


@pytest.mark.parametrize(
    "script, reason",
    [
        ([{"opening": True}, {"ended": "there is no /dev/video0"}], "camera cam: there is no /dev/video0"),
        (OPENED + ["silence"], "camera cam: no frame for 50 s"),
        (["silence"], "camera cam: no frame for 60 s"),
        ([], "camera cam: its reader was killed by SIGSEGV"),
    ],
)
def test_before_the_first_frame_every_failure_is_an_error(play, script, reason):
    source, notices, pauses = play(script)
    for _ in range(2):
        with pytest.raises(SourceError) as caught:
            source.read()
        assert str(caught.value) == reason
    assert (notices, pauses) == ([], [])


def test_the_newest_frame_wins_and_the_others_are_counted(monkeypatch):
    # The reader had no free slot for the frames 5 and 6.
    ScriptedChild.scripts = [OPENED + [frame(1, 0), frame(2, 1), frame(3, 2), frame(4, 3), frame(7, 1), "hold"]]
    ScriptedChild.holds.clear()
    monkeypatch.setattr(live, "ReaderProcess", ScriptedChild)
    with LiveSource("cam", {}, 20.0) as source:
        assert ScriptedChild.holds.wait(30)
        got = source.read()
        assert (got.image == 7).all() and got.image.shape == (4, 5, 3)
        assert (got.index, got.source, got.time, got.captured_at, got.capture_seconds) == (0, "cam", 6.0, 5.0, 0.5)
        assert source.drops == 6
        assert source.fps == 30.0 and source.is_live and source.frame_count is None


def test_rows_that_are_padded_arrive_without_the_padding():
    writer = SharedFrameWriter(LAYOUT)
    reader = SharedFrameReader(writer.file.fileno(), LAYOUT)
    slots = [writer.take() for _ in range(SLOTS)]
    assert sorted(slots) == list(range(SLOTS)) and writer.take() is None
    rows = np.arange(LAYOUT.frame_bytes, dtype=np.uint8).reshape(4, 16)
    for slot in slots:
        writer.bytes_of(slot)[:] = (rows + slot).tobytes()
    for slot in slots:
        image = reader.copy(slot)
        assert image.flags.c_contiguous and image.flags.owndata
        assert (image.reshape(4, 15) == (rows + slot)[:, :15]).all()
    writer.give_back(2)
    assert writer.take() == 2
    writer.file.close()


def test_messages_keep_their_borders_and_carry_a_descriptor(tmp_path):
    ours, theirs = protocol.make_pair()
    with ours, theirs, open(str(tmp_path / "a"), "wb+") as file:
        file.write(b"hello")
        file.flush()
        protocol.send(ours, {"name": "kamera-ü"}, file.fileno())
        protocol.send(ours, {"free": 1})
        message, descriptor = protocol.receive(theirs)
        assert message == {"name": "kamera-ü"} and descriptor is not None
        assert os.pread(descriptor, 5, 0) == b"hello"
        os.close(descriptor)
        assert protocol.receive(theirs) == ({"free": 1}, None)
        with pytest.raises(BlockingIOError):
            protocol.receive(theirs, wait=False)
        ours.shutdown(socket.SHUT_RDWR)
        assert protocol.receive(theirs) == (None, None)


def test_last_words_are_heard_of_an_end_that_left_messages_unread():
    ours, theirs = protocol.make_pair()
    with ours:
        protocol.send(ours, {"free": 1})
        protocol.send(theirs, {"ended": "why"})
        theirs.close()
        assert protocol.receive(ours, wait=False) == ({"ended": "why"}, None)
        assert protocol.receive(ours, wait=False) == (None, None)


@pytest.fixture()
def outlet():
    """A reader's outlet and the parent's end of its socket."""
    ours, theirs = protocol.make_pair()
    with ours, theirs:
        yield FrameSender(theirs), ours


def receive_ring(sock):
    message, descriptor = protocol.receive(sock)
    layout = Layout(message["width"], message["height"], message["stride"])
    reader = SharedFrameReader(descriptor, layout)
    os.close(descriptor)
    return message["ring"], reader


def test_the_outlet_hands_frames_over_and_drops_what_finds_no_room(outlet):
    outlet, parent = outlet
    for number in range(1, SLOTS + 1):
        outlet.claim(LAYOUT)[:] = bytes([number]) * LAYOUT.frame_bytes
        outlet.publish(time.monotonic(), 0.25)
    assert outlet.claim(LAYOUT) is None and outlet.claim(LAYOUT) is None
    ring, reader = receive_ring(parent)
    for number in range(1, SLOTS + 1):
        message, _ = protocol.receive(parent)
        assert (message["number"], message["ring"], message["took"]) == (number, ring, 0.25)
        assert abs(message["time"] - time.time()) < 60
        assert (reader.copy(message["slot"]) == number).all()
        if number == 2:
            protocol.send(parent, {"free": message["slot"], "ring": ring})
    outlet.claim(LAYOUT)[:] = bytes([77]) * LAYOUT.frame_bytes
    outlet.publish(time.monotonic(), 0.0)
    message, _ = protocol.receive(parent)
    assert message["number"] == SLOTS + 3 and (reader.copy(message["slot"]) == 77).all()


def test_the_outlet_makes_a_new_ring_for_another_size(outlet):
    outlet, parent = outlet
    outlet.claim(LAYOUT)[:] = bytes([1]) * LAYOUT.frame_bytes
    outlet.publish(0.0, 0.0)
    other = Layout(7, 3, 24)
    first, old = receive_ring(parent)
    old_frame, _ = protocol.receive(parent)
    outlet.claim(other)[:] = bytes([2]) * other.frame_bytes
    outlet.publish(0.0, 0.0)
    second, new = receive_ring(parent)
    new_frame, _ = protocol.receive(parent)
    assert second != first and new_frame["ring"] == second
    assert (old.copy(old_frame["slot"]) == 1).all()
    assert new.copy(new_frame["slot"]).shape == (3, 7, 3) and (new.copy(new_frame["slot"]) == 2).all()
    # A slot of the old ring that comes back late is none of the new one.
    protocol.send(parent, {"free": old_frame["slot"], "ring": first})
    assert [outlet.claim(other) is None for _ in range(SLOTS)] == [False] * (SLOTS - 1) + [True]


@pytest.fixture()
def little_memory(monkeypatch):
    """Said, not made: a memory file that is too large makes the kernel kill processes."""
    monkeypatch.setattr("appliance.sources.shared_frames._available_memory", lambda: 2 * SLOTS * LAYOUT.slot_bytes - 1)


def test_the_outlet_says_when_there_is_no_room(outlet, little_memory):
    with pytest.raises(Ended, match=r"no room for frames of 5x4 in memory: Cannot allocate memory; .*/dev/shm"):
        outlet[0].claim(LAYOUT)


@pytest.mark.parametrize(
    "act",
    [
        lambda outlet: outlet.claim(LAYOUT),
        lambda outlet: outlet.wait(30),
        lambda outlet: outlet.tell(opening=True),
        lambda outlet: outlet.receive_spec(),
    ],
)
def test_the_outlet_notices_that_the_parent_is_gone(outlet, act):
    outlet, parent = outlet
    parent.close()
    with pytest.raises(ParentGone):
        act(outlet)


def test_frames_need_no_folder(monkeypatch):
    """A container may have no /dev/shm worth the name and a root that cannot be written to."""

    def forbid(*args, **options):
        raise AssertionError(f"wanted a file in {options}")

    monkeypatch.setattr("tempfile.TemporaryFile", forbid)
    writer = SharedFrameWriter(LAYOUT)
    with writer.file as file:
        reader = SharedFrameReader(file.fileno(), LAYOUT)
    writer.bytes_of(2)[:] = bytes([7]) * LAYOUT.frame_bytes
    assert (reader.copy(2) == 7).all()


@pytest.fixture()
def old_libc(monkeypatch):
    """As of Ubuntu 16.04."""
    monkeypatch.setattr("appliance.sources.linux._libc", object())


def test_frames_lie_in_shared_memory_where_the_c_library_is_old(old_libc):
    with SharedFrameWriter(LAYOUT).file as file:
        assert os.readlink(f"/proc/self/fd/{file.fileno()}").startswith("/dev/shm/")


def test_without_any_memory_for_frames_no_disk_is_used(old_libc, monkeypatch):
    asked = []

    def refuse(*args, **options):
        asked.append(options["dir"])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    with pytest.raises(OSError, match="No space left"):
        SharedFrameWriter(LAYOUT)
    assert asked == ["/dev/shm"]


@pytest.mark.parametrize(
    "users, setting, used",
    [
        (None, "auto", "rtsp_flags;prefer_tcp"),
        (None, "tcp", "rtsp_transport;tcp"),
        (None, "udp", "rtsp_transport;udp"),
        ("rtsp_transport;udp", "auto", "rtsp_transport;udp"),
        ("rtsp_transport;udp|stimeout;5", "tcp", "rtsp_transport;udp|stimeout;5|rtsp_transport;tcp"),
    ],
)
def test_an_rtsp_camera_is_asked_for_tcp_unless_the_user_says_otherwise(monkeypatch, users, setting, used):
    """Over UDP, FFmpeg shows every lost packet as grey blocks."""
    name = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
    monkeypatch.delenv(name, raising=False)
    if users:
        monkeypatch.setenv(name, users)
    said = subprocess.run(
        [sys.executable, "-c", f"import os, appliance; print(os.environ[{name!r}])"],
        cwd="/",
        env=child.environment(setting),
        stdout=subprocess.PIPE,
        universal_newlines=True,
        check=True,
    ).stdout
    assert said.strip() == used
