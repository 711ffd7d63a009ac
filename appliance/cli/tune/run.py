"""The command `tune`: measure the choices on this machine, report them, and keep the best."""

import dataclasses
import logging
import os
import platform
import sys
import time
from pathlib import Path
from typing import List, Optional, Sequence, Tuple

import numpy as np
import psutil

from appliance.board.machine import machine_facts
from appliance.bus import lock_run_dir
from appliance.cli.bench.benchmarking import read_pictures, resize
from appliance.cli.report import show_report
from appliance.cli.tune.candidates import Candidate, SearchSpace, TrialResult, has_batches
from appliance.cli.tune.report import Row, as_json, table
from appliance.cli.tune.search import GivenUp, Search
from appliance.cli.tune.trial import Trial, is_loading
from appliance.contract.fields import JsonObject
from appliance.core.errors import ConfigError, SplitlensError
from appliance.core.files import hash_file
from appliance.core.hardware import available_cores, is_x86
from appliance.core.sink import cannot_write, check_writable_file, make_writable_directory
from appliance.detectors.from_settings import find_model, model_options
from appliance.detectors.plan import understand
from appliance.engines.registry import all_engines, loaded_versions, reference_engine
from appliance.outputs.lines_file import STANDARD_OUTPUT
from appliance.settings import LoadedSettings
from appliance.settings.tuned import (
    MEASURED_UNDER,
    TUNED_SETTINGS,
    Tuned,
    as_written,
    is_free,
    read_tuned,
    requested_engine,
    tuned_path,
    write_tuned,
)
from appliance.zoo.store import InstalledModel

log = logging.getLogger(__name__)

STREAMS = 8
"""Number of simultaneous movies if frames are batched."""
WHOLE_SECONDS = 175.0
"""Limit for loading and measuring. With the start of Python and the libraries, this makes three minutes."""
LOADING_SECONDS = 120.0
"""Time for loading if the user wants to measure for longer."""
BUSY_SECONDS, BUSY_PERCENT = 0.5, 20


def run(
    loaded: LoadedSettings, seconds: float, clip: Optional[str], json_path: Optional[str], force: bool, run_dir: str
) -> None:
    """Measure, print the table, keep the best. Raises SplitlensError, before measuring if possible.

    Ends the process if an abandoned load is still running.

    Args:
        loaded: The settings.
        seconds: Total time to measure; loading takes up to three minutes more.
        clip: A movie; None for the sample clip.
        json_path: As in `show_report`.
        force: Load the model even if this board is known to have too little memory for it.
        run_dir: Run directory of an appliance that may be running.
    """
    code = 0
    try:
        _run(loaded, seconds, clip, json_path, force, run_dir)
    except SplitlensError as error:
        if not is_loading():
            raise
        log.error("%s", error)
        code = error.exit_code
    if is_loading():
        # A normal exit while a library works in a thread would crash. All files are closed.
        sys.stdout.flush()
        os._exit(code)


def _run(
    loaded: LoadedSettings, seconds: float, clip: Optional[str], json_path: Optional[str], force: bool, run_dir: str
) -> None:
    end = time.monotonic() + max(WHOLE_SECONDS, seconds + LOADING_SECONDS)
    settings = loaded.settings
    path = tuned_path(settings.state_dir)
    make_writable_directory(settings.state_dir)
    if json_path not in (None, STANDARD_OUTPUT):
        check_writable_file(json_path)
    model = find_model(loaded, force)
    _warn_of_others(run_dir)
    images = resize(read_pictures(clip), settings.width, settings.height)
    place = inspect_machine(model, loaded)
    for key in place.fixed:
        log.info(
            "%s is %s by %s: nothing else is measured",
            key,
            place.fixed[key],
            loaded.origins[key if not is_free(loaded, key) else "model_type"],
        )
    # Messages from loading a detector are for runs.
    logging.getLogger("appliance.detectors").setLevel(logging.WARNING)
    best, rows = _search(model, loaded, images, place, seconds, end)
    rows = [dataclasses.replace(row, is_kept=row.outcome.candidate == best) for row in rows]
    entry = Tuned(
        graph=hash_file(model.path),
        machine=machine_facts(),
        settings={key: value for key, value in best.settings().items() if key not in place.fixed},
        under=dict({key: getattr(settings, key) for key in MEASURED_UNDER}, **place.fixed),
        measured=_figures(rows, settings.width, settings.height),
        versions=dict(loaded_versions(), python=platform.python_version()),
        date=time.strftime("%Y-%m-%d %H:%M"),
    )
    _keep(path, model.name, entry)
    report = {
        "model": model.name,
        "width": settings.width,
        "height": settings.height,
        "machine": entry.machine,
        "versions": entry.versions,
        "rows": [as_json(row) for row in rows],
        "kept": entry.settings,
        "under": entry.under,
        "file": str(path),
    }
    kept = (
        f"Kept in {path}: `up`, `video` and the others run {model.name} so from now"
        f" on{', where this is set too: ' + as_written(place.fixed) if place.fixed else ''}."
    )
    show_report([*table(rows), kept], report, json_path)


