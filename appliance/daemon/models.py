"""The models of the running appliance: loaded, switched while streams run, fetched from the catalogue."""

import logging
import threading
import time
import weakref
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional

import psutil

from appliance.board import Board, unsupported_reason
from appliance.bus import LIVE, LOADING, NO_MODEL
from appliance.core.detector import Detector
from appliance.core.errors import SplitlensError
from appliance.daemon.watchdog import EngineWatch
from appliance.detectors.none import NoDetector
from appliance.pipeline.loop import Loop
from appliance.zoo.catalogue import load_catalogue
from appliance.zoo.get import get
from appliance.zoo.store import installed

log = logging.getLogger(__name__)

# What a detector takes beside another, roughly: graphs of 20 to 200 MB took some ten times their size while they were
# built, on TensorFlow 2.21 (the peaks of a run with each model of the catalogue).
_MEMORY_BASE = 200 * 10**6
_MEMORY_TIMES = 12


class LoadRequest(NamedTuple):
    """A model that is to take over. size: bytes of its graph, 0 if it is not known. taken: called when it has."""

    name: str
    load: Callable[[], Detector]
    size: int
    taken: Callable[[], None] = lambda: None


class ModelRunner:
    """One model that streams share, in a loop of its own. Until it is loaded the loop finds nothing.

    `ask_for` loads beside the running model, which goes on until the new one takes over, or for good if that cannot be
    loaded. Where memory cannot hold both, the old one is released first, and loaded again if the new one fails.
    A load that takes longer than load_seconds, or that a person gives up, is left alone: a thread at work cannot be
    ended. What it still gives is closed; the next model is loaded by another thread.
    changed: called after every change of what `facts` says. failed: told when the loop itself fails.
    """

    def __init__(
        self,
        changed: Callable[[], None],
        failed: Callable[[BaseException], None],
        free_memory: Callable[[], int] = lambda: int(psutil.virtual_memory().available),
        load_seconds: float = 1800.0,
    ) -> None:
        self.detector: Detector = NoDetector()
        self.threshold = 0.0
        self.watch = EngineWatch()
        self.since = time.monotonic()  # when the detector took over
        self._names: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()
        self._changed = changed
        self._free_memory = free_memory
        self._load_seconds = load_seconds
        self._lock = threading.Lock()
        self._current: Optional[LoadRequest] = None
        self._wish: Optional[LoadRequest] = None
        self._thread: Optional[threading.Thread] = None
        self._threads: List[threading.Thread] = []  # those that were given up too
        self._turn = 0  # of the thread that may change anything: another one was given up
        self._trying: Optional[LoadRequest] = None
        self._released: Optional[LoadRequest] = None  # for want of memory, while another is loaded
        self._error: Optional[str] = None
        self._stage: Optional[str] = None
        self.loop = Loop(self.detector, stays=True)
        self.loop.__enter__()
        threading.Thread(target=self._watch, args=(failed,), name="watch loop", daemon=True).start()

    def ask_for(self, wish: LoadRequest) -> None:
        """Load a model and let it take over. Returns at once; of several wishes the last counts."""
        with self._lock:
            self._wish, self._error = wish, None
            if self._thread is None:
                self._start()
        self._changed()

    def give_up(self) -> bool:
        """Load no further what is being loaded; whether anything was."""
        with self._lock:
            turn = self._turn
        return self._give_up(turn, "it was given up")

    def _give_up(self, turn: int, why: str) -> bool:
        with self._lock:
            wish = self._trying
            if wish is None or turn != self._turn:
                return False
            self._turn += 1
            self._trying = self._thread = self._stage = None
            self._error = (
                f"{wish.name} is not used: {why}. What loads it cannot be ended, and keeps its memory until it ends by "
                "itself or the daemon is started anew."
            )
            if self._wish is wish:
                self._wish = self._released
            self._released = None
            if self._wish is not None:
                self._start()
        log.error("%s", self._error)
        self._changed()
        return True

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._work, args=(self._turn,), name="load model", daemon=True)
        self._threads = [thread for thread in self._threads if thread.is_alive()] + [self._thread]
        self._thread.start()

    def refuse(self, sentence: str) -> None:
        """Say why no model is loaded."""
        with self._lock:
            self._error = sentence
        log.error("%s", sentence)
        self._changed()

    @property
    def condition(self) -> str:
        """LIVE where a model runs, LOADING where one is being loaded and none runs, else NO_MODEL."""
        return LIVE if self._current else LOADING if self._wish else NO_MODEL

    @property
    def model(self) -> Optional[str]:
        """The name of the model that runs."""
        current = self._current
        return current.name if current else None

    def name_of(self, detector: Any) -> Optional[str]:
        """The model of a detector that runs, or did."""
        return self._names.get(detector)

    def set_threshold(self, threshold: float) -> None:
        self.threshold = self.detector.threshold = threshold

    def facts(self) -> Dict[str, Any]:
        """What the dashboard shows of it."""
        detector, current = self.detector, self._current
        name = current.name if current else None
        with self._lock:
            wanted = self._wish.name if self._wish else None
            status = "loading" if wanted else "failed" if name is None else "ready"
            facts: Dict[str, Any] = {
                "name": name,
                "status": status,
                "wanted": wanted,
                "stage": self._stage,
                "error": self._error,
            }
        if name is not None:
            facts.update(
                family=detector.family,
                path=detector.path,
                reason=detector.reason,
                device=detector.device,
                engine=detector.engine,
                labels=[detector.labels[key] for key in sorted(detector.labels)],
            )
        return facts

    @property
    def is_loading(self) -> bool:
        """Whether a model is being loaded that is to take over."""
        return self._thread is not None

    @property
    def is_at_work(self) -> bool:
        """Whether any thread loads a model, one that was given up too."""
        return any(thread.is_alive() for thread in self._threads)

    def close(self) -> None:
        with self._lock:
            self._turn += 1
        self.loop.__exit__(None, None, None)

    def _watch(self, failed: Callable[[BaseException], None]) -> None:
        try:
            self.loop.wait()
        except BaseException as error:
            failed(error)

    def _work(self, turn: int) -> None:
        while True:
            with self._lock:
                if turn != self._turn:
                    return
                wish = self._trying = self._wish
                if wish is None:
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
                self._try(wish, turn)
            finally:
                limit.cancel()
            with self._lock:
                if turn != self._turn:
                    return
                if self._wish is wish:
                    self._wish = None
                self._stage = self._trying = self._released = None
            self._changed()

    def _try(self, wish: LoadRequest, turn: int) -> None:
        previous = self._current
        in_place = previous is not None and self._free_memory() < _MEMORY_BASE + _MEMORY_TIMES * wish.size
        if in_place:
            self._tell_stage("the running model is released first: there is no memory for both", turn)
            self._released = previous
            self._take_over(NoDetector(), None)
            self.loop.settle()
        try:
            self._tell_stage("reading the graph and starting its engine", turn)
            self._load(wish, turn)
            return
        except Exception as error:
            sentence = (
                str(error) if isinstance(error, SplitlensError) else (f"{type(error).__name__}: {error}".rstrip(": "))
            )
        with self._lock:
            if turn != self._turn:
                return
            self._error = f"{wish.name} cannot be used. {sentence}"
        log.error("%s", self._error)
        if in_place and previous is not None:
            try:
                self._tell_stage(f"loading {previous.name} again", turn)
                self._load(previous, turn)
            except Exception as error:
                log.error("%s cannot be loaded again: %s", previous.name, error)

    def _load(self, wish: LoadRequest, turn: int) -> None:
        if turn != self._turn:
            return
        detector = wish.load()
        with self._lock:
            is_late = turn != self._turn
            self._trying = self._trying if is_late else None  # from here on it cannot be given up
        if is_late:
            log.warning("%s is loaded at last; it had been given up, and is not used", wish.name)
            detector.close()
            return
        self._take_over(detector, wish)
        wish.taken()
        log.info("%s runs", wish.name)

    def _take_over(self, detector: Detector, wish: Optional[LoadRequest]) -> None:
        self.detector, self._current = detector, wish
        if wish is not None:
            self._names[detector] = wish.name
        detector.threshold = self.threshold  # after it is known: `set_threshold` may come at any time
        self.since = time.monotonic()
        self.loop.swap(detector)

    def _tell_stage(self, stage: str, turn: int) -> None:
        with self._lock:
            if turn == self._turn:
                self._stage = stage
        self._changed()


