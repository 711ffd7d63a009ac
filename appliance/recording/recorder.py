"""Record the annotated pictures of a run as a movie: JPEG pictures in AVI, which every player opens."""

import contextlib
import logging
import os
from pathlib import Path
from typing import Callable, List, Optional, Tuple

from appliance.core.errors import OutputError
from appliance.core.frame import Result
from appliance.core.sink import Sink, cannot_write, make_writable_directory
from appliance.drawing.overlay import Overlay
from appliance.recording.movie import LONGEST_FREEZE, AviMovie

log = logging.getLogger(__name__)


def movie_path(output_dir: str, unixtime: float) -> str:
    """Return where the original project puts a movie that starts at this time."""
    return os.path.join(output_dir, f"output_{int(unixtime)}.avi")


class MovieRecorder(Sink):
    """Writes `path` (.avi) in the pictures' size. If that file exists it is kept, and "_2", "_3" ... is used.

    Of a movie every frame is written. With `is_live` a second of capture time is a second of playback: pictures are
    repeated or left out as needed. A new file is started when the size changes, when a live source gave nothing for
    over 10 seconds, and at 255 GiB. Files are complete after `close`. After a crash they lack only the picture being
    written, after a power cut about the last second. If the disk is full or fails, an OutputError ends the run; the run
    of a live source continues without recording, which is logged once. Both messages say what is kept.

    Args:
        path: Where to write.
        playing_fps: Returns frames per second of playback, above 0; called when a file is started, since a camera knows
            it only once it is open.
        overlay: Draws the pictures.
        is_live: Whether the source is a camera.

    Attributes:
        paths: All files so far.
        frames: Number of pictures in them.
    """

    name = "recorder"

    def __init__(self, path: str, playing_fps: Callable[[], float], overlay: Overlay, is_live: bool = False) -> None:
        self.paths: List[str] = []
        self._path = path
        self._playing_fps = playing_fps
        self._overlay = overlay
        self._is_live = is_live
        self._movie: Optional[AviMovie] = None  # the one that is open
        self._latest: Optional[AviMovie] = None
        self._earlier_frames = 0
        self._size: Tuple[int, int] = (0, 0)
        self._failure: Optional[OutputError] = None
        make_writable_directory(os.path.dirname(path) or ".")

    @property
    def frames(self) -> int:
        return self._earlier_frames + (self._movie.frames if self._movie else 0)

    def write(self, result: Result) -> None:
        if self._failure:
            if self._is_live:
                return
            raise self._failure
        try:
            self._record(result)
        except OSError as problem:
            self._give_up(problem)

    def close(self) -> None:
        try:
            self._finish_file()
        except OSError as problem:
            self._give_up(problem)

    def _give_up(self, problem: OSError) -> None:
        kept = self._latest.tell_what_is_kept() if self._latest else ""
        self._failure = cannot_write(self.paths[-1] if self.paths else self._path, problem, kept)
        with contextlib.suppress(OSError):
            self._finish_file()
        if not self._is_live:
            raise self._failure from problem
        log.error("%s The recording ends here; detection goes on", self._failure)

    def _finish_file(self) -> None:
        movie, self._movie = self._movie, None
        if movie:
            self._earlier_frames += movie.frames
            movie.close()

    def _record(self, result: Result) -> None:
        size, captured_at = self._overlay.size(result), result.frame.captured_at
        movie = self._movie
        if movie:
            movie.check()
        if movie and (self._size != size or movie.is_full or self._was_silent(movie, captured_at)):
            movie = None
        if movie is None:
            movie = self._start_file(size, captured_at)
        place = movie.place(captured_at) if self._is_live else movie.frames
        if place >= movie.frames:
            movie.write(self._overlay.draw(result), place)

    def _was_silent(self, movie: AviMovie, captured_at: float) -> bool:
        return self._is_live and movie.place(captured_at) - movie.frames > LONGEST_FREEZE * movie.fps

    def _start_file(self, size: Tuple[int, int], captured_at: float) -> AviMovie:
        self._finish_file()
        stem, extension = os.path.splitext(self._path)
        path, number = self._path, 1
        while True:
            try:
                movie = AviMovie(Path(path), size[0], size[1], self._playing_fps(), captured_at)
                break
            except FileExistsError:
                number += 1
                path = f"{stem}_{number}{extension}"
        if self.paths:
            log.info("The recording goes on in %s", path)
        self.paths.append(path)
        self._movie, self._latest, self._size = movie, movie, size
        return movie
