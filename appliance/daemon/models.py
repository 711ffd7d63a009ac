"""The running models: the one that streams share, and those of single streams."""

import logging
import threading
from pathlib import Path
from typing import Dict, Iterable, List, Optional

from appliance.contract.errors import CONFLICT, NOT_FOUND, Refused
from appliance.contract.states import NO_MODEL
from appliance.core.detector import Detector
from appliance.core.errors import SplitlensError
from appliance.core.events import EventBus
from appliance.core.threads import start_thread
from appliance.daemon.catalogue import ModelCatalogue
from appliance.daemon.changes import MODEL
from appliance.daemon.events import ModelFetched, ModelStarted, SettingsChanged
from appliance.daemon.hangs import MOST_HANGS, Hangs
from appliance.daemon.live_settings import LiveSettings
from appliance.daemon.model_runner import LoadRequest, ModelRunner
from appliance.daemon.overrides import OverrideStore
from appliance.daemon.trials import Trials
from appliance.detectors.from_settings import load
from appliance.settings import Layer, LoadedSettings, chosen_model
from appliance.zoo.store import resolve_model

log = logging.getLogger(__name__)


class Models:
    """Holds one runner per model. Thread-safe.

    Attributes:
        shared: The runner of the shared model.

    Args:
        loaded: The configuration.
        live: Provides the lowest threshold of all streams.
        catalogue: Knows which models are installed.
        overrides: Stores the model that an operator chose.
        hangs: Knows which models are not loaded again automatically.
        trials: Notified of models that are loaded, and may end the daemon.
        events: Passed to the runners; subscribes to `SettingsChanged`, `ModelStarted` and `ModelFetched`.
    """

    def __init__(
        self,
        loaded: LoadedSettings,
        live: LiveSettings,
        catalogue: ModelCatalogue,
        overrides: OverrideStore,
        hangs: Hangs,
        trials: Trials,
        events: EventBus,
    ) -> None:
        self._loaded = loaded
        self._live = live
        self._catalogue = catalogue
        self._overrides = overrides
        self._hangs = hangs
        self._trials = trials
        self._events = events
        self._configured = chosen_model(loaded)
        self._lock = threading.RLock()
        self._closed = False
        self.shared = self._new_runner()
        self._own: Dict[str, ModelRunner] = {}  # replaced, never changed: reading needs no lock, and never waits
        events.subscribe(SettingsChanged, lambda event: self._set_thresholds())
        events.subscribe(ModelStarted, self._remember)
        events.subscribe(ModelFetched, self._use_first)

    def start(self) -> None:
        """Load the shared model: the one that an operator chose, if it is still installed, else the configured one."""
        name: str = self._overrides.recall(MODEL, self._configured)
        if name != self._configured and not self._is_installed(name):
            log.warning("%s, chosen in the dashboard, is not installed any more: %s is used", name, self._configured)
            name = self._configured
        self._request(self.shared, name)

    def set_shared(self, name: str) -> None:
        """Load an installed model and let it replace the shared one. Raises Refused."""
        if name != self._configured:
            self.check_installed(name)
        self._hangs.give_another_try(name)
        # Not earlier: a model that cannot be loaded, or crashes the daemon, must not be loaded at the next start.
        self._request(self.shared, name, remember=True)

    def cancel(self) -> None:
        """Cancel loading, of the shared model and of those of single streams. Raises Refused."""
        if not any([runner.give_up() for runner in self.runners()]):
            raise Refused(CONFLICT, "No model is being loaded.")

    def check_installed(self, name: str) -> None:
        """Raise Refused if a model is not installed."""
        if not self._is_installed(name):
            raise Refused(NOT_FOUND, f"{name} is not installed.")

    def retry(self, name: str) -> None:
        """Allow a stream's model to be loaded again, and load it if that failed before: an operator asked for it."""
        self._hangs.give_another_try(name)
        with self._lock:
            runner = self._own.get(name)
            if runner is not None and runner.condition == NO_MODEL:
                self._request(runner, name)

    def runner_for(self, model: Optional[str]) -> ModelRunner:
        """Return the runner of a stream's own model, loading it if necessary. None: the runner of the shared model."""
        if model is None:
            return self.shared
        with self._lock:
            if model not in self._own:
                self._own = dict(self._own, **{model: self._new_runner()})
                self._request(self._own[model], model)
            return self._own[model]

    def close_unused(self, used: Iterable[Optional[str]]) -> None:
        """Close the models of streams that are not in `used`. Returns at once."""
        kept = set(used)
        with self._lock:
            unused = [runner for model, runner in self._own.items() if model not in kept]
            self._own = {model: runner for model, runner in self._own.items() if model in kept}
        for runner in unused:
            start_thread("close model", runner.close)

    def runners(self) -> List[ModelRunner]:
        """Return all runners, the shared one first."""
        return [self.shared, *self._own.values()]

    @property
    def is_loading(self) -> bool:
        """Return whether any thread is loading a model, which cannot be interrupted."""
        return any(runner.is_at_work for runner in self.runners())

    def stop(self) -> None:
        """Load no more models automatically."""
        self._closed = True

    def close(self) -> None:
        """End all models; their streams must be closed already."""
        for runner in self.runners():
            runner.close()

    def _is_installed(self, name: str) -> bool:
        row = self._catalogue.row(name)
        return row is not None and row.installed

    def _new_runner(self) -> ModelRunner:
        runner = ModelRunner(self._events, load_seconds=self._loaded.settings.load_timeout)
        runner.set_threshold(self._live.lowest_threshold)
        return runner

    def _request(self, runner: ModelRunner, name: str, remember: bool = False) -> None:
        if self._hangs.is_given_up(name):
            runner.refuse(
                f"{name} is not loaded: {MOST_HANGS} times it hung, failed or ended the daemon. Choose another model,"
                " or this one again to try it once more."
            )
            return
        size = 0
        try:
            size = resolve_model(name, Path(self._loaded.settings.models_dir)).path.stat().st_size
        except (SplitlensError, OSError):
            pass  # loading reports it with a better message
        runner.request(LoadRequest(name, lambda: self._load(name), size, remember))

    def _load(self, name: str) -> Detector:
        self._trials.begin(name)
        try:
            if name == self._configured:
                return load(self._loaded)
            # Like `--model NAME`: what lower layers set for their own model does not apply to this one.
            asked_for = {"model": name, "model_path": None}
            return load(self._loaded.with_values(asked_for, Layer.COMMAND_LINE, "the dashboard"))
        except BaseException:
            self._trials.end(name)
            raise

    def _set_thresholds(self) -> None:
        with self._lock:
            for runner in self.runners():
                runner.set_threshold(self._live.lowest_threshold)

    def _remember(self, event: ModelStarted) -> None:
        if event.remember:
            self._overrides.keep(MODEL, event.name, self._configured)

    def _use_first(self, event: ModelFetched) -> None:
        """Run a model that was downloaded while none was running."""
        if self.shared.condition == NO_MODEL and not self._closed:
            self.set_shared(event.name)
