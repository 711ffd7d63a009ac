"""One run: assemble source, detector, loop and sinks from the settings."""

import contextlib
import functools
import logging
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from typing import Any, Callable, List, Optional, TextIO

from appliance.board.telemetry import Telemetry
from appliance.cli.line_files import check_line_files
from appliance.cli.run_summary import summarise, write_summary
from appliance.cli.run_tracking import MAIN, RunTracking, with_stream
from appliance.core.frame import Result
from appliance.core.sink import Sink
from appliance.core.source import Source
from appliance.core.threads import start_thread
from appliance.detectors.from_settings import load
from appliance.drawing.overlay import Overlay
from appliance.outputs.console import Console
from appliance.outputs.detection_summary import DetectionSummary
from appliance.outputs.images import ImageWriter
from appliance.outputs.jsonlines import JsonLines
from appliance.outputs.lines_file import STANDARD_OUTPUT, LinesFile
from appliance.outputs.progress import Progress
from appliance.outputs.slow_frames import SlowFrameLog
from appliance.outputs.window import Window, window_reason
from appliance.pipeline.loop import Loop
from appliance.pipeline.meter import Meter
from appliance.pipeline.selection import select
from appliance.pipeline.stream_pipeline import StreamPipeline
from appliance.recording.recorder import MovieRecorder, movie_path
from appliance.schema.places import NO_PLACES, Places
from appliance.settings import LoadedSettings, Settings, compatibility_notes
from appliance.sources.open import open_images, open_movie, open_set_camera
from appliance.sources.privacy import PrivacyMask
from appliance.telemetry.console import describe_readings

log = logging.getLogger(__name__)

IMAGE, VIDEO, STREAM = "image", "video", "stream"
# For recording a camera that does not report its frame rate.
USUAL_CAMERA_FPS = 30.0


class Stopped(Exception):
    """Raised in the main thread by a signal that asks the run to end: Ctrl-C or SIGTERM."""


@dataclass(frozen=True)
class Outputs:
    """The sinks of a run that write files or show a window, and those that are needed later.

    Attributes:
        sinks: All of them.
        recorder: The one that writes a movie, if any.
        images: The one that writes images, if any.
        window_closed: Set when the user closes the window; None if there is none.
    """

    sinks: List[Sink]
    recorder: Optional[MovieRecorder]
    images: Optional[ImageWriter]
    window_closed: Optional[threading.Event]


def run(
    loaded: LoadedSettings,
    kind: str,
    json_path: Optional[str] = None,
    force: bool = False,
    power: bool = False,
    events_path: Optional[str] = None,
    stream: Optional[str] = None,
) -> None:
    """Detect in images, a movie or a camera, until the end or a signal.

    Args:
        loaded: The settings.
        kind: IMAGE, VIDEO or STREAM.
        json_path: Where to write the detections, one JSON line each; "-" for standard output, None for nowhere.
        force: Load the model even if this board is known to have too little memory for it.
        power: Show the board's power consumption with the statistics.
        events_path: Where to write what happens to tracks, as `json_path`.
        stream: The stream of the config file whose settings, zones and lines are used.

    Raises:
        SplitlensError: Source, model or output cannot be used.
    """
    places, private = NO_PLACES, loaded.settings.places(stream or MAIN).privacy
    if stream is not None or events_path is not None:
        loaded = with_stream(loaded, stream)
        places = loaded.settings.places(stream or MAIN)
    settings = loaded.settings
    sources = {IMAGE: settings.image_input, VIDEO: settings.movie_input}
    check_line_files(json_path, events_path, sources.get(kind, ""))
    for note in compatibility_notes(settings, loaded.origins):
        log.info("%s", note)
    if private:
        log.info("What is private in the stream %s of the config file is black in every picture", stream or MAIN)
    with open_source(settings, kind) as source, contextlib.ExitStack() as unused:
        meter = Meter(settings.fps_interval)
        # Before the model is loaded, so that an unwritable path is reported at once.
        outputs = make_outputs(loaded, kind, source, meter, json_path, time.time(), places)
        tracking = None
        if events_path is not None or (json_path is not None and kind != IMAGE):
            events = None if events_path is None else _lines_file(events_path)
            tracking = RunTracking(settings, stream or MAIN, places, source, events)
        outputs.sinks.extend(tracking.sinks if tracking else [])
        for sink in outputs.sinks:
            unused.callback(sink.close)
        # With JSON lines on standard output, nothing else is printed there.
        terminal: TextIO = sys.stderr if STANDARD_OUTPUT in (json_path, events_path) else sys.stdout
        counts = DetectionSummary()
        with contextlib.closing(load(loaded, force)) as detector:
            progress = make_progress(source, kind, settings, terminal)
            write_line = progress.write_line if progress else functools.partial(print, file=terminal, flush=True)
            sinks = outputs.sinks + ([progress] if progress else [])
            sinks += make_console(settings, meter, write_line, power) + [counts]
            transform: Callable[[Result], Result] = functools.partial(select, shown_classes=settings.shown_classes)
            if tracking is not None:
                tracking.use(detector)
                transform = tracking.transform
            pipeline = StreamPipeline(
                source, sinks, meter, stream or MAIN, transform, mask=PrivacyMask(lambda: private)
            )
            began = time.monotonic()
            with Loop(detector, [pipeline], 0 if outputs.window_closed else settings.max_frames) as loop:
                unused.pop_all()  # the pipeline closes its sinks
                if outputs.window_closed:
                    start_thread("window closed", _stop_when, outputs.window_closed, loop)
                wait(loop, write_line)
            seconds = time.monotonic() - began
            summary = summarise(source, detector, counts, meter.statistics(), seconds)
            summary += tracking.summary() if tracking else []
    movies = outputs.recorder.paths if outputs.recorder else []
    summary += [f"movie: {path}" for path in movies]
    if outputs.images is not None:
        summary.append(f"pictures: {outputs.images.written} in {_picture_folder(settings)}")
    write_summary(summary, movies, write_line)


