"""End the daemon when an engine hangs: there is no other way to end a call that does not return."""

import time
from typing import Any, Dict

from appliance.core.errors import EngineHang
from appliance.core.events import EventBus
from appliance.daemon.events import ApplianceFailed, ModelFailed
from appliance.daemon.hangs import MOST_HANGS, Hangs
from appliance.daemon.model_runner import ModelRunner
from appliance.daemon.models import Models
from appliance.daemon.trials import TRIAL_SECONDS, Trials
from appliance.daemon.watchdog import patience

PROVEN_SECONDS = 3600.0
"""After this many seconds without a hang, earlier hangs of a model are forgotten."""


class EngineWatchdog:
    """Watches the engines of all models, and records which of them are reliable.

    Args:
        models: The models to watch.
        hangs: Where hangs and failures are recorded.
        trials: Notified of models that ran for long enough.
        result_timeout: Seconds, as in the setting.
        events: Where `ApplianceFailed` is published; subscribes to `ModelFailed`.
    """

    def __init__(self, models: Models, hangs: Hangs, trials: Trials, result_timeout: float, events: EventBus) -> None:
        self._models = models
        self._hangs = hangs
        self._trials = trials
        self._result_timeout = result_timeout
        self._events = events
        self._proven: Dict[ModelRunner, float] = {}
        self._found_hang = False
        events.subscribe(ModelFailed, self._model_failed)

    def check(self) -> None:
        """Check every engine; to be called several times per second, by the same thread."""
        if self._found_hang:
            return
        now = time.monotonic()
        runners = self._models.runners()
        is_loading = any(runner.is_loading for runner in runners)
        for runner in runners:
            progress = runner.loop.progress()
            silent_for = runner.watch.look(now, progress)
            if silent_for >= patience(progress, self._result_timeout, is_loading):
                self._found_hang = True
                self._events.publish(ApplianceFailed(self._hang(runner, progress.detector, silent_for)))
                return
            if runner.model is not None and now - runner.since > TRIAL_SECONDS:
                self._trials.end(runner.model)
            if runner.model is not None and now - runner.since > PROVEN_SECONDS:
                if self._proven.get(runner) != runner.since:
                    self._proven[runner] = runner.since
                    self._hangs.forget(runner.model)

    def _hang(self, runner: ModelRunner, detector: Any, seconds: float) -> EngineHang:
        """Make the error for a hang. detector: the one that hangs; the runner may have another by now."""
        name = runner.name_of(detector) or "the model"
        count = self._hangs.add(name)
        if runner.model != name:
            remedy = f"The daemon starts anew with {runner.model}."
        elif count < MOST_HANGS:
            remedy = "The daemon starts anew, and loads it once more."
        else:
            remedy = f"It has hung {count} times now: the daemon starts anew without it."
        return EngineHang(
            f"{name} gave no result for {seconds:.0f} s although frames came: its engine ({detector.engine} on the"
            f" {detector.device}) hangs. {remedy}"
        )

    def _model_failed(self, event: ModelFailed) -> None:
        """Record the failure: a model that fails on its first frames would end the daemon at each start."""
        if event.name is not None and event.seconds < TRIAL_SECONDS:
            self._hangs.add(event.name)
        self._events.publish(ApplianceFailed(event.error))
