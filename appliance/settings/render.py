"""The output of `config show` and `config check`."""

from typing import Any, List

from appliance.core.redact import redact
from appliance.schema.places import places_as_data
from appliance.schema.settings import SETTINGS
from appliance.schema.stream_setting import StreamSetting
from appliance.schema.values import show_number
from appliance.settings.loader import LoadedSettings
from appliance.settings.streams import as_yaml, show_streams


def show(loaded: LoadedSettings) -> str:
    """Return a table of all settings, with origin and value; addresses without credentials."""
    rows = [("setting", "set by", "value")]
    for key in SETTINGS:
        rows.append((key, loaded.origins[key], show_value(getattr(loaded.settings, key))))
        if key == "streams":
            for name, stream in (loaded.settings.streams or {}).items():
                for own, value in stream.settings.items():
                    rows.append((f"streams.{name}.{own}", loaded.stream_origin(name, own), show_value(value)))
                for own, value in places_as_data(stream.places).items():
                    if value:
                        rows.append((f"streams.{name}.{own}", loaded.stream_origin(name, own), as_yaml(value)))
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    lines: List[str] = []
    for key, origin, value in rows:
        lines.append(f"{key.ljust(widths[0])}  {origin.ljust(widths[1])}  {value}")
    return "\n".join(lines)


def show_value(value: Any) -> str:
    """Format a value as in a config file; "-" for none."""
    if value is None:
        return "-"
    if isinstance(value, list):
        return f"[{', '.join(value)}]"
    if isinstance(value, dict):
        return show_streams(value) if isinstance(next(iter(value.values()), None), StreamSetting) else as_yaml(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return show_number(value)
    return redact(str(value))


def check(loaded: LoadedSettings) -> str:
    """Return the output of `config check` for settings that were loaded without errors."""
    if loaded.config is None:
        return "There is no config.yml here; the defaults are used."
    settings = "1 setting" if loaded.config_entries == 1 else f"{loaded.config_entries} settings"
    return f"{loaded.config}: {settings}, no mistakes"
