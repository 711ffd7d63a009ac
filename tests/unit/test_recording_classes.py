"""Retention by class: how long what is kept, what goes first, what stays; and what the state says of each stream."""

import math
import os

import pytest

from appliance.core.database import Database
from appliance.recording.index import Entry
from appliance.recording.retention import LAST_HOUR, LEAST_AGE, Candidate, Limits, choose
from appliance.recording.storage import Storage
from appliance.recording.usage import usage
from appliance.schema.keep import Keep
from tests.unit.test_recording_storage import DAY, NOW, Disk, put

MB = 10**6
HOUR = 3600.0
BY_CLASS = {"continuous": 2 * DAY, "events": 10 * DAY, "alerts": 30 * DAY}


def candidate(name, days, kept_as, is_busy=False, is_starred=False):
    return Candidate(name, 100 * MB, days * DAY, is_busy, kept_as, is_starred)


def chosen(candidates, limit=0, lacking=0, by_class=BY_CLASS, sure=True):
    """Of passes until nothing is left to do."""
    gone = []
    while True:
        found = choose(candidates, Limits(0.0, limit * MB, lacking * MB, by_class), 0, sure)
        if not found:
            return gone
        gone += [one.name for one in found]
        lacking = max(0, lacking - 100 * len(found))
        candidates = [one for one in candidates if one.name not in gone]


MIXED = [
    candidate("a", 40, "alerts"),
    candidate("b", 12, "events"),
    candidate("c", 9, "alerts"),
    candidate("d", 8, "events"),
    candidate("e", 3, "continuous"),
    candidate("f", 2.5, ""),
    candidate("g", 1, "events"),
    candidate("h", 0.5, "continuous"),
]


def test_each_class_is_kept_as_long_as_keep_says_and_what_has_none_for_ever():
    assert chosen(MIXED) == ["a", "b", "e"]
    assert chosen(MIXED, sure=False) == []
    assert chosen(MIXED, by_class=dict(BY_CLASS, alerts=math.inf)) == ["b", "e"]


def test_for_size_and_room_the_oldest_of_the_lowest_class_goes_first():
    order = ["e", "f", "h", "b", "d", "g", "a", "c"]
    assert chosen(MIXED, limit=1, by_class={}) == order
    assert chosen(MIXED, limit=500, by_class={}) == order[:3]
    assert chosen(MIXED, lacking=400, by_class={}) == order[:4]


def test_what_shows_a_starred_event_goes_last_and_never_by_keep():
    starred = [candidate("s", 90, "continuous", is_starred=True), *MIXED]
    assert chosen(starred) == ["a", "b", "e"]
    assert chosen(starred, limit=1, by_class={})[-1] == "s"


def test_what_is_watched_or_written_stays():
    busy = [candidate("w", 90, "continuous", is_busy=True), *MIXED]
    assert "w" not in chosen(busy) + chosen(busy, limit=1) + chosen(busy, lacking=700)


def test_keep_may_be_shorter_than_the_last_hour_that_stays_otherwise():
    young = [candidate("x", 0.9 * LAST_HOUR / DAY, "continuous"), candidate("y", 0.9 * LEAST_AGE / DAY, "continuous")]
    assert chosen(young, limit=1) == []
    assert chosen(young, by_class={"continuous": 0.0}) == ["x"]
    assert chosen(young, by_class={"continuous": HOUR}) == []


def make_storage(tmp_path, database=None, **options):
    disk = Disk(tmp_path) if "disk_usage" not in options else None
    usage_of = options.pop("disk_usage", None) or disk.usage
    return Storage(str(tmp_path), 0.0, 0.0, 0.0, database, disk_usage=usage_of, now=lambda: NOW, **options)


def record(storage, days, kept_as, stream="main", bytes=1000, seconds=60.0):
    began = NOW - days * DAY
    path = storage.claim(stream, "avi", began, kept_as)
    path.write_bytes(b"x" * bytes)
    os.utime(str(path), (began + seconds, began + seconds))
    storage.release(path, seconds)
    return path


def test_classes_survive_a_restart_and_recordings_of_an_earlier_version_have_none(tmp_path):
    database = Database(tmp_path / "index.db")
    storage = make_storage(tmp_path / "r", database)
    first = record(storage, 3, "events")
    second = record(storage, 2, "continuous")
    put(tmp_path / "r", "old_20250110-101010.avi")
    storage.classify("main", NOW - 2 * DAY + 10, NOW - 2 * DAY + 20, "alerts")
    again = make_storage(tmp_path / "r", database)
    kept = {recording.name: recording.kept_as for recording in again.list()}
    assert kept == {first.name: "events", second.name: "alerts", "old_20250110-101010.avi": ""}
    entry = again.overlapping("main", NOW - 3 * DAY, NOW - 3 * DAY + 1)[0]
    assert entry.began == NOW - 3 * DAY and entry.ended == entry.began + 60.0
    database.close()


