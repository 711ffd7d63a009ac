"""Writes events, reviews and happenings into the database, and what follows from them: counts and heat maps."""

import dataclasses
import json
from dataclasses import dataclass
from typing import Any, Collection, Dict, Mapping, Optional, Sequence, Tuple

from appliance.contract.event_messages import IN, LEFT, EventRecord, Happening, Review
from appliance.core.database import Database
from appliance.events.bus_events import PathPoint
from appliance.events.heat import heat_of, pack_cells, sum_cells
from appliance.events.kinds import Kind, KindTable, clean, kind_of_event, kind_of_review, split_names
from appliance.events.packing import pack_path, path_array
from appliance.events.rows import CountChanges, check_times, event_data, hour_of
from appliance.events.schema import KEYS_PER_MICROSECOND, first_key

HEAT_SECONDS = 30.0
"""How often a track that goes on is added to the heat map."""
_NEW = (0, 0.0, 0, 0, "", "", 0, 0.0)
"""What is known of an event that was not there."""


@dataclass(frozen=True, eq=False)
class PreparedEvent:
    """An event as it is written: all that could be wrong with it was looked at.

    Attributes:
        record: The event.
        points: Its path, float64 [points, 5].
        packed: The same in few bytes.
        kind: Its kind, without a star.
        data: The fields without a column.
    """

    record: EventRecord
    points: Any
    packed: bytes
    kind: Kind
    data: str


def prepare_event(record: EventRecord, path: Sequence[PathPoint]) -> PreparedEvent:
    """Prepare an event for writing. Raises ValueError, TypeError if it is wrong."""
    data, points = event_data(record), path_array(path)
    check_times(points[:, 0])
    return PreparedEvent(record, points, pack_path(points, record.start), kind_of_event(record, False), data)


