"""The running appliance: its streams and models, and what is changed of them while they run."""

import dataclasses
import logging
import os
import threading
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple, Union

from appliance import __version__
from appliance.board import detect_board, unknown_board_note
from appliance.board.telemetry import Telemetry
from appliance.bus import (
    CONFLICT,
    HEARTBEAT_SECONDS,
    LIVE,
    LOADING,
    NO_MODEL,
    NOT_FOUND,
    STATE,
    STATISTICS,
    STOPPING,
    BusServer,
    Message,
    Refused,
)
from appliance.core.database import DATABASE_FILE, Database
from appliance.core.detector import Detector
from appliance.core.errors import EngineHang, SplitlensError
from appliance.core.frame import Result
from appliance.core.process import Heartbeat
from appliance.daemon.changes import (
    MODEL,
    RECORD,
    STREAM,
    check_kept,
    check_setting,
    check_stream,
    check_stream_name,
    kept_stream,
)
from appliance.daemon.condition import appliance_condition
from appliance.daemon.hangs import MOST_HANGS, Hangs
from appliance.daemon.models import LoadRequest, ModelCatalogue, ModelRunner
from appliance.daemon.overrides import OverrideStore
from appliance.daemon.power import PowerKeeper
from appliance.daemon.streams import Stream, StreamContext
from appliance.daemon.trials import TRIAL_SECONDS, Trials
from appliance.daemon.watchdog import patience
from appliance.detectors.from_settings import load
from appliance.recording.encoders import find_encoder
from appliance.recording.storage import Storage
from appliance.schema.settings import SETTINGS, live_values
from appliance.schema.stream_setting import StreamSetting
from appliance.settings import Layer, LoadedSettings, Settings, chosen_model, redact
from appliance.zoo.store import resolve_model

log = logging.getLogger(__name__)

STATE_SECONDS = 2.0
READINGS_SECONDS = 1.0
TIDY_SECONDS = 10.0
WATCH_SECONDS = 0.5
PROVEN_SECONDS = 3600.0
"""A model that ran for so long without a hang is as good as one that never had one."""


