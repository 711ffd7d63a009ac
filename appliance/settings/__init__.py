"""Read the settings of a run from the defaults, files, environment variables and command line."""

from appliance.core.redact import redact
from appliance.schema.settings import Settings
from appliance.settings.loader import (
    Layer,
    LoadedSettings,
    Profile,
    chosen_engine,
    chosen_model,
    compatibility_notes,
    load_settings,
    with_profile,
)

__all__ = [
    "Layer",
    "LoadedSettings",
    "Profile",
    "Settings",
    "chosen_engine",
    "chosen_model",
    "compatibility_notes",
    "load_settings",
    "redact",
    "with_profile",
]
