"""Snapshots: stored clean, shown with box, cut out and in another size, and deleted when they are old."""

import calendar
import errno
import logging
import threading

import cv2
import numpy as np
import pytest

from appliance.recording import snapshots as snapshots_module
from appliance.recording.retention import STABLE_SECONDS
from appliance.recording.snapshot_pictures import encode_snapshot, read_box, show_snapshot
from appliance.recording.snapshots import MOST_WAITING, SnapshotStore
from tests.waiting import wait_until

NOW = float(calendar.timegm((2026, 6, 15, 12, 0, 0)))
DAY = 86400.0
BOX = (60.0, 40.0, 100.0, 120.0)


def picture(brightness=90, size=(160, 200)):
    return np.full((*size, 3), brightness, np.uint8)


def decode(jpeg):
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


def event(days=0.0, number=1):
    return f"{NOW - days * DAY:.6f}-{number:06d}"


class Bench:
    """A store whose clocks stand still, sure of the time."""

    def __init__(self, folder):
        self.monotonic = 0.0
        self.store = SnapshotStore(folder, lambda: NOW + self.monotonic, lambda: self.monotonic)
        self.folder = folder / "snapshots"
        self.tidy(float("inf"))
        self.monotonic = STABLE_SECONDS

    def tidy(self, longest, least=float("inf"), starred=(), unknown=()):
        return self.store.tidy(
            longest, least, lambda stream, time: (stream, time) in starred, lambda id: id not in unknown
        )

    def files(self):
        return sorted(path.name for path in self.folder.rglob("[!.]*.jpg"))


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path)
    yield bench
    bench.store.close()


def test_a_snapshot_is_stored_without_its_box_and_a_better_one_takes_its_place(bench):
    assert bench.store.keep(event(), "main", picture(), BOX)
    jpeg = bench.store.read(event(), "main")
    assert decode(jpeg).std() < 2 and read_box(jpeg) == (0.3, 0.25, 0.5, 0.75)
    assert bench.store.bytes() == {"main": len(jpeg)}
    bench.store.keep(event(), "main", picture(200), (0, 0, 10, 10))
    better = bench.store.read(event(), "main")
    assert decode(better).mean() > 190 and bench.store.bytes() == {"main": len(better)}
    assert bench.files() == [event() + ".jpg"]
    assert (bench.folder / "main" / "2026-06-15" / (event() + ".jpg")).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("id, stream", [("../../x", "main"), ("1.5-a/b", "main"), (event(), "../x"), (event(), "")])
def test_what_is_no_id_and_no_stream_is_neither_stored_nor_read(bench, id, stream):
    assert not bench.store.keep(id, stream, picture(), BOX)
    assert bench.store.read(id, stream) is None and bench.files() == []


def test_of_what_is_not_there_there_is_nothing(bench):
    assert bench.store.read(event(3), "main") is None


def test_pictures_that_come_too_fast_are_refused_and_nobody_waits(bench, monkeypatch):
    begin = threading.Event()
    real = snapshots_module.encode_snapshot
    monkeypatch.setattr(snapshots_module, "encode_snapshot", lambda *args: begin.wait(60) and real(*args))
    taken = [bench.store.keep(event(number=number), "main", picture(), BOX) for number in range(2 * MOST_WAITING)]
    assert MOST_WAITING <= sum(taken) <= MOST_WAITING + 1 and not taken[-1]
    begin.set()
    wait_until(lambda: len(bench.files()) == sum(taken))


def test_a_full_disk_is_said_once_and_heals_by_itself(bench, monkeypatch, caplog):
    caplog.set_level(logging.INFO)

    def full(path):
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patch:
        patch.setattr(snapshots_module, "replacing", full)
        for number in (1, 2):
            bench.store.keep(event(number=number), "main", picture(), BOX)
            assert bench.store.read(event(number=number), "main") is None
    bench.store.keep(event(number=3), "main", picture(), BOX)
    assert bench.store.read(event(number=3), "main")
    said = [record.getMessage() for record in caplog.records if record.name == snapshots_module.__name__]
    assert len([one for one in said if "no space left" in one]) == 1
    wait_until(lambda: "Snapshots are stored again" in caplog.text)


