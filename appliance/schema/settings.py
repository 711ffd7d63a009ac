"""Everything that a user can set: one dataclass whose fields describe themselves.

The loader, the command line, `config show`, the JSON Schema, the documentation and the list of what the dashboard may
change are derived from it. Keys of the original project keep their names and meanings.
"""

import dataclasses
from typing import Mapping

from appliance.schema.rows.appliance import ApplianceSettings
from appliance.schema.rows.input import InputSettings
from appliance.schema.rows.model import ModelSettings
from appliance.schema.rows.output import OutputSettings
from appliance.schema.setting import Setting, Values


@dataclasses.dataclass(frozen=True)
class Settings(
    ApplianceSettings, OutputSettings, ModelSettings, InputSettings
):  # fields of the last base class come first
    """The settings of one run, complete and checked."""

    def for_stream(self, name: str) -> "Settings":
        """Return the settings of one stream: its own values in place of the general ones. The name may be unknown."""
        stream = (self.streams or {}).get(name)
        return dataclasses.replace(self, **stream.settings) if stream is not None else self


SETTINGS: Mapping[str, Setting] = {
    field.name: Setting(key=field.name, default=field.default, **field.metadata)
    for field in dataclasses.fields(Settings)
}
"""The schema: rows by key, in display order."""

LIVE_SETTINGS = {key: setting for key, setting in SETTINGS.items() if setting.live}
"""The settings that can be changed while the appliance runs, in the dashboard's order."""

STREAM_SETTINGS = {key: setting for key, setting in SETTINGS.items() if setting.per_stream}
"""The settings for which a stream may have a value of its own."""


def live_values(settings: Settings) -> Values:
    """Return the values of LIVE_SETTINGS."""
    return {key: getattr(settings, key) for key in LIVE_SETTINGS}
