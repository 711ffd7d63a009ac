"""The models of the running appliance: loaded and replaced while the streams go on without interruption."""

import dataclasses
import logging
import threading
import time
import weakref
from dataclasses import dataclass
from typing import Any, Callable, List, Optional

import psutil

from appliance.contract.state import RunningModel
from appliance.contract.states import FAILED_MODEL, LIVE, LOADING, NO_MODEL, READY
from appliance.core.detector import Detector
from appliance.core.errors import SplitlensError
from appliance.core.events import EventBus
from appliance.core.threads import start_thread
from appliance.daemon.events import ModelFailed, ModelStarted, StateChanged
from appliance.daemon.watchdog import EngineWatch
from appliance.detectors.family import family_title
from appliance.detectors.none import NoDetector
from appliance.pipeline.loop import Loop
from appliance.schema.settings import SETTINGS
from appliance.tracking.matching import LOWEST_SCORE

log = logging.getLogger(__name__)

# Rough memory need of loading a detector next to another one: graphs of 20 to 200 MB took some ten times their size
# while they were built, on TensorFlow 2.21 (the peaks of a run with each model of the catalogue).
_MEMORY_BASE = 200 * 10**6
_MEMORY_TIMES = 12


@dataclass(frozen=True)
class LoadRequest:
    """A request to load a model and let it take over.

    Attributes:
        name: Its name.
        load: Loads it. Raises SplitlensError.
        size: Bytes of its graph; 0 if unknown.
        remember: As in `ModelStarted`.
    """

    name: str
    load: Callable[[], Detector]
    size: int
    remember: bool = False


