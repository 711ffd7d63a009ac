"""Kills a process that stores events, again and again; then says what the database has.

    python -m tests.event_killing FOLDER TIMES

Each process goes on with the database that the one before left, closes what was interrupted, and puts events until it
is killed. One that it knows to be stored must be found afterwards.
"""

import contextlib
import json
import os
import random
import signal
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any, Dict, List

from appliance.contract.event_messages import DETECTED, IN, Crossing, EventRecord, Happening
from appliance.events.packing import unpack_path
from appliance.events.rows import EVENT_COLUMNS, event_of
from appliance.events.store import EventStore

BEGIN = 1_700_000_000.0


def put_until_killed(file: Path, number: int, said: int) -> None:
    """Put three states of each event; write to `said` how many events are stored for sure."""
    store = EventStore(file)
    while True:
        for _ in range(20):
            number += 1
            start = BEGIN + number
            lines = [Crossing("gate", IN, start + 1)]
            record = EventRecord(
                f"{start:.6f}-{number:06d}", "main", "person", start, None, 0.8, 0.9, (0.1, 0.2, 0.3, 0.4), 0.04, None,
                ["door"], lines, False, "alert", None, False, False, False,
            )  # fmt: skip
            path = [(start + step, 0.1, 0.2, 0.3, 0.4 + step / 100) for step in range(20)]
            store.put(record, path[:5])
            store.put_happening(Happening(DETECTED, "main", start, record.id, "person"))
            if number % 3:
                store.put(EventRecord(**dict(vars(record), end=start + 20)), path)
        store.flush()
        os.write(said, b"%d\n" % number)


def main() -> None:
    file, times = Path(sys.argv[1]) / "events.db", int(sys.argv[2])
    rnd = random.Random(times)
    number = 0
    promised: List[int] = []
    for _ in range(times):
        heard, said = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(heard)
            put_until_killed(file, number, said)
        os.close(said)
        with os.fdopen(heard) as lines:
            sure = int(lines.readline())
            time.sleep(rnd.uniform(0.0, 0.15))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            sure = max([sure, *map(int, lines.read().split())])
        promised += range(number + 1, sure + 1)
        number = sure + 1000  # beyond what was put and may not be stored
    EventStore(file).close()
    print(json.dumps(look_at(file, promised)))


def look_at(file: Path, promised: List[int]) -> Dict[str, Any]:
    """What the database has: events, those that are not whole, those that are missing, and what was counted."""
    with contextlib.closing(sqlite3.connect(str(file))) as connection:
        rows: List[Any] = connection.execute(
            f"SELECT {EVENT_COLUMNS} FROM event e JOIN kind k ON k.id = e.kind"
        ).fetchall()
        paths = dict(connection.execute("SELECT event, points FROM path"))
        moments = dict(connection.execute("SELECT event, count(*) FROM happening GROUP BY event"))
        events = {row[0]: event_of(row) for row in rows}
        half = [
            event.id
            for key, event in events.items()
            if event.end is None
            or len(unpack_path(paths[key])) != (5 if event.interrupted else 20)
            or moments.get(key) != (2 if event.interrupted else 1)
        ]
        counted = connection.execute(
            "SELECT sum(events * (zone = '')), sum(events * (zone = 'door')), sum(entered) FROM hourly"
        ).fetchone()
        return {
            "events": len(events),
            "paths": len(paths),
            "half": half,
            "counted": counted,
            "check": connection.execute("PRAGMA integrity_check").fetchall(),
            "missing": sorted(set(promised) - {int(event.id.rpartition("-")[2]) for event in events.values()}),
        }


if __name__ == "__main__":
    main()