def _warn_of_others(run_dir: str) -> None:
    """Warn about other programs, which would distort the measurements."""
    if is_up(run_dir):
        log.warning(
            "The appliance is running (%s), and takes its part of the machine: stop it for figures that are right",
            run_dir,
        )
        return
    busy = psutil.cpu_percent(BUSY_SECONDS)
    if busy > BUSY_PERCENT:
        log.warning("Something else takes %.0f %% of the processor: figures are right only while nothing does", busy)


def is_up(run_dir: str) -> bool:
    """Return whether an appliance uses this directory."""
    if not os.path.exists(os.path.join(run_dir, "lock")):
        return False
    try:
        lock_run_dir(run_dir).close()
    except SplitlensError:
        return True
    except OSError:  # it belongs to another user
        return False
    return False


def inspect_machine(model: InstalledModel, loaded: LoadedSettings) -> SearchSpace:
    """Return the choices on this machine."""
    settings = loaded.settings
    understood = understand(model.path, settings.trust_graph, settings.split_model, settings.exact)
    fixed = {key: getattr(settings, key) for key in TUNED_SETTINGS if not is_free(loaded, key)}
    front = understood.front
    engines = [
        engine.name
        for engine in all_engines().values()
        if engine.build_part is not None
        or (front is not None and front.is_single_stage and engine.tune.is_tried and engine.is_installed())
    ]
    asked = requested_engine(loaded)
    if asked is not None:
        fixed["engine"] = asked
        engines = [asked]
    on_gpu = reference_engine().has_gpu()
    return SearchSpace(engines, understood.plan.path, available_cores(), on_gpu, is_x86(), fixed)


def _search(
    model: InstalledModel,
    loaded: LoadedSettings,
    images: Sequence[np.ndarray],
    place: SearchSpace,
    seconds: float,
    end: float,
) -> Tuple[Candidate, List[Row]]:
    """Return what to keep, and all measurements. Raises SplitlensError if no candidate can be used."""
    try:
        trial = Trial(
            model, model_options(loaded), images, place, end - time.monotonic(), STREAMS if has_batches(place) else 1
        )
        search = Search(trial, place, seconds, end - time.monotonic())
        log.info(
            "Measuring %d ways for about %.0f seconds; with loading it takes %.0f at most",
            search.ways,
            seconds,
            end - time.monotonic(),
        )
        best = search.run()
    except GivenUp:
        raise SplitlensError(
            f"{model.name} was not loaded in the time that `tune` has. Run it once, so that what is built for it is"
            " kept, and tune again."
        ) from None
    if best is None:
        raise nothing_to_keep(model.name, search.outcomes)
    return best.candidate, trial.rows()


def nothing_to_keep(name: str, outcomes: Sequence[TrialResult]) -> SplitlensError:
    """Return the error for a search without a usable candidate."""
    refusals = "\n".join(f"{one.candidate}: {one.refusal}" for one in outcomes if one.refusal)
    if any(not one.refusal for one in outcomes):
        return SplitlensError(
            f"{name}: only the exact path can be used here. Set `exact: true`, and tune again.\n{refusals}"
        )
    return SplitlensError(f"{name} cannot be run in any way that was tried:\n{refusals}")


def _keep(path: Path, name: str, entry: Tuned) -> None:
    try:
        entries = read_tuned(path)
    except ConfigError as error:
        log.warning("%s: it is written anew", error)
        entries = {}
    try:
        write_tuned(path, dict(entries, **{name: entry}))
    except OSError as error:
        raise cannot_write(str(path), error) from error


def _figures(rows: Sequence[Row], width: int, height: int) -> JsonObject:
    """Return the measurements of the candidate that is kept."""
    return {
        "frames": f"{width}x{height}, from memory",
        "fps": {
            f"{row.streams} stream{'' if row.streams == 1 else 's'}": round(row.outcome.fps, 1)
            for row in rows
            if row.is_kept
        },
        "latency_ms": {
            f"{row.streams} stream{'' if row.streams == 1 else 's'}": round(row.outcome.latency * 1e3, 1)
            for row in rows
            if row.is_kept
        },
    }