class ModelRunner:
    """One model that streams share, in a loop of its own. Before it is loaded the loop detects nothing.

    `request` loads a model next to the running one, which continues until the new one takes over, or for good if
    loading fails. If memory is too small for both, the old one is released first, and loaded again if the new one
    fails. A load that takes longer than load_seconds, or that is cancelled, is abandoned, because a running thread
    cannot be ended. If it still returns a detector, that is closed; the next model is loaded by another thread.

    Thread-safe. Publishes `StateChanged` after every change of what `as_message` returns, `ModelStarted`, and
    `ModelFailed` when the loop itself failed.

    Attributes:
        detector: The current detector.
        watch: Watches its engine.
        since: When the detector took over, in seconds of the monotonic clock.
        loop: The loop to which streams are added.

    Args:
        events: Where to publish.
        free_memory: Returns the number of free bytes.
        load_seconds: How long loading may take.
    """

    def __init__(
        self,
        events: EventBus,
        free_memory: Callable[[], int] = lambda: int(psutil.virtual_memory().available),
        load_seconds: float = 1800.0,
    ) -> None:
        self.detector: Detector = NoDetector()
        self.threshold = 0.0
        self.watch = EngineWatch()
        self.since = time.monotonic()
        self._names: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()
        self._events = events
        self._free_memory = free_memory
        self._load_seconds = load_seconds
        self._lock = threading.Lock()
        self._current: Optional[LoadRequest] = None
        self._requested: Optional[LoadRequest] = None
        self._thread: Optional[threading.Thread] = None
        self._threads: List[threading.Thread] = []  # including abandoned ones
        self._turn = 0  # number of the thread that may change anything; others were abandoned
        self._trying: Optional[LoadRequest] = None
        self._released: Optional[LoadRequest] = None  # released to save memory, while another is loaded
        self._error: Optional[str] = None
        self._stage: Optional[str] = None
        self.loop = Loop(self.detector, stays=True)
        self.loop.__enter__()
        start_thread("watch loop", self._watch)

    def request(self, request: LoadRequest) -> None:
        """Load a model and let it take over. Returns at once; of several requests the last one counts."""
        with self._lock:
            self._requested, self._error = request, None
            if self._thread is None:
                self._start()
        self._publish_change()

    def give_up(self) -> bool:
        """Cancel the load in progress. Returns whether there was one."""
        with self._lock:
            turn = self._turn
        return self._give_up(turn, "it was given up")

    def _give_up(self, turn: int, why: str) -> bool:
        with self._lock:
            request = self._trying
            if request is None or turn != self._turn:
                return False
            self._turn += 1
            self._trying = self._thread = self._stage = None
            self._error = (
                f"{request.name} is not used: {why}. What loads it cannot be ended, and keeps its memory until it ends"
                " by itself or the daemon is started anew."
            )
            if self._requested is request:
                self._requested = self._released
            self._released = None
            if self._requested is not None:
                self._start()
        log.error("%s", self._error)
        self._publish_change()
        return True

    def _start(self) -> None:
        self._thread = start_thread("load model", self._work, self._turn)
        self._threads = [thread for thread in self._threads if thread.is_alive()] + [self._thread]

    def refuse(self, sentence: str) -> None:
        """Report why no model is loaded."""
        with self._lock:
            self._error = sentence
        log.error("%s", sentence)
        self._publish_change()

    @property
    def condition(self) -> str:
        """LIVE if a model runs, LOADING if one is being loaded and none runs, else NO_MODEL."""
        return LIVE if self._current else LOADING if self._requested else NO_MODEL

    @property
    def model(self) -> Optional[str]:
        """The name of the running model."""
        current = self._current
        return current.name if current else None

    def name_of(self, detector: Any) -> Optional[str]:
        """Return the model of a current or former detector."""
        return self._names.get(detector)

    def set_threshold(self, threshold: float) -> None:
        """Set the minimum score of detections that are shown, 0 to 1, also for future models."""
        self.threshold = threshold
        self.detector.set_threshold(threshold, LOWEST_SCORE)

    def as_message(self) -> RunningModel:
        """Return the model's part of the state."""
        detector, current = self.detector, self._current
        name = current.name if current else None
        with self._lock:
            wanted = self._requested.name if self._requested else None
            status = LOADING if wanted else FAILED_MODEL if name is None else READY
            message = RunningModel(name, status, wanted, self._stage, self._error, SETTINGS["model"].default)
        if name is None:
            return message
        return dataclasses.replace(
            message,
            family=detector.family,
            family_title=family_title(detector.family),
            path=detector.path,
            reason=detector.reason,
            device=detector.device,
            engine=detector.engine,
            labels=[detector.labels[key] for key in sorted(detector.labels)],
        )

    @property
    def is_loading(self) -> bool:
        """Whether a model is being loaded to take over."""
        return self._thread is not None

    @property
    def is_at_work(self) -> bool:
        """Whether any thread loads a model, including abandoned ones."""
        return any(thread.is_alive() for thread in self._threads)

    def close(self) -> None:
        """End the loop, and abandon any load in progress. The streams must be closed already."""
        with self._lock:
            self._turn += 1
        try:
            self.loop.__exit__(None, None, None)
        finally:
            self.detector.close()

    def _watch(self) -> None:
        try:
            self.loop.wait()
        except BaseException as error:
            self._events.publish(ModelFailed(self.model, time.monotonic() - self.since, error))

    def _publish_change(self) -> None:
        self._events.publish(StateChanged())

    def _work(self, turn: int) -> None:
        while True:
            with self._lock:
                if turn != self._turn:
                    return
                request = self._trying = self._requested
                if request is None:
                    self._thread = None
                    return
            limit = threading.Timer(
                self._load_seconds,
                self._give_up,
                (turn, f"it was not loaded within {self._load_seconds:g} seconds (load_timeout)"),
            )
            limit.daemon = True
            limit.start()
            try:
                self._try(request, turn)
            finally:
                limit.cancel()
            with self._lock:
                if turn != self._turn:
                    return
                if self._requested is request:
                    self._requested = None
                self._stage = self._trying = self._released = None
            self._publish_change()

    def _try(self, request: LoadRequest, turn: int) -> None:
        previous = self._current
        in_place = previous is not None and self._free_memory() < _MEMORY_BASE + _MEMORY_TIMES * request.size
        if in_place:
            self._set_stage("the running model is released first: there is no memory for both", turn)
            self._released = previous
            self._take_over(NoDetector(), None)
            self.loop.settle()
        try:
            self._set_stage("reading the graph and starting its engine", turn)
            self._load(request, turn)
            return
        except Exception as error:
            sentence = (
                str(error) if isinstance(error, SplitlensError) else (f"{type(error).__name__}: {error}".rstrip(": "))
            )
        with self._lock:
            if turn != self._turn:
                return
            self._error = f"{request.name} cannot be used. {sentence}"
        log.error("%s", self._error)
        if in_place and previous is not None:
            try:
                self._set_stage(f"loading {previous.name} again", turn)
                self._load(previous, turn)
            except Exception as error:
                log.error("%s cannot be loaded again: %s", previous.name, error)

    def _load(self, request: LoadRequest, turn: int) -> None:
        if turn != self._turn:
            return
        detector = request.load()
        with self._lock:
            is_late = turn != self._turn
            self._trying = self._trying if is_late else None  # from here on it cannot be cancelled
        if is_late:
            log.warning("%s is loaded at last; it had been given up, and is not used", request.name)
            detector.close()
            return
        self._take_over(detector, request)
        self._events.publish(ModelStarted(request.name, request.remember))
        log.info("%s runs", request.name)

    def _take_over(self, detector: Detector, request: Optional[LoadRequest]) -> None:
        old, self.detector, self._current = self.detector, detector, request
        if request is not None:
            self._names[detector] = request.name
        detector.set_threshold(self.threshold, LOWEST_SCORE)  # after assigning it: it may be changed at any time
        self.since = time.monotonic()
        self.loop.swap(detector, old.close)

    def _set_stage(self, stage: str, turn: int) -> None:
        with self._lock:
            if turn == self._turn:
                self._stage = stage
        self._publish_change()
