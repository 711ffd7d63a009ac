"""The tables of the database of events, and how they came to be. SQL of version 3.22.

A *kind* is what searches ask for: all that many events have in common. Events refer to their kind, and a search first
finds the kinds, of which there are hundreds or thousands, and then the newest events of each in one index. So its time
hardly depends on the number of events, and not on how rare the wanted ones are. Names in `labels`, `zones`, `lines`
and `users` are sorted and joined by SEPARATOR, also at both ends.

The key of an event or review is its start in microseconds times 1000, plus a number if several started at once:
in order of the keys is in order of time.
"""

SEPARATOR = "\x1f"
"""Stands in no name: all control characters are refused there."""
KEYS_PER_MICROSECOND = 1000

STEPS = [
    """CREATE TABLE kind (
        id INTEGER PRIMARY KEY, is_review INTEGER NOT NULL, stream TEXT NOT NULL, labels TEXT NOT NULL,
        severity TEXT NOT NULL, starred INTEGER NOT NULL, zones TEXT NOT NULL, lines TEXT NOT NULL,
        users TEXT NOT NULL, words TEXT NOT NULL);
    CREATE UNIQUE INDEX kind_by_content ON kind (is_review, stream, labels, severity, starred, zones, lines, users);
    CREATE TABLE event (
        key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind INTEGER NOT NULL, score REAL NOT NULL, "end" REAL,
        seen REAL NOT NULL, has_snapshot INTEGER NOT NULL, has_clip INTEGER NOT NULL, data TEXT NOT NULL);
    CREATE INDEX event_by_kind ON event (kind, key, score);
    CREATE INDEX event_by_score ON event (CAST(score * 20 AS INTEGER), key, score);
    CREATE INDEX event_that_goes_on ON event (key) WHERE "end" IS NULL;
    CREATE TABLE path (event INTEGER PRIMARY KEY, heated REAL NOT NULL, points BLOB NOT NULL);
    CREATE TABLE happening (
        event INTEGER NOT NULL, time REAL NOT NULL, type TEXT NOT NULL, zone TEXT NOT NULL, line TEXT NOT NULL,
        direction TEXT NOT NULL, PRIMARY KEY (event, time, type, zone, line)) WITHOUT ROWID;
    CREATE TABLE review (
        key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind INTEGER NOT NULL, "end" REAL, seen REAL NOT NULL,
        data TEXT NOT NULL);
    CREATE INDEX review_by_kind ON review (kind, key);
    CREATE INDEX review_that_goes_on ON review (key) WHERE "end" IS NULL;
    CREATE TABLE hourly (
        hour INTEGER NOT NULL, stream TEXT NOT NULL, label TEXT NOT NULL, zone TEXT NOT NULL, line TEXT NOT NULL,
        events INTEGER NOT NULL, entered INTEGER NOT NULL, "left" INTEGER NOT NULL,
        PRIMARY KEY (hour, stream, label, zone, line)) WITHOUT ROWID;
    CREATE TABLE heat (
        stream TEXT NOT NULL, hour INTEGER NOT NULL, label TEXT NOT NULL, cells BLOB NOT NULL,
        PRIMARY KEY (stream, hour, label)) WITHOUT ROWID"""
]


def first_key(time: float) -> int:
    """Return the least key of what starts at a Unix time or later."""
    return round(time * 1e6) * KEYS_PER_MICROSECOND


def start_of(key: int) -> float:
    """Return the Unix time of a key."""
    return key // KEYS_PER_MICROSECOND / 1e6
