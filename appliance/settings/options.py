"""Command line options generated from the schema: one for every key, with the same name."""

import argparse
from typing import Any, Container, Dict, Optional, Sequence, Union

from appliance.schema.setting import BOOLEAN, BY_LABEL, CAMERA, INTEGER, LABELS, NUMBER, POWER_MODE, STREAMS, Setting
from appliance.schema.settings import SETTINGS
from appliance.schema.values import describe, show_number
from appliance.schema.web_values import KEEP, LISTEN, NETWORKS, ORIGINS, TLS, URL_PATH

# Keeps the options apart from a command's own arguments, which may be called `model` too.
_DEST = "setting:"

_METAVARS = {
    INTEGER: "N",
    NUMBER: "X",
    LABELS: "NAME,...",
    BY_LABEL: "{NAME: {KEY: X}, ...}",
    CAMERA: "CAMERA",
    STREAMS: "{NAME: SOURCE, ...}",
    POWER_MODE: "ID|NAME",
    LISTEN: "ADDRESS:PORT",
    NETWORKS: "ADDRESS,...",
    URL_PATH: "/PATH",
    ORIGINS: "self,ORIGIN,...",
    TLS: "self-signed|CERT KEY",
    KEEP: "CLASS: TIME,...",
}


class _Switch(argparse.Action):
    """--split-model and --no-split-model in one (in argparse only since Python 3.9)."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Union[str, Sequence[Any], None],
        option_string: Optional[str] = None,
    ) -> None:
        setattr(namespace, self.dest, not (option_string or "").startswith("--no-"))


def add_setting_options(parser: argparse.ArgumentParser, shown: Container[str] = SETTINGS) -> None:
    """Add an option for every setting, grouped. Values are checked later, by `load_settings`.

    Args:
        parser: The parser to which the options are added.
        shown: Keys listed by `--help`; the other options are accepted, too.
    """
    groups: Dict[str, argparse._ArgumentGroup] = {}
    for setting in SETTINGS.values():
        if setting.option in parser._option_string_actions:  # `models import` has --labels of its own
            continue
        if setting.group not in groups:
            groups[setting.group] = parser.add_argument_group("settings: " + setting.group)
        group = groups[setting.group]
        text = help_text(setting).replace("%", "%%") if setting.key in shown else argparse.SUPPRESS
        if setting.kind == BOOLEAN:
            group.add_argument(
                setting.option,
                "--no-" + setting.option[2:],
                dest=_DEST + setting.key,
                action=_Switch,
                nargs=0,
                default=argparse.SUPPRESS,
                help=text,
            )
        else:
            group.add_argument(
                setting.option,
                dest=_DEST + setting.key,
                metavar=_metavar(setting),
                default=argparse.SUPPRESS,
                help=text,
            )


def read_overrides(namespace: argparse.Namespace) -> Dict[str, object]:
    """Return the options that were given, by key: a bool for a switch, else the text as written."""
    return {name[len(_DEST) :]: value for name, value in vars(namespace).items() if name.startswith(_DEST)}


def set_override(namespace: argparse.Namespace, key: str, value: object) -> None:
    """Set a value as if its option had been given."""
    setattr(namespace, _DEST + key, value)


def _metavar(setting: Setting) -> str:
    if setting.key in ("model", "profile"):
        return "NAME|PATH"
    return "|".join(setting.choices) or _METAVARS.get(setting.kind, "PATH")


def help_text(setting: Setting) -> str:
    """Return the help of one setting with its range and default."""
    parts = []
    if setting.kind in (INTEGER, NUMBER):
        parts.append(describe(setting))
    if setting.default is not None:
        default = setting.default
        if isinstance(default, bool):
            parts.append("default: " + ("true" if default else "false"))
        else:
            text = ",".join(default) if isinstance(default, list) else str(default)
            parts.append("default: " + (show_number(default) if isinstance(default, float) else text))
    return setting.description + (f" ({'; '.join(parts)})" if parts else "")
