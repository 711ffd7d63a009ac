"""Everything that a user can set: one dataclass whose fields say what they mean.

The loader, the command line, `config show`, the JSON Schema, the documentation and what the dashboard may change are
made from it. Keys that the original project had keep their name and meaning.
"""

import dataclasses
from typing import Mapping

from appliance.schema.rows.appliance import ApplianceSettings
from appliance.schema.rows.input import InputSettings
from appliance.schema.rows.model import ModelSettings
from appliance.schema.rows.output import OutputSettings
from appliance.schema.setting import Setting, Values


@dataclasses.dataclass(frozen=True)
class Settings(ApplianceSettings, OutputSettings, ModelSettings, InputSettings):  # the fields of the last come first
    """The settings of one run, complete and checked."""

    def for_stream(self, name: str) -> "Settings":
        """The same with what is set for one stream. An unknown name has nothing of its own."""
        stream = (self.streams or {}).get(name)
        return dataclasses.replace(self, **stream.settings) if stream is not None else self


SETTINGS: Mapping[str, Setting] = {
    field.name: Setting(key=field.name, default=field.default, **field.metadata)
    for field in dataclasses.fields(Settings)
}
"""The schema, key to row, in the order in which it is shown."""

LIVE_SETTINGS = {key: setting for key, setting in SETTINGS.items() if setting.live}
"""What can be changed while the appliance runs, in the order in which the dashboard shows it."""

STREAM_SETTINGS = {key: setting for key, setting in SETTINGS.items() if setting.per_stream}
"""What a single stream may have a value of its own for."""


def live_values(settings: Settings) -> Values:
    """The values of LIVE_SETTINGS."""
    return {key: getattr(settings, key) for key in LIVE_SETTINGS}
