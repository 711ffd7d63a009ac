"""Look up what was tuned for a model on this machine, when the model is loaded."""

import logging
from pathlib import Path

from appliance.board.machine import machine_facts
from appliance.core.engine_facts import AUTO
from appliance.core.errors import ConfigError
from appliance.core.files import hash_file
from appliance.core.names import PROGRAM
from appliance.schema.engines import ENGINES
from appliance.settings import LoadedSettings
from appliance.settings.tuned import mismatch, read_tuned, tuned_path, with_tuned

log = logging.getLogger(__name__)

AGAIN = f"not used; `{PROGRAM} tune` measures again"


def apply_tuned(loaded: LoadedSettings, model: str, graph: Path) -> LoadedSettings:
    """Return the settings with what was tuned for a model, or unchanged. Logs what is used, or why a file is not.

    A damaged file raises nothing: the model runs without it.

    Args:
        loaded: The settings.
        model: The model's name.
        graph: The model's file.
    """
    path = tuned_path(loaded.settings.state_dir)
    try:
        entry = read_tuned(path).get(model)
    except ConfigError as error:
        log.warning("%s. Nothing of it is used; delete it, or `%s tune` again", error, PROGRAM)
        return loaded
    if entry is None:
        return loaded
    try:
        reason = mismatch(entry, loaded, hash_file(graph), machine_facts())
    except OSError:  # loading the graph will report it better
        return loaded
    if not reason and entry.engine != AUTO and not ENGINES[entry.engine].is_installed():
        reason = f"for the engine {entry.engine}, which is not installed any more"
    if reason:
        log.info("%s was tuned on %s %s: %s", model, entry.date, reason, AGAIN)
        return loaded
    tuned = with_tuned(loaded, entry, path)
    log.info("%s: tuned on %s: %s", model, entry.date, in_words(tuned))
    return tuned


def in_words(loaded: LoadedSettings) -> str:
    """Return the choice in words: "openvino, 2 workers"."""
    settings = loaded.settings
    words = [settings.engine]
    if settings.worker_threads:
        words.append(f"{settings.worker_threads} worker{'' if settings.worker_threads == 1 else 's'}")
    if settings.batch > 1:
        words.append(f"up to {settings.batch} frames together")
    if settings.xla is not None:
        words.append("XLA" if settings.xla else "no XLA")
    return ", ".join(words)
