"""The folder of recordings: what is listed, what is deleted, when recording has to stop."""

import collections
import os
import resource
import shutil
import time

import cv2
import numpy as np
import pytest

from appliance.contract.state import Recording, StorageStatus
from appliance.core.database import Database
from appliance.core.errors import OutputError
from appliance.core.files import hold
from appliance.recording.avi import AviWriter
from appliance.recording.retention import GIGABYTE
from appliance.recording.storage import NoSuchRecording, StillRecording, Storage

Usage = collections.namedtuple("Usage", "total used free")
DAY = 86400.0
NOW = time.mktime((2026, 11, 24, 12, 0, 0, 0, 0, -1))
JPEG = cv2.imencode(".jpg", np.zeros((48, 64, 3), np.uint8))[1].tobytes()


class Disk:
    """A disk of a given size on which only the recordings and `others` bytes lie."""

    def __init__(self, folder, total=10**12):
        self.folder, self.total, self.others = folder, total, 0

    def open(self):
        """The database, as at the start of a process."""
        return Database(self.folder.parent / (self.folder.name + ".db"))

    def usage(self, path):
        assert path == str(self.folder)
        used = self.others + sum(facts.stat().st_size for facts in os.scandir(path))
        return Usage(self.total, used, self.total - used)


@pytest.fixture
def disk(tmp_path):
    return Disk(tmp_path)


def open_storage(disk, now=NOW, **limits):
    limits = dict({"free_gb": 0.0}, **limits)
    return Storage(str(disk.folder), database=disk.open(), disk_usage=disk.usage, now=lambda: now, **limits)


def put(folder, name, megabytes=0, age=0.0):
    """A file as large as it says, that takes no space; `age`: days since it was changed."""
    path = folder / name
    with path.open("wb") as file:
        file.truncate(megabytes * 10**6)
    os.utime(str(path), (NOW - age * DAY, NOW - age * DAY))
    return path


def names(storage):
    return [recording.name for recording in storage.list()]


def test_recordings_are_listed_the_newest_first_with_what_is_in_them(tmp_path, disk):
    for name, frames in (("front_20261124-080000.avi", 50), ("a-1_b_20261123-235959_2.avi", 25)):
        writer = AviWriter(str(tmp_path / name), 64, 48, 12.5)
        for _ in range(frames):
            writer.write(JPEG)
        writer.close()
    put(tmp_path, "main_20261124-070000.mp4", 1)
    newest, broken, oldest = open_storage(disk).list()
    assert newest == Recording(
        "front_20261124-080000.avi",
        "front",
        time.mktime((2026, 11, 24, 8, 0, 0, 0, 0, -1)),
        4.0,
        (tmp_path / "front_20261124-080000.avi").stat().st_size,
        "avi",
        False,
    )
    assert (oldest.stream, oldest.seconds, oldest.started) == (
        "a-1_b",
        2.0,
        time.mktime((2026, 11, 23, 23, 59, 59, 0, 0, -1)),
    )
    assert (broken.format, broken.seconds, broken.bytes) == ("mp4", 0.0, 10**6)


@pytest.mark.parametrize("name", [
    "main.avi", "main_20261124-080000.txt", "main_20261324-080000.avi", "main_20261124-0800.avi",
    "MAIN_20261124-080000.avi", "_20261124-080000.avi", "main_20261124-080000.avi.part",
    "main_20261124-080000_x.avi", "x" * 33 + "_20261124-080000.avi", "main_20261124-080000.avi\n",
])  # fmt: skip
def test_files_of_other_names_are_neither_shown_nor_deleted(tmp_path, disk, name):
    path = put(tmp_path, name, 5, age=100)
    storage = open_storage(disk, keep_days=1, keep_gb=0.001)
    storage.tidy()
    assert names(storage) == [] and storage.status().used == 0 and path.exists()
    with pytest.raises(NoSuchRecording):
        storage.delete(name)


def test_links_and_folders_are_no_recordings(tmp_path, disk):
    precious = put(tmp_path, "precious", 5, age=100)
    (tmp_path / "main_20261124-080000.avi").symlink_to(precious)
    (tmp_path / "main_20261124-080001.avi").mkdir()
    storage = open_storage(disk, keep_days=1)
    storage.tidy()
    assert names(storage) == [] and precious.exists()
    with pytest.raises(NoSuchRecording):
        storage.delete("main_20261124-080000.avi")


