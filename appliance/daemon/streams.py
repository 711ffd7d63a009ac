"""The streams of the appliance: the configured ones, and those that operators added or changed."""

import logging
import threading
from typing import Dict, List, Optional, Union

from appliance.bus import BusServer
from appliance.contract.errors import CONFLICT, NOT_FOUND, Refused
from appliance.contract.fields import STREAM_NAME
from appliance.core.events import EventBus
from appliance.core.threads import start_thread
from appliance.daemon.changes import RECORD, STREAM, check_stream, kept_stream
from appliance.daemon.event_services import EventServices
from appliance.daemon.events import SettingsChanged, StateChanged
from appliance.daemon.live_settings import LiveSettings
from appliance.daemon.models import Models
from appliance.daemon.overrides import OverrideStore
from appliance.daemon.stream import Stream
from appliance.daemon.stream_places import StreamPlaces
from appliance.daemon.stream_tracking import StreamTracking
from appliance.pipeline.events import SinkFailed, SourceEnded
from appliance.recording.event_recorder import EventRecorder
from appliance.recording.segments import CONTINUOUS
from appliance.recording.storage import Storage
from appliance.schema.polygons import Polygon
from appliance.schema.setting import Values
from appliance.schema.stream_setting import StreamSetting
from appliance.settings import Settings, redact
from appliance.sources.privacy import PrivacyMask

log = logging.getLogger(__name__)


