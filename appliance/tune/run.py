"""The command `tune`: every candidate for a moment, the best again for longer, batches last; then the best is kept.

One detector is loaded at a time: a board may have no memory for two.
"""

import importlib.util
import json
import logging
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from appliance.app import find_model, model_options
from appliance.board.machine import machine_facts
from appliance.board.tuned import graph_digest
from appliance.bus import lock_run_dir
from appliance.detectors.base import Detector
from appliance.detectors.families import plan_for
from appliance.detectors.load import load_detector
from appliance.detectors.plan import ModelOptions
from appliance.engines.base import available_cores
from appliance.engines.choose import OPENVINO, TENSORFLOW, TENSORRT, EngineChoice
from appliance.errors import ConfigError, SplitlensError
from appliance.frame import Detections, Found
from appliance.graph.adapt import read_model
from appliance.graph.family import recognise
from appliance.measure import Rate, measure_loop, read_pictures, resize
from appliance.settings import Loaded
from appliance.settings.tuned import (
    MEASURED_UNDER,
    TUNED_SETTINGS,
    Tuned,
    engine_asked_for,
    is_free,
    read_tuned,
    tuned_path,
    write_tuned,
)
from appliance.sinks.base import cannot_write, make_writable_directory
from appliance.sinks.jsonlines import STANDARD_OUTPUT
from appliance.tune.agreement import agree
from appliance.tune.candidates import (
    Candidate,
    Outcome,
    Place,
    batch_candidates,
    choose,
    finalists,
    first_candidates,
)
from appliance.tune.report import Row, as_json, table
from appliance.zoo.store import InstalledModel

log = logging.getLogger(__name__)

STREAMS = 8
"""For batches: so many movies at once."""
COMPARED = 4
"""Frames on which each candidate has to find what the graph whole finds."""
LOWEST_THRESHOLD = 0.05
"""For comparing, where nothing is found above the threshold of the settings."""
BRIEF_PART, BATCH_PART = 0.4, 0.4
WARM_SECONDS = 0.3

_Key = Tuple[Candidate, int]


def run(
    loaded: Loaded, seconds: float, clip: Optional[str], json_path: Optional[str], force: bool, run_dir: str
) -> None:
    """Measure, print the table, keep the best. Raises SplitlensError, before measuring where that can be.

    seconds: how long to measure in all; loading comes on top. run_dir: where an appliance would be running.
    """
    settings = loaded.settings
    path = tuned_path(settings.state_dir)
    make_writable_directory(settings.state_dir)
    model = find_model(loaded, force)
    if is_up(run_dir):
        log.warning("The appliance is running (%s), and takes its part of the machine: stop it for figures that are "
                    "right", run_dir)
    images = resize(read_pictures(clip), settings.width, settings.height)
    place = look_around(model, loaded)
    for key in place.fixed:
        log.info("%s is %s by %s: nothing else is measured", key, place.fixed[key],
                 loaded.origins[key if not is_free(loaded, key) else "model_type"])
    # What every load of a detector says belongs to runs.
    logging.getLogger("appliance.detectors").setLevel(logging.WARNING)
    trial = _Trial(model, model_options(loaded), images, place)
    best = _measure_all(trial, place, seconds)
    rows = [row._replace(is_kept=row.outcome.candidate == best) for row in trial.rows()]
    entry = Tuned(
        graph=graph_digest(model.path), machine=machine_facts(), settings=best.settings(),
        under={key: getattr(settings, key) for key in MEASURED_UNDER},
        measured=_figures(rows, settings.width, settings.height), versions=_versions(),
        date=time.strftime("%Y-%m-%d %H:%M"))
    _keep(path, model.name, entry)
    report = {"model": model.name, "width": settings.width, "height": settings.height, "machine": entry.machine,
              "versions": entry.versions, "rows": [as_json(row) for row in rows], "kept": entry.settings,
              "file": str(path)}
    if json_path == STANDARD_OUTPUT:
        print(json.dumps(report))
        return
    print("\n".join(table(rows)))
    if json_path is not None:
        try:
            Path(json_path).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise cannot_write(json_path, error) from error
    print("Kept in {}: `up`, `video` and the others run {} so from now on.".format(path, model.name))


