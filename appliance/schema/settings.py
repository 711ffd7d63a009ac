"""Everything that a user can set: one dataclass whose fields describe themselves.

The loader, the command line, `config show`, the JSON Schema, the documentation and the list of what the dashboard may
change are derived from it. Keys of the original project keep their names and meanings.
"""

import dataclasses
from typing import Mapping

from appliance.schema.places import NO_PLACES, Places
from appliance.schema.rows.appliance import ApplianceSettings
from appliance.schema.rows.input import InputSettings
from appliance.schema.rows.model import ModelSettings
from appliance.schema.rows.output import OutputSettings
from appliance.schema.rows.tracking import TrackingSettings
from appliance.schema.setting import Setting, Values, default_of


@dataclasses.dataclass(frozen=True)
class Settings(
    ApplianceSettings, OutputSettings, TrackingSettings, ModelSettings, InputSettings
):  # fields of the last base class come first
    """The settings of one run, complete and checked."""

    def for_stream(self, name: str) -> "Settings":
        """Return the settings of one stream: its own values in place of the general ones. The name may be unknown.

        Of `labels` it keeps the general values that the stream does not set for the same label.
        """
        stream = (self.streams or {}).get(name)
        if stream is None:
            return self
        own = dict(stream.settings)
        if self.labels and own.get("labels"):
            general = self.labels
            own["labels"] = {
                label: {**general.get(label, {}), **own["labels"].get(label, {})}
                for label in [*general, *(label for label in own["labels"] if label not in general)]
            }
        return dataclasses.replace(self, **own)

    def for_label(self, label: str) -> Values:
        """Return the values of LABEL_SETTINGS for one label, by key. A label's own go before general ones."""
        general = {key: getattr(self, key) for key in LABEL_SETTINGS}
        return {**general, **(self.labels or {}).get(label, {})}

    def places(self, name: str) -> Places:
        """Return the zones, lines and masks of a stream; none if the name is unknown."""
        stream = (self.streams or {}).get(name)
        return stream.places if stream is not None else NO_PLACES


SETTINGS: Mapping[str, Setting] = {
    field.name: Setting(key=field.name, default=default_of(field), **field.metadata)
    for field in dataclasses.fields(Settings)
}
"""The schema: rows by key, in display order."""

LIVE_SETTINGS = {key: setting for key, setting in SETTINGS.items() if setting.live}
"""The settings that can be changed while the appliance runs, in the dashboard's order."""

STREAM_SETTINGS = {key: setting for key, setting in SETTINGS.items() if setting.per_stream}
"""The settings for which a stream may have a value of its own."""

LABEL_SETTINGS = {key: setting for key, setting in SETTINGS.items() if setting.per_label}
"""The settings for which a label may have a value of its own, in `labels`."""


def live_values(settings: Settings) -> Values:
    """Return the values of LIVE_SETTINGS."""
    return {key: getattr(settings, key) for key in LIVE_SETTINGS}