def wait(loop: Loop, write_line: Callable[[str], None]) -> None:
    """Wait until the loop is done, or a signal asks it to end; frames in progress are then finished."""

    def stop(number: int, frame: Any) -> None:
        _set_signals(signal.SIG_DFL)  # a second signal kills the program
        raise Stopped(signal.Signals(number).name)

    try:
        try:
            _set_signals(stop)
            loop.wait()
        finally:
            _set_signals(signal.SIG_DFL)  # until then a signal is handled
    except Stopped as stopped:
        write_line(f"{stopped}: finishing the frames under way")
        loop.stop()
        loop.wait()


def _set_signals(handler: Any) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)


def open_source(settings: Settings, kind: str) -> Source:
    """Open the source of a run. Raises SourceError."""
    if kind == IMAGE:
        return open_images(settings.image_input, left_out=_picture_folder(settings))
    if kind == VIDEO:
        return open_movie(settings.movie_input)
    return open_set_camera(settings.camera_input, settings)


def _picture_folder(settings: Settings) -> str:
    return os.path.join(settings.output_dir, "output_image")


def make_outputs(
    loaded: LoadedSettings,
    kind: str,
    source: Source,
    meter: Meter,
    json_path: Optional[str],
    started_at: float,
    places: Places,
) -> Outputs:
    """Create the files and the window of these settings, in whose pictures the zones and lines are drawn.

    Raises:
        OutputError: A path cannot be written to.
    """
    settings = loaded.settings
    sinks: List[Sink] = []
    mask_size = (settings.width, settings.height) if settings.mask_output_size == "settings" else None
    overlay = Overlay(settings.vis_text, meter.statistics, mask_size, drawn=meter.drawn, places=lambda: places)
    overlay.show_boxes, overlay.show_zones = settings.show_boxes, settings.show_zones
    recorder, images = None, None
    if settings.save_to_file and kind == IMAGE:
        images = ImageWriter(_picture_folder(settings), overlay)
        sinks.append(images)
    elif settings.save_to_file:
        path = movie_path(os.path.join(settings.output_dir, "output_movie"), started_at)
        recorder = MovieRecorder(path, lambda: _playing_fps(source, settings), overlay, source.is_live)
        sinks.append(recorder)
    window_closed = _add_window(sinks, loaded, kind, overlay)
    if json_path is not None:
        sinks.append(JsonLines(json_path, _claim_standard_output() if json_path == STANDARD_OUTPUT else 1))
    return Outputs(sinks, recorder, images, window_closed)


def make_console(settings: Settings, meter: Meter, write_line: Callable[[str], None], power: bool) -> List[Sink]:
    """Return the sinks that report progress on the terminal.

    Args:
        settings: The settings.
        meter: The statistics.
        write_line: Prints a line.
        power: Whether to show the board's power consumption too.
    """
    telemetry = Telemetry() if power else None
    console = Console(
        write_line,
        meter.statistics,
        settings.fps_interval,
        settings.det_interval,
        power=(lambda: describe_readings(telemetry.read())) if telemetry else None,
    )
    return [console, SlowFrameLog(meter.statistics)] if settings.debug_mode else [console]


def make_progress(source: Source, kind: str, settings: Settings, terminal: TextIO) -> Optional[Progress]:
    """Return the progress bar; None for a single image, and for a camera, which has no end."""
    if source.is_live or source.frame_count == 1:
        return None
    total = source.frame_count
    if settings.max_frames:
        total = min(settings.max_frames, total or settings.max_frames)
    return Progress(total, "pictures" if kind == IMAGE else "frames", terminal)


def _lines_file(path: str) -> LinesFile:
    return LinesFile(path, _claim_standard_output() if path == STANDARD_OUTPUT else 1)


def _claim_standard_output() -> int:
    """Return a descriptor of standard output, for our lines only.

    Everything else that is printed there, by native libraries too, goes to standard error.
    """
    sys.stdout.flush()
    descriptor = os.dup(1)
    os.dup2(2, 1)
    return descriptor


def _playing_fps(source: Source, settings: Settings) -> float:
    """Return the frame rate of a recording: the source's; for a camera at most max_vis_fps."""
    fps = source.fps or USUAL_CAMERA_FPS
    return min(fps, settings.max_vis_fps) if source.is_live and settings.max_vis_fps else fps


def _add_window(sinks: List[Sink], loaded: LoadedSettings, kind: str, overlay: Overlay) -> Optional[threading.Event]:
    settings = loaded.settings
    if not settings.visualize or kind == IMAGE:
        return None
    reason = window_reason()
    if reason is not None:
        # Logged only if the user requested a window; the default is to show one if possible.
        log.log(logging.DEBUG if loaded.origins["visualize"] == "default" else logging.INFO, "%s", reason)
        return None
    closed = threading.Event()
    sinks.append(Window(overlay, settings.max_vis_fps, closed))
    return closed


def _stop_when(closed: threading.Event, loop: Loop) -> None:
    closed.wait()
    loop.stop()
