"""Record one stream into the folder of recordings, in segments: all the time, or what events want."""

import logging
import threading
import time
from typing import Callable, List, Optional, Tuple, Union

from appliance.contract.state import RunningRecording
from appliance.core.errors import OutputError
from appliance.core.frame import Frame, Result
from appliance.core.sink import Sink, cannot_write
from appliance.core.threads import start_thread
from appliance.drawing.overlay import Overlay
from appliance.recording.clean_copy import CleanCopy
from appliance.recording.encoders import AUTO, AVI, MP4, find_encoder, resolve_format
from appliance.recording.event_ring import RING_SECONDS, EventRing, Segment
from appliance.recording.interest import CONTINUOUS_CLASS, Interest
from appliance.recording.movie import LONGEST_FREEZE, AviMovie, Movie
from appliance.recording.mp4 import EncoderError, Mp4Movie
from appliance.recording.retention import EARLIEST
from appliance.recording.storage import Storage

OFF, CONTINUOUS, EVENTS = "off", "continuous", "events"
RETRY_SECONDS = 30.0
"""After a failure it is tried again when so much time has passed."""
LOOK_SECONDS = 1.0
"""So often it is looked whether there is still room."""
CLOCK_SECONDS = 2.0
"""By so much the time of day may be off within a segment."""
SETTLE_SECONDS = 0.5
"""So often it is looked what events want."""

log = logging.getLogger(__name__)