@pytest.mark.parametrize(
    "name", ["../precious_20261124-080000.avi", "/etc/passwd", "", ".", "nothing_20261124-080000.avi"]
)
def test_only_what_is_listed_can_be_deleted(tmp_path, name):
    (tmp_path / "recordings").mkdir()
    precious = put(tmp_path, "precious_20261124-080000.avi")
    storage = open_storage(Disk(tmp_path / "recordings"))
    with pytest.raises(NoSuchRecording, match="no recording of this name"):
        storage.delete(name)
    assert precious.exists()


def test_a_recording_can_be_deleted_unless_it_is_being_written(tmp_path, disk):
    storage = open_storage(disk)
    path = storage.claim("main", "avi")
    path.write_bytes(b"RIFF")
    put(tmp_path, "main_20261124-070000.avi")
    assert [(recording.name, recording.recording) for recording in storage.list()] == [
        ("main_20261124-120000.avi", True),
        ("main_20261124-070000.avi", False),
    ]
    with pytest.raises(StillRecording, match="Stop the recording first"):
        storage.delete(path.name)
    storage.delete("main_20261124-070000.avi")
    assert names(storage) == [path.name]
    storage.release(path)
    storage.delete(path.name)
    assert names(storage) == [] and not path.exists()


def test_no_recording_takes_the_name_of_another(tmp_path, disk):
    put(tmp_path, "main_20261124-120000.avi")
    storage = open_storage(disk)
    claimed = [storage.claim("main", "avi").name for _ in range(2)] + [storage.claim("main", "mp4").name]
    assert claimed == ["main_20261124-120000_2.avi", "main_20261124-120000_3.avi", "main_20261124-120000.mp4"]
    assert storage.claim("other", "avi").name == "other_20261124-120000.avi"


def test_of_recordings_that_began_in_the_same_second_the_last_is_the_newest(tmp_path, disk):
    for number in (10, 2, 1, 9):
        put(tmp_path, f"main_20261124-080000{f'_{number}' if number > 1 else ''}.avi")
    assert names(open_storage(disk)) == [f"main_20261124-080000{end}.avi" for end in ("_10", "_9", "_2", "")]


def test_what_is_being_written_is_not_deleted(tmp_path, disk):
    storage = open_storage(disk, keep_gb=0.0001)
    path = storage.claim("main", "avi")
    put(tmp_path, path.name, 300, age=2)
    storage.tidy()
    assert path.exists()


def test_the_order_is_that_of_writing_whatever_clock_and_names_say(tmp_path, disk):
    """After a jump back of the clock the newest have the oldest names."""
    times = [NOW, NOW + 60, NOW - 30 * DAY, NOW - 30 * DAY + 60]
    names_in_order = []
    for moment in times:
        storage = open_storage(disk, now=moment)  # a start each
        path = storage.claim("main", "avi")
        put(tmp_path, path.name, 300, age=(NOW - moment) / DAY)
        storage.release(path)
        names_in_order.append(path.name)
    storage = open_storage(disk, now=NOW + DAY, keep_gb=0.7)
    for _ in range(4):
        storage.tidy()
    assert sorted(os.listdir(str(tmp_path))) == sorted(names_in_order[2:])


def test_files_that_the_index_does_not_know_go_by_their_own_time(tmp_path, disk):
    put(tmp_path, "main_20261101-080000.avi", 300, age=1)
    put(tmp_path, "main_20261102-080000.avi", 300, age=3)
    storage = open_storage(disk, keep_gb=0.4)
    storage.tidy()
    assert names(storage) == ["main_20261101-080000.avi"]


def test_the_last_hour_is_kept_though_the_clock_jumps(tmp_path, disk):
    storage = open_storage(disk, keep_gb=0.1, free_gb=1.0)
    clock = [1000.0]
    storage._monotonic = lambda: clock[0]
    path = storage.claim("main", "avi")
    put(tmp_path, path.name, 300)
    storage.release(path)
    storage._now = lambda: NOW + 30 * DAY
    clock[0] += 3599
    storage.tidy()
    assert path.exists()
    clock[0] += 2
    storage.tidy()
    assert not path.exists()


def test_the_last_hour_is_kept_by_its_playing_time_where_the_clock_knows_nothing_of_it(tmp_path, disk):
    """Recorded before a restart, by a clock that was ahead: nobody can tell how old it is."""
    for _ in range(10):
        path = open_storage(disk, now=NOW + 400 * DAY).claim("main", "avi")
        writer = AviWriter(str(path), 64, 48, 1 / 1000)  # a second of pictures
        writer.write(JPEG)
        writer.close()
        os.utime(str(path), (NOW + 400 * DAY,) * 2)
        open_storage(disk, now=NOW + 400 * DAY).release(path)
    storage = open_storage(disk, keep_gb=1e-9)
    for _ in range(20):
        storage.tidy()
    assert len(names(storage)) == 4  # those that were followed by 0, 1,000, 2,000 and 3,000 seconds


