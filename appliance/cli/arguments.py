"""The commands and options of `splitlens`: parse the command line. Imports nothing heavy."""

import argparse
import re
import sys
from pathlib import Path
from typing import Any, List, NoReturn, Optional, Sequence

from appliance import __version__
from appliance.core.errors import ConfigError
from appliance.core.names import PROGRAM
from appliance.core.redact import redact
from appliance.schema.setting import APPLIANCE, BOARD, DETECTION, MODEL, RECORDING, TRACKING
from appliance.schema.settings import SETTINGS
from appliance.settings.messages import did_you_mean, nearest
from appliance.settings.options import add_setting_options

# The commands that run the loop, each with the setting that its argument sets.
INPUT_SETTINGS = {"image": "image_input", "video": "movie_input", "stream": "camera_input"}
_CAMERA_SETTINGS = {"camera_input", "live_timeout", "open_timeout", "snapshot_fps", "rtsp_transport"}
_WINDOW_SETTINGS = {"visualize", "max_vis_fps"}
_UP_SETTINGS = {key for key, setting in SETTINGS.items() if setting.group in (APPLIANCE, RECORDING, BOARD)}
_UP_SETTINGS = _UP_SETTINGS - {"profile"} | {"streams"}
_WITHOUT_EFFECT = {"model_type", "split_shape", "num_classes", "vis_worker"}
_RUN_SETTINGS = set(SETTINGS) - set(INPUT_SETTINGS.values()) - _WITHOUT_EFFECT - _UP_SETTINGS
_TRACKING_SETTINGS = {key for key, setting in SETTINGS.items() if setting.group == TRACKING}
_MODEL_SETTINGS = {key for key, setting in SETTINGS.items() if setting.group in (MODEL, DETECTION)}
# The settings that `--help` of a command lists: those that affect it. It accepts the others too.
_SHOWN_SETTINGS = {
    "image": _RUN_SETTINGS - _CAMERA_SETTINGS - _WINDOW_SETTINGS - _TRACKING_SETTINGS | {"image_input"},
    "video": _RUN_SETTINGS - _CAMERA_SETTINGS | {"movie_input"},
    "stream": _RUN_SETTINGS | {"camera_input"},
    "up": (
        (_RUN_SETTINGS | _UP_SETTINGS | {"camera_input"})
        - {"visualize", "save_to_file", "output_dir", "max_frames", "det_interval"}
    ),
    "bench": _MODEL_SETTINGS - _WITHOUT_EFFECT - {"det_interval", "shown_classes"},
    "tune": _MODEL_SETTINGS - _WITHOUT_EFFECT - {"det_interval", "shown_classes"} | {"width", "height", "state_dir"},
    "config": set(SETTINGS),
    "doctor": {"models_dir"},
    "models": {"models_dir"},
    "models show": {"models_dir", "label_path", "split_model", "exact"},
}


