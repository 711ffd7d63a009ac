"""The running appliance: creates, connects, starts and stops the services."""

import dataclasses
import logging
import threading
from pathlib import Path
from typing import List, Optional, Sequence

from appliance.board import detect_board, unknown_board_note
from appliance.bus import HEARTBEAT_SECONDS, BusServer
from appliance.core.database import Database
from appliance.core.errors import SplitlensError
from appliance.core.events import EventBus
from appliance.core.process import Heartbeat
from appliance.core.threads import start_thread
from appliance.daemon.catalogue import ModelCatalogue
from appliance.daemon.changes import check_kept
from appliance.daemon.engine_watchdog import EngineWatchdog
from appliance.daemon.event_files import EventFiles
from appliance.daemon.event_services import EventServices
from appliance.daemon.events import ApplianceFailed, StateChanged
from appliance.daemon.hangs import Hangs
from appliance.daemon.jobs import Job, Jobs
from appliance.daemon.live_settings import LiveSettings
from appliance.daemon.models import Models
from appliance.daemon.overrides import OverrideStore
from appliance.daemon.power import PowerKeeper
from appliance.daemon.state import StateReporter
from appliance.daemon.streams import Streams, configured_streams
from appliance.daemon.trials import Trials
from appliance.events.store import EVENTS_FILE, EventStore
from appliance.recording.encoders import AUTO, MP4, find_encoder, resolve_format
from appliance.recording.snapshots import SnapshotStore
from appliance.recording.storage import Storage
from appliance.schema.keep import parse_keep
from appliance.settings import LoadedSettings, Settings

log = logging.getLogger(__name__)

STATE_SECONDS = 2.0
TIDY_SECONDS = 10.0
WATCH_SECONDS = 0.5
EXPIRY_SECONDS = 600.0


class Appliance:
    """The running appliance, made from the configuration and the operators' changes to it; ended by `close`.

    Attributes:
        models, catalogue, streams, live, storage, event_store, event_files, power, reporter: The services.
        failure: The error that ends the daemon; None while there is none.
        failed: Set together with it.

    Args:
        loaded: The configuration.
        server: Where everything is published. The caller closes it, after the appliance.
        database: Persistent data of the services. The caller closes it, after the server.
        heartbeat: To the supervisor.
    """

    def __init__(self, loaded: LoadedSettings, server: BusServer, database: Database, heartbeat: Heartbeat) -> None:
        settings = loaded.settings
        state_dir, models_dir = Path(settings.state_dir), Path(settings.models_dir)
        self.failure: Optional[BaseException] = None
        self.failed = threading.Event()
        self._settings = settings
        self._board = detect_board()
        events = EventBus()
        sources = [stream.source for stream in configured_streams(settings).values()]
        overrides = OverrideStore(state_dir, lambda key, value: check_kept(key, value, sources))
        hangs = Hangs(state_dir, models_dir)
        self._trials = Trials(state_dir)
        for model in self._trials.crashed:
            log.error("The daemon crashed, or had no memory left, while %s was loaded or new", model)
            hangs.add(model)
        self.storage = Storage(
            settings.recordings_dir,
            settings.keep_days,
            settings.keep_gb,
            settings.free_gb,
            database,
            keep=parse_keep(settings.keep),
        )
        self.event_store = EventStore(state_dir / EVENTS_FILE)
        self.event_store.listen(events)
        self.live = LiveSettings(settings, overrides, events)
        self.catalogue = ModelCatalogue(models_dir, self._board, events)
        self.power = PowerKeeper(self._board, settings, overrides, events)
        self.models = Models(loaded, self.live, self.catalogue, overrides, hangs, self._trials, events)
        self._snapshots = SnapshotStore(self.storage.folder)
        self._event_services = EventServices(self.event_store, server.publish, events, self._snapshots)
        self.streams = Streams(
            settings, self.live, self.models, overrides, self.storage, self._event_services, server, events
        )
        self._event_services.subscribe(self.streams.event_recorder.take)
        self.event_files = EventFiles(
            settings, self.event_store, self.storage, self._snapshots, self.streams.event_recorder
        )
        self.reporter = StateReporter(
            self._board,
            self.live,
            self.models,
            self.catalogue,
            self.streams,
            self.storage,
            self.power,
            overrides,
            self.event_store,
            server,
            heartbeat,
            events,
        )
        self._watchdog = EngineWatchdog(self.models, hangs, self._trials, settings.result_timeout, events)
        self._jobs = Jobs(
            [
                Job("statistics", HEARTBEAT_SECONDS, self.reporter.publish_statistics),
                Job("state", STATE_SECONDS, self._report_state),
                Job("tidy", TIDY_SECONDS, self._tidy_recordings),
                Job("watchdog", WATCH_SECONDS, self._watch),
                Job("old events", EXPIRY_SECONDS, self._expire_events),
            ],
            events,
        )
        events.subscribe(StateChanged, lambda event: self._jobs.run_soon("state"))
        events.subscribe(ApplianceFailed, self._fail)

    def start(self) -> None:
        """Open the streams, then load the model: live pictures are shown meanwhile."""
        if unknown_board_note(self._board):
            log.warning("%s", unknown_board_note(self._board))
        streams = configured_streams(self._settings)
        start_thread(
            "find encoder", self._find_encoder, [self._settings.for_stream(name).record_format for name in streams]
        )
        self.streams.start()
        self.models.start()
        self.power.start()
        self._jobs.start()

    def close(self) -> None:
        """End all services; recordings are complete when it returns. After a failure the models are not closed."""
        self.reporter.is_stopping = True
        self.streams.stop()
        self.models.stop()
        self.reporter.publish_state()
        self.power.close()
        self._jobs.close()
        self.streams.close()
        self._event_services.close()
        self._snapshots.close()
        self.event_store.close()
        if self.failure is None:
            self.models.close()
        self._trials.close()
        self.reporter.publish_state()

    def settings_for_tests(self, seconds: float) -> Settings:
        """Return the settings for testing a source, with timeouts of at most `seconds`."""
        settings = self._settings
        return dataclasses.replace(
            settings, live_timeout=min(settings.live_timeout, seconds), open_timeout=min(settings.open_timeout, seconds)
        )

    def alert_labels(self, stream: str) -> Sequence[str]:
        """Return the classes whose events are alerts in a stream."""
        return self._settings.for_stream(stream).alert_labels

    def _find_encoder(self, formats: List[str]) -> None:
        """Look for what the first recording would wait for: it takes seconds."""
        try:
            if MP4 in formats:
                find_encoder()
            elif AUTO in formats:
                resolve_format(AUTO)
        except SplitlensError as error:
            log.warning("Nothing can be recorded: %s", error)

    def _report_state(self) -> None:
        self.streams.reopen_failed()
        self.reporter.publish_state()

    def _tidy_recordings(self) -> None:
        try:
            self.event_files.tidy()
        except Exception as error:  # detection continues
            log.error("The recordings could not be tidied (%s: %s)", type(error).__name__, error)

    def _expire_events(self) -> None:
        self.event_files.expire()

    def _watch(self) -> None:
        self.reporter.notice_changes()
        self._watchdog.check()

    def _fail(self, event: ApplianceFailed) -> None:
        self.failure = event.error
        self.failed.set()