class Streams:
    """Adds, changes and removes streams. Thread-safe.

    Attributes:
        event_recorder: Tells the streams what events want recorded.
        places: Their zones, lines and masks.

    Args:
        settings: The configuration.
        live: The live settings.
        models: Provides the runners of the models.
        overrides: The operators' changes, stored across restarts.
        storage: Where recordings are stored.
        services: Takes what is tracked.
        server: Where live pictures and detections are published.
        events: Passed to the streams; subscribes to `SettingsChanged` and the events of the pipelines.
    """

    def __init__(
        self,
        settings: Settings,
        live: LiveSettings,
        models: Models,
        overrides: OverrideStore,
        storage: Storage,
        services: EventServices,
        server: BusServer,
        events: EventBus,
    ) -> None:
        self._settings, self._live, self._models, self._overrides = settings, live, models, overrides
        self._storage, self._services, self._server, self._events = storage, services, server, events
        self.event_recorder = EventRecorder(storage)
        self.places = StreamPlaces(settings, overrides, events)
        self._lock = threading.RLock()
        self._is_stopping = False
        self._streams: Dict[str, Stream] = {}  # replaced, never changed: reading needs no lock, and never waits
        events.subscribe(SettingsChanged, lambda event: self._show_anew())
        events.subscribe(SourceEnded, self._source_ended)
        events.subscribe(SinkFailed, lambda event: log.error("stream %s: %s", event.stream, event.error))

    def start(self) -> None:
        """Open all streams."""
        for name, setting in configured_streams(self._settings).items():
            self._add(name, setting, StreamSetting(*self._overrides.recall(STREAM + name, kept_stream(setting))))
        for name in self._overrides.keys(STREAM):
            change = self._overrides.recall(STREAM + name, None)  # not that of a stream removed from the configuration
            if name not in self._streams and change is not None:
                self._add(name, None, StreamSetting(*change))

    def stop(self) -> None:
        """Accept no more changes."""
        self._is_stopping = True

    def close(self) -> None:
        """End all streams; recordings are complete when it returns."""
        self.stop()
        threads = [start_thread("close stream", stream.close) for stream in self.all()]
        for thread in threads:
            thread.join()

    def set(self, name: str, source: Union[int, str], model: Optional[str]) -> None:
        """Change the source or model of a stream, or add a stream. Raises Refused."""
        STREAM_NAME.check("stream", name)
        if self._is_stopping:
            raise Refused(CONFLICT, "The daemon is stopping.")
        with self._lock:
            stream = self._streams.get(name)
            known = ([stream.current.source] if stream else []) + self.known_sources()
            wanted = check_stream(source, model, known)
            if model is not None:
                self._models.check_installed(model)
                self._models.retry(model)
            configured = stream.configured if stream else None
            self._overrides.keep(STREAM + name, kept_stream(wanted), kept_stream(configured) if configured else None)
            if stream is None:
                self._add(name, None, wanted)
            elif wanted != stream.current:
                stream.request(wanted, self._models.runner_for(model))
                # In a thread of its own: a source may take ten seconds to release a device.
                start_thread("exchange", self._exchange, stream)
        self._events.publish(StateChanged())

    def reset(self, name: str) -> None:
        """Restore the configuration of a stream. Raises Refused."""
        stream = self.get(name)
        if stream.configured is None:
            raise Refused(CONFLICT, f"{name} is not in the configuration; remove it instead.")
        self.set(name, stream.configured.source, stream.configured.model)

    def remove(self, name: str) -> None:
        """Remove a stream that an operator added. Raises Refused."""
        with self._lock:
            stream = self.get(name)
            if stream.configured is not None:
                raise Refused(CONFLICT, f"{name} is in the configuration; take it out there.")
            self._streams = {other: one for other, one in self._streams.items() if other != name}
            self._overrides.keep(STREAM + name, None, None)
            self._overrides.keep(RECORD + name, self._is_recorded(name), self._is_recorded(name))
        self._live.forget(name)
        self.places.forget(name)
        stream.close()
        self._close_unused_models()
        self._events.publish(StateChanged())

    def change_settings(self, name: str, changes: Values) -> None:
        """Change the live settings of a stream; None removes its own value. Raises Refused."""
        self.get(name)
        self._live.change_own(name, changes)

    def record(self, name: str, on: bool) -> None:
        """Start or stop recording a stream. Returns when a file being written is complete. Raises Refused."""
        self.get(name).record(on)
        self._overrides.keep(RECORD + name, on, self._is_recorded(name))
        self._events.publish(StateChanged())

    def get(self, name: str) -> Stream:
        """Return the stream with this name. Raises Refused."""
        stream = self._streams.get(name)
        if stream is None:
            raise Refused(NOT_FOUND, f"There is no stream {redact(name)[:40]}; there are {', '.join(self._streams)}.")
        return stream

    def all(self) -> List[Stream]:
        """Return all streams, in the order in which they were added."""
        return list(self._streams.values())

    def known_sources(self) -> List[Union[int, str]]:
        """Return the sources in use or configured, which may always be chosen."""
        streams = self.all()
        return [stream.current.source for stream in streams] + [
            stream.configured.source for stream in streams if stream.configured is not None
        ]

    def private(self, source: Union[int, str]) -> List[Polygon]:
        """Return what is private in the pictures of a source, by all streams that have it now or in the config file."""
        return [
            polygon
            for stream in self.all()
            if source in (stream.current.source, stream.configured.source if stream.configured else None)
            for polygon in self.places.of(stream.name).privacy
        ]

    def reopen_failed(self) -> None:
        """Reopen sources that ended, or could not be opened, if it is time."""
        for stream in self.all():
            stream.revive()

    def _add(self, name: str, configured: Optional[StreamSetting], current: StreamSetting) -> None:
        with self._lock:
            settings = self._settings.for_stream(name)
            tracking = StreamTracking(
                name, settings, lambda: self._live.of(name), lambda: self.places.of(name), self._services
            )
            stream = Stream(
                name,
                configured,
                current,
                self._models.runner_for(current.model),
                settings,
                self._live,
                tracking,
                self._server,
                self._storage,
                self._events,
                self.event_recorder.interest(name, settings.pre, settings.post),
                PrivacyMask(lambda: self.places.of(name).privacy),
            )
            self._streams = dict(self._streams, **{name: stream})
            if self._overrides.recall(RECORD + name, self._is_recorded(name)):
                stream.record(True)
            stream.open()

    def _is_recorded(self, name: str) -> bool:
        """Return whether everything is recorded where no operator says otherwise."""
        return self._settings.for_stream(name).record == CONTINUOUS

    def _exchange(self, stream: Stream) -> None:
        stream.exchange()
        self._close_unused_models()
        self._events.publish(StateChanged())

    def _close_unused_models(self) -> None:
        with self._lock:
            self._models.close_unused([stream.current.model for stream in self.all()])

    def _show_anew(self) -> None:
        with self._lock:
            for stream in self.all():
                stream.show()

    def _source_ended(self, event: SourceEnded) -> None:
        # Called in the source's thread, which others may join while holding locks: take none here.
        stream = self._streams.get(event.stream)
        if stream is not None:
            stream.source_ended(event.error)
        elif event.error is not None:
            log.error("stream %s: %s", event.stream, event.error)


def configured_streams(settings: Settings) -> Dict[str, StreamSetting]:
    """Return the configured streams by name: those of `streams`, or one for the camera."""
    streams = settings.streams or {"main": StreamSetting(settings.camera_input)}
    return {name: StreamSetting(stream.source, stream.model) for name, stream in streams.items()}
