"""Record one stream into the folder of recordings, in segments, started and stopped while the stream runs."""

import logging
import os
import threading
import time
from typing import Callable, List, Optional, Tuple, Union

from appliance.contract.state import RunningRecording
from appliance.core.errors import OutputError
from appliance.core.frame import Result
from appliance.core.sink import Sink, cannot_write
from appliance.core.threads import start_thread
from appliance.drawing.overlay import Overlay
from appliance.recording.clean_copy import CleanCopy
from appliance.recording.encoders import AVI, MP4, find_encoder, resolve_format
from appliance.recording.movie import LONGEST_FREEZE, AviMovie, Movie
from appliance.recording.mp4 import Mp4Movie
from appliance.recording.playing_time import is_empty
from appliance.recording.storage import Storage

OFF, CONTINUOUS, EVENTS = "off", "continuous", "events"
RETRY_SECONDS = 30.0
"""After a failure it is tried again when so much time has passed."""
LOOK_SECONDS = 1.0
"""So often it is looked whether there is still room."""

log = logging.getLogger(__name__)


class SegmentRecorder(Sink):
    """Always a sink of its stream; idle until `start`.

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
        self._lock = threading.Lock()  # held while something is written
        self._movie: Optional[Movie] = None
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
        """Stop recording; returns when the file is complete."""
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
        if not self.wanted:
            return
        with self._lock:
            if not self.wanted or (self._retry_at is not None and self._clock() < self._retry_at):
                return
            try:
                self._record(result)
            except OSError as problem:
                self._pause(
                    cannot_write(
                        str(self._movie.path if self._movie else self._storage.folder),
                        problem,
                        self._movie.tell_what_is_kept() if self._movie else "",
                    )
                )
            except OutputError as problem:
                self._pause(problem)

    def close(self) -> None:
        self.stop()

    def _record(self, result: Result) -> None:
        size, captured_at = self._overlay.size(result), result.frame.captured_at
        movie = self._movie
        if movie is not None:
            movie.check()
            if self._clock() >= self._look_at:
                self._look_for_room()
            if self._is_over(movie, size, captured_at):
                place = movie.place(captured_at)
                if place - movie.frames <= LONGEST_FREEZE * movie.fps:
                    movie.fill(place)
                self._end_segment()
                movie = None
        if movie is None:
            movie = self._begin_segment(size, captured_at)
        place = movie.place(captured_at)
        if place < movie.frames:
            return
        movie.write(self._overlay.draw(result), place)
        if self._retry_at is not None:
            log.info("The recording of %s goes on", self._stream)
            self.problem, self._retry_at = None, None
        self._storage.grew(movie.path, movie.seconds)
        self._status = RunningRecording(
            self._since, self._earlier_seconds + movie.seconds, movie.path.name, movie.bytes
        )

    def _is_over(self, movie: Movie, size: Tuple[int, int], captured_at: float) -> bool:
        return (
            size != self._size
            # To the nearest picture: otherwise rounding would decide where a segment ends.
            or not 0 <= captured_at - movie.started_at < self._segment_seconds - 0.5 / movie.fps
            or movie.place(captured_at) - movie.frames > LONGEST_FREEZE * movie.fps
            or movie.bytes >= self._segment_bytes
            or movie.is_full
            or movie.is_gone
        )

    def _begin_segment(self, size: Tuple[int, int], captured_at: float) -> Movie:
        self._look_for_room()
        self.format = resolve_format(self._format)
        encoder = find_encoder() if self.format == MP4 else None
        path, fps = self._storage.claim(self._stream, self.format), self._playing_fps()
        try:
            if encoder is not None:
                movie: Movie = Mp4Movie(path, size[0], size[1], fps, captured_at, encoder)
            else:
                movie = AviMovie(path, size[0], size[1], fps, captured_at)
        except (OSError, OutputError):
            self._storage.release(path)
            raise
        self._movie, self._size = movie, size
        return movie

    def _look_for_room(self) -> None:
        alarm = self._storage.room()
        if alarm:
            raise OutputError(alarm)
        self._look_at = self._clock() + LOOK_SECONDS

    def _end_segment(self) -> None:
        """Finish the segment in a thread of its own: a slow disk must not cost the next one's first frames."""
        movie, self._movie = self._movie, None
        if movie is not None:
            self._earlier_seconds += movie.seconds
            self._finishing = [thread for thread in self._finishing if thread.is_alive()]
            self._finishing.append(start_thread("finish recording", self._finish, movie))

    def _finish(self, movie: Movie) -> None:
        seconds = None
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
            _remove_empty(movie)
            self._storage.release(movie.path, seconds)

    def _pause(self, problem: OutputError) -> None:
        if self._retry_at is None:
            log.error("%s The recording of %s pauses; detection goes on", problem, self._stream)
        self._retry_at = self._clock() + RETRY_SECONDS
        self.problem, self._status = str(problem), None
        self._end_segment()


def _remove_empty(movie: Movie) -> None:
    try:
        if is_empty(movie.path):
            os.unlink(str(movie.path))
    except OSError:
        pass  # it may hold something
