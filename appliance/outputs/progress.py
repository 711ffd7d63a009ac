"""Show progress: a bar on a terminal, elsewhere a line every few seconds."""

import os
import time
from typing import Any, Callable, Optional, TextIO

from appliance.core.frame import Result
from appliance.core.sink import Sink

LINE_INTERVAL = 5.0  # seconds between two lines where there is no terminal
BYTES = "bytes"
_MEGA = 1e6


class Progress(Sink):
    """Counts frames as a sink, or anything through `advance`.

    Args:
        total: None if unknown.
        unit: What is counted, in the plural; BYTES is shown in MB.
        stream: Where to write.
        clock: Monotonic, in seconds.
    """

    name = "progress"

    def __init__(
        self, total: Optional[int], unit: str, stream: TextIO, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.done = 0
        self._total = total
        self._unit = unit
        self._stream = stream
        self._clock = clock
        self._said_at = clock()
        self._said: Optional[int] = None
        self._is_closed = False
        self._bar: Any = None
        if stream.isatty():
            from tqdm import (
                tqdm,  # only here: it is not needed elsewhere, and the command line starts quickly
            )

            is_bytes = unit == BYTES
            is_sized = min(os.get_terminal_size(stream.fileno())) > 0  # a container's may have no size
            self._bar = tqdm(
                total=total,
                unit="B" if is_bytes else " " + unit,
                unit_scale=is_bytes,
                file=stream,
                ncols=None if is_sized else 80,
                dynamic_ncols=is_sized,
            )
            if not is_sized:
                self._bar.nrows = 24  # with less than a line it hides the bar; old ones take no such argument

    def write(self, result: Result) -> None:
        """Count up to this frame, including frames before it that were dropped."""
        self.advance(result.frame.index + 1 - self.done)

    def advance(self, count: int) -> None:
        self.done += count
        if self._bar is not None:
            self._bar.update(count)
        elif self._clock() - self._said_at >= LINE_INTERVAL:
            self._say()

    def write_line(self, text: str) -> None:
        """Print a line above the bar; other output to the same terminal would break the bar."""
        if self._bar is not None and not self._is_closed:
            self._bar.write(text, file=self._stream)
        else:
            self._stream.write(text + "\n")
            self._stream.flush()

    def close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        if self._bar is not None:
            self._bar.close()
        elif self._said != self.done:
            self._say()

    def _say(self) -> None:
        self._said_at = self._clock()
        self._said = self.done
        self.write_line(self._text())

    def _text(self) -> str:
        done, total, unit = str(self.done), str(self._total), self._unit
        if unit == BYTES:
            done, total, unit = (
                f"{self.done / _MEGA:.1f}",
                f"{(self._total or 0) / _MEGA:.1f}",
                "MB",
            )
        if not self._total:
            return f"{done} {unit}"
        return f"{done} of {total} {unit}, {self.done * 100 // self._total} %"
