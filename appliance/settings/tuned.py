"""The results of `tune`: a file with one entry per model, used as a layer of settings between profile and config.

An entry is valid for one graph on one machine, and only as a whole: with another engine, or on the exact path, its
number of workers is meaningless. Settings that the user had set during the measurement are not part of an entry; they
have to be set again.
"""

import dataclasses
from pathlib import Path
from typing import Any, Dict, Mapping, Optional

import yaml

from appliance.core.errors import ConfigError
from appliance.core.files import open_regular, write_text
from appliance.schema.setting import Values
from appliance.schema.settings import SETTINGS
from appliance.schema.values import BadValue, check_value
from appliance.settings.bounded_yaml import load
from appliance.settings.loader import Layer, LoadedSettings, chosen_engine

TUNED_FILE = "tuned.yml"
TUNED_SETTINGS = ("engine", "worker_threads", "batch", "xla")
MEASURED_UNDER = ("split_model", "exact")
"""Settings that determine what can be chosen."""

_VERSION = 1
_MOST_BYTES = 10**6
_HEADING = """\
# The fastest settings for each model on this machine, as `splitlens tune` measured them. What is set in
# config.yml, the environment or on the command line wins. Take out a model, or the file, to go back to the defaults.
"""


@dataclasses.dataclass(frozen=True)
class Tuned:
    """The fastest settings for one model on one machine.

    Attributes:
        graph: SHA-256 of its file.
        machine: Facts about the machine, with arbitrary names; all must be unchanged.
        settings: The values chosen, of TUNED_SETTINGS.
        under: The values of MEASURED_UNDER at that time, and those of TUNED_SETTINGS that the user had set.
        measured: Measured values, for people.
        versions: Versions of libraries, for people.
        date: Date of the measurement, for people.
    """

    graph: str
    machine: Mapping[str, object]
    settings: Values
    under: Values
    measured: Mapping[str, object]
    versions: Mapping[str, str]
    date: str

    @property
    def engine(self) -> str:
        """The engine that was chosen or set."""
        return str(self.settings.get("engine", self.under.get("engine")))


def tuned_path(state_dir: str) -> Path:
    return Path(state_dir) / TUNED_FILE


def read_tuned(path: Path) -> Dict[str, Tuned]:
    """Return the entries by model name; none if the file does not exist. Raises ConfigError for a damaged file."""
    try:
        with open_regular(path) as file:
            content = load(file.read(_MOST_BYTES).decode("utf-8"))
        if content["version"] != _VERSION:
            raise ValueError(f"version {content['version']}")
        return {str(name): _checked(entry) for name, entry in content["models"].items()}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except BadValue as error:
        raise ConfigError(f"{path}: {error}") from error
    except (yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path}: not as `tune` wrote it") from error


def write_tuned(path: Path, entries: Mapping[str, Tuned]) -> None:
    """Replace the file atomically: a power cut leaves the old file or the new one. Raises OSError."""
    content = {"version": _VERSION, "models": {name: dataclasses.asdict(entry) for name, entry in entries.items()}}
    write_text(path, _HEADING + yaml.safe_dump(content, default_flow_style=False, allow_unicode=True), 0o644)


def is_free(loaded: LoadedSettings, key: str) -> bool:
    """Return whether the user left a setting unset: its value is from the schema or a profile."""
    if loaded.layers[key] == Layer.DEFAULT:
        return bool(getattr(loaded.settings, key) == SETTINGS[key].default)
    return loaded.layers[key] == Layer.PROFILE


def requested_engine(loaded: LoadedSettings) -> Optional[str]:
    """Return the engine that the user set, by `engine` or model_type; None if it can be chosen."""
    engine = chosen_engine(loaded)
    return None if is_free(loaded, "engine") and engine == loaded.settings.engine else engine


def mismatch(entry: Tuned, loaded: LoadedSettings, graph: str, machine: Mapping[str, Any]) -> str:
    """Return why an entry is not valid here and now.

    Args:
        entry: The stored entry.
        loaded: The settings of this run.
        graph: SHA-256 of the model's file.
        machine: Facts about this machine, as in `Tuned`.

    Returns:
        The end of "it was tuned ..."; "" if it is valid.
    """
    if entry.graph != graph:
        return "for another graph of this name"
    others = [
        f"{key} {entry.machine.get(key)}, now {machine.get(key)}"
        for key in sorted(set(entry.machine) | set(machine))
        if entry.machine.get(key) != machine.get(key)
    ]
    if others:
        return f"on another machine ({'; '.join(others)})"
    asked = requested_engine(loaded)
    if asked not in (None, entry.engine):
        return (
            f"for the engine {entry.engine}, and"
            f" {loaded.origins['engine' if loaded.settings.engine == asked else 'model_type']} asks for {asked}"
        )
    differing = {
        key: value
        for key, value in entry.under.items()
        if value != (asked if key == "engine" else getattr(loaded.settings, key))
    }
    return "with " + as_written(differing) if differing else ""


def as_written(values: Mapping[str, Any]) -> str:
    """Format settings as in a config file: "engine: openvino, xla: true"."""
    return ", ".join(f"{key}: {str(values[key]).lower()}" for key in sorted(values))


def with_tuned(loaded: LoadedSettings, entry: Tuned, path: Path) -> LoadedSettings:
    """Return a copy with an entry as a layer: above the profile, below everything that the user set."""
    added = {key: value for key, value in entry.settings.items() if is_free(loaded, key)}
    return loaded.with_values(added, Layer.TUNED, f"tuned ({path})")


def _checked(entry: Any) -> Tuned:
    """Check an entry as read. Raises BadValue for a wrong value, other errors for what is not an entry."""
    tuned = Tuned(**entry)
    for part in (tuned.machine, tuned.settings, tuned.under, tuned.measured, tuned.versions):
        if not isinstance(part, dict) or not all(isinstance(key, str) for key in part):
            raise ValueError("not an entry")
    for key, value in tuned.settings.items():
        if key not in TUNED_SETTINGS:
            raise BadValue(f"{key} is nothing that is tuned")
        try:
            check_value(SETTINGS[key], value)
        except BadValue as error:
            raise BadValue(f"{key} {error}") from None
    under = set(tuned.under)
    if "engine" not in under | set(tuned.settings) or not (
        set(MEASURED_UNDER) <= under <= set(MEASURED_UNDER + TUNED_SETTINGS)
    ):
        raise ValueError("not an entry")
    return dataclasses.replace(tuned, date=str(tuned.date), graph=str(tuned.graph))