class RecordWriter:
    """Writes into one database; each method inside a transaction of it. Each raises sqlite3.Error."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.kinds = KindTable(database)

    def write(
        self,
        events: Collection[PreparedEvent],
        reviews: Collection[Tuple[Review, str]],
        happenings: Sequence[Happening],
        files: Mapping[str, Tuple[Optional[bool], Optional[bool]]],
    ) -> None:
        """Write a batch. reviews: with their data. files: of events by id, whether they have a snapshot, and a clip."""
        counts = CountChanges()
        heat: Dict[Tuple[str, int, str], Any] = {}
        for event in events:
            self._write_event(event, counts, heat)
        for review, data in reviews:
            self._write_review(review, data)
        for happening in happenings:
            self._write_happening(happening)
        for id, (has_snapshot, has_clip) in files.items():
            self._mark_files(id, has_snapshot, has_clip)
        self._write_counts(counts)
        self._write_heat(heat)

    def _write_event(self, event: PreparedEvent, counts: CountChanges, heat: Dict[Tuple[str, int, str], Any]) -> None:
        record, run = event.record, self._database.read
        rows = run(
            "SELECT e.key, e.seen, e.has_snapshot, e.has_clip, e.data, k.labels, k.starred, ifnull(p.heated, 0)"
            " FROM event e JOIN kind k ON k.id = e.kind LEFT JOIN path p ON p.event = e.key WHERE e.id = ?",
            record.id,
        )
        key, known, has_snapshot, has_clip, data, label, starred, heated = rows[0] if rows else _NEW
        kind = self.kinds.id_of(dataclasses.replace(event.kind, starred=True) if starred else event.kind)
        now = record.end
        if now is None:
            now = max(record.start, float(event.points[-1, 0]) if len(event.points) else 0.0)
        seen = max(now, known) if record.end is None else record.end
        columns: Tuple[Any, ...] = (kind, record.score, record.end, seen, int(record.has_snapshot or has_snapshot))
        columns += (int(record.has_clip or has_clip), event.data)
        if rows:
            run(
                'UPDATE event SET kind = ?, score = ?, "end" = ?, seen = ?, has_snapshot = ?, has_clip = ?, data = ?'
                " WHERE key = ?",
                *columns,
                key,
            )
        else:
            key = self._free_key("event", record.start)
            run("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", key, record.id, *columns)
        self._count(record, counts, json.loads(data) if rows else None, "".join(split_names(label)), now)
        if record.end is not None or now - max(heated, record.start) >= HEAT_SECONDS:
            cells = heat_of(event.points, heated, now)
            place = (record.stream, hour_of(now), clean(record.label))
            heat[place] = heat[place] + cells if place in heat else cells
            heated = now
        run("INSERT OR REPLACE INTO path VALUES (?, ?, ?)", key, heated, event.packed)

    def _free_key(self, table: str, start: float) -> int:
        least = first_key(start)
        last = self._database.read(
            f"SELECT max(key) FROM {table} WHERE key >= ? AND key < ?", least, least + KEYS_PER_MICROSECOND
        )[0][0]
        key = least if last is None else int(last) + 1
        while self._database.read(f"SELECT 1 FROM {table} WHERE key = ?", key):
            key += 1
        return key

    def _count(self, record: EventRecord, counts: CountChanges, old: Any, old_label: str, now: float) -> None:
        """Count what is new about an event: the record has all that it entered and crossed, so nothing counts twice."""
        stream, label = record.stream, clean(record.label)
        if old is None:
            counts.add((hour_of(record.start), stream, label, "", ""), events=1)
        elif old_label != label:  # the votes for its label have turned
            counts.add((hour_of(record.start), stream, old_label, "", ""), events=-1)
            counts.add((hour_of(record.start), stream, label, "", ""), events=1)
        for zone in set(record.zones) - set(old["zones"] if old else ()):
            counts.add((hour_of(now), stream, label, clean(zone), ""), events=1)
        known = {(one["line"], one["direction"], one["time"]) for one in old["lines"]} if old else set()
        for crossing in record.lines:
            if (crossing.line, crossing.direction, crossing.time) not in known:
                is_in = crossing.direction == IN
                place = (hour_of(crossing.time), stream, label, "", clean(crossing.line))
                counts.add(place, entered=int(is_in), left=int(not is_in))

    def _write_counts(self, counts: CountChanges) -> None:
        for key, added in counts.changes.items():
            where = "hour = ? AND stream = ? AND label = ? AND zone = ? AND line = ?"
            if self._database.read(f"SELECT 1 FROM hourly WHERE {where}", *key):
                self._database.read(
                    f'UPDATE hourly SET events = events + ?, entered = entered + ?, "left" = "left" + ? WHERE {where}',
                    *added,
                    *key,
                )
            else:
                self._database.read("INSERT INTO hourly VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *key, *added)

    def _write_heat(self, heat: Dict[Tuple[str, int, str], Any]) -> None:
        for place, cells in heat.items():
            rows = self._database.read("SELECT cells FROM heat WHERE stream = ? AND hour = ? AND label = ?", *place)
            try:
                before = sum_cells(cells for (cells,) in rows)
            except ValueError:
                before = 0.0
            self._database.read("INSERT OR REPLACE INTO heat VALUES (?, ?, ?, ?)", *place, pack_cells(before + cells))

    def _write_review(self, review: Review, data: str) -> None:
        run = self._database.read
        rows = run(
            "SELECT r.key, k.users FROM review r JOIN kind k ON k.id = r.kind WHERE r.id = ?",
            review.id,
        )
        users = split_names(rows[0][1]) if rows else ()
        kind = self.kinds.id_of(kind_of_review(review, users))
        seen = review.start if review.end is None else review.end
        if rows:
            run(
                'UPDATE review SET kind = ?, "end" = ?, seen = max(seen, ?), data = ? WHERE key = ?',
                kind,
                review.end,
                seen,
                data,
                rows[0][0],
            )
        else:
            key = self._free_key("review", review.start)
            run("INSERT INTO review VALUES (?, ?, ?, ?, ?, ?)", key, review.id, kind, review.end, seen, data)

    def _write_happening(self, happening: Happening) -> None:
        # Of an event that is not known nothing is kept.
        self._database.read(
            "INSERT OR IGNORE INTO happening SELECT key, ?, ?, ?, ?, ? FROM event WHERE id = ?",
            happening.time,
            happening.type,
            clean(happening.zone or ""),
            clean(happening.line or ""),
            happening.direction or "",
            happening.track,
        )

    def keep_alive(self, now: float) -> None:
        """Note that what goes on was still there now: after a crash that is its end."""
        for table in ("event", "review"):
            self._database.read(f'UPDATE {table} SET seen = ? WHERE "end" IS NULL AND seen < ?', now, now)

    def close_open(self) -> int:
        """End the events and reviews of a run that ended without doing so; returns how many events.

        An event says that it was interrupted, and that its end is only the last that is known.
        """
        run = self._database.read
        events = run('SELECT key, seen, data FROM event WHERE "end" IS NULL')
        for key, seen, data in events:
            fields = dict(json.loads(data), interrupted=True)
            text = json.dumps(fields, separators=(",", ":"))
            run('UPDATE event SET "end" = ?, data = ? WHERE key = ?', seen, text, key)
            run("INSERT OR IGNORE INTO happening VALUES (?, ?, ?, '', '', '')", key, seen, LEFT)
        run('UPDATE review SET "end" = seen WHERE "end" IS NULL')
        return len(events)

    def _mark_files(self, id: str, has_snapshot: Optional[bool], has_clip: Optional[bool]) -> None:
        for column, value in (("has_snapshot", has_snapshot), ("has_clip", has_clip)):
            if value is not None:
                self._database.read(f"UPDATE event SET {column} = ? WHERE id = ?", int(value), id)