def test_nothing_is_deleted_by_age_until_the_clock_ran_well_for_ten_minutes(tmp_path, disk):
    storage = open_storage(disk, keep_days=1)
    clock = [0.0, NOW]
    storage._monotonic, storage._now = lambda: clock[0], lambda: clock[1]
    path = put(tmp_path, "main_20261110-080000.avi", 1, age=14)

    def run(seconds, wall):
        for _ in range(0, seconds, 10):
            clock[0] += 10
            clock[1] += 10
            storage.tidy()

    clock[1] = 100.0  # 1970
    run(700, clock[1])
    assert path.exists()
    clock[1] = NOW  # the network's time
    run(590, clock[1])
    assert path.exists()
    clock[1] += 30 * DAY  # for a minute
    run(60, clock[1])
    clock[1] -= 30 * DAY
    run(590, clock[1])
    assert path.exists()
    run(20, clock[1])
    assert not path.exists()


def test_with_more_than_the_floor_free_nothing_is_deleted_and_a_warning_comes_first(tmp_path, disk):
    for day in range(1, 6):
        put(tmp_path, f"main_202611{day:02}-080000.avi", 200, age=20 - day)
    disk.total = 1050 * 10**6 + 1000 * 10**6  # 1.05 GB are free
    storage = open_storage(disk, free_gb=1.0)
    storage.tidy()
    assert storage.room() is None and len(names(storage)) == 5
    status = storage.status()
    assert status.alarm is None
    assert status.warning.startswith("Only 1.1 GB of the disk are free. Below 1.0 GB (free_gb) the oldest")
    disk.others = 900 * 10**6
    assert storage.room() is None and len(names(storage)) == 4
    disk.others, disk.total = 0, 10**12
    assert storage.status().warning is None


def test_where_nobody_says_how_much_a_quarter_of_the_disk_is_kept(tmp_path, disk):
    disk.total = 1000 * 10**6
    storage = open_storage(disk, keep_gb=None)
    assert storage.status().limit == 250 * 10**6
    for day in range(1, 4):
        put(tmp_path, f"main_202611{day:02}-080000.avi", 100, age=20 - day)
    storage.tidy()
    assert len(names(storage)) == 2


def test_an_empty_file_that_a_killed_process_left_is_deleted_at_the_next_start(tmp_path, disk):
    storage = open_storage(disk)
    empty, whole, written = (storage.claim(stream, "mp4") for stream in ("empty", "whole", "written"))
    empty.write_bytes(b"")
    with written.open("wb") as file:
        hold(file.fileno())
        put(tmp_path, "other_20261101-080000.mp4")
        writer = AviWriter(str(whole), 64, 48, 12.5)
        writer.write(JPEG)
        writer.close()
        whole.rename(whole.with_suffix(".avi"))
        storage = open_storage(disk)
        assert not empty.exists() and written.exists()  # that one's encoder is about to finish it
    storage.tidy()
    left = ["other_20261101-080000.mp4", whole.with_suffix(".avi").name]
    assert sorted(os.listdir(str(tmp_path))) == left


def test_the_index_does_not_grow_for_ever(tmp_path, disk):
    storage = open_storage(disk)
    written = storage.claim("written", "avi")
    put(tmp_path, written.name)
    for number in range(300):
        path = storage.claim("main", "avi")
        if number % 100 == 0:
            put(tmp_path, path.name, 1)
        storage.release(path)
        if number % 50 == 0:
            storage.tidy()
    storage.tidy()
    rows = disk.open().read("SELECT name, finished FROM recordings ORDER BY position")
    assert len(rows) == 4 and rows[0] == (written.name, 0) and {row[1] for row in rows[1:]} == {1}
    assert len(storage._cleaner.ended) == 3


@pytest.mark.parametrize("data", [b"\xff\x00" * 1000, b"SQLite format 3\0" + b"x" * 5000])
def test_a_damaged_database_is_kept_and_the_index_is_made_from_the_files(tmp_path, disk, data, caplog):
    put(tmp_path, "main_20261101-080000.avi")
    path = tmp_path.parent / (tmp_path.name + ".db")
    path.write_bytes(data)
    assert names(open_storage(disk)) == ["main_20261101-080000.avi"]
    assert path.with_name(path.name + ".damaged").read_bytes() == data and "is damaged" in caplog.text
    assert disk.open().read("SELECT name FROM recordings") == [("main_20261101-080000.avi",)]


