"""One stream of the appliance: a source that may be replaced or lost, and the outputs for its results."""

import functools
import logging
import threading
import time
from typing import Optional

from appliance.bus import BusServer
from appliance.contract import events as messages
from appliance.contract import state as contract
from appliance.contract.states import LIVE, NO_RESULTS, SLOW, STARTING
from appliance.core.errors import SplitlensError
from appliance.core.events import EventBus
from appliance.core.frame import Result
from appliance.daemon.condition import Condition, stream_condition
from appliance.daemon.events import StateChanged
from appliance.daemon.figures import age, timings
from appliance.daemon.live_settings import LiveSettings
from appliance.daemon.model_runner import ModelRunner
from appliance.daemon.stream_outputs import StreamOutputs
from appliance.daemon.stream_tracking import Follow, StreamTracking
from appliance.outputs.statistics import StreamStatistics
from appliance.pipeline.meter import Meter
from appliance.pipeline.selection import select
from appliance.pipeline.stream_pipeline import StreamPipeline
from appliance.recording.encoders import MP4
from appliance.recording.interest import Interest
from appliance.recording.storage import Storage
from appliance.schema.stream_setting import StreamSetting
from appliance.settings import Settings, redact
from appliance.sources.kind import StreamSource, kind_name
from appliance.sources.open import open_stream_source
from appliance.sources.privacy import PrivacyMask

log = logging.getLogger(__name__)

# Seconds until opening a source is tried again.
RETRY_SECONDS = 5.0
USUAL_CAMERA_FPS = 30.0


