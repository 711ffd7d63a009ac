"""What one stream's events want recorded: spans of time, padded by `pre` and `post`. Pure, but for a lock."""

import math
import threading
from dataclasses import dataclass
from typing import Dict, List, Optional

CONTINUOUS_CLASS, EVENTS_CLASS, ALERTS_CLASS = "continuous", "events", "alerts"
CLASSES = (CONTINUOUS_CLASS, EVENTS_CLASS, ALERTS_CLASS)
"""Classes of recordings, the lowest first: the fields of the setting `keep`."""
MOST_SPANS = 2000
MEMORY = 3600.0
"""Seconds for which a span that is over is remembered."""


@dataclass(frozen=True)
class Span:
    """Something to be recorded: from start to end, Unix time, as this class. end: infinity while it goes on."""

    start: float
    end: float
    kept_as: str


class Interest:
    """Thread-safe.

    Attributes:
        pre, post: Seconds that are wanted before and after an event.
        version: Another number after every change.
    """

    def __init__(self, pre: float, post: float) -> None:
        self.pre = pre
        self.post = post
        self.version = 0
        self._lock = threading.Lock()
        self._open: Dict[str, Span] = {}
        self._over: List[Span] = []  # padded; those of one class do not overlap

    def touch(self, key: str, start: float, end: Optional[float], severity: str) -> None:
        """Want what an event shows.

        Args:
            key: The event's, the same in each call for it.
            start, end: Of the event, Unix time; end is None while it goes on.
            severity: "alert" or "detection"; it may rise, and never falls.
        """
        kept_as = ALERTS_CLASS if severity == "alert" else EVENTS_CLASS
        with self._lock:
            before = self._open.get(key)
            if before is not None:
                start, kept_as = min(start, before.start), highest(kept_as, before.kept_as)
            span = Span(start, math.inf if end is None else max(start, end), kept_as)
            if span == before:
                return
            self.version += 1
            if end is None:
                self._open[key] = span
            else:
                self._open.pop(key, None)
                self._add(Span(start - self.pre, span.end + self.post, kept_as))

    def class_of(self, start: float, end: float) -> Optional[str]:
        """Return the highest class in which anything from start to end is wanted; None if nothing is."""
        with self._lock:
            found = [one.kept_as for one in self._spans() if one.start <= end and start <= one.end]
        return max(found, key=CLASSES.index) if found else None

    def spans(self) -> List[Span]:
        """Return everything that is wanted, padded; what goes on ends in infinity."""
        with self._lock:
            return self._spans()

    def _spans(self) -> List[Span]:
        return self._over + [Span(one.start - self.pre, one.end, one.kept_as) for one in self._open.values()]

    def _add(self, span: Span) -> None:
        apart = []
        for one in self._over:
            if one.kept_as == span.kept_as and one.start <= span.end and span.start <= one.end:
                span = Span(min(one.start, span.start), max(one.end, span.end), span.kept_as)
            elif one.end >= span.end - MEMORY:
                apart.append(one)
        self._over = apart[-(MOST_SPANS - 1) :] + [span]


def highest(one: str, other: str) -> str:
    """Return the higher of two classes; "" is below all."""
    return max(one, other, key=lambda kept_as: CLASSES.index(kept_as) if kept_as in CLASSES else -1)