def test_a_class_is_only_raised_and_only_where_the_time_is_right(tmp_path):
    storage = make_storage(tmp_path)
    record(storage, 3, "alerts")
    record(storage, 2, "continuous")
    record(storage, 2, "continuous", stream="door")
    storage.classify("main", NOW - 9 * DAY, NOW - 2 * DAY - 1, "events")
    assert sorted(recording.kept_as for recording in storage.list()) == ["alerts", "continuous", "continuous"]
    storage.classify("main", NOW - 9 * DAY, NOW, "events")
    assert sorted(recording.kept_as for recording in storage.list()) == ["alerts", "continuous", "events"]


def test_a_table_of_an_earlier_version_is_taken_over_and_still_fits_it(tmp_path):
    database = Database(tmp_path / "index.db")
    storage = make_storage(tmp_path / "r", database)
    path = record(storage, 1, "events")
    # As the version before classes wrote its rows.
    row = database.read("SELECT * FROM recordings")[0]
    assert len(row) == 9
    database.read("INSERT OR REPLACE INTO recordings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", *row)
    database.read("DELETE FROM recording_spans")
    (recording,) = make_storage(tmp_path / "r", database).list()
    assert (recording.name, recording.kept_as) == (path.name, "")
    database.close()


def test_a_recording_that_is_watched_stays_for_a_minute(tmp_path):
    clock = [0.0]
    storage = make_storage(tmp_path, keep=Keep(continuous=DAY), monotonic=lambda: clock[0])
    storage._now = lambda: NOW + clock[0]
    path = record(storage, 5, "continuous")
    storage._cleaner.ended.clear()
    storage.tidy()
    clock[0] = 1000.0
    mtime = path.stat().st_mtime
    os.utime(str(path), (NOW + 950, mtime))
    storage.tidy()
    assert path.exists()
    os.utime(str(path), (NOW + 930, mtime))
    deleted = []
    storage.deleted = deleted.append
    assert storage.tidy() == 1 and not path.exists()
    assert [entry.name for entry in deleted] == [path.name] and storage.overlapping("main", 0.0, 2 * NOW) == []


def test_snapshots_have_a_part_of_what_all_may_take(tmp_path):
    storage = Storage(str(tmp_path), 0.0, 3e-6, 0.0, disk_usage=Disk(tmp_path).usage, now=lambda: NOW)
    for days in (3, 2, 1):
        record(storage, days, "alerts")
    storage._cleaner.ended.clear()
    assert storage.tidy() == 0 and storage.excess() == 0
    storage.snapshots = lambda: {"main": 500}
    assert storage.status().used == 3500 and storage.excess() == 500
    assert storage.tidy() == 1 and storage.excess() == 0
    storage.snapshots = lambda: {"main": 10000}
    while storage.tidy():
        pass
    assert storage.list() == [] and storage.excess() == 7000


def entry(stream, days, kept_as, bytes=MB, seconds=HOUR):
    began = NOW - days * DAY
    return Entry("x", stream, "avi", began, 1, bytes, began + seconds, seconds, True, kept_as, began)


def test_the_state_says_what_each_stream_takes_and_how_long_that_will_do():
    entries = [
        entry("door", 3.0, "continuous"),
        entry("door", 0.5, "events", 2 * MB),
        entry("door", 0.25, "alerts", 3 * MB),
        entry("main", 9.0, ""),
    ]
    door, main, yard = usage(entries, {"yard": 7, "door": 9}, Keep(), 50 * MB, NOW)
    assert (door.name, door.continuous, door.events, door.alerts, door.other, door.snapshots) == (
        "door", MB, 2 * MB, 3 * MB, 0, 9,
    )  # fmt: skip
    assert door.a_day == 10 * MB  # 5 MB in the half day since the first of them
    assert door.lasts == 5 * DAY
    assert (main.other, main.a_day, main.lasts) == (MB, 0, None)
    assert (yard.snapshots, yard.lasts) == (7, None)


@pytest.mark.parametrize("allowed, expected", [(None, 30 * DAY), (1000 * MB, 30 * DAY), (0, 0), (10 * MB, DAY)])
def test_recordings_last_as_long_as_keep_and_the_room_allow(allowed, expected):
    (door,) = usage([entry("door", 0.5, "events"), entry("door", 0.25, "alerts", 4 * MB)], {}, Keep(), allowed, NOW)
    assert door.lasts == expected