def is_up(run_dir: str) -> bool:
    """Whether an appliance has this directory."""
    if not os.path.exists(os.path.join(run_dir, "lock")):
        return False
    try:
        lock_run_dir(run_dir).close()
    except SplitlensError:
        return True
    except OSError:  # somebody else's
        return False
    return False


def look_around(model: InstalledModel, loaded: Loaded) -> Place:
    """What there is to choose from here."""
    settings = loaded.settings
    graph = read_model(model.path)
    interface = recognise(graph, str(model.path))
    plan = plan_for(graph, interface, settings.split_model, settings.exact)
    fixed = {key: getattr(settings, key) for key in TUNED_SETTINGS if not is_free(loaded, key)}
    engines = [TENSORFLOW]
    if interface.family == "ssd" and plan.path == "fast":
        engines += [engine for engine in (OPENVINO, TENSORRT) if importlib.util.find_spec(engine) is not None]
    asked = engine_asked_for(loaded)
    if asked is not None:
        fixed["engine"] = asked
        engines = [asked]
    from appliance.engines.tensorflow import gpu_names

    return Place(engines, plan.path, available_cores(), bool(gpu_names()), fixed)


def _measure_all(trial: "_Trial", place: Place, seconds: float) -> Candidate:
    """Raises SplitlensError where nothing can be taken."""
    first = first_candidates(place)
    log.info("Measuring %d ways for about %.0f seconds, and as long as loading takes", len(first), seconds)
    for candidate in first:
        trial.measure(candidate, BRIEF_PART * seconds / len(first))
    again = finalists(trial.outcomes())
    may_batch = any(batch_candidates(candidate, place) for candidate in first)
    for candidate in again:
        part = 1 - BRIEF_PART - (BATCH_PART if may_batch else 0.0)
        trial.measure(candidate, part * seconds / len(again))
    best = choose(trial.outcomes(again or None))
    if best is None:
        raise SplitlensError("{} cannot be run in any way that was tried:\n{}".format(
            trial.name, "\n".join("{}: {}".format(one.candidate, one.refusal) for one in trial.outcomes())))
    batches = batch_candidates(best.candidate, place)
    for candidate in batches:
        trial.measure(candidate, BATCH_PART * seconds / len(batches), STREAMS)
    best = choose(trial.outcomes(streams=STREAMS)) or best
    return best.candidate


