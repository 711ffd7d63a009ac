"""Count events, zones and lines for the page and for Prometheus."""

import threading
import time
from collections import Counter
from typing import Callable, Dict, Iterable, Mapping, Tuple

from appliance.contract.event_messages import CROSSED, DETECTED, DIRECTIONS, ENTERED, Happening
from appliance.contract.events import LineTotals, StreamCounts

Today = Mapping[Tuple[str, str, str], int]
"""How often a line was crossed today, by stream, line and direction."""


class Totals:
    """Counts what happened since the start, and how often lines were crossed today. Thread-safe.

    Args:
        today: What was counted today before the start.
        clock: Unix time.
    """

    def __init__(self, today: Today, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._events: Counter[Tuple[str, str]] = Counter()  # by stream and label
        self._entries: Counter[Tuple[str, str, str]] = Counter()  # by stream, zone and label
        self._crossings: Counter[Tuple[str, str, str, str]] = Counter()  # by stream, line, label and direction
        self._today: Counter[Tuple[str, str, str]] = Counter(today)
        self._day = self._day_now()

    def take(self, happening: Happening) -> None:
        """Count what happened."""
        stream, label = happening.stream, happening.label
        with self._lock:
            self._begin_day()
            if happening.type == DETECTED:
                self._events[stream, label] += 1
            elif happening.type == ENTERED:
                self._entries[stream, str(happening.zone), label] += 1
            elif happening.type == CROSSED:
                line, direction = str(happening.line), str(happening.direction)
                self._crossings[stream, line, label, direction] += 1
                self._today[stream, line, direction] += 1

    def of(self, stream: str, zones: Dict[str, Dict[str, int]], lines: Iterable[str]) -> StreamCounts:
        """Return the counts of a stream.

        Args:
            stream: Its name.
            zones: What is in each of its zones now.
            lines: The names of its lines.
        """
        with self._lock:
            self._begin_day()
            entries: Dict[str, Dict[str, int]] = {zone: {} for zone in zones}
            for (of, zone, label), count in self._entries.items():
                if of == stream and zone in entries:
                    entries[zone][label] = count
            crossings: Dict[str, Dict[str, LineTotals]] = {line: {} for line in lines}
            for of, line, label, _ in self._crossings:
                if of == stream and line in crossings:
                    crossings[line][label] = LineTotals(
                        *(self._crossings[of, line, label, direction] for direction in DIRECTIONS)
                    )
            return StreamCounts(
                zones=zones,
                lines={
                    line: LineTotals(*(self._today[stream, line, direction] for direction in DIRECTIONS))
                    for line in crossings
                },
                events={label: count for (of, label), count in self._events.items() if of == stream},
                entries=entries,
                crossings=crossings,
            )

    def _begin_day(self) -> None:
        day = self._day_now()
        if day != self._day:
            self._day = day
            self._today.clear()

    def _day_now(self) -> Tuple[int, int]:
        now = time.localtime(self._clock())
        return now.tm_year, now.tm_yday