def test_a_database_that_is_no_file_is_moved_aside(tmp_path, disk):
    path = tmp_path.parent / (tmp_path.name + ".db")
    path.mkdir()
    storage = open_storage(disk)
    storage.release(storage.claim("main", "avi"))
    assert path.is_file() and path.with_name(path.name + ".damaged").is_dir()


def test_recording_goes_on_where_the_database_cannot_be_written(tmp_path, disk, caplog):
    database = disk.open()
    storage = Storage(str(tmp_path), free_gb=0.0, database=database, disk_usage=disk.usage, now=lambda: NOW)
    database.read("PRAGMA query_only = ON")
    for _ in range(3):
        path = storage.claim("main", "avi")
        put(tmp_path, path.name, 1)
        storage.release(path, 2.0)
    assert [recording.seconds for recording in storage.list()] == [2.0] * 3
    assert caplog.text.count("The index of recordings cannot be kept") == 1


def test_the_order_is_kept_though_the_database_could_not_be_written_for_a_while(tmp_path, disk):
    """A full disk, say: what was recorded then went before all the others after a restart, and was deleted first."""
    database = disk.open()
    storage = Storage(str(tmp_path), free_gb=0.0, database=database, disk_usage=disk.usage, now=lambda: NOW)

    def record():
        path = storage.claim("main", "avi")
        put(tmp_path, path.name, 1)
        storage.release(path, 2.0)
        return path.name

    recorded = [record()]
    database.read("PRAGMA query_only = ON")
    recorded += [record(), record()]
    database.read("PRAGMA query_only = OFF")
    recorded.append(record())
    rows = disk.open().read("SELECT name, seconds FROM recordings ORDER BY position")
    assert rows == [(name, 2.0) for name in recorded]


def test_a_recording_that_the_database_lost_is_newest_by_its_own_time(tmp_path, disk):
    """A power cut costs the last changes, and of all recordings the one before it must not be deleted first."""
    storage = open_storage(disk)
    path = storage.claim("main", "avi")
    put(tmp_path, path.name, 300, age=2)
    storage.release(path, 2.0)
    put(tmp_path, "main_20261101-080000.avi", 300, age=3)
    put(tmp_path, "main_20261124-120000_9.avi", 300, age=1)
    storage = open_storage(disk, keep_gb=0.7)
    storage.tidy()
    assert names(storage) == ["main_20261124-120000_9.avi", path.name]


def test_rows_that_something_else_wrote_are_made_again_from_the_files(tmp_path, disk):
    put(tmp_path, "main_20261101-080000.avi", 1)
    open_storage(disk)
    disk.open().read("UPDATE recordings SET position = 'x', started = 'y', bytes = 'z', finished = 'n'")
    disk.open().read("INSERT INTO recordings VALUES ('../x.avi', 'main', 'avi', 1.0, 9, 1, 1.0, NULL, 0)")
    assert names(open_storage(disk)) == ["main_20261101-080000.avi"]
    rows = disk.open().read("SELECT name, position, bytes, finished FROM recordings")
    assert rows == [("main_20261101-080000.avi", 0, 10**6, 1)]


