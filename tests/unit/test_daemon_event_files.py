"""The files of events beside their database: which have a clip or a snapshot, which are starred, what is gone."""

import base64
import math

import cv2
import numpy as np
import pytest

from appliance.contract import event_requests as requests
from appliance.contract.errors import Refused
from appliance.contract.event_messages import EventRecord
from appliance.core.database import Database
from appliance.daemon import event_files
from appliance.daemon.event_files import EventFiles
from appliance.events.store import EventStore
from appliance.recording import snapshots
from appliance.recording.event_recorder import EventRecorder
from appliance.recording.snapshots import SnapshotStore
from appliance.recording.storage import Storage
from appliance.schema.keep import Keep
from appliance.settings import Settings
from tests.unit.test_recording_classes import record
from tests.unit.test_recording_storage import NOW
from tests.waiting import wait_until


class Bench:
    def __init__(self, folder):
        self.now = NOW
        self.database = Database(folder / "index.db")
        self.storage = Storage(str(folder / "recordings"), 0.0, 0.0, 0.0, self.database, now=lambda: self.now)
        self.recorder = EventRecorder(self.storage, lambda: self.now)
        self.recorder.interest("main", 5.0, 5.0)
        self.store = EventStore(folder / "events.db")
        self.snapshots = SnapshotStore(self.storage.folder, lambda: self.now)
        self.files = EventFiles(Settings(), self.store, self.storage, self.snapshots, self.recorder, lambda: self.now)

    def put(self, number, days, seconds=10.0, **fields):
        """An event that began so many days ago."""
        start = NOW - days * 86400.0
        id, box = f"{start:.6f}-{number:06d}", (0.3, 0.25, 0.5, 0.75)
        event = EventRecord(
            id, "main", "person", start, None if seconds is None else start + seconds, 0.8, 0.9, box, 0.1,
            None, [], [], False, "detection", None, fields.get("has_snapshot", False), False, False,
        )  # fmt: skip
        self.store.put(event, [(start, 0.0, 0.0, 1.0, 1.0)])
        self.recorder.take(event)
        wait_until(lambda: self.is_stored(id))
        return id

    def is_stored(self, id):
        try:
            return self.store.get(id)
        except Refused:
            return None

    def has(self, id, name):
        return getattr(self.store.get(id).event, name)

    def close(self):
        self.snapshots.close()
        self.store.close()
        self.database.close()


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path)
    yield bench
    bench.close()


def test_an_event_has_a_clip_as_long_as_a_recording_shows_it(bench):
    record(bench.storage, 2, "events")
    path = record(bench.storage, 1, "events")
    first, second, third = bench.put(1, 2), bench.put(2, 1), bench.put(3, 0.5)
    bench.files.tidy()
    wait_until(lambda: bench.has(first, "has_clip") and bench.has(second, "has_clip"))
    assert not bench.has(third, "has_clip")
    bench.storage.delete(path.name)
    bench.files.tidy()
    wait_until(lambda: not bench.has(second, "has_clip"))
    assert bench.has(first, "has_clip")
    with pytest.raises(Refused, match="There is no recording of this event"):
        bench.files.make_clip(second)


def test_what_ended_with_the_process_before_has_its_clip_after_a_restart(tmp_path):
    bench = Bench(tmp_path)
    record(bench.storage, 0.5, "events")
    first, second = bench.put(1, 0.5), bench.put(2, 0.4)
    bench.close()
    again = Bench(tmp_path)
    again.files.tidy()
    wait_until(lambda: again.has(first, "has_clip"))
    assert not again.has(second, "has_clip")
    again.close()


def test_a_snapshot_is_shown_with_what_the_database_knows_of_it(bench):
    id = bench.put(1, 1, has_snapshot=True)
    with pytest.raises(Refused, match="There is no snapshot"):
        bench.files.snapshot(requests.GetSnapshot(id))
    bench.snapshots.keep(id, "main", np.full((160, 200, 3), 90, np.uint8), (60, 40, 100, 120))

    def shown(**asked):
        data = base64.b64decode(bench.files.snapshot(requests.GetSnapshot(id, **asked)).data)
        return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)

    assert shown().shape == (160, 200, 3) and shown().std() < 2
    assert shown(bbox=True).std() > 5
    assert shown(crop=True, height=210).shape == (210, 130, 3)