def test_old_snapshots_go_and_starred_ones_stay(bench):
    for days in (0, 1, 9.9, 10.1, 30):
        bench.store.keep(event(days), "main", picture(), BOX)
        bench.store.keep(event(days, 2), "door", picture(), BOX)
    wait_until(lambda: len(bench.files()) == 10)
    starred = {("door", NOW - 30 * DAY)}
    gone = bench.tidy(10 * DAY, starred=starred)
    assert sorted(gone) == sorted([event(10.1), event(30), event(10.1, 2)])
    assert len(bench.files()) == 7 and event(30, 2) + ".jpg" in bench.files()
    assert not (bench.folder / "main" / "2026-05-16").exists()
    assert bench.tidy(10 * DAY, starred=starred) == []
    assert sum(bench.store.bytes().values()) == sum(path.stat().st_size for path in bench.folder.rglob("*.jpg"))


def test_with_its_event_goes_its_snapshot(bench):
    for days in (1, 3, 4):
        bench.store.keep(event(days), "main", picture(), BOX)
    wait_until(lambda: len(bench.files()) == 3)
    assert bench.tidy(10 * DAY, 2 * DAY, unknown=(event(1), event(4))) == [event(4)]


def test_while_the_clock_may_be_wrong_nothing_is_too_old(tmp_path):
    store = SnapshotStore(tmp_path, lambda: NOW, lambda: 5.0)
    store.keep(event(100), "main", picture(), BOX)
    assert store.read(event(100), "main")
    assert store.tidy(DAY, DAY, lambda stream, time: False, lambda id: True) == []
    store.close()


def test_the_oldest_make_room_and_the_starred_last(bench):
    for days in (1, 2, 3):
        bench.store.keep(event(days), "main", picture(), BOX)
    wait_until(lambda: len(bench.files()) == 3)

    def starred(stream, time):
        return time == NOW - 3 * DAY

    assert bench.store.make_room(0, starred) == []
    assert bench.store.make_room(1, starred) == [event(2)]
    assert bench.store.make_room(10**9, starred) == [event(1), event(3)]
    assert bench.store.bytes() == {}


def test_what_is_there_at_the_start_is_counted(tmp_path):
    first = Bench(tmp_path)
    first.store.keep(event(), "main", picture(), BOX)
    first.store.close()
    again = Bench(tmp_path)
    wait_until(lambda: again.store.bytes() == first.store.bytes())
    again.store.close()


JPEG = encode_snapshot(picture(), BOX)


@pytest.mark.parametrize(
    "asked, size",
    [
        ({}, (160, 200)),
        ({"height": 80}, (80, 100)),
        ({"height": 320}, (320, 400)),
        ({"crop": True}, (105, 65)),  # 80 x 40, with a margin of 12 on each side
        ({"crop": True, "height": 210}, (210, 130)),
    ],
)
def test_a_snapshot_is_shown_in_the_size_that_is_asked_for(asked, size):
    shown = decode(
        show_snapshot(JPEG, read_box(JPEG), "person", 0.9, **{"bbox": False, "crop": False, "height": None, **asked})
    )
    assert shown.shape[:2] == size and shown.std() < 2


def test_the_box_is_drawn_where_the_object_is_and_only_if_asked_for():
    clean = decode(show_snapshot(JPEG, read_box(JPEG), "person", 0.9, False, False, None))
    drawn = decode(show_snapshot(JPEG, read_box(JPEG), "person", 0.9, True, False, None))
    changed = np.argwhere(np.abs(drawn.astype(int) - clean).max(2) > 40)
    assert changed[:, 1].min() >= 55 and changed[:, 0].max() <= 124 and len(changed) > 100


@pytest.mark.parametrize(
    "box", [(0.0, 0.0, 0.0, 0.0), (1.0, 1.0, 1.0, 1.0), (0.9, 0.9, 0.1, 0.1), (0.0, 0.0, 1.0, 1.0)]
)
def test_a_box_that_is_nothing_is_no_failure(box):
    assert decode(show_snapshot(JPEG, box, "person", 0.9, True, True, 64)).shape[0] == 64


@pytest.mark.parametrize("jpeg", [b"", b"\xff\xd8\xff\xfe\x00\x08xxxxxx", JPEG[:60], b"{}" * 100])
def test_a_damaged_snapshot_is_none(jpeg):
    assert show_snapshot(jpeg, (0, 0, 1, 1), "person", 0.9, True, True, 64) is None if jpeg else read_box(jpeg) is None
    assert read_box(jpeg) in (None, (0.3, 0.25, 0.5, 0.75))
