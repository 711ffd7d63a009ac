"""Merge the layers of settings: defaults < profile < tuned < config file < environment < command line."""

import dataclasses
import enum
import logging
import os
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional

from appliance.core.engine_facts import AUTO
from appliance.core.errors import ConfigError
from appliance.schema.engines import ENGINES, engine_of_model_type, precision_mistake, with_a_choice
from appliance.schema.setting import BOOLEAN, STREAMS, Setting, Values
from appliance.schema.settings import SETTINGS, Settings
from appliance.schema.values import BadValue, check_value
from appliance.settings.config_file import Entry, nearest_setting, read_config_file
from appliance.settings.messages import did_you_mean, nearest
from appliance.settings.streams import streams_from_text
from appliance.settings.values import parse_text

log = logging.getLogger(__name__)

DEFAULT_CONFIG = Path("config.yml")
PREFIX = "SPLITLENS_"
NO_SETTINGS = tuple(
    "SPLITLENS_" + name
    for name in (
        "SYSROOT",  # appliance/board/root.py
        "DASHBOARD",  # appliance/cli/up.py
        "IMAGE",
        "MEMORY",
        "DOCKER_DIR",  # deploy/
        "CHROMIUM",
        "COVERAGE",  # Makefile, noxfile.py
        "TEST_ALL",
        "TEST_BOOT",
        "TEST_IMAGE",
        "TEST_ZOO",  # tests/
    )
)
"""Variables of the project that are read elsewhere."""
OF_KUBERNETES = PREFIX + "PORT"
"""Set there for a Service called splitlens: no misspelt SPLITLENS_POST."""


class Layer(enum.IntEnum):
    """The origin of a value; higher layers win."""

    DEFAULT = 0
    PROFILE = 1
    TUNED = 2
    CONFIG_FILE = 3
    ENVIRONMENT = 4
    COMMAND_LINE = 5


@dataclasses.dataclass(frozen=True)
class Profile:
    """A board's defaults.

    Attributes:
        name: The board's id, or the name that the user gave.
        values: Checked against the schema, as by `appliance.board.load_profile`.
        file: The file that they were read from.
    """

    name: str
    values: Mapping[str, Any]
    file: Path


@dataclasses.dataclass(frozen=True)
class LoadedSettings:
    """The settings of one run and the origin of each.

    Attributes:
        settings: The values.
        origins: Where each was set, for people: "default", "profile xavier", "tuned (state/tuned.yml)",
            "config.yml line 12", "SPLITLENS_DET_TH", "--det-th".
        layers: The layer of each.
        config: The config file that was read; None if there is none.
        config_entries: Number of settings in that file.
    """

    settings: Settings
    origins: Dict[str, str]
    layers: Dict[str, Layer]
    config: Optional[Path]
    config_entries: int

    def with_values(self, values: Values, layer: Layer, origin: str) -> "LoadedSettings":
        """Return a copy with other values of some settings, which all come from one place."""
        return dataclasses.replace(
            self,
            settings=dataclasses.replace(self.settings, **values),
            origins=dict(self.origins, **{key: origin for key in values}),
            layers=dict(self.layers, **{key: layer for key in values}),
        )

    def stream_origin(self, name: str, key: str) -> str:
        """Return where the value of a setting for one stream was set."""
        streams = self.settings.streams or {}
        if self.layers["streams"] != Layer.CONFIG_FILE:
            return self.origins["streams"]
        return f"{self.config} line {streams[name].lines[key]}"


def load_settings(
    config: Optional[Path],
    environ: Mapping[str, str],
    overrides: Mapping[str, object],
    profile: Optional[Profile] = None,
) -> LoadedSettings:
    """Read and check every layer.

    Args:
        config: A file that must exist; None uses `config.yml` in the working directory if it exists.
        environ: SPLITLENS_<KEY> is used; a variable without a value counts as not set. Other variables with that prefix
            are ignored with a warning, unless they look misspelt: for a Service called splitlens Kubernetes sets
            SPLITLENS_PORT and others.
        overrides: Values from the command line by key, as text or of the right type.
        profile: The board's defaults.

    Raises:
        ConfigError: With a line for every mistake in every layer.
    """
    path = config
    if path is None and os.path.lexists(str(DEFAULT_CONFIG)):
        path = DEFAULT_CONFIG
    entries: Dict[str, Entry] = {}
    mistakes: List[str] = []
    if path is not None:
        file = read_config_file(path)
        entries = file.entries
        mistakes += file.mistakes
    from_environment = _read_environment(environ, mistakes)
    from_command_line = _read_overrides(overrides, mistakes)
    if mistakes:
        raise ConfigError("\n".join(mistakes))

    values: Values = {}
    origins: Dict[str, str] = {}
    layers: Dict[str, Layer] = {}
    for key, setting in SETTINGS.items():
        if key in from_command_line:
            values[key], layers[key] = from_command_line[key], Layer.COMMAND_LINE
            origins[key] = option_given(setting, values[key])
        elif key in from_environment:
            values[key], layers[key] = from_environment[key], Layer.ENVIRONMENT
            origins[key] = setting.variable
        elif key in entries:
            values[key], layers[key] = entries[key].value, Layer.CONFIG_FILE
            origins[key] = f"{path} line {entries[key].line}"
        else:
            values[key], layers[key], origins[key] = setting.default, Layer.DEFAULT, "default"
    loaded = LoadedSettings(Settings(**values), origins, layers, path, len(entries))
    _check_precision(loaded)
    return loaded if profile is None else with_profile(loaded, profile)


