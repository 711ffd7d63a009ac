"""The zones, lines and masks of the streams: as configured, or as an operator drew them."""

import threading
from typing import Dict

from appliance.contract.fields import JsonObject
from appliance.core.events import EventBus
from appliance.daemon.changes import PLACES, check_places
from appliance.daemon.events import SettingsChanged, StateChanged
from appliance.daemon.overrides import OverrideStore
from appliance.schema.places import NO_PLACES, Places, places_as_data
from appliance.settings import Settings


class StreamPlaces:
    """The current ones. Thread-safe; reading takes no lock.

    Each kind is stored by itself: zones that are changed in the config file end no privacy mask that was drawn.

    Args:
        settings: The configuration.
        overrides: The operators' changes, stored across restarts.
        events: Where `SettingsChanged` and `StateChanged` are published.
    """

    def __init__(self, settings: Settings, overrides: OverrideStore, events: EventBus) -> None:
        self._settings, self._overrides, self._events = settings, overrides, events
        self._lock = threading.Lock()
        names = {rest.partition(":")[0] for rest in overrides.keys(PLACES)} | set(settings.streams or {})
        self._places: Dict[str, Places] = {name: self._recall(name) for name in names}  # replaced, never changed

    def of(self, stream: str) -> Places:
        """Return those of a stream, which may be unknown. The same object as long as they do not change."""
        return self._places.get(stream, NO_PLACES)

    def change(self, stream: str, data: JsonObject) -> None:
        """Set all those of a stream, from the next frame on.

        Args:
            stream: Its name.
            data: As `parse_places` takes it.

        Raises:
            Refused: Something is wrong; nothing is changed.
        """
        places = check_places(data)
        with self._lock:
            configured = places_as_data(self._settings.places(stream))
            for kind, value in places_as_data(places).items():
                self._overrides.keep(_key(stream, kind), value, configured[kind])
            self._places = dict(self._places, **{stream: places})
        self._events.publish(SettingsChanged())
        self._events.publish(StateChanged())

    def forget(self, stream: str) -> None:
        """Drop those of a stream that was removed."""
        with self._lock:
            for kind in places_as_data(NO_PLACES):
                self._overrides.keep(_key(stream, kind), None, None)
            self._places = {name: places for name, places in self._places.items() if name != stream}

    def _recall(self, stream: str) -> Places:
        configured = places_as_data(self._settings.places(stream))
        data = {kind: self._overrides.recall(_key(stream, kind), value) for kind, value in configured.items()}
        return check_places(data)


def _key(stream: str, kind: str) -> str:
    return f"{PLACES}{stream}:{kind}"
