"""When starred events were: their recordings are deleted last."""

import math
import threading
import time
from typing import Dict, List, Optional, Tuple

from appliance.contract.errors import Refused
from appliance.events.readers import Readers
from appliance.events.schema import start_of

_REFRESH_SECONDS = 60.0

Spans = Dict[str, List[Tuple[float, float]]]


class Starred:
    """Remembers the times of starred events, as it is asked about every recording. Thread-safe.

    Args:
        readers: Where they are read.
    """

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._lock = threading.Lock()
        self._spans: Optional[Spans] = None
        self._read_at = 0.0

    def forget(self) -> None:
        """Read them again: a star was given or taken."""
        with self._lock:
            self._spans = None

    def has(self, stream: str, start: float, end: float) -> bool:
        """Return whether an event in this time has a star; True if that cannot be known."""
        with self._lock:
            if self._spans is None or time.monotonic() - self._read_at > _REFRESH_SECONDS:
                self._spans = self._read()
                self._read_at = time.monotonic()
            if self._spans is None:
                return True
            return any(begin <= end and start <= until for begin, until in self._spans.get(stream, ()))

    def _read(self) -> Optional[Spans]:
        spans: Spans = {}
        try:
            with self._readers.reading() as connection:
                rows = connection.execute(
                    'SELECT k.stream, e.key, e."end" FROM kind k CROSS JOIN event e INDEXED BY event_by_kind'
                    " ON e.kind = k.id WHERE k.is_review = 0 AND k.starred = 1"
                )
                for stream, key, end in rows:
                    spans.setdefault(stream, []).append((start_of(key), math.inf if end is None else end))
        except Refused:
            return None
        return spans
