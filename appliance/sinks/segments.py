"""Records one stream into the folder of recordings, in segments, switched on and off while the stream runs."""

import time
from typing import Callable, NamedTuple, Optional

from appliance.frame import Result
from appliance.sinks.base import Sink
from appliance.sinks.overlay import Overlay
from appliance.sinks.storage import Storage


class RecordingStatus(NamedTuple):
    """since: Unix time when recording was switched on. seconds: playing time of all that was recorded since.
    name, bytes: of the segment being written; "" and 0 before the first frame.
    """

    since: float
    seconds: float
    name: str
    bytes: int


class SegmentRecorder(Sink):
    """Always a sink of its stream; idle until `start`.

    `start`, `stop`, `status`, `wanted` and `problem` may be used from any thread; `write` and `close` as of any sink.
    playing_fps: asked at the beginning of each segment, above 0. Pictures are repeated or left out so that a second of
    capture time is a second of playing time: best is the rate of detection, not that of a camera that is faster.
    format: "avi" or "mp4". segment_minutes, segment_mb (10^6 bytes): when a new segment is begun; 0 is no limit.
    """

    name = "recorder"

    def __init__(
        self,
        stream: str,
        storage: Storage,
        overlay: Overlay,
        playing_fps: Callable[[], float],
        format: str = "avi",
        segment_minutes: float = 10.0,
        segment_mb: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.wanted = False
        self.problem: Optional[str] = None

    def start(self) -> None:
        """Record from the next frame on. Raises nothing: `problem` says at once why it cannot be done (now)."""

    def stop(self) -> None:
        """Returns when the file is whole. No frame that comes later is recorded."""

    def status(self) -> Optional[RecordingStatus]:
        """None while nothing is recorded, also where a `problem` prevents it."""

    def write(self, result: Result) -> None:
        pass
