"""The settings that an operator may change at run time: for all streams, and for single ones."""

import threading
from typing import Dict, Optional

from appliance.core.events import EventBus
from appliance.daemon.changes import SETTING, check_setting, check_stream_setting
from appliance.daemon.events import SettingsChanged, StateChanged
from appliance.daemon.overrides import OverrideStore
from appliance.schema.setting import Values
from appliance.schema.settings import LIVE_SETTINGS, live_values
from appliance.settings import Settings


class LiveSettings:
    """The current values. Thread-safe.

    A stream uses the first of these that exists: the operator's value for the stream, the configured value for the
    stream, the operator's general value, the configured general value.

    Attributes:
        configured: The configured general values, by key.

    Args:
        settings: The configuration.
        overrides: The operators' changes, stored across restarts.
        events: Where `SettingsChanged` and `StateChanged` are published.
    """

    def __init__(self, settings: Settings, overrides: OverrideStore, events: EventBus) -> None:
        self.configured = live_values(settings)
        self._configured_own = {
            name: {key: value for key, value in stream.settings.items() if key in LIVE_SETTINGS}
            for name, stream in (settings.streams or {}).items()
        }
        self._overrides = overrides
        self._events = events
        self._lock = threading.Lock()
        # Both are replaced, never changed: reading needs no lock.
        self._values = {key: overrides.recall(key, value) for key, value in self.configured.items()}
        streams = {rest.partition(":")[0] for rest in overrides.keys(SETTING)} | set(self._configured_own)
        self._own = {name: self._recall_own(name) for name in streams}

    @property
    def values(self) -> Values:
        """The general values by key, for streams without values of their own; read-only."""
        return self._values

    def own(self, stream: str) -> Values:
        """Return the values that one stream has of its own, by key; read-only."""
        return self._own.get(stream, {})

    def of(self, stream: str) -> Values:
        """Return the values that apply to one stream, by key."""
        return {**self._values, **self.own(stream)}

    @property
    def lowest_threshold(self) -> float:
        """Return the lowest `det_th` of all streams, which a model that they share must use."""
        own = [values["det_th"] for values in self._own.values() if "det_th" in values]
        return float(min([self._values["det_th"], *own]))

    def change(self, changes: Values) -> None:
        """Change general values; None restores the configured one.

        Raises:
            Refused: A value is wrong; nothing is changed.
        """
        checked = {
            key: self.configured[key] if value is None and key in self.configured else check_setting(key, value)
            for key, value in changes.items()
        }
        with self._lock:
            self._values = dict(self._values, **checked)
            for key, value in checked.items():
                self._overrides.keep(key, value, self.configured[key])
        self._tell()

    def change_own(self, stream: str, changes: Values) -> None:
        """Change values of one stream; None restores the one configured for it, or the general one.

        Raises:
            Refused: A value is wrong; nothing is changed.
        """
        for key, value in changes.items():
            check_stream_setting(key, value)
        with self._lock:
            for key, value in changes.items():
                configured = self._configured_own.get(stream, {}).get(key)
                self._overrides.keep(_key(stream, key), configured if value is None else value, configured)
            self._own = dict(self._own, **{stream: self._recall_own(stream)})
        self._tell()

    def forget(self, stream: str) -> None:
        """Drop the operator's values of a stream that was removed."""
        with self._lock:
            for key in self.own(stream):
                self._overrides.keep(_key(stream, key), None, None)
            self._own = {name: own for name, own in self._own.items() if name != stream}
        self._tell()

    def _recall_own(self, stream: str) -> Values:
        configured = self._configured_own.get(stream, {})
        found: Dict[str, Optional[object]] = {
            key: self._overrides.recall(_key(stream, key), configured.get(key)) for key in LIVE_SETTINGS
        }
        return {key: value for key, value in found.items() if value is not None}

    def _tell(self) -> None:
        self._events.publish(SettingsChanged())
        self._events.publish(StateChanged())


def _key(stream: str, key: str) -> str:
    return f"{SETTING}{stream}:{key}"
