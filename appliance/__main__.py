"""The command line: `python -m appliance`."""

import argparse
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any, List, Optional

from appliance import __version__
from appliance.errors import ConfigError, SplitlensError
from appliance.settings import Loaded, load_settings
from appliance.settings.options import add_setting_options, read_overrides

PROGRAM = "python -m appliance"
# What a shell expects of a program that ended by Ctrl-C.
INTERRUPTED = 130


class _Parser(argparse.ArgumentParser):
    """Wrong use is a ConfigError, as every other mistake in what the user wrote."""

    def error(self, message: str) -> Any:
        raise ConfigError("{}. `{} --help` shows what can be given.".format(message, self.prog))


def main(arguments: Optional[List[str]] = None) -> int:
    """Run a command; returns the exit code."""
    _log_to_stderr()
    try:
        options = _parser().parse_args(arguments)
        code: int = options.run(options)
        return code
    except SplitlensError as error:
        if error.exit_code:
            print("error: {}".format(error), file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Nobody reads on (`| head`). Python would complain once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog=PROGRAM, description="Splitlens: real-time object detection with split TensorFlow graphs.")
    parser.add_argument("--version", action="version", version="splitlens " + __version__)
    commands = parser.add_subparsers(metavar="COMMAND", dest="command")
    commands.required = True

    for name, argument, text in (
        ("image", "PATH", "detect on a picture, or on all pictures of a folder"),
        ("video", "FILE", "detect on every frame of a movie"),
        ("stream", "SOURCE", "detect on a camera, a network stream or a GStreamer pipeline"),
    ):
        command = _add(commands, name, text, _run)
        command.add_argument("input", metavar=argument, nargs="?", help="default: the setting {}_input".format(
            {"image": "image", "video": "movie", "stream": "camera"}[name]))
        command.add_argument("--json", metavar="FILE", help="write the detections, one JSON line a frame; - = standard output")
        _add_settings(command)

    bench = _add(commands, "bench", "measure the loop, the engine alone and the whole graph", _bench)
    bench.add_argument("--clip", metavar="FILE", help="movie to take frames from (default: samples/bikes.mp4)")
    bench.add_argument("--json", metavar="FILE", help="write the figures as JSON; - = standard output")
    bench.add_argument("--seconds", type=float, default=6.0, metavar="S", help="how long to measure each (default: 6)")
    _add_settings(bench)

    _add_models(commands)
    config = commands.add_parser("config", help="show or check the settings").add_subparsers(metavar="ACTION")
    config.required = True
    config.dest = "action"
    for name, text in (("show", "every setting, its value and what set it"), ("check", "look for mistakes")):
        _add_settings(_add(config, name, text, _config))
    _add_settings(_add(commands, "doctor", "what was found on this machine, and what to do about what is missing", _doctor))
    return parser


def _add(commands: Any, name: str, text: str, run: Any) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    command.set_defaults(run=run)
    return command


def _add_settings(command: argparse.ArgumentParser) -> None:
    command.add_argument("--config", type=Path, metavar="FILE", help="config file (default: config.yml, if it is there)")
    add_setting_options(command)


def _add_models(commands: Any) -> None:
    models = commands.add_parser("models", help="list, show, get, import and remove models")
    actions = models.add_subparsers(metavar="ACTION", dest="action")
    actions.required = True
    for name, argument, text in (
        ("list", None, "the models of the catalogue and the installed ones"),
        ("show", "NAME", "what a model is and how it would run"),
        ("get", "NAME", "download, check and install a model of the catalogue"),
        ("import", "PATH", "install your own frozen graph: a .pb file, a folder or an archive"),
        ("remove", "NAME", "delete an installed model"),
    ):
        action = _add(actions, name, text, _models)
        if argument:
            action.add_argument("model_argument", metavar=argument)
        if name == "import":
            action.add_argument("--labels", type=Path, metavar="MAP", help="its label map, a .pbtxt file")
            action.add_argument("--name", help="what to call it (default: the name of the file or folder)")
        if name == "get":
            action.add_argument("--base-url", metavar="URL", help="a mirror of download.tensorflow.org")
        _add_settings(action)


def _load(options: argparse.Namespace) -> Loaded:
    from appliance.board import detect_board, load_profile

    overrides = read_overrides(options)
    profile = load_profile(detect_board().id)
    loaded = load_settings(options.config, os.environ, overrides, profile)
    if loaded.settings.debug_mode:
        logging.getLogger("appliance").setLevel(logging.DEBUG)
    return loaded


def _run(options: argparse.Namespace) -> int:
    given = {"image": "image_input", "video": "movie_input", "stream": "camera_input"}[options.command]
    if options.input is not None:
        setattr(options, "setting:" + given, options.input)
    loaded = _load(options)
    from appliance import app

    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)
    app.run(loaded, options.command, options.json)
    return 0


def _stop(number: int, frame: Any) -> None:
    # A second signal ends the program the hard way.
    signal.signal(number, signal.SIG_DFL)
    from appliance.app import Stopped

    raise Stopped(signal.Signals(number).name)


def _bench(options: argparse.Namespace) -> int:
    loaded = _load(options)
    from appliance.bench import run

    run(loaded, options.clip, options.seconds, options.json)
    return 0


def _config(options: argparse.Namespace) -> int:
    loaded = _load(options)
    from appliance.settings.show import check, show

    print(show(loaded) if options.action == "show" else check(loaded))
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from appliance import doctor

    try:
        models_dir = Path(_load(options).settings.models_dir)
    except ConfigError:
        models_dir = Path("models")  # The doctor reports the mistake itself.
    return doctor.run(models_dir, options.config, sys.stdout)


def _models(options: argparse.Namespace) -> int:
    loaded = _load(options)
    from appliance import models

    return models.run(options, loaded.settings)


def _log_to_stderr() -> None:
    handler = _LogHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("appliance")
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False


class _LogHandler(logging.Handler):
    """Writes plain lines to standard error, above a progress bar where there is one."""

    def emit(self, record: logging.LogRecord) -> None:
        text = self.format(record)
        if record.levelno >= logging.WARNING:
            text = "{}: {}".format(record.levelname.lower(), text)
        tqdm = sys.modules.get("tqdm")
        if tqdm is not None:
            tqdm.tqdm.write(text, file=sys.stderr)
        else:
            sys.stderr.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
