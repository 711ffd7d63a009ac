"""Print statistics and detections, in the original project's format."""

import time
from typing import Callable, Dict, Optional

from appliance.core.frame import Result, Statistics, Timings
from appliance.core.sink import Sink
from appliance.drawing.class_areas import percent, shares

_NO_TIMINGS = Timings(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def format_statistics(statistics: Statistics) -> str:
    """Return the original's line, identical to the space, as programs parse it. gpu is the front, cpu the back."""
    timings = statistics.timings or _NO_TIMINGS
    return (
        f"FPS:{statistics.fps: ^5.1f} Frames:{statistics.frames: ^3} Seconds:{statistics.seconds: ^10.5f}"
        f" | 1FRAME total:{timings.total: ^10.5f} cap:{timings.cap: ^10.5f} gpu:{timings.front: ^10.5f}"
        f" cpu:{timings.back: ^10.5f} lost:{timings.lost: ^10.5f} send:{timings.send: ^10.5f}"
        f" | VFPS:{statistics.vfps: ^5.1f} VFrames:{statistics.vframes: ^3} VDrops:{statistics.vdrops: ^3}"
    ).rstrip()


def format_detections(result: Result) -> str:
    """Return "frame 100: person 0.98 [12 34 56 78], dog 0.71 [90 12 340 56]", or "frame 100: sofa 31%, cat 7%"."""
    found = result.detections
    texts = [
        f"{result.label(int(class_id))} {score:.2f} [{' '.join(str(round(float(x))) for x in box)}]"
        for box, score, class_id in zip(found.boxes, found.scores, found.class_ids)
    ]
    texts += [f"{result.label(class_id)} {percent(share)}" for class_id, share in shares(result)]
    return f"frame {result.frame.index}: {', '.join(texts) or 'nothing found'}"


class Console(Sink):
    """Passes lines to `write_line`.

    Statistics every `fps_interval` seconds of wall time, when frames arrive, and at the end if any arrived since;
    detections of every `det_interval`-th frame, of none if it is 0.

    Args:
        write_line: Called with each line.
        statistics: Returns the statistics.
        fps_interval: Seconds.
        det_interval: Frames.
        clock: Monotonic, in seconds.
        power: Returns power consumption and so on in words, for a line of its own: programs parse the statistics' line.
    """

    name = "console"
    every_result = True

    def __init__(
        self,
        write_line: Callable[[str], None],
        statistics: Callable[[], Statistics],
        fps_interval: float,
        det_interval: int,
        clock: Callable[[], float] = time.monotonic,
        power: Optional[Callable[[], str]] = None,
    ) -> None:
        self._write_line = write_line
        self._statistics = statistics
        self._fps_interval = fps_interval
        self._det_interval = det_interval
        self._clock = clock
        self._power = power
        self._printed_at: Optional[float] = None
        self._has_news = False
        self._next_index: Dict[str, int] = {}  # by stream; a frame may be missing, so "at or after" counts

    def write(self, result: Result) -> None:
        stream, index = result.frame.stream, result.frame.index
        if self._det_interval > 0 and index >= self._next_index.get(stream, 0):
            self._next_index[stream] = (index // self._det_interval + 1) * self._det_interval
            self._write_line(format_detections(result))
        now = self._clock()
        if self._printed_at is None:
            self._printed_at = now
        self._has_news = True
        if now - self._printed_at >= self._fps_interval:
            self._printed_at = now
            self._print_statistics()

    def close(self) -> None:
        if self._has_news:
            self._print_statistics()

    def _print_statistics(self) -> None:
        self._has_news = False
        self._write_line(format_statistics(self._statistics()))
        if self._power is not None:
            self._write_line("power: " + (self._power() or "no sensor of this machine can be read"))
