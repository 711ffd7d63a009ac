"""The database of events when it cannot be written or read: events wait, nothing is lost, and it is said once."""

import contextlib
import dataclasses
import json
import math
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from appliance.contract.errors import CONFLICT, FAILED, Refused
from appliance.contract.event_messages import DETECTED, Happening
from appliance.contract.event_requests import ListEvents
from appliance.events import event_file, pending, writer
from appliance.events.event_file import EventFile
from appliance.events.pending import Pending, prepare
from appliance.events.readers import MOST_READERS
from appliance.events.records import prepare_event
from appliance.events.store import EventStore
from tests.stored_events import NOON, a_path, a_review, an_event
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(writer, "BATCH_SECONDS", 0.05)
    monkeypatch.setattr(writer, "_RETRY_SECONDS", (0.05,))


@pytest.fixture
def file(tmp_path):
    return tmp_path / "state" / "events.db"


@contextlib.contextmanager
def opened(file):
    store = EventStore(file)
    try:
        yield store
    finally:
        store.close()


def put(store, *numbers):
    for number in numbers:
        event = an_event(NOON + number, number)
        store.put(event, a_path(event))


def stored(store):
    return sorted(int(event.id[-6:]) for event in store.search(ListEvents(limit=200)).events)


def complaints(caplog):
    return [record.message for record in caplog.records if "events cannot be stored" in record.message]