class SegmentRecorder(Sink):
    """Always a sink of its stream. Until `start` it is idle, or records what events want if `is_by_event`.

    For that it writes short segments all the time, of which only the newest are kept for a while (event_ring.py), and
    makes recordings of those that an event touches. A segment that is wanted while it is written goes on until nobody
    wants it any more.

    Attributes:
        format: AVI or MP4, that of the segment written last.

    `start`, `stop`, `status`, `wanted` and `problem` may be used from any thread; `write` and `close` as of any sink. A
    new segment is also started when the size of the pictures changes, when none came for over 10 seconds, and when the
    file was deleted.

    If the disk is full or fails, or an encoder does, recording pauses and `problem` says why, and what is kept;
    detection continues. While `wanted` it is tried again every 30 seconds, and `problem` is None again once recording
    continues. After `stop` it is set only if the last segment could not be finished.

    Args:
        stream: Name of the stream.
        storage: The folder of recordings.
        overlay: Draws the pictures, or leaves them as they are.
        playing_fps: Returns frames per second of playback, above 0; called at the start of each segment. Pictures are
            repeated or left out so that a second of capture time is a second of playback: the rate of detection suits
            best, not that of a faster camera.
        format: AUTO, AVI or MP4.
        segment_minutes, segment_mb: When to start a new segment, in minutes and 10^6 bytes; 0 is no limit.
        clock: Monotonic, in seconds.
        interest: What events want recorded: it decides on the classes of recordings.
        is_by_event: Whether that is recorded without `start` too.
        now: Unix time.
    """

    name = "recorder"

    def __init__(
        self,
        stream: str,
        storage: Storage,
        overlay: Union[Overlay, CleanCopy],
        playing_fps: Callable[[], float],
        format: str = AVI,
        segment_minutes: float = 10.0,
        segment_mb: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
        interest: Optional[Interest] = None,
        is_by_event: bool = False,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.wanted = False
        self.problem: Optional[str] = None
        self._stream = stream
        self._storage = storage
        self._overlay = overlay
        self._playing_fps = playing_fps
        self._format = self.format = format
        self._segment_seconds = segment_minutes * 60.0 or float("inf")
        self._segment_bytes = segment_mb * 1e6 or float("inf")
        self._clock = clock
        self._interest = interest
        self._is_by_event = is_by_event and interest is not None
        self._now = now
        self._ring = EventRing(stream, storage, interest)
        self._settle_at = 0.0
        self._settled = -1  # the version of the interest
        self._lock = threading.Lock()  # held while something is written
        self._segment: Optional[Segment] = None
        self._size: Tuple[int, int] = (0, 0)
        self._since = 0.0
        self._earlier_seconds = 0.0
        self._status: Optional[RunningRecording] = None
        self._look_at = 0.0
        self._retry_at: Optional[float] = None
        self._finishing: List[threading.Thread] = []

    def start(self) -> None:
        """Record from the next frame on. Does not raise: `problem` says at once why it is not possible now.

        The first recording as MP4 looks for an encoder, which takes some seconds.
        """
        with self._lock:
            if self.wanted:
                return
            self._end_segment()
            self.problem, self._retry_at = None, None
            self._since, self._earlier_seconds = time.time(), 0.0
            self._status = RunningRecording(self._since, 0.0, "", 0)
            try:
                self._look_for_room()
                if self._format == MP4:
                    find_encoder()
            except OutputError as problem:
                self._pause(problem)
            self.wanted = True

    def stop(self) -> None:
        """Stop recording everything; returns when the file is complete."""
        self.wanted = False  # or `write` might not let go of the lock for long
        with self._lock:
            self.wanted = False
            self.problem, self._status = None, None
            self._end_segment()
            finishing, self._finishing = self._finishing, []
        for thread in finishing:
            thread.join()

    def status(self) -> Optional[RunningRecording]:
        """Return None while nothing is recorded, also if a `problem` prevents it. Does not wait for a slow disk."""
        return self._status

    def write(self, result: Result) -> None:
        if self._is_idle:
            return
        with self._lock:
            if self._is_idle or (self._retry_at is not None and self._clock() < self._retry_at):
                return
            try:
                self._record(result)
            except OSError as problem:
                movie = self._segment.movie if self._segment else None
                kept = movie.tell_what_is_kept() if movie else ""
                self._pause(cannot_write(str(movie.path if movie else self._storage.folder), problem, kept))
            except OutputError as problem:
                self._pause(problem)

    @property
    def _is_idle(self) -> bool:
        return not self.wanted and not self._is_by_event

    def close(self) -> None:
        with self._lock:
            try:
                self._ring.settle(self._segment, self._now())
            except OSError as problem:
                log.error("%s", cannot_write(str(self._storage.folder), problem))
        self.stop()
        self._ring.clear()

    def _record(self, result: Result) -> None:
        size, captured_at = self._overlay.size(result), result.frame.captured_at
        segment, now = self._segment, self._unix_time(result.frame)
        if segment is not None:
            movie = segment.movie
            movie.check()
            if self._clock() >= self._look_at:
                self._look_for_room()
            self._settle(now)
            if self._is_over(segment, size, captured_at, now):
                place = movie.place(captured_at)
                if place - movie.frames <= LONGEST_FREEZE * movie.fps:
                    movie.fill(place)
                self._end_segment()
                segment = None
        if segment is None:
            segment = self._begin_segment(size, captured_at, now)
        movie = segment.movie
        place = movie.place(captured_at)
        if place < movie.frames:
            return
        movie.write(self._overlay.draw(result), place)
        if self._retry_at is not None:
            log.info("The recording of %s goes on", self._stream)
            self.problem, self._retry_at = None, None
        if segment.kept_as:
            self._storage.grew(movie.path, movie.seconds)
            since, earlier = (self._since, self._earlier_seconds) if self.wanted else (segment.began, 0.0)
            seconds, by_event = earlier + movie.seconds, segment.is_by_event
            self._status = RunningRecording(since, seconds, movie.path.name, movie.bytes, by_event)
        else:
            self._status = None

    def _settle(self, now: float) -> None:
        """Make recordings of what events want. now: Unix time of the newest frame."""
        if self._interest is None or (self._interest.version == self._settled and self._clock() < self._settle_at):
            return
        self._settled, self._settle_at = self._interest.version, self._clock() + SETTLE_SECONDS
        self._ring.settle(self._segment, now)

    def _is_over(self, segment: Segment, size: Tuple[int, int], captured_at: float, now: float) -> bool:
        movie = segment.movie
        if segment.is_by_event and self._interest is not None and segment.kept_as:
            is_unwanted = self._interest.class_of(now, now) is None
        else:
            is_unwanted = False
        longest = self._segment_seconds if segment.kept_as else min(RING_SECONDS, self._segment_seconds)
        return (
            size != self._size
            or is_unwanted
            # To the nearest picture: otherwise rounding would decide where a segment ends.
            or not 0 <= captured_at - movie.started_at < longest - 0.5 / movie.fps
            # The clock was set: what happens from now on would be looked for at another place.
            or abs(now - segment.began - (captured_at - movie.started_at)) > CLOCK_SECONDS
            or movie.place(captured_at) - movie.frames > LONGEST_FREEZE * movie.fps
            or movie.bytes >= self._segment_bytes
            or movie.is_full
            or movie.is_gone
        )

    def _begin_segment(self, size: Tuple[int, int], captured_at: float, now: float) -> Segment:
        self._look_for_room()
        wanted = self._interest.class_of(now, now) if self._interest is not None else None
        kept_as = wanted or (CONTINUOUS_CLASS if self.wanted else "")
        self.format = resolve_format(self._format)
        encoder = find_encoder() if self.format == MP4 else None
        fps = self._playing_fps()
        path = self._storage.claim(self._stream, self.format, now, kept_as) if kept_as else self._ring.path(self.format)
        try:
            if encoder is not None:
                movie: Movie = Mp4Movie(path, size[0], size[1], fps, captured_at, encoder)
            else:
                movie = AviMovie(path, size[0], size[1], fps, captured_at)
        except (OSError, OutputError):
            if kept_as:
                self._storage.release(path)
            raise
        movie.set_durable(bool(kept_as))
        segment = self._segment = Segment(movie, now, kept_as, is_by_event=not self.wanted)
        self._size = size
        return segment

    def _unix_time(self, frame: Frame) -> float:
        """Return when a frame was captured."""
        return frame.time if frame.time >= EARLIEST else self._now() - (self._clock() - frame.captured_at)

    def _look_for_room(self) -> None:
        alarm = self._storage.room()
        if alarm:
            raise OutputError(alarm)
        self._look_at = self._clock() + LOOK_SECONDS

    def _end_segment(self) -> None:
        """Finish the segment in a thread of its own: a slow disk must not cost the next one's first frames."""
        segment, self._segment = self._segment, None
        if segment is None:
            return
        segment.ended = segment.began + segment.movie.seconds
        self._earlier_seconds += 0.0 if segment.is_by_event else segment.movie.seconds
        self._ring.add(segment)
        self._finishing = [thread for thread in self._finishing if thread.is_alive()]
        self._finishing.append(start_thread("finish recording", self._finish, segment))

    def _finish(self, segment: Segment) -> None:
        movie, seconds = segment.movie, None
        try:
            movie.close()
            seconds = movie.seconds
        except (OSError, OutputError) as error:
            if self._retry_at is None:  # or it has been said already
                kept = movie.tell_what_is_kept()
                said = cannot_write(str(movie.path), error, kept) if isinstance(error, OSError) else error
                self.problem = str(said)
                log.error("%s", said)
        finally:
            self._ring.finish(segment, seconds)

    def _pause(self, problem: OutputError) -> None:
        if self._retry_at is None:
            log.error("%s The recording of %s pauses; detection goes on", problem, self._stream)
        if isinstance(problem, EncoderError) and self._format == AUTO:
            self._format = AVI  # better than nothing
        self._retry_at = self._clock() + RETRY_SECONDS
        self.problem, self._status = str(problem), None
        self._end_segment()
