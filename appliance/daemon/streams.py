"""One stream of the appliance: a source that may be exchanged, lost and found, and what becomes of its pictures."""

import dataclasses
import logging
import threading
import time
from typing import Any, Callable, Dict, NamedTuple, Optional

from appliance.bus import DETECTIONS, LIVE, NO_RESULTS, SLOW, STARTING, BusServer
from appliance.core.errors import SplitlensError
from appliance.core.frame import Result
from appliance.daemon.condition import Condition, stream_condition
from appliance.daemon.models import ModelRunner
from appliance.drawing.overlay import Overlay
from appliance.outputs.publisher import Publisher
from appliance.outputs.rate import RateLimit
from appliance.outputs.statistics import StreamStatistics
from appliance.pipeline.meter import Meter
from appliance.pipeline.stream_pipeline import StreamPipeline
from appliance.recording.segments import SegmentRecorder
from appliance.recording.storage import Storage
from appliance.schema.stream_setting import StreamSetting
from appliance.settings import Settings, redact
from appliance.sources.kind import StreamSource, kind_of
from appliance.sources.open import open_stream_source

log = logging.getLogger(__name__)

# Seconds until a source that could not be opened at all is tried again.
RETRY_SECONDS = 5.0
USUAL_CAMERA_FPS = 30.0


class StreamContext(NamedTuple):
    """What all streams share. changed: to be called after every change of what the dashboard shows."""

    settings: Settings
    station: BusServer
    storage: Storage
    change: Callable[[Result], Result]
    changed: Callable[[], None]