class Stream:
    """A stream, which runs in the loop of a model. Thread-safe.

    Attributes:
        name: Its name.
        configured: Its configuration; None for a stream that an operator added.
        current: The source and model requested last.

    Args:
        runner: The runner of its model.
        settings: The configuration of this stream.
        live: The live settings.
        tracking: Follows what is found.
        server: Where live pictures and detections are published.
        storage: Where recordings are stored.
        events: Where `StateChanged`, and the events of its pipeline, are published.
        interest: What its events want recorded.
        mask: Blacks what is private in its frames.
    """

    def __init__(
        self,
        name: str,
        configured: Optional[StreamSetting],
        current: StreamSetting,
        runner: ModelRunner,
        settings: Settings,
        live: LiveSettings,
        tracking: StreamTracking,
        server: BusServer,
        storage: Storage,
        events: EventBus,
        interest: Interest,
        mask: PrivacyMask,
    ) -> None:
        self.name = name
        self.configured = configured
        self.current = current
        self._runner = runner
        self._next_runner = runner
        self._settings, self._live, self._tracking = settings, live, tracking
        self._server, self._storage, self._events = server, storage, events
        self._interest, self._mask = interest, mask
        self._lock = threading.RLock()
        self._meter = Meter(settings.fps_interval)
        self._statistics = StreamStatistics(server.publish)
        self._source: Optional[StreamSource] = None
        self._pipeline: Optional[StreamPipeline] = None
        self._failure: Optional[str] = None
        self._failed_at = 0.0
        self._logged: Optional[str] = None  # the failure that was logged last
        self._opened_at = time.monotonic()
        self._state = STARTING
        self._closed = False
        self._is_recorded = False
        self._outputs = self._make_outputs()

    def open(self) -> None:
        """Start showing the current source. Failures are shown, and opening is tried again."""
        with self._lock:
            if self._closed:
                return
            self._failure, self._opened_at = None, time.monotonic()
            self._outputs = self._make_outputs()
            try:
                self._source = open_stream_source(self.current.source, self._settings, patient=True)
            except SplitlensError as error:
                self._fail(str(error))
                return
            self._logged = None
            if self._is_recorded:
                self._outputs.recorder.start()
            self._pipeline = StreamPipeline(
                self._source,
                self._outputs.sinks,
                self._meter,
                self.name,
                functools.partial(self._track, self._tracking.begin()),
                self._events,
                self._mask,
            )
            self._runner.loop.add(self._pipeline)
        self._events.publish(StateChanged())

    def request(self, setting: StreamSetting, runner: ModelRunner) -> None:
        """Set the source and the model's runner for the next `exchange`."""
        self.current, self._next_runner = setting, runner

    def exchange(self) -> None:
        """Switch to the source requested last; takes ten seconds if the old one does not end. A recording continues."""
        with self._lock:
            self._leave()
            self._runner = self._next_runner
            self.open()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._leave()

    def revive(self) -> None:
        """Try again to open a source that could not be opened, if it is time."""
        self._tracking.check(time.monotonic())
        if not self._lock.acquire(False):
            return  # its source is being exchanged
        try:
            if self._failure is not None and time.monotonic() - self._failed_at > RETRY_SECONDS:
                self._leave()
                self.open()
        finally:
            self._lock.release()

    def record(self, on: bool) -> None:
        """Start or stop recording. Returns when a file that was being written is complete."""
        with self._lock:
            self._is_recorded = on
            recorder = self._outputs.recorder
        if on:
            recorder.start()
        else:
            recorder.stop()

    def show(self) -> None:
        """Apply the live settings to tracking and to the drawing of pictures."""
        self._tracking.change()
        with self._lock:
            self._outputs.show(self._live.of(self.name))

    @property
    def newest(self) -> Optional[Result]:
        """Return the last result; None while the source delivers nothing."""
        return self._outputs.newest if self.condition().state in (LIVE, SLOW, NO_RESULTS, STARTING) else None

    @property
    def model_condition(self) -> str:
        """LIVE if its model runs, LOADING if that is being loaded, else NO_MODEL."""
        return self._runner.condition

    def condition(self) -> Condition:
        """Return its state, judged by what arrives, and why it is not live."""
        source, runner = self._source, self._runner
        found = stream_condition(
            time.monotonic(),
            self._opened_at,
            runner.since,
            self._meter.arrivals(self._opened_at, runner.since),
            self._settings.result_timeout,
            source.fps if source is not None else None,
            self._failure,
            source.problem if source is not None else None,
            runner.condition,
            runner.watch.silent_for,
            runner.watch.slowest,
            self._state,
        )
        self._state = found.state
        return found

    def as_message(self) -> contract.Stream:
        """Return its part of the state; credentials are hidden."""
        # Without the lock: a source that is slow to close must not delay the state of the others.
        recorder = self._outputs.recorder
        condition = self.condition()
        size = self._statistics.size
        return contract.Stream(
            name=self.name,
            source=redact(str(self.current.source)),
            kind=kind_name(self.current.source),
            model=self.current.model,
            status=condition.state,
            problem=condition.problem,
            width=size[0] if size else None,
            height=size[1] if size else None,
            watched=self._server.is_watched(self.name),
            is_configured=self.current == self.configured,
            configured_source=redact(str(self.configured.source)) if self.configured else None,
            recording=recorder.status(),
            recording_problem=recorder.problem,
            settings=dict(self._live.own(self.name)),
        )

    def source_ended(self, error: Optional[BaseException]) -> None:
        """Handle the end of the source: it is reopened after a while. error: None at its regular end."""
        # Called in the source's thread, which `_leave` waits for: no lock here.
        sentence = "it ended" if error is None else str(error)
        if sentence != self._failure:
            log.error("stream %s: %s", self.name, sentence)
        self._failed_at, self._failure = time.monotonic(), sentence
        self._events.publish(StateChanged())

    def statistics(self) -> messages.StreamStatistics:
        """Return averages over the window, and counts since the start."""
        figures = self._meter.statistics()
        detects = self._runner.condition == LIVE  # without a model frames pass through undetected
        source, now = self._source, time.monotonic()
        arrivals = self._meter.arrivals(self._opened_at, self._runner.since)
        counts = self._statistics.counts()
        return messages.StreamStatistics(
            frames=counts.frames,
            now=counts.now,
            seen=counts.seen,
            latency=counts.latency,
            fps=round(figures.fps, 2) if detects else 0.0,
            vfps=round(figures.vfps, 2),
            drops=figures.drops,
            vdrops=figures.vdrops,
            timings=timings(figures) if detects else None,
            reconnects=source.reconnects if source is not None else 0,
            source_fps=round(arrivals.source_fps, 2),
            frame_age=age(now, arrivals.last_frame),
            result_age=age(now, arrivals.last_result) if detects else None,
            counts=self._tracking.counts(),
        )

    def _track(self, follow: Follow, result: Result) -> Result:
        """Follow everything that was found, and return what is shown of it. follow: that of the frame's source."""
        live = self._live.of(self.name)
        return select(follow(self._mask.again(result)), live["det_th"], live["shown_classes"])

    def _make_outputs(self) -> StreamOutputs:
        return StreamOutputs(
            self.name,
            self._settings,
            self._server,
            self._storage,
            self._meter,
            self._statistics,
            self._playing_fps,
            self._live.of(self.name),
            self._interest,
            self._tracking.places,
            self._tracking.counts,
        )

    def _playing_fps(self) -> float:
        """Return the source's rate; for AVI, which repeats pictures to keep time, the detection rate if lower."""
        source = self._source
        most = (source.fps if source is not None else None) or USUAL_CAMERA_FPS
        measured = self._meter.statistics()
        if self._outputs.recorder.format == MP4 or measured.seconds < 1.0:
            return most
        return max(1.0, min(most, round(measured.fps)))

    def _leave(self) -> None:
        pipeline, self._pipeline, self._source = self._pipeline, None, None
        self._statistics.size = None
        if pipeline is not None:
            self._runner.loop.remove(pipeline)
        self._tracking.end()

    def _fail(self, sentence: str) -> None:
        with self._lock:
            if sentence != self._logged:
                log.error("stream %s: %s", self.name, sentence)
            self._logged = self._failure = sentence
            self._failed_at = time.monotonic()
        self._events.publish(StateChanged())
