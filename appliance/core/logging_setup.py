"""The log format of every process: time, level, component and text, with repeated lines held back."""

import collections
import logging
import re
import sys
import threading
import time
from typing import IO, Callable, Optional, Tuple

FIRST_PAUSE, LONGEST_PAUSE = 60.0, 3600.0
"""Seconds for which a repeated line is held back: at first, and at most; they double each time."""
_LINES_KNOWN = 500
# The parts that differ between lines that say the same.
_AMOUNT = re.compile(r"\b\d[\d.]{0,20} (?:s|seconds|minutes|MB|GB)\b")


def write_log(
    logger: logging.Logger, component: str, stream: Optional[IO[str]] = None, redact: Callable[[str], str] = str
) -> None:
    """Write everything logged by this logger as lines.

    Args:
        logger: The logger, including its children.
        component: Name of the process.
        stream: Where lines are written; standard error by default.
        redact: Hides credentials.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(LineFormatter(component, redact))
    handler.addFilter(Repeats())
    logger.handlers[:] = [handler]


class LineFormatter(logging.Formatter):
    """Formats lines as `2026-11-29T16:15:54+0100 WARNING daemon: text`.

    Args:
        component: Name of the process.
        redact: Hides credentials.
    """

    def __init__(self, component: str, redact: Callable[[str], str] = str) -> None:
        super().__init__(f"%(asctime)s %(levelname)s {component}: %(message)s", "%Y-%m-%dT%H:%M:%S%z")
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        # A text that contains line breaks must not look like several entries.
        return self._redact(super().format(record) + repeats_note(record)).replace("\n", "\n    ")


def repeats_note(record: logging.LogRecord) -> str:
    """Return how often the line was held back before, to be appended to it; "" if it was not."""
    count, seconds = getattr(record, "held_back", (0, 0.0))
    return f" ({count} more times in {seconds / 60:.0f} min)" if count else ""


class _Line:
    def __init__(self, now: float) -> None:
        self.written = self.seen = now
        self.pause = FIRST_PAUSE
        self.count = 0


class Repeats(logging.Filter):
    """Holds back a line that was written just now: it is written again after 1, 2, 4 ... up to 60 minutes.

    The line then says how often it was held back. Each handler needs a filter of its own. clock: returns seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._lock = threading.Lock()
        self._lines: collections.OrderedDict[Tuple[int, str], _Line] = collections.OrderedDict()

    def filter(self, record: logging.LogRecord) -> bool:
        key = (record.levelno, _AMOUNT.sub("", record.getMessage()))
        now = self._clock()
        record.held_back = (0, 0.0)
        with self._lock:
            line = self._lines.pop(key, None)
            if line is None or now - line.seen > 2 * line.pause:
                line = self._lines[key] = _Line(now)
                if len(self._lines) > _LINES_KNOWN:
                    self._lines.popitem(last=False)
                return True
            self._lines[key] = line
            line.seen = now
            if now - line.written < line.pause:
                line.count += 1
                return False
            record.held_back = (line.count, now - line.written)
            line.written, line.count, line.pause = now, 0, min(2 * line.pause, LONGEST_PAUSE)
            return True