class Stream:
    """Runs in the loop of a model. Every method may be called from any thread.

    configured: what the configuration says; None for a stream that an operator added.
    """

    def __init__(
        self,
        name: str,
        configured: Optional[StreamSetting],
        current: StreamSetting,
        slot: ModelRunner,
        house: StreamContext,
        max_vis_fps: float,
        vis_text: bool,
    ) -> None:
        self.name = name
        self.configured = configured
        self.current = current
        self._slot = slot
        self._wanted = current, slot
        self._house = house
        self._lock = threading.RLock()
        self._meter = Meter(house.settings.fps_interval)
        self._figures = StreamStatistics(lambda event: house.station.publish(DETECTIONS, event))
        self._max_vis_fps, self._vis_text = max_vis_fps, vis_text
        self._source: Optional[StreamSource] = None
        self._feed: Optional[StreamPipeline] = None
        self._failure: Optional[str] = None
        self._failed_at = 0.0
        self._told: Optional[str] = None  # the failure that was logged last
        self._opened_at = time.monotonic()
        self._state = STARTING
        self._closed = False
        self._is_recorded = False
        self._make_sinks()

    def open(self) -> None:
        """Begin to show the current source. What goes wrong is shown, and tried again."""
        with self._lock:
            if self._closed:
                return
            self._failure, self._opened_at = None, time.monotonic()
            self._make_sinks()
            try:
                self._source = open_stream_source(self.current.source, self._house.settings, patient=True)
            except SplitlensError as error:
                self._fail(str(error))
                return
            self._told = None
            if self._is_recorded:
                self._recorder.start()
            feed = StreamPipeline(
                self._source,
                [self._publisher, self._figures, self._recorder],
                self._meter,
                self.name,
                self._house.change,
                on_end=self._ended,
                on_sink_error=self._sink_failed,
            )
            self._feed = feed
            self._slot.loop.add(feed)
        self._house.changed()

    def want(self, current: StreamSetting, slot: ModelRunner) -> None:
        """Name the source, and the loop of the model, that the next `exchange` takes."""
        self._wanted = current, slot
        self.current = current

    def exchange(self) -> None:
        """Take what was wanted last; may take ten seconds, if the old source does not end. A recording goes on."""
        with self._lock:
            self._leave()
            _, self._slot = self._wanted
            self.open()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._leave()

    def revive(self) -> None:
        """Try a source again that could not be opened, if it is time."""
        if not self._lock.acquire(False):
            return  # its source is being exchanged
        try:
            if self._failure is not None and time.monotonic() - self._failed_at > RETRY_SECONDS:
                self._leave()
                self.open()
        finally:
            self._lock.release()

    def record(self, on: bool) -> None:
        """Begin or end to record. Returns when a file that was being written is whole."""
        with self._lock:
            self._is_recorded = on
            recorder = self._recorder
        if on:
            recorder.start()
        else:
            recorder.stop()

    def show(self, max_vis_fps: float, vis_text: bool) -> None:
        """How live pictures are drawn from now on."""
        with self._lock:
            self._max_vis_fps, self._vis_text = max_vis_fps, vis_text
            self._publisher.limit = RateLimit(max_vis_fps)
            self._live_overlay.vis_text = self._kept_overlay.vis_text = vis_text

    @property
    def newest(self) -> Optional[Result]:
        """The last result; None while the source gives nothing."""
        return self._publisher.newest if self.condition().state in (LIVE, SLOW, NO_RESULTS, STARTING) else None

    @property
    def model_condition(self) -> str:
        """LIVE where its model runs, LOADING where that is being loaded, else NO_MODEL."""
        return self._slot.condition

    def condition(self) -> Condition:
        """Its state by what arrives, and why it is not live."""
        source, slot = self._source, self._slot
        found = stream_condition(
            time.monotonic(),
            self._opened_at,
            slot.since,
            self._meter.arrivals(self._opened_at, slot.since),
            self._house.settings.result_timeout,
            source.fps if source is not None else None,
            self._failure,
            source.problem if source is not None else None,
            slot.condition,
            slot.watch.silent_for,
            slot.watch.slowest,
            self._state,
        )
        self._state = found.state
        return found

    def facts(self) -> Dict[str, Any]:
        """What the dashboard shows of it; credentials are hidden."""
        # Without the lock: a source that is slow to close must not keep the others from being shown.
        recorder = self._recorder
        condition = self.condition()
        size = self._figures.size
        recording = recorder.status()
        try:
            kind = kind_of(self.current.source).name
        except SplitlensError:
            kind = "device"
        return {
            "name": self.name,
            "source": redact(str(self.current.source)),
            "kind": kind,
            "model": self.current.model,
            "status": condition.state,
            "problem": condition.problem,
            "width": size[0] if size else None,
            "height": size[1] if size else None,
            "watched": self._house.station.is_watched(self.name),
            "is_configured": self.current == self.configured,
            "configured_source": redact(str(self.configured.source)) if self.configured else None,
            "recording": dataclasses.asdict(recording) if recording is not None else None,
            "recording_problem": recorder.problem,
        }

    def statistics(self) -> Dict[str, Any]:
        """Figures of the window, and counts since the start."""
        numbers = self._meter.statistics()
        timings: Optional[Dict[str, Any]] = None
        detects = self._slot.condition == LIVE  # without a model frames pass by, and nothing is looked for in them
        if detects and numbers.timings is not None:
            timings = {name: round(value, 6) for name, value in numbers.timings._asdict().items()}
            drawn = numbers.vframes > 0
            timings.update(
                draw=round(numbers.draw, 6) if drawn else None, encode=round(numbers.encode, 6) if drawn else None
            )
        source, now = self._source, time.monotonic()
        arrivals = self._meter.arrivals(self._opened_at, self._slot.since)
        return dict(
            self._figures.as_json(),
            fps=round(numbers.fps, 2) if detects else 0.0,
            vfps=round(numbers.vfps, 2),
            drops=numbers.drops,
            vdrops=numbers.vdrops,
            timings=timings,
            reconnects=source.reconnects if source is not None else 0,
            source_fps=round(arrivals.source_fps, 2),
            frame_age=_age(now, arrivals.last_frame),
            result_age=_age(now, arrivals.last_result) if detects else None,
        )

    def _make_sinks(self) -> None:
        settings, station = self._house.settings, self._house.station
        mask_size = (settings.width, settings.height) if settings.mask_output_size == "settings" else None
        self._live_overlay = Overlay(
            self._vis_text, self._meter.statistics, mask_size, settings.live_width, self._meter.drawn
        )
        self._kept_overlay = Overlay(self._vis_text, self._meter.statistics, mask_size, drawn=self._meter.drawn)
        self._publisher = Publisher(
            self._live_overlay,
            lambda: station.is_watched(self.name),
            lambda jpeg: station.publish_frame(self.name, jpeg),
            self._meter.sent,
            self._max_vis_fps,
        )
        self._recorder = SegmentRecorder(
            self.name,
            self._house.storage,
            self._kept_overlay,
            self._playing_fps,
            settings.record_format,
            settings.segment_minutes,
            settings.segment_mb,
        )

    def _playing_fps(self) -> float:
        """The source's rate. AVI repeats pictures to keep time, so there the rate of detection, if that is lower."""
        source = self._source
        most = (source.fps if source is not None else None) or USUAL_CAMERA_FPS
        measured = self._meter.statistics()
        if self._house.settings.record_format == "mp4" or measured.seconds < 1.0:
            return most
        return max(1.0, min(most, round(measured.fps)))

    def _leave(self) -> None:
        feed, self._feed, self._source = self._feed, None, None
        self._figures.size = None
        if feed is not None:
            self._slot.loop.remove(feed)

    def _fail(self, sentence: str) -> None:
        with self._lock:
            if sentence != self._told:
                log.error("stream %s: %s", self.name, sentence)
            self._told = self._failure = sentence
            self._failed_at = time.monotonic()
        self._house.changed()

    def _ended(self, error: Optional[BaseException]) -> None:
        # In the thread of the source, which `_leave` waits for: no lock here.
        sentence = "it ended" if error is None else str(error)
        if sentence != self._failure:
            log.error("stream %s: %s", self.name, sentence)
        self._failed_at, self._failure = time.monotonic(), sentence
        self._house.changed()

    def _sink_failed(self, error: BaseException) -> None:
        log.error("stream %s: %s", self.name, error)


def _age(now: float, time: Optional[float]) -> Optional[float]:
    return None if time is None else round(max(0.0, now - time), 2)
