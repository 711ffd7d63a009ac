"""Records the annotated pictures as a movie: JPEG pictures in AVI, which any player opens."""

import contextlib
import logging
import os
from typing import Callable, List, Optional, Tuple

import cv2

from appliance.errors import OutputError
from appliance.frame import Result
from appliance.sinks.avi import AviWriter
from appliance.sinks.base import JPEG_QUALITY, Sink, cannot_write, make_writable_directory
from appliance.sinks.flusher import Flusher
from appliance.sinks.overlay import Overlay

LONGEST_FREEZE = 10.0  # seconds without a frame that a live recording bridges with its last picture

log = logging.getLogger(__name__)


def movie_path(output_dir: str, unixtime: float) -> str:
    """Where the original project puts a movie that starts at this time."""
    return os.path.join(output_dir, "output_{}.avi".format(int(unixtime)))


class MovieRecorder(Sink):
    """Writes `path` (.avi) in the pictures' size. Where that file exists, it is kept and "_2", "_3" … is taken.

    playing_fps: frames a second, above 0; asked when a file is begun, since a camera knows it only once it is open.
    Of a movie every frame is written. With `is_live` a second of capture time is
    a second of playing time: pictures are repeated or left out as needed.
    A new file is begun where their size changes, where a live source was silent for over 10 seconds,
    and at 255 GiB. `paths` has all files so far, `frames` counts the pictures in them.
    The files are whole after `close`. After a crash they lack only the picture that was being written, after a power
    cut about the last second.
    Where the disk is full, or fails, an OutputError ends the run; that of a live source goes on without a
    recording, which the log says once. Either tells what is kept.
    """

    name = "recorder"
    is_drawn = True

    def __init__(
        self, path: str, playing_fps: Callable[[], float], overlay: Overlay, is_live: bool = False
    ) -> None:
        self.paths: List[str] = []
        self.frames = 0
        self._path = path
        self._playing_fps = playing_fps
        self._fps = 0.0
        self._overlay = overlay
        self._is_live = is_live
        self._movie: Optional[AviWriter] = None
        self._flusher: Optional[Flusher] = None
        self._size: Tuple[int, int] = (0, 0)
        self._started_at = 0.0
        self._last_picture = b""
        self._failure: Optional[OutputError] = None
        make_writable_directory(os.path.dirname(path) or ".")

    def write(self, result: Result) -> None:
        if self._failure:
            if self._is_live:
                return
            raise self._failure
        try:
            if self._flusher and self._flusher.problem:
                raise self._flusher.problem
            self._record(result)
        except OSError as problem:
            self._give_up(problem)

    def close(self) -> None:
        try:
            self._finish_file()
        except OSError as problem:
            self._give_up(problem)

    def _give_up(self, problem: OSError) -> None:
        path = self.paths[-1] if self.paths else self._path
        seconds = self.frames / self._fps if self.frames else 0.0
        if self._flusher and self._flusher.problem:
            kept = "Of the {:.1f} seconds recorded before it the last may be lost.".format(seconds)
        elif seconds:
            kept = "The {:.1f} seconds recorded before it are kept and can be played.".format(seconds)
        else:
            kept = ""
        self._failure = cannot_write(path, problem, kept)
        with contextlib.suppress(OSError):
            self._finish_file()
        if not self._is_live:
            raise self._failure from problem
        self.is_drawn = False
        log.error("%s The recording ends here; detection goes on", self._failure)

    def _finish_file(self) -> None:
        movie, flusher, self._movie = self._movie, self._flusher, None
        try:
            if movie:
                movie.close()
        finally:
            if flusher:
                flusher.stop()
        if movie and flusher and flusher.problem:
            raise flusher.problem

    def _record(self, result: Result) -> None:
        width, height = self._overlay.size(result)
        movie = self._movie
        if movie and (self._size != (width, height) or movie.is_full):
            movie = None
        # How many pictures the movie should have once this one is in it.
        due = movie.frames + 1 if movie else 1
        if movie and self._is_live:
            due = int((result.frame.captured_at - self._started_at) * self._fps + 0.5) + 1
            if due - movie.frames > LONGEST_FREEZE * self._fps + 1:
                movie, due = None, 1
            elif due <= movie.frames:
                return
        if movie is None:
            movie = self._start_file(width, height, result.frame.captured_at)
        drawn = self._overlay.draw(result)
        picture = cv2.imencode(".jpg", drawn, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()
        while movie.frames < due - 1:
            movie.write(self._last_picture)
            self.frames += 1
        movie.write(picture)
        self.frames += 1
        self._last_picture = picture

    def _start_file(self, width: int, height: int, captured_at: float) -> AviWriter:
        self._finish_file()
        self._fps = self._playing_fps()
        stem, extension = os.path.splitext(self._path)
        path, number = self._path, 1
        while True:
            try:
                self._movie = AviWriter(path, width, height, self._fps)
                self._flusher = Flusher(self._movie.fileno(), os.path.dirname(path) or ".")
                break
            except FileExistsError:
                number += 1
                path = "{}_{}{}".format(stem, number, extension)
        if self.paths:
            log.info("The recording goes on in %s", path)
        self.paths.append(path)
        self._size = (width, height)
        self._started_at = captured_at
        return self._movie