class _Trial:
    """Measures candidates, one loaded at a time. What is measured twice is added up."""

    def __init__(
        self, model: InstalledModel, options: ModelOptions, images: Sequence[np.ndarray], place: Place
    ) -> None:
        self.name = model.name
        self._model, self._options, self._images = model, options, images
        self._rates: Dict[_Key, Rate] = {}
        self._rows: Dict[_Key, Row] = {}
        step = max(1, len(images) // COMPARED)
        self._compared = list(images[::step][:COMPARED])
        # Who asks for a lower precision asks for other scores.
        asked_for_less = place.fixed.get("engine") == TENSORRT and options.engine.precision != "FP32"
        self._expected = None if asked_for_less else self._find_expected()

    def outcomes(self, candidates: Optional[Sequence[Candidate]] = None, streams: int = 1) -> List[Outcome]:
        """Of some candidates, or all."""
        return [row.outcome for (candidate, number), row in self._rows.items()
                if number == streams and (candidates is None or candidate in candidates)]

    def rows(self) -> List[Row]:
        return list(self._rows.values())

    def measure(self, candidate: Candidate, seconds: float, streams: int = 1) -> None:
        """Load, compare, measure, close. Whatever goes wrong is the candidate's refusal."""
        began = time.monotonic()
        row = Row(Outcome(candidate), streams, "", None, 0.0)
        try:
            detector = self._load(candidate)
        except Exception as error:
            row = row._replace(outcome=Outcome(candidate, refusal=_sentence(error)))
        else:
            row = row._replace(path=detector.path, workers=detector.workers, loading=time.monotonic() - began)
            try:
                row = row._replace(outcome=self._measure(candidate, detector, seconds, streams))
            except Exception as error:
                row = row._replace(outcome=Outcome(candidate, refusal=_sentence(error)))
            finally:
                detector.close()
        self._rows[candidate, streams] = row
        outcome = row.outcome
        log.info("%s%s: %s", candidate, ", {} streams".format(streams) if streams > 1 else "",
                 outcome.refusal or "{:.1f} frames a second".format(outcome.fps))

    def _measure(self, candidate: Candidate, detector: Detector, seconds: float, streams: int) -> Outcome:
        if candidate.batch > max(1, detector.batch):
            return Outcome(candidate, refusal="takes {} at a time only".format(detector.batch))
        differs = self._expected is not None and not self._finds_the_same(detector)
        measure_loop(detector, self._images, min(WARM_SECONDS, seconds / 2), streams)
        rate = measure_loop(detector, self._images, seconds, streams)
        before = self._rates.get((candidate, streams))
        if before is not None:
            rate = Rate(before.frames + rate.frames, before.seconds + rate.seconds, 0.0,
                        list(before.latencies) + list(rate.latencies))
        self._rates[candidate, streams] = rate
        refusal = "finds something else than the whole graph: never taken" if differs else ""
        return Outcome(candidate, rate.fps, rate.latency() if rate.frames else float("inf"), refusal)

    def _load(self, candidate: Candidate) -> Detector:
        return load_detector(self._model.path, self.name, self._model.labels, self._options._replace(
            engine=self._options.engine._replace(engine=candidate.engine), worker_threads=candidate.worker_threads,
            batch=candidate.batch, xla=candidate.xla, exact=self._options.exact or candidate.exact))

    def _find_expected(self) -> List[Found]:
        """What the graph whole finds; sets the threshold at which candidates are compared with it."""
        whole = load_detector(self._model.path, self.name, self._model.labels, self._options._replace(
            split_model=False, engine=EngineChoice(TENSORFLOW), worker_threads=0, batch=1, xla=None))
        try:
            whole.threshold = min(LOWEST_THRESHOLD, self._options.det_th)
            expected = [whole.detect(image) for image in self._compared]
        finally:
            whole.close()
        scores = [float(score) for found in expected if isinstance(found, Detections) for score in found.scores]
        self._threshold = self._options.det_th
        if max(scores, default=0.0) < self._threshold:
            self._threshold = min(LOWEST_THRESHOLD, self._threshold)
            if not scores and all(isinstance(found, Detections) for found in expected):
                log.warning("The model finds nothing in these frames, so the ways to run it cannot be compared: "
                            "--clip takes a movie of yours")
        return expected

    def _finds_the_same(self, detector: Detector) -> bool:
        detector.threshold = self._threshold
        raws: List[Any] = []
        # Full batches, as under load: what they compute may hang on their size.
        images, size = self._compared + list(self._images), max(1, detector.batch)
        for first in range(0, len(self._compared), size):
            raws += detector.front_many(images[first:first + size])
        height, width = self._compared[0].shape[:2]
        found = [detector.back(raw, width, height) for raw in raws[:len(self._compared)]]
        detector.threshold = self._options.det_th
        return all(agree(one, other, self._threshold, max(width, height))
                   for one, other in zip(found, self._expected or []))


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


def _figures(rows: Sequence[Row], width: int, height: int) -> Dict[str, Any]:
    """Those of the way that is kept."""
    return {
        "frames": "{}x{}, from memory".format(width, height),
        "fps": {"{} stream{}".format(row.streams, "" if row.streams == 1 else "s"): round(row.outcome.fps, 1)
                for row in rows if row.is_kept},
        "latency_ms": {"{} stream{}".format(row.streams, "" if row.streams == 1 else "s"): round(
            row.outcome.latency * 1e3, 1) for row in rows if row.is_kept},
    }


def _versions() -> Dict[str, str]:
    versions = {"python": platform.python_version()}
    for name in (TENSORFLOW, OPENVINO, TENSORRT):
        if name in sys.modules:
            versions[name] = str(sys.modules[name].__version__).split("-")[0]
    return versions


def _sentence(error: Exception) -> str:
    text = str(error) if isinstance(error, SplitlensError) else "{}: {}".format(type(error).__name__, error)
    return " ".join(text.split())[:200]