class ModelCatalogue:
    """The models that are installed or can be: for the dashboard to choose from.

    changed: called when that changes. fetched: called with the name of one that was fetched.
    """

    def __init__(
        self, models_dir: Path, board: Board, changed: Callable[[], None], fetched: Callable[[str], None]
    ) -> None:
        self._models_dir = models_dir
        self._board = board
        self._changed = changed
        self._fetched = fetched
        self._lock = threading.Lock()
        self._downloads: Dict[str, Dict[str, Any]] = {}
        self._rows: List[Dict[str, Any]] = []
        self.refresh()

    def refresh(self) -> None:
        """Look at the folder again."""
        there = {model.name: model for model in installed(self._models_dir)}
        rows = []
        for entry in load_catalogue():
            rows.append(self._row(entry.name, entry.family, entry.bytes, entry.name in there, True))
            there.pop(entry.name, None)
        for model in there.values():
            rows.append(self._row(model.name, None, model.path.stat().st_size, True, False))
        with self._lock:
            self._rows = sorted(rows, key=lambda row: (not row["installed"], row["in_catalogue"], row["name"]))

    def rows(self) -> List[Dict[str, Any]]:
        with self._lock:
            return [
                dict(row, download=dict(self._downloads[row["name"]]) if row["name"] in self._downloads else None)
                for row in self._rows
            ]

    def row(self, name: str) -> Optional[Dict[str, Any]]:
        return next((row for row in self.rows() if row["name"] == name), None)

    def fetch(self, name: str) -> None:
        """Begin to fetch a model of the catalogue; nothing happens if it is being fetched."""
        with self._lock:
            running = self._downloads.get(name)
            if running is not None and running["error"] is None:
                return
            self._downloads[name] = {"done": 0, "total": None, "error": None}
        threading.Thread(target=self._fetch, args=(name,), name="fetch " + name, daemon=True).start()
        self._changed()

    def _fetch(self, name: str) -> None:
        def progress(done: int, total: Optional[int]) -> None:
            with self._lock:
                self._downloads[name].update(done=done, total=total)

        error: Optional[str] = None
        try:
            get(name, self._models_dir, progress)
        except SplitlensError as problem:
            error = str(problem)
        except Exception as problem:
            error = f"{type(problem).__name__}: {problem}"
        with self._lock:
            if error is None:
                del self._downloads[name]
            else:
                self._downloads[name]["error"] = error
        if error is not None:
            log.error("%s was not fetched. %s", name, error)
        self.refresh()
        self._changed()
        if error is None:
            self._fetched(name)

    def _row(
        self, name: str, family: Optional[str], size: Optional[int], is_installed: bool, in_catalogue: bool
    ) -> Dict[str, Any]:
        reason = unsupported_reason(self._board, family) if family else None
        return {
            "name": name,
            "family": family,
            "bytes": size,
            "installed": is_installed,
            "in_catalogue": in_catalogue,
            "fits": reason is None,
            "reason": reason,
        }