def test_a_database_for_which_there_is_no_room_is_kept_in_memory(tmp_path, disk, caplog):
    """The daemon did not start on a full disk; a limit on the size of files stands for that."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        database = disk.open()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "not remembered after a restart" in caplog.text
    storage = Storage(str(tmp_path), free_gb=0.0, database=database, disk_usage=disk.usage)
    put(tmp_path, "main_20261101-080000.avi", 1)
    assert names(storage) == ["main_20261101-080000.avi"]


def test_what_was_recorded_is_not_read_again_unless_it_was_changed(tmp_path, disk):
    storage = open_storage(disk)
    path = storage.claim("main", "avi")
    put(tmp_path, path.name, 1)
    storage.release(path, 7.0)
    assert [recording.seconds for recording in open_storage(disk).list()] == [7.0]
    put(tmp_path, path.name, 2)
    assert [(recording.seconds, recording.bytes) for recording in open_storage(disk).list()] == [(0.0, 2 * 10**6)]


def test_what_was_begun_is_deleted_only_if_it_is_a_recording(tmp_path, disk):
    (tmp_path / "holiday.jpg").write_bytes(b"")
    path = open_storage(disk).claim("main", "avi")
    os.mkfifo(str(path))
    open_storage(disk).tidy()
    assert sorted(os.listdir(str(tmp_path))) == ["holiday.jpg", path.name]


def test_what_cannot_be_read_just_now_is_not_deleted_as_empty(tmp_path, disk, monkeypatch):
    path = open_storage(disk).claim("main", "avi")
    put(tmp_path, path.name, 1)

    def refuse(path):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("appliance.recording.playing_time._read_seconds", refuse)
    open_storage(disk)
    assert path.exists()


def test_recording_goes_on_while_old_ones_make_room_and_stops_when_they_do_not(tmp_path, disk):
    disk.total = 2 * GIGABYTE
    storage = open_storage(disk, free_gb=1.0)
    assert storage.room() is None and storage.status() == StorageStatus(2 * GIGABYTE, GIGABYTE, 0, 0, 0.0, None, None)
    put(tmp_path, "main_20261120-080000.avi", 400, age=4)
    put(tmp_path, "main_20261121-080000.avi", 400, age=3)
    disk.others = 500 * 10**6
    assert storage.room() is None
    assert names(storage) == ["main_20261121-080000.avi"]  # no more than is needed
    assert storage.status().used == 400 * 10**6
    disk.others = 1500 * 10**6
    alarm = storage.room()
    assert alarm.startswith("Only 0.1 GB are free") and "1.0 GB have to stay free" in alarm
    assert "Free some space" in alarm
    assert storage.status().alarm == alarm
    assert names(storage) == ["main_20261121-080000.avi"]  # it would not have been enough
    disk.others = 0
    assert storage.room() is None and storage.status().alarm is None


def test_the_folder_is_not_read_for_the_status_which_is_asked_for_all_the_time(tmp_path, disk, monkeypatch):
    put(tmp_path, "main_20261124-080000.avi", 1)
    storage = open_storage(disk)
    path = put(tmp_path, storage.claim("main", "avi").name, 2)
    monkeypatch.setattr("os.listdir", lambda path: pytest.fail("read"))
    assert storage.status().used == 3 * 10**6
    put(tmp_path, path.name, 5)
    assert storage.status().used == 6 * 10**6


def test_what_others_do_to_the_folder_is_seen(tmp_path, disk):
    storage = open_storage(disk, now=time.time())
    path = put(tmp_path, "main_20261124-080000.avi", 1)
    assert len(storage.list()) == 1
    path.unlink()
    put(tmp_path, "main_20261124-080001.avi", 2)
    assert names(storage) == ["main_20261124-080001.avi"] and storage.status().used == 2 * 10**6


def test_the_length_of_a_growing_recording_grows(tmp_path, disk):
    storage = open_storage(disk)
    path = storage.claim("main", "avi")
    writer = AviWriter(str(path), 64, 48, 10.0)
    lengths = []
    for _ in range(3):
        writer.write(JPEG)
        lengths.append(storage.list()[0].seconds)
    writer.close()
    assert lengths == pytest.approx([0.1, 0.2, 0.3])


def test_a_folder_that_goes_away_is_an_alarm(tmp_path):
    folder = tmp_path / "recordings"
    storage = Storage(str(folder), free_gb=0.0)
    assert folder.is_dir()
    shutil.rmtree(str(folder))
    assert "no such directory" in storage.room()
    assert "no such directory" in storage.status().alarm
    storage.tidy()
    with pytest.raises(OutputError, match="no such directory"):
        storage.list()


def test_a_folder_that_cannot_be_made_is_an_alarm_until_it_can(tmp_path):
    (tmp_path / "file").write_text("")
    storage = Storage(str(tmp_path / "file" / "recordings"), free_gb=0)
    assert "Choose another place" in storage.room() and storage.status().alarm == storage.room()
    (tmp_path / "file").unlink()
    assert storage.room() is None and storage.status().alarm is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF",
        b"RIFF" + b"strh" * 4,
        bytes(100),
        b"\0\0\0\x18moov" * 40,
        b"\0\0\0\x01moov\0\0\0\0\0\0\0\x20mvhd",
        b"\0\0\0\x18moof\0\0\0\x10traf\0\0\0\x08trun",
    ],
)
@pytest.mark.parametrize("format", ["avi", "mp4"])
def test_a_file_of_nonsense_has_no_length(tmp_path, disk, data, format):
    (tmp_path / f"main_20261124-080000.{format}").write_bytes(data)
    assert open_storage(disk).list()[0].seconds == 0.0
