"""The settings that an operator may change while the appliance runs, for all streams."""

import threading
from typing import Any, Dict

from appliance.core.events import EventBus
from appliance.daemon.changes import check_setting
from appliance.daemon.events import SettingsChanged, StateChanged
from appliance.daemon.overrides import OverrideStore
from appliance.schema.settings import live_values
from appliance.settings import Settings


class LiveSettings:
    """Their values now. Any thread may call the methods.

    Attributes:
        configured: What the configuration says, by their keys.

    Args:
        settings: The configuration.
        overrides: What operators changed, over restarts.
        events: Where `SettingsChanged` and `StateChanged` are published.
    """

    def __init__(self, settings: Settings, overrides: OverrideStore, events: EventBus) -> None:
        self.configured: Dict[str, Any] = live_values(settings)
        self._overrides = overrides
        self._events = events
        self._lock = threading.Lock()
        self._values = {key: overrides.recall(key, value) for key, value in self.configured.items()}

    @property
    def values(self) -> Dict[str, Any]:
        """What holds now, by their keys; never changed, but exchanged."""
        return self._values

    def change(self, changes: Dict[str, Any]) -> None:
        """Set some of them; None is what the configuration says. Raises Refused, and changes none, if one is wrong."""
        checked = {key: self._check(key, value) for key, value in changes.items()}
        with self._lock:
            self._values = dict(self._values, **checked)
            for key, value in checked.items():
                self._overrides.keep(key, value, self.configured[key])
        self._events.publish(SettingsChanged())
        self._events.publish(StateChanged())

    def _check(self, key: str, value: Any) -> Any:
        return self.configured[key] if value is None and key in self.configured else check_setting(key, value)