def test_while_another_process_locks_the_database_events_wait(file, caplog):
    with opened(file) as store:
        put(store, 1)
        store.flush()
        with contextlib.closing(sqlite3.connect(str(file), isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            put(store, 2, 3)
            wait_until(lambda: store.problem)
            assert "locked" in store.problem and str(file) in store.problem
            with pytest.raises(Refused, match="locked"):
                store.star(an_event(NOON + 1, 1).id, True)
            put(store, 4)
            assert stored(store) == [1]  # reading goes on
            other.execute("ROLLBACK")
        wait_until(lambda: not store.problem)
        assert stored(store) == [1, 2, 3, 4]
    assert len(complaints(caplog)) == 1


FULL_DISK = """
import resource, sys
from pathlib import Path
from appliance.events.store import EventStore
from tests.unit.test_events_store_trouble import put, stored
from tests.waiting import wait_until

file = Path(sys.argv[1])
store = EventStore(file)
put(store, 1)
store.flush()
limits = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (8192, limits[1]))
put(store, *range(2, 100))
wait_until(lambda: store.problem)
put(store, *range(100, 150))
print(stored(store))
resource.setrlimit(resource.RLIMIT_FSIZE, limits)
wait_until(lambda: not store.problem)
print(stored(store) == list(range(1, 150)))
store.close()
"""


def test_events_wait_until_there_is_space_again(file):
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(file)],
        cwd=str(ROOT),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    assert (done.returncode, done.stdout) == (0, "[1]\nTrue\n"), done.stderr
    assert done.stderr.count("events cannot be stored") == 1


def test_events_wait_for_a_folder_that_cannot_be_made(file, caplog):
    file.parent.write_text("in the way")
    with opened(file) as store:
        put(store, 1, 2)
        wait_until(lambda: store.problem)
        with pytest.raises(Refused, match="events cannot be stored"):
            store.search(ListEvents())
        file.parent.unlink()
        wait_until(lambda: not store.problem)
        assert stored(store) == [1, 2]
    assert len(complaints(caplog)) == 1


def test_a_damaged_database_is_moved_aside_at_the_start(file, caplog):
    with opened(file) as store:
        put(store, 1)
    file.write_bytes(b"no database" * 1000)
    with opened(file) as store:
        put(store, 2)
        store.flush()
        assert stored(store) == [2]
    assert file.with_name("events.db.damaged").read_bytes().startswith(b"no database")
    assert "is damaged" in caplog.text and "A new one is begun" in caplog.text


def damage(file):
    """Overwrite all pages of the tables, but not the first, which has the schema."""
    size = file.stat().st_size
    with open(str(file), "r+b") as opened_file:
        opened_file.seek(4096)
        opened_file.write(b"\xa5" * (size - 4096))


def test_damage_within_a_large_file_is_noticed_when_it_is_read(file, monkeypatch, caplog):
    monkeypatch.setattr(event_file, "MOST_CHECKED", 0)
    with opened(file) as store:
        put(store, *range(1, 100))
    damage(file)
    with opened(file) as store:
        with contextlib.suppress(Refused):  # by the reader, unless the writer was first
            store.search(ListEvents(label="person", limit=200))
        wait_until(lambda: "A new one is begun" in caplog.text)
        put(store, 200)
        wait_until(lambda: _is_stored(store, [200]))
    assert file.with_name("events.db.damaged").exists()


def _is_stored(store, numbers):
    try:
        return stored(store) == numbers
    except Refused:
        return False


def test_a_database_that_is_damaged_meanwhile_is_moved_aside_and_what_goes_on_is_stored_in_a_new_one(file, caplog):
    with opened(file) as store:
        put(store, *range(1, 100))
        store.flush()
        going_on = an_event(NOON + 300, 300, end=None)
        store.put(going_on, a_path(going_on))
        store.flush()
        # What a failing disk does; the log of changes goes with it, or it would heal the file.
        with contextlib.closing(sqlite3.connect(str(file))) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        damage(file)
        put(store, 200)
        store.put(an_event(NOON + 300, 300), a_path(going_on))
        wait_until(lambda: _is_stored(store, [200, 300]))
        assert store.problem == ""
    assert "A new one is begun" in caplog.text


def test_a_database_that_was_deleted_is_begun_again(file, caplog):
    with opened(file) as store:
        put(store, 1)
        store.flush()
        file.unlink()
        put(store, 2)
        wait_until(lambda: _is_stored(store, [2]))
    assert "was replaced or deleted" in caplog.text


def test_a_file_that_stays_unusable_though_nothing_is_found_in_it_is_moved_aside(file):
    with opened(file) as store:
        put(store, 1)
    found = EventFile(file)
    for _ in range(2):
        found.open()
        found.failed(sqlite3.DatabaseError("database disk image is malformed"))
    database, _ = found.open()
    assert database.read("SELECT count(*) FROM event") == [(0,)]
    found.close()
    assert file.with_name("events.db.damaged").exists()


def test_what_is_wrong_is_left_out_and_the_rest_stored(file, caplog):
    wrong = [
        dataclasses.replace(an_event(NOON + 1, 1), start=math.nan),
        dataclasses.replace(an_event(NOON + 2, 2), end=-5.0),
        dataclasses.replace(an_event(NOON + 3, 3), score=math.inf),
        dataclasses.replace(an_event(NOON + 4, 4), label=None),
        dataclasses.replace(an_event(NOON + 5, 5), top_score=math.nan),
    ]
    with opened(file) as store:
        for event in wrong:
            store.put(event, [(NOON, 0.1, 0.2, 0.3, 0.4)])
        store.put(an_event(NOON + 6, 6), [(NOON, 0.1, math.nan, 0.3, 0.4)])
        store.put_review(a_review(math.inf))
        store.put_happening(Happening(DETECTED, "main", math.nan, "x", "person"))
        put(store, 7)
        store.flush()
        assert stored(store) == [7] and store.problem == ""
    assert caplog.text.count("cannot be stored") == 8


def test_names_are_stored_that_no_text_can_have(file):
    with opened(file) as store:
        event = an_event(label="per\x1fson\x00", zones=["\ud800", "ok"], stream="main")
        store.put(event, a_path(event))
        store.flush()
        assert store.get(event.id).event.label == "per son "
        assert len(store.search(ListEvents(label="per son ", zone="ok")).events) == 1


def test_a_query_that_takes_too_long_is_interrupted(file):
    with opened(file) as store:
        store.flush()
        endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
        with pytest.raises(Refused, match="takes too long") as refused, store._readers.reading(0.05) as connection:
            connection.execute(endless).fetchall()
        assert refused.value.kind == FAILED
        assert stored(store) == []  # the next query has its own time


def test_queries_do_not_take_all_threads(file):
    with opened(file) as store, contextlib.ExitStack() as stack:
        store.flush()
        for _ in range(MOST_READERS):
            stack.enter_context(store._readers.reading())
        with pytest.raises(Refused, match="busy") as refused:
            store.search(ListEvents())
        assert refused.value.kind == CONFLICT


def test_changes_that_hang_do_not_take_all_threads(file, monkeypatch):
    monkeypatch.setattr(writer, "_ANSWER_SECONDS", 0.2)
    with opened(file) as store:
        store.flush()
        begun, end = threading.Semaphore(0), threading.Event()

        def hang(database, records):
            begun.release()
            end.wait(60)

        def change(work):
            try:
                return store._writer.call(work)
            except Refused as error:
                return str(error)

        with ThreadPoolExecutor(8) as pool:
            first = pool.submit(change, hang)
            assert begun.acquire(timeout=60)
            others = [pool.submit(change, lambda database, records: "done") for _ in range(7)]
            found = {future.result() for future in others} | {first.result()}
            assert found <= {
                "The database of events is slow; try again in a moment.",
                "The database of events is busy; try again in a moment.",
            }
            end.set()
        wait_until(lambda: change(lambda database, records: "done") == "done")


def test_readers_cannot_write(file):
    with opened(file) as store:
        store.flush()
        with pytest.raises(Refused, match="readonly"), store._readers.reading() as connection:
            connection.execute("DELETE FROM event")


def ids(batch):
    return [int(id[-6:]) for id in batch.events]


def test_too_much_that_waits_is_dropped_what_goes_on_first_then_the_oldest(monkeypatch):
    monkeypatch.setattr(pending, "MOST_EVENTS", 4)
    waiting = Pending()
    for number, end in ((1, 5.0), (2, None), (3, 5.0), (4, None), (5, 5.0), (6, 5.0)):
        waiting.put(an_event(NOON + number, number, end=None if end is None else NOON + number + end), [])
    batch = waiting.take()
    assert (sorted(ids(batch)), batch.dropped) == ([1, 3, 5, 6], 0)
    prepare(batch)
    for number in (7, 8):
        waiting.put(an_event(NOON + number, number), [])
    waiting.put(an_event(NOON + 6, 6, score=0.99), [])
    waiting.put_back(batch)
    batch = waiting.take()
    assert (ids(batch), batch.dropped) == ([5, 7, 8, 6], 2)
    assert batch.events[an_event(NOON + 6, 6).id][0].score == 0.99  # the newer one
    assert len(waiting.take()) == 0


def test_an_event_that_ends_while_it_waits_is_written_once(file):
    waiting = Pending()
    waiting.put(an_event(end=None), [])
    waiting.put(an_event(), [])
    assert [event.end for event, _ in waiting.take().events.values()] == [NOON + 10]


def test_a_long_path_and_one_without_points_are_kept():
    event = an_event()
    long = prepare_event(event, [(NOON + step / 100, 0.1, 0.2, 0.3, 0.4) for step in range(30000)])
    assert len(long.points) == 20000 and long.points[-1, 0] == NOON + 299.99
    assert prepare_event(event, []).points.shape == (0, 5)


def run_kills(folder, times):
    done = subprocess.run(
        [sys.executable, "-m", "tests.event_killing", str(folder), str(times)],
        cwd=str(ROOT),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["events"] >= 20 * times and found["paths"] == found["events"]
    assert found["counted"] == [found["events"]] * 3
    assert (found["half"], found["missing"], found["check"]) == ([], [], [["ok"]])


def test_who_is_killed_while_storing_leaves_whole_events(tmp_path):
    run_kills(tmp_path, 5)


@pytest.mark.heavy
def test_who_is_killed_a_hundred_times_while_storing_leaves_whole_events(tmp_path):
    run_kills(tmp_path, 100)
