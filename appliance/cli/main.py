"""The entry point: run each command, and report its errors."""

import argparse
import io
import json
import logging
import os
import re
import signal
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any, List, NoReturn, Optional

from appliance.cli.arguments import INPUT_SETTINGS, parse
from appliance.core.errors import ModelError, SplitlensError
from appliance.core.logging_setup import write_log
from appliance.core.process import Heartbeat
from appliance.core.redact import redact
from appliance.settings import Layer, LoadedSettings, chosen_model, load_settings, with_profile
from appliance.settings.options import read_overrides, set_override

# The exit code that shells expect after Ctrl-C; and the limit in seconds for the cleanup.
INTERRUPTED, CLEARING = 130, 5
# Switch interval of Python's threads in seconds. The default of 5 ms is as long as a whole batch takes on a GPU.
SWITCH_SECONDS = 0.0005

log = logging.getLogger("appliance")


def main(arguments: Optional[List[str]] = None) -> int:
    """Run a command; returns the exit code."""
    _prepare_output()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        options = parse(arguments)
        code = _COMMANDS[options.command](options)
        sys.stdout.flush()
        return code
    except SplitlensError as error:
        if error.exit_code:
            log.error("%s", error)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of the output has gone (`| head`). Python would complain again when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        log.error(
            "%s: %s (%s line %s). This is a mistake in Splitlens; --debug-mode shows more of it",
            type(error).__name__,
            error,
            last.filename,
            last.lineno,
        )
        log.debug("", exc_info=True)
        return SplitlensError.exit_code


def _run(options: argparse.Namespace) -> int:
    if options.input is not None:
        set_override(options, INPUT_SETTINGS[options.command], options.input)
    loaded = _load(options)
    from appliance.cli import run as app

    events, stream = (getattr(options, name, None) for name in ("events", "stream"))  # `image` has none
    app.run(loaded, options.command, options.json, options.force, options.power, events, stream)
    return 0


def _bench(options: argparse.Namespace) -> int:
    loaded = _load(options)
    from appliance.cli.bench.command import run

    run(loaded, options.clip, options.seconds, options.json, options.force, options.markdown, options.only)
    return 0


def _tune(options: argparse.Namespace) -> int:
    loaded = _load(options)
    from appliance.cli.up import default_run_dir
    from appliance.schema.web_values import listening_address

    run_dir = loaded.settings.run_dir or default_run_dir(listening_address(loaded.settings.listen)[1])
    from appliance.cli.tune.run import run

    run(loaded, options.seconds, options.clip, options.json, options.force, run_dir)
    return 0


def _up(options: argparse.Namespace) -> int:
    loaded = _load_for_up(options)
    from appliance.cli import up as supervise

    return supervise.run(loaded, options.arguments)


def _daemon(options: argparse.Namespace) -> int:
    """Run the daemon, as started by `up`, with its command line. Any error is also left as the reason for the page."""
    from appliance.bus import write_exit_reason

    write_log(log, "daemon", redact=redact)
    run_dir = Path(options.start).parent
    try:
        with open(options.start, encoding="utf-8") as file:
            start = json.load(file)
        loaded = _load_for_up(parse(["up"] + start["arguments"]))
        from appliance.daemon.sandbox import confine_daemon

        confine_daemon(loaded.settings, run_dir)  # before numpy, which starts threads
        from appliance.daemon.run import run

        run(loaded, run_dir, Heartbeat(start.get("heartbeat")))
        return 0
    except SplitlensError as error:
        write_exit_reason(run_dir, redact(str(error)))
        raise
    except BaseException as error:
        what = f"{type(error).__name__}: {error}".rstrip(": ")
        write_exit_reason(run_dir, redact(f"The daemon failed ({what}). This is a mistake in Splitlens."))
        raise


def _load_for_up(options: argparse.Namespace) -> LoadedSettings:
    """Load the settings; a source on the command line takes precedence over the config file's streams."""
    if options.input is None:
        return _load(options)
    set_override(options, "camera_input", options.input)
    loaded = _load(options)
    return loaded.with_values({"streams": None}, Layer.COMMAND_LINE, "the source on the command line")