def test_what_is_of_an_event_that_nobody_knows_is_refused(bench):
    for ask in (lambda: bench.files.make_clip("1.0-a"), lambda: bench.files.snapshot(requests.GetSnapshot("1.0-a"))):
        with pytest.raises(Refused) as caught:
            ask()
        assert caught.value.kind == "not_found"


def test_recordings_that_show_a_starred_event_are_known(bench):
    id = bench.put(1, 1)
    start = NOW - 86400.0
    bench.store.star(id, True)
    bench.files.tidy()
    spans = [(-60, -6), (-60, -4), (14, 60), (16, 60)]  # it is 10 seconds long, with 5 before and after
    assert [bench.storage.is_starred("main", start + one, start + two) for one, two in spans] == [
        False,
        True,
        True,
        False,
    ]
    assert not bench.storage.is_starred("door", start, start + 5)
    bench.store.star(id, False)
    bench.files.tidy()
    assert not bench.storage.is_starred("main", start, start + 5)


def test_of_a_snapshot_that_is_deleted_the_database_knows(bench, monkeypatch):
    id = bench.put(1, 20, has_snapshot=True)
    bench.snapshots.keep(id, "main", np.full((16, 20, 3), 90, np.uint8), (6, 4, 10, 12))
    assert bench.snapshots.read(id, "main") and bench.has(id, "has_snapshot")
    monkeypatch.setattr(bench.snapshots._clock, "is_sure", lambda wall, monotonic: True)
    monkeypatch.setattr(bench.files, "_keep", Keep(events=math.inf, alerts=math.inf))
    bench.store.star(id, True)
    bench.files.expire()
    assert bench.snapshots.read(id, "main")
    bench.store.star(id, False)
    bench.files.expire()
    assert bench.snapshots.read(id, "main") is None
    wait_until(lambda: not bench.has(id, "has_snapshot"))


def test_an_event_whose_snapshot_went_while_it_went_on_has_none_in_the_end(bench, monkeypatch):
    """As it goes on it is stored again, and says that a picture was taken."""
    deleted, lost = (bench.put(number, 1, seconds=None, has_snapshot=True) for number in (1, 2))
    image, box = np.full((16, 20, 3), 90, np.uint8), (6, 4, 10, 12)
    bench.snapshots.keep(deleted, "main", image, box)
    assert bench.snapshots.read(deleted, "main")
    with monkeypatch.context() as patch:
        patch.setattr(snapshots, "encode_snapshot", lambda image, box: (_ for _ in ()).throw(OSError(28, "full")))
        bench.snapshots.keep(lost, "main", image, box)
        assert bench.snapshots.read(lost, "main") is None
    with monkeypatch.context() as patch:
        patch.setattr(bench.storage, "excess", lambda: 10**9)
        bench.files.tidy()
    bench.store.flush()
    for number in (1, 2):
        bench.put(number, 1, has_snapshot=True)
    bench.store.flush()
    assert bench.has(deleted, "has_snapshot") and bench.has(lost, "has_snapshot")
    bench.files.tidy()
    bench.store.flush()
    assert not bench.has(deleted, "has_snapshot") and not bench.has(lost, "has_snapshot")


def test_old_events_are_deleted_only_by_a_clock_that_is_sure(bench, monkeypatch):
    old, new = bench.put(1, 20), bench.put(2, 1)
    monkeypatch.setattr(event_files.time, "time", lambda: NOW)
    bench.files.expire()
    bench.store.flush()
    assert bench.is_stored(old)
    monkeypatch.setattr(bench.files._clock, "is_sure", lambda wall, monotonic: True)
    bench.files.expire()
    wait_until(lambda: not bench.is_stored(old))
    assert bench.is_stored(new)
