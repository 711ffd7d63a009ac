"""The appliance stores its events; while it cannot, it detects all the same, and says so."""

import contextlib
import sqlite3

from tests.daemon import PERSON, Daemon
from tests.waiting import wait_until


def test_events_wait_for_a_locked_database_while_detection_goes_on(tmp_path, samples, person_model):
    config = f"model: {PERSON}\nstreams:\n  main: {samples / 'bikes.mp4'}\n"
    with Daemon(tmp_path, config=config) as daemon:

        def events():
            return daemon.ask("list_events", limit=200)["events"]

        wait_until(events, pause=0.2)
        with contextlib.closing(sqlite3.connect(str(tmp_path / "state" / "events.db"), isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            daemon.until(lambda state: "locked" in (state["daemon"]["problem"] or ""))
            stored = len(events())
            frames = daemon.events("statistics", lambda event: True)["streams"]["main"]["frames"]
            daemon.events("statistics", lambda event: event["streams"]["main"]["frames"] > frames + 20)
            assert len(events()) == stored
            other.execute("ROLLBACK")
        daemon.until(lambda state: state["daemon"]["problem"] is None)
        wait_until(lambda: len(events()) > stored, pause=0.5)