def parse(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Parse the command line. Raises ConfigError.

    Returns:
        `command` is the command's name, `action` that of its subcommand.
    """
    parser = _make_parser()
    words = sys.argv[1:] if arguments is None else arguments
    if words and words[0].startswith("-") and words[0] not in ("-h", "--help", "--version"):
        parser.error(f"{words[0]} stands before the command; options come after it")
    options, unknown = parser.parse_known_args(words)
    if unknown:
        options.parser.refuse(unknown)
    options.arguments = list(words[1:])
    return options


class _Parser(argparse.ArgumentParser):
    """Raises ConfigError for wrong usage, as for every other mistake of the user."""

    def __init__(self, **options: Any) -> None:
        # No abbreviated options: an abbreviation could mean another option in a later release.
        options.setdefault("allow_abbrev", False)
        super().__init__(**options)

    def error(self, message: str) -> NoReturn:
        choice = re.match(r"argument \w+: invalid choice: '(.*)' \(choose from (.*)\)$", message, re.DOTALL)
        if choice:
            known = re.findall(r"[\w-]+", choice.group(2))
            message = (
                f"{choice.group(1)} is no command;"
                f" {did_you_mean(nearest(choice.group(1), known)) or 'there are ' + ', '.join(known)}"
            )
        self._complain(message)

    def refuse(self, unknown: List[str]) -> NoReturn:
        """Raise an error about arguments that this command does not have."""
        option = next((word.split("=")[0] for word in unknown if word.startswith("-")), None)
        if option is None:
            self._complain(f"{unknown[0]} is one argument too many")
        near = did_you_mean(nearest(option, self._option_string_actions))
        self._complain(f"{option} is no option{'; ' + near if near else ''}")

    def _complain(self, message: str) -> NoReturn:
        message = redact(message)
        raise ConfigError(
            f"{message if message.endswith('?') else message + '.'} `{self.prog} --help` shows what can be given."
        )


def _make_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=PROGRAM,
        description="Splitlens: real-time object detection with split TensorFlow graphs.",
        epilog=f"`{PROGRAM} COMMAND --help` lists the options of a command.",
    )
    parser.add_argument("--version", action="version", version="splitlens " + __version__)
    commands = parser.add_subparsers(metavar="COMMAND", dest="command")
    commands.required = True
    _add_runs(commands)
    up = _add(commands, "up", "run the appliance: detection, live pictures and the dashboard", "[SOURCE]")
    up.add_argument(
        "input",
        metavar="SOURCE",
        nargs="?",
        help="a camera, or a movie that plays in a loop (default: the setting streams, or camera_input)",
    )
    _add_settings(up, "up")
    daemon = commands.add_parser("daemon")  # started only by `up`, so it has no help
    daemon.add_argument("start")
    bench = _add(
        commands,
        "bench",
        "measure what this machine gives: speed, latency, what viewers and streams cost",
        "[--only PART,...] [--json FILE] [--markdown] [--seconds S]",
    )
    bench.add_argument(
        "--only",
        metavar="PART,...",
        type=lambda text: text.split(","),
        help="measure some parts only, of: sizes, streams, visualize, camera, engines",
    )
    bench.add_argument("--clip", metavar="FILE", help="movie to take frames from (default: samples/bikes.mp4)")
    bench.add_argument("--json", metavar="FILE", help="write the figures as JSON; - = standard output")
    bench.add_argument(
        "--markdown",
        action="store_true",
        help="print the table of the original project: loop, whole graph, and the loop with a viewer",
    )
    bench.add_argument(
        "--seconds", type=_positive, default=4.0, metavar="S", help="how long to measure each figure (default: 4)"
    )
    _add_force(bench)
    _add_settings(bench, "bench")
    _add_tune(commands)
    _add_models(commands)
    config = _add_group(commands, "config", "show or check the settings")
    for name, text in (("show", "every setting, its value and what set it"), ("check", "look for mistakes")):
        _add_settings(_add(config, name, text), "config")
    schema = _add(config, "schema", "print a JSON Schema of config.yml, for editors")
    schema.usage = schema.epilog = None
    _add_settings(
        _add(commands, "doctor", "what was found on this machine, and what to do about what is missing"), "doctor"
    )
    return parser


def _add_runs(commands: Any) -> None:
    for name, argument, text in (
        ("image", "PATH", "detect on a picture, or on all pictures of a folder"),
        ("video", "FILE", "detect on every frame of a movie"),
        ("stream", "SOURCE", "detect on a camera, a network stream or a GStreamer pipeline"),
    ):
        more = "" if name == "image" else "[--events FILE] "
        command = _add(commands, name, text, f"[{argument}] [--json FILE] {more}[--stream NAME] [--power] [--force]")
        command.add_argument(
            "input",
            metavar=argument,
            nargs="?",
            help=f"default: the setting {INPUT_SETTINGS[name]}, {SETTINGS[INPUT_SETTINGS[name]].default}",
        )
        command.add_argument(
            "--json", metavar="FILE", help="write the detections, one JSON line a frame; - = standard output"
        )
        if more:
            command.add_argument(
                "--events", metavar="FILE", help="write what happens, one JSON line each; - = standard output"
            )
        command.add_argument(
            "--stream",
            metavar="NAME",
            help="use settings, zones and masks of this stream of the config file (default: the privacy masks of main;"
            " with --events all of main)",
        )
        command.add_argument(
            "--power",
            action="store_true",
            help="with the statistics tell watts, load and temperatures, where they can be read",
        )
        _add_force(command)
        _add_settings(command, name)


def _add_tune(commands: Any) -> None:
    tune = _add(
        commands,
        "tune",
        "measure the ways to run the model on this machine, and keep the best for it",
        "[--clip FILE] [--json FILE] [--seconds S] [--force]",
    )
    tune.add_argument("--clip", metavar="FILE", help="movie to take frames from (default: samples/bikes.mp4)")
    tune.add_argument("--json", metavar="FILE", help="write the figures as JSON; - = standard output")
    tune.add_argument(
        "--seconds",
        type=_positive,
        default=30.0,
        metavar="S",
        help="how long to measure in all; with loading it takes three minutes at most (default: 30)",
    )
    _add_force(tune)
    _add_settings(tune, "tune")


def _add_models(commands: Any) -> None:
    actions = _add_group(commands, "models", "list, show, get, import and remove models")
    for name, argument, text, words in (
        ("list", None, "the models of the catalogue and the installed ones", ""),
        ("show", "NAME", "what a model is and how it would run", ""),
        ("get", "NAME", "download, check and install a model of the catalogue", " [--base-url URL] [--force]"),
        (
            "import",
            "PATH",
            "install your own frozen graph: a .pb file, a folder or an archive",
            " [--labels MAP] [--name NAME]",
        ),
        ("remove", "NAME", "delete an installed model", ""),
    ):
        action = _add(actions, name, text, (argument or "") + words)
        if argument:
            action.add_argument("model_argument", metavar=argument)
        if name == "import":
            action.add_argument(
                "--labels",
                type=Path,
                metavar="MAP",
                help="its label map: a .pbtxt file, or labels.txt with a name a line",
            )
            action.add_argument("--name", help="what to call it (default: the name of the file or folder)")
        if name == "get":
            action.add_argument("--base-url", metavar="URL", help="a mirror of download.tensorflow.org")
            _add_force(action)
        _add_settings(action, "models show" if name == "show" else "models")


def _add_group(commands: Any, name: str, text: str) -> Any:
    group = commands.add_parser(name, help=text, description=_sentence(text))
    actions = group.add_subparsers(metavar="ACTION", dest="action")
    actions.required = True
    return actions


def _add(commands: Any, name: str, text: str, words: str = "") -> argparse.ArgumentParser:
    """Add a command.

    Args:
        commands: The subparsers.
        name: The command's name.
        text: Its help.
        words: Its own arguments, for the usage line; argparse would list forty options there.
    """
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=text,
        description=_sentence(text),
        usage=" ".join(["%(prog)s"] + words.split(" ") + ["[--config FILE] [--SETTING VALUE ...]"]),
        epilog=f"Every setting is an option of every command; `{PROGRAM} config show --help` explains them.",
    )
    command.set_defaults(parser=command)
    return command


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."


def _add_settings(command: argparse.ArgumentParser, shown: str) -> None:
    command.add_argument(
        "--config", type=Path, metavar="FILE", help="config file (default: config.yml, if it is there)"
    )
    add_setting_options(command, _SHOWN_SETTINGS[shown])


def _add_force(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--force", action="store_true", help="try a model that this board is known to have too little memory for"
    )


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number above 0, not {text!r}")
    return number