class Appliance:
    """Made from the configuration and what operators changed of it; ended by `close`."""

    def __init__(
        self, loaded: LoadedSettings, run_dir: Path, answer: Callable[[Message], Message], heartbeat: Heartbeat
    ) -> None:
        settings = loaded.settings
        self._loaded = loaded
        self._heartbeat = heartbeat
        self._started = time.time()
        self._lock = threading.RLock()
        self._state_changed = threading.Event()
        self._closing = threading.Event()
        self.failure: Optional[BaseException] = None
        self.failed = threading.Event()
        self._board = detect_board()
        streams = settings.streams or {"main": StreamSetting(settings.camera_input)}
        configured = {name: StreamSetting(stream.source, stream.model) for name, stream in streams.items()}
        self._configured_streams = configured
        sources = [stream.source for stream in configured.values()]
        self._memory = OverrideStore(Path(settings.state_dir), lambda key, value: check_kept(key, value, sources))
        self.database = Database(Path(settings.state_dir) / DATABASE_FILE)
        self.storage = Storage(
            settings.recordings_dir, settings.keep_days, settings.keep_gb, settings.free_gb, self.database
        )
        self.library = ModelCatalogue(Path(settings.models_dir), self._board, self._state_changed.set, self._use_first)
        self._configured = live_values(settings)
        self._shared = {key: self._memory.recall(key, value) for key, value in self._configured.items()}
        self.power = PowerKeeper(self._board, settings, self._memory, self._state_changed.set)
        self._hangs = Hangs(Path(settings.state_dir), Path(settings.models_dir))
        self._readings = Telemetry()
        self._readings_now: Dict[str, Any] = {}
        self.station = BusServer(run_dir, answer)
        self._trials = Trials(Path(settings.state_dir))
        for model in self._trials.crashed:
            log.error("The daemon crashed, or had no memory left, while %s was loaded or new", model)
            self._hangs.add(model)
        self._house = StreamContext(settings, self.station, self.storage, self._choose, self._state_changed.set)
        self._configured_model = chosen_model(loaded)
        self._slot = self._new_slot()
        self._own_slots: Dict[str, ModelRunner] = {}
        self._streams: Dict[str, Stream] = {}  # exchanged whole: who reads it needs no lock, and never waits
        self._threads: List[threading.Thread] = []

    def start(self) -> None:
        """Open the streams, then load the model: pictures move meanwhile."""
        if unknown_board_note(self._board):
            log.warning("%s", unknown_board_note(self._board))
        if self._loaded.settings.record_format == "mp4":
            try:
                find_encoder()
            except SplitlensError as error:
                log.warning("Nothing can be recorded: %s", error)
        for name, setting in self._configured_streams.items():
            self._add(name, setting, StreamSetting(*self._memory.recall(STREAM + name, kept_stream(setting))))
        for name in self._memory.keys(STREAM):
            change = self._memory.recall(STREAM + name, None)  # not of one that was taken out of the configuration
            if name not in self._streams and change is not None:
                self._add(name, None, StreamSetting(*change))
        self._ask_for(self._slot, self._first_model())
        works = (
            ("statistics", self._tell_statistics),
            ("state", self._tell_state),
            ("tidy", self._tidy_recordings),
            ("watchdog", self._watch_engines),
        )
        self.power.start()
        for name, run in works:
            thread = threading.Thread(target=self._guard, args=(run,), name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def close(self) -> None:
        """End all streams; recordings are whole when it returns."""
        self._closing.set()
        self._state_changed.set()
        self.power.close()
        for thread in self._threads:
            thread.join()
        closers = [threading.Thread(target=stream.close) for stream in self._streams.values()]
        for thread in closers:
            thread.start()
        for thread in closers:
            thread.join()
        for slot in self._slots():
            if self.failure is None:
                slot.close()
        self._trials.close()
        self.station.publish(STATE, self.state())
        self.station.close()

    @property
    def is_loading(self) -> bool:
        """Whether a thread is at work on a model, which cannot be called back."""
        return any(slot.is_at_work for slot in self._slots())

    # What is told

    def state(self) -> Message:
        """All that the dashboard shows and that changes seldom."""
        streams = [stream.facts() for stream in self.streams()]
        condition, is_ready = self._condition([stream["status"] for stream in streams])
        storage = self.storage.status()
        return {
            "daemon": {
                "pid": os.getpid(),
                "version": __version__,
                "started": self._started,
                "status": condition,
                "ready": is_ready,
                "problem": str(self.failure) if self.failure else self._memory.problem,
            },
            "board": {"id": self._board.id, "name": self._board.name},
            "settings": dict(self._shared),
            "configured": dict(self._configured),
            "model": dict(self._slot.facts(), default=SETTINGS["model"].default),
            "streams": streams,
            "models": self.library.rows(),
            "storage": dataclasses.asdict(storage),
            "power": self.power.facts(),
        }

    def _slots(self) -> List[ModelRunner]:
        return [self._slot] + list(self._own_slots.values())

    def _condition(self, streams: List[str]) -> Tuple[str, bool]:
        if self._closing.is_set():
            return STOPPING, False
        models = [stream.model_condition for stream in self.streams()] or [self._slot.condition]
        worst = next((word for word in (NO_MODEL, LOADING) if word in models), LIVE)
        return appliance_condition(worst, streams)

    def _tell_state(self) -> None:
        while not self._closing.is_set():
            self._state_changed.wait(STATE_SECONDS)
            self._state_changed.clear()
            for stream in self.streams():
                stream.revive()
            self.station.publish(STATE, self.state())

    def _guard(self, run: Callable[[], None]) -> None:
        """Without one of its threads the appliance would be half there: the daemon ends instead, and says why."""
        try:
            run()
        except Exception as error:
            log.debug("", exc_info=True)
            self._fail(error)

    def _tidy_recordings(self) -> None:
        while not self._closing.wait(TIDY_SECONDS):
            try:
                self.storage.tidy()
            except Exception as error:  # detection goes on
                log.error("The recordings could not be tidied (%s: %s)", type(error).__name__, error)

    def _watch_engines(self) -> None:
        """End the daemon where an engine hangs: nothing else can end a call that does not return."""
        proven: Dict[ModelRunner, float] = {}
        told: List[str] = []
        while not self._closing.wait(WATCH_SECONDS):
            states = [stream.condition().state for stream in self.streams()]
            if states != told:
                told = states
                self._state_changed.set()
            now = time.monotonic()
            is_loading = any(slot.is_loading for slot in self._slots())
            for slot in self._slots():
                progress = slot.loop.progress()
                silent_for = slot.watch.look(now, progress)
                if silent_for >= patience(progress, self._loaded.settings.result_timeout, is_loading):
                    self._fail(self._hung(slot, progress.detector, silent_for))
                    return
                if slot.model is not None and now - slot.since > TRIAL_SECONDS:
                    self._trials.end(slot.model)
                if slot.model is not None and now - slot.since > PROVEN_SECONDS and proven.get(slot) != slot.since:
                    proven[slot] = slot.since
                    self._hangs.forget(slot.model)

    def _hung(self, slot: ModelRunner, detector: Any, seconds: float) -> EngineHang:
        """detector: the one that hangs; another model may have taken over since."""
        name = slot.name_of(detector) or "the model"
        count = self._hangs.add(name)
        what = (
            "The daemon starts anew, and loads it once more."
            if count < MOST_HANGS
            else (f"It has hung {count} times now: the daemon starts anew without it.")
        )
        if slot.model != name:
            what = f"The daemon starts anew with {slot.model}."
        sentence = "{} gave no result for {:.0f} s although frames came: its engine ({} on the {}) hangs. {}"
        return EngineHang(sentence.format(name, seconds, detector.engine, detector.device, what))

    def _tell_statistics(self) -> None:
        read_at = float("-inf")
        while not self._closing.wait(HEARTBEAT_SECONDS):
            if time.monotonic() - read_at >= READINGS_SECONDS:
                read_at = time.monotonic()
                self._readings_now = self._readings.read()
            self.station.publish(STATISTICS, self.statistics())
            # By the thread that the page hears: where that one is stuck, both notice.
            self._heartbeat.beat(self.is_loading)

    def statistics(self) -> Message:
        return {
            "time": time.time(),
            "streams": {stream.name: stream.statistics() for stream in self.streams()},
            "readings": self._readings_now,
        }

    # What is changed

    def set_model(self, name: str) -> None:
        """Load an installed model and let it take over from the shared one."""
        row = self.library.row(name)
        if name != self._configured_model and (row is None or not row["installed"]):
            raise Refused(NOT_FOUND, f"{name} is not installed.")
        self._hangs.give_another_try(name)
        # Not earlier: a model that cannot be loaded, or that ends the daemon, must not come back with the next start.
        self._ask_for(self._slot, name, lambda: self._memory.keep(MODEL, name, self._configured_model))

    def cancel_model(self) -> None:
        """Give up loading, of the shared model and of those of single streams."""
        if not any([slot.give_up() for slot in self._slots()]):
            raise Refused(CONFLICT, "No model is being loaded.")

    def set_stream(self, name: str, source: Union[int, str], model: Optional[str]) -> None:
        """Give a stream another source or model, or add one."""
        check_stream_name(name)
        if self._closing.is_set():
            raise Refused(CONFLICT, "The daemon is stopping.")
        with self._lock:
            stream = self._streams.get(name)
            known = ([stream.current.source] if stream else []) + self.known_sources()
            wanted = check_stream(source, model, known)
            if model is not None:
                row = self.library.row(model)
                if row is None or not row["installed"]:
                    raise Refused(NOT_FOUND, f"{model} is not installed.")
                self._hangs.give_another_try(model)
                if model in self._own_slots and self._own_slots[model].condition == NO_MODEL:
                    self._ask_for(self._own_slots[model], model)
            configured = stream.configured if stream else None
            self._memory.keep(STREAM + name, kept_stream(wanted), kept_stream(configured) if configured else None)
            if stream is None:
                self._add(name, None, wanted)
            elif wanted != stream.current:
                stream.want(wanted, self._slot_for(model))
                # In a thread of its own: a source may take ten seconds to let go of a device.
                threading.Thread(target=self._exchange, args=(stream,), name="exchange", daemon=True).start()
        self._state_changed.set()

    def reset_stream(self, name: str) -> None:
        """Back to what the configuration says."""
        stream = self.stream(name)
        if stream.configured is None:
            raise Refused(CONFLICT, f"{name} is not in the configuration; remove it instead.")
        self.set_stream(name, stream.configured.source, stream.configured.model)

    def remove_stream(self, name: str) -> None:
        with self._lock:
            stream = self.stream(name)
            if stream.configured is not None:
                raise Refused(CONFLICT, f"{name} is in the configuration; take it out there.")
            self._streams = {other: one for other, one in self._streams.items() if other != name}
            self._memory.keep(STREAM + name, None, None)
            self._memory.keep(RECORD + name, False, False)
        stream.close()
        with self._lock:
            self._drop_unused_slots()
        self._state_changed.set()

    def change_settings(self, changes: Dict[str, Any]) -> None:
        """Some of LIVE_SETTINGS; None is what the configuration says. All are checked before any is changed."""
        checked = {key: self._check(key, value) for key, value in changes.items()}
        with self._lock:
            for key, value in checked.items():
                self._shared[key] = value
                self._memory.keep(key, value, self._configured[key])
            for slot in self._slots():
                slot.set_threshold(self._shared["det_th"])
            for stream in self._streams.values():
                stream.show(self._shared["max_vis_fps"], self._shared["vis_text"])
        self._state_changed.set()

    def record(self, name: str, on: bool) -> None:
        stream = self.stream(name)
        stream.record(on)
        self._memory.keep(RECORD + name, on, False)
        self._state_changed.set()

    def stream(self, name: str) -> Stream:
        stream = self._streams.get(name)
        if stream is None:
            raise Refused(NOT_FOUND, f"There is no stream {redact(name)[:40]}; there are {', '.join(self._streams)}.")
        return stream

    def streams(self) -> List[Stream]:
        return list(self._streams.values())

    def known_sources(self) -> List[Union[int, str]]:
        """What is in use or configured: may be chosen, whatever it is."""
        streams = self.streams()
        return [stream.current.source for stream in streams] + [
            stream.configured.source for stream in streams if stream.configured is not None
        ]

    def settings_for_tests(self, seconds: float) -> Settings:
        """For a source that is only tried out."""
        settings = self._loaded.settings
        return dataclasses.replace(
            settings, live_timeout=min(settings.live_timeout, seconds), open_timeout=min(settings.open_timeout, seconds)
        )

    # Inside

    def _use_first(self, name: str) -> None:
        """A model that was fetched while none runs is wanted to run."""
        if self._slot.facts()["status"] == "failed" and not self._closing.is_set():
            self.set_model(name)

    def _add(self, name: str, configured: Optional[StreamSetting], current: StreamSetting) -> None:
        stream = Stream(
            name,
            configured,
            current,
            self._slot_for(current.model),
            self._house,
            self._shared["max_vis_fps"],
            self._shared["vis_text"],
        )
        self._streams = dict(self._streams, **{name: stream})
        if self._memory.recall(RECORD + name, False):
            stream.record(True)
        stream.open()

    def _exchange(self, stream: Stream) -> None:
        stream.exchange()
        with self._lock:
            self._drop_unused_slots()
        self._state_changed.set()

    def _first_model(self) -> str:
        """The one that an operator chose, if it is still there, or the configured one."""
        chosen: str = self._memory.recall(MODEL, self._configured_model)
        row = self.library.row(chosen)
        if chosen != self._configured_model and (row is None or not row["installed"]):
            log.warning(
                "%s, chosen in the dashboard, is not installed any more: %s is used", chosen, self._configured_model
            )
            return self._configured_model
        return chosen

    def _new_slot(self) -> ModelRunner:
        slot = ModelRunner(
            self._state_changed.set,
            lambda error: self._fail_by(slot, error),
            load_seconds=self._loaded.settings.load_timeout,
        )
        slot.set_threshold(self._shared["det_th"])
        return slot

    def _slot_for(self, model: Optional[str]) -> ModelRunner:
        if model is None:
            return self._slot
        if model not in self._own_slots:
            self._own_slots[model] = self._new_slot()
            self._ask_for(self._own_slots[model], model)
        return self._own_slots[model]

    def _drop_unused_slots(self) -> None:
        used = {stream.current.model for stream in self._streams.values()}
        for model in set(self._own_slots) - used:
            threading.Thread(target=self._own_slots.pop(model).close, name="close model", daemon=True).start()

    def _ask_for(self, slot: ModelRunner, name: str, taken: Callable[[], None] = lambda: None) -> None:
        if self._hangs.is_given_up(name):
            slot.refuse(
                f"{name} is not loaded: {MOST_HANGS} times it hung, failed or ended the daemon. Choose another model,"
                " or this one again to try it once more."
            )
            return
        size = 0
        try:
            size = resolve_model(name, Path(self._loaded.settings.models_dir)).path.stat().st_size
        except (SplitlensError, OSError):
            pass  # loading says it better
        slot.ask_for(LoadRequest(name, lambda: self._load(name), size, taken))

    def _load(self, name: str) -> Detector:
        self._trials.begin(name)
        try:
            return self._loaded_by(name)
        except BaseException:
            self._trials.end(name)
            raise

    def _loaded_by(self, name: str) -> Detector:
        if name == self._configured_model:
            return load(self._loaded)
        # As `--model NAME` would: what lower layers say of their own model does not hold for this one.
        return load(self._loaded.with_values({"model": name, "model_path": None}, Layer.COMMAND_LINE, "the dashboard"))

    def _check(self, key: str, value: Any) -> Any:
        return self._configured[key] if value is None and key in self._configured else check_setting(key, value)

    def _choose(self, result: Result) -> Result:
        """Leave out the classes that are not to be shown, everywhere: pictures, recordings, counts."""
        shown: Optional[List[str]] = self._shared["shown_classes"]
        if shown is None:
            return result
        found = result.detections
        kept = [number for number, class_id in enumerate(found.class_ids) if result.label(int(class_id)) in shown]
        if len(kept) == len(found.class_ids):
            return result
        masks = found.masks[kept] if found.masks is not None else None
        return result._replace(
            detections=found._replace(
                boxes=found.boxes[kept], scores=found.scores[kept], class_ids=found.class_ids[kept], masks=masks
            )
        )

    def _fail_by(self, slot: ModelRunner, error: BaseException) -> None:
        """A model that cannot take its first frames would end the daemon at each of its starts."""
        if slot.model is not None and time.monotonic() - slot.since < TRIAL_SECONDS:
            self._hangs.add(slot.model)
        self._fail(error)

    def _fail(self, error: BaseException) -> None:
        """A detector failed on a frame: nothing is sure any more. The daemon ends, and is started again."""
        self.failure = error
        self.failed.set()