def _config(options: argparse.Namespace) -> int:
    if options.action == "schema":
        from appliance.schema.json_schema import config_schema

        print(json.dumps(config_schema(), indent=2))
        return 0
    loaded = _load(options)
    if options.action == "check":
        from appliance.cli.check import check_all

        print(check_all(_with_tuned(loaded)))
    else:
        from appliance.settings.render import show

        print(show(_with_tuned(loaded)))
    return 0


def _with_tuned(loaded: LoadedSettings) -> LoadedSettings:
    """Return the settings with what was tuned for the configured model, if it is installed and was tuned."""
    from appliance.settings.tuned import tuned_path

    if not tuned_path(loaded.settings.state_dir).exists():
        return loaded
    from appliance.board.tuned import apply_tuned
    from appliance.zoo.store import resolve_model

    try:
        model = resolve_model(chosen_model(loaded), Path(loaded.settings.models_dir))
    except ModelError:
        return loaded
    return apply_tuned(loaded, model.name, model.path)


def _doctor(options: argparse.Namespace) -> int:
    from appliance.cli import doctor

    return doctor.run(lambda: _load(options), sys.stdout)


def _models(options: argparse.Namespace) -> int:
    loaded = _load(options)
    from appliance.cli import models

    signal.signal(signal.SIGINT, _clear_away)
    return models.run(options, loaded)


def _clear_away(number: int, frame: Any) -> NoReturn:
    """Handle Ctrl-C while files are written: incomplete ones are deleted.

    The process ends even after a second Ctrl-C, or in a library that swallows this one.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, lambda number, frame: os.kill(os.getpid(), signal.SIGINT))
    signal.alarm(CLEARING)
    raise KeyboardInterrupt


_COMMANDS = {
    "image": _run,
    "video": _run,
    "stream": _run,
    "up": _up,
    "daemon": _daemon,
    "bench": _bench,
    "tune": _tune,
    "models": _models,
    "config": _config,
    "doctor": _doctor,
}


def _load(options: argparse.Namespace) -> LoadedSettings:
    """Load the settings. The profile is the lowest layer, but the other layers may choose which one it is."""
    from appliance.board import detect_board, load_profile

    loaded = load_settings(options.config, os.environ, read_overrides(options))
    loaded = with_profile(loaded, load_profile(loaded.settings.profile or detect_board().id))
    if loaded.settings.debug_mode:
        log.setLevel(logging.DEBUG)
    return loaded


def _prepare_output() -> None:
    """Log to standard error; print what the terminal cannot show (a name that is not UTF-8) as an escape."""
    sys.stdout = io.TextIOWrapper(
        sys.stdout.buffer, sys.stdout.encoding, "backslashreplace", line_buffering=sys.stdout.isatty()
    )
    sys.stderr = _ErrorOutput(sys.stderr.buffer, sys.stderr.encoding, "backslashreplace", line_buffering=True)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # they are for developers
    # Silences OpenCV's messages while it tries its backends; a failure is reported by our own error.
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
    handler = _LogHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    log.handlers[:] = [handler]
    log.setLevel(logging.INFO)
    log.propagate = False


class _ErrorOutput(io.TextIOWrapper):
    """Standard error. Write errors are ignored: a log reader that went away must not stop a camera."""

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError:
            pass


class _LogHandler(logging.Handler):
    """Writes plain lines without credentials to standard error, above a progress bar if there is one."""

    def emit(self, record: logging.LogRecord) -> None:
        text = redact(self.format(record))
        if record.levelno >= logging.WARNING:
            text = f"{record.levelname.lower()}: {_as_sentences(text)}"
        tqdm = sys.modules.get("tqdm")
        if tqdm is not None:
            tqdm.tqdm.write(text, file=sys.stderr)
        else:
            sys.stderr.write(text + "\n")


def _as_sentences(text: str) -> str:
    """Return the text with a full stop after every line that ends in a word."""
    return re.sub(r"(?<=[\w)\]'\"`*])$", ".", text, flags=re.MULTILINE)