def with_profile(loaded: LoadedSettings, profile: Profile) -> LoadedSettings:
    """Return a copy with a profile below: for settings that were loaded without one, to find out which to use."""
    added = {key: value for key, value in profile.values.items() if loaded.layers[key] == Layer.DEFAULT}
    loaded = loaded.with_values(added, Layer.PROFILE, "profile " + profile.name)
    _check_precision(loaded)
    return loaded


def _check_precision(loaded: LoadedSettings) -> None:
    """Raise ConfigError if a precision was set that the engine does not support."""
    settings = loaded.settings
    mistake = precision_mistake(settings.engine, settings.precision_model) if settings.precision_model else ""
    if mistake:
        raise ConfigError(
            f"{loaded.origins['precision_model']}: precision_model {settings.precision_model} cannot be had with engine"
            f" {settings.engine} ({loaded.origins['engine']}), which {mistake}"
        )


def option_given(setting: Setting, value: object) -> str:
    """Return the option as the user wrote it: --det-th, --split-model, --no-split-model."""
    if setting.kind == BOOLEAN and value is False:
        return "--no-" + setting.option[2:]
    return setting.option


def chosen_model(loaded: LoadedSettings) -> str:
    """Return which of `model` and `model_path` names the model of this run: the one set in the higher layer.

    If one layer sets both: `model` if a model_type selects an engine (the original project read it only then), else
    `model_path`.
    """
    settings, layers = loaded.settings, loaded.layers
    if settings.model_path is None or layers["model"] > layers["model_path"]:
        return settings.model
    if layers["model"] == layers["model_path"] and engine_of_model_type(settings.model_type or "") != AUTO:
        return settings.model
    return settings.model_path


def chosen_engine(loaded: LoadedSettings) -> str:
    """Return the engine to use: the setting `engine` or, if that is "auto", the one selected by the model_type.

    A model_type applies only to a model set in its own or a lower layer.
    """
    settings, layers = loaded.settings, loaded.layers
    if settings.engine != AUTO:
        return settings.engine
    is_for_this_model = layers["model_type"] >= max(layers["model"], layers["model_path"])
    return engine_of_model_type(settings.model_type or "") if is_for_this_model else AUTO


def compatibility_notes(settings: Settings, origins: Mapping[str, str]) -> List[str]:
    """Return a sentence for every key that was set and does not do what it did in the original project."""
    notes = []
    if settings.vis_worker:
        notes.append(f"{origins['vis_worker']}: vis_worker has no effect: drawing always has a thread of its own")
    asked = engine_of_model_type(settings.model_type or "") if settings.engine == AUTO else AUTO
    engine = ENGINES.get(settings.engine if asked == AUTO else asked)
    if settings.precision_model is not None and engine not in with_a_choice():
        titles = " and ".join(one.title for one in with_a_choice())
        notes.append(
            f"{origins['precision_model']}: precision_model is for {titles} engines; the others run a graph as it was"
            " stored"
        )
    if settings.calibration_images is not None and settings.precision_model != "INT8":
        notes.append(
            f"{origins['calibration_images']}: calibration_images has no effect: only precision_model INT8 is"
            " calibrated"
        )
    if engine is not None and asked != AUTO:
        notes.append(
            f"{origins['model_type']}: model_type {settings.model_type} asks for {engine.title};"
            f" `engine: {engine.name}` says the same"
        )
    for key in ("model_type", "split_shape", "num_classes"):
        value = getattr(settings, key)
        if value is not None and not (key == "model_type" and asked != AUTO):
            notes.append(
                f"{origins[key]}: {key} {value} is not needed: it is found in the graph, and only compared with that"
            )
    return notes


def _from_text(setting: Setting, text: str) -> Any:
    return streams_from_text(text) if setting.kind == STREAMS else parse_text(setting, text)


def _read_environment(environ: Mapping[str, str], mistakes: List[str]) -> Values:
    variables = {setting.variable: setting for setting in SETTINGS.values()}
    values: Values = {}
    foreign: List[str] = []
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable in NO_SETTINGS:
            continue
        setting = variables.get(variable)
        if setting is None:
            # Without the common prefix, which would make all names similar.
            near = [SETTINGS[key].variable for key in nearest(variable[len(PREFIX) :].lower(), SETTINGS)]
            if near and variable != OF_KUBERNETES:
                mistakes.append(f"{variable}: no setting has this environment variable; {did_you_mean(near)}")
            else:
                foreign.append(variable)
        elif environ[variable].strip():
            try:
                values[setting.key] = _from_text(setting, environ[variable])
            except BadValue as error:
                mistakes.append(f"{variable} {error}")
    if foreign:
        log.warning("No setting has the environment variable %s: ignored", ", ".join(foreign))
    return values


def _read_overrides(overrides: Mapping[str, object], mistakes: List[str]) -> Values:
    values: Values = {}
    for key, value in overrides.items():
        setting = SETTINGS.get(key)
        if setting is None:
            mistakes.append(f"{key} is no setting; {nearest_setting(key)}")
            continue
        try:
            is_text = isinstance(value, str)
            values[key] = _from_text(setting, str(value)) if is_text else check_value(setting, value)
        except BadValue as error:
            mistakes.append(f"{setting.option} {error}")
    return values
