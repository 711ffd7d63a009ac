"""Make and publish the state, on changes and regularly, and the statistics, several times per second."""

import os
import threading
import time
from typing import List, Optional, Tuple

from appliance import __version__
from appliance.board import Board
from appliance.board.telemetry import Telemetry
from appliance.bus import BusServer
from appliance.contract import state as messages
from appliance.contract.events import Statistics
from appliance.contract.live_settings import describe_live_settings
from appliance.contract.state import DaemonState, State
from appliance.contract.states import LIVE, LOADING, NO_MODEL, STOPPING
from appliance.core.events import EventBus
from appliance.core.process import Heartbeat
from appliance.daemon.catalogue import ModelCatalogue
from appliance.daemon.condition import appliance_condition
from appliance.daemon.events import ApplianceFailed, StateChanged
from appliance.daemon.live_settings import LiveSettings
from appliance.daemon.models import Models
from appliance.daemon.overrides import OverrideStore
from appliance.daemon.power import PowerKeeper
from appliance.daemon.streams import Streams
from appliance.events.store import EventStore
from appliance.recording.storage import Storage
from appliance.telemetry.description import Readings

TELEMETRY_SECONDS = 1.0


class StateReporter:
    """Collects the messages of the services, and publishes them.

    Attributes:
        is_stopping: Set when the daemon ends.

    Args:
        server: Where the state is published.
        heartbeat: To the supervisor, which ends a daemon that sends none.
        events: Where `StateChanged` is published when a stream's condition changes.
    """

    def __init__(
        self,
        board: Board,
        live: LiveSettings,
        models: Models,
        catalogue: ModelCatalogue,
        streams: Streams,
        storage: Storage,
        power: PowerKeeper,
        overrides: OverrideStore,
        event_store: EventStore,
        server: BusServer,
        heartbeat: Heartbeat,
        events: EventBus,
    ) -> None:
        self.is_stopping = False
        self._started = time.time()
        self._board, self._live, self._models, self._catalogue = board, live, models, catalogue
        self._streams, self._storage, self._power = streams, storage, power
        self._overrides, self._event_store = overrides, event_store
        self._server, self._heartbeat, self._events = server, heartbeat, events
        self._failure: Optional[BaseException] = None
        self._telemetry = Telemetry()
        self._readings: Readings = {}
        self._read_at = float("-inf")
        self._stream_states: List[str] = []
        self._publishing = threading.Lock()  # otherwise an older state could be sent after a newer one
        events.subscribe(ApplianceFailed, self._note_failure)

    def state(self) -> State:
        """Return the current state."""
        streams = [stream.as_message() for stream in self._streams.all()]
        condition, is_ready = self._condition([stream.status for stream in streams])
        problem = str(self._failure) if self._failure else self._overrides.problem or self._event_store.problem or None
        return State(
            daemon=DaemonState(os.getpid(), __version__, self._started, condition, is_ready, problem),
            board=messages.Board(self._board.id, self._board.name),
            settings=dict(self._live.values),
            configured=dict(self._live.configured),
            live_settings=describe_live_settings(),
            model=self._models.shared.as_message(),
            streams=streams,
            models=self._catalogue.rows(),
            storage=self._storage.status(),
            power=self._power.as_message(),
        )

    def statistics(self) -> Statistics:
        """Return the current statistics."""
        streams = {stream.name: stream.statistics() for stream in self._streams.all()}
        return Statistics(time.time(), streams, self._readings)

    def publish_state(self) -> None:
        """Publish the state; to be called when it has changed, and regularly."""
        with self._publishing:
            self._server.publish(self.state())

    def publish_statistics(self) -> None:
        """Publish the statistics, and read the telemetry if that is due.

        To be called every HEARTBEAT_SECONDS, always by the same thread.
        """
        if time.monotonic() - self._read_at >= TELEMETRY_SECONDS:
            self._read_at = time.monotonic()
            self._readings = self._telemetry.read()
        self._server.publish(self.statistics())
        # In the thread that publishes for the page: if it is stuck, both page and supervisor notice.
        self._heartbeat.beat(self._models.is_loading)

    def notice_changes(self) -> None:
        """Publish `StateChanged` if a stream's condition has changed since the last call."""
        states = [stream.condition().state for stream in self._streams.all()]
        if states != self._stream_states:
            self._stream_states = states
            self._events.publish(StateChanged())

    def _condition(self, streams: List[str]) -> Tuple[str, bool]:
        if self.is_stopping:
            return STOPPING, False
        models = [stream.model_condition for stream in self._streams.all()] or [self._models.shared.condition]
        worst = next((condition for condition in (NO_MODEL, LOADING) if condition in models), LIVE)
        return appliance_condition(worst, streams)

    def _note_failure(self, event: ApplianceFailed) -> None:
        self._failure = event.error
