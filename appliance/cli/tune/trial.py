"""Load candidates, compare them with the whole graph, and measure them.

One is loaded at a time, as a board may not have the memory for two.
"""

import contextlib
import dataclasses
import logging
import math
import threading
import time
from typing import Callable, Dict, Iterator, List, Sequence, TypeVar

import numpy as np

from appliance.cli.bench.benchmarking import Rate, measure_loop
from appliance.cli.bench.parity import compare, detect_all
from appliance.cli.tune.candidates import Candidate, Group, SearchSpace, TrialResult, may_compile
from appliance.cli.tune.report import Row
from appliance.cli.tune.search import GivenUp, LoadedGroup, LoadError, Trials
from appliance.core.detector import Detector
from appliance.core.engine_facts import AUTO
from appliance.core.errors import SplitlensError
from appliance.core.frame import Detections, Prediction
from appliance.core.threads import start_thread
from appliance.detectors.load import load_detector
from appliance.detectors.plan import ModelOptions
from appliance.engines.choose import EngineChoice
from appliance.engines.registry import find_engine, reference_engine
from appliance.zoo.store import InstalledModel

log = logging.getLogger(__name__)

COMPARED = 4
"""Number of frames on which a candidate must find what the whole graph finds."""
LOWEST_THRESHOLD = 0.05
"""For comparing, if nothing is found above the threshold of the settings."""
WARM_SECONDS = 0.3
COMPARE_SECONDS = 10.0
"""After this time the whole graph, which may be slow, gets no further frame."""
LOADING = "loading"
"""Name of the threads that load."""

_Result = TypeVar("_Result")


class Trial(Trials):
    """Measures candidates with a number of streams. Raises SplitlensError.

    Args:
        seconds: Time limit for all that is loaded here.
    """

    def __init__(
        self,
        model: InstalledModel,
        options: ModelOptions,
        images: Sequence[np.ndarray],
        place: SearchSpace,
        seconds: float = math.inf,
        streams: int = 1,
    ) -> None:
        self.name, self.streams = model.name, streams
        self._model, self._options, self._images, self._place = model, options, images, place
        self._rates: Dict[Candidate, Rate] = {}
        self._rows: Dict[Candidate, Row] = {}
        step = max(1, len(images) // COMPARED)
        self._compared = list(images[::step][:COMPARED])
        self._threshold = options.det_th
        # A lower precision that the user requested may change scores.
        has_choice = len(find_engine(str(place.fixed.get("engine", AUTO))).precisions) > 1
        asked_for_less = has_choice and options.engine.precision != "FP32"
        self._expected = None if asked_for_less else within(seconds, self._find_expected)

    def rows(self) -> List[Row]:
        return list(self._rows.values())

    @contextlib.contextmanager
    def load(self, group: Group, seconds: float) -> Iterator[LoadedGroup]:
        began = time.monotonic()
        try:
            detector = within(seconds, lambda: self._load(group))
        except GivenUp:
            raise
        except Exception as error:
            raise LoadError(_sentence(error)) from error
        try:
            yield _LoadedDetector(self, self._came_to(group, detector), detector, time.monotonic() - began)
        finally:
            detector.close()

    def refuse(self, candidate: Candidate, refusal: str) -> TrialResult:
        before = self._rows.get(candidate)
        return self.note(
            dataclasses.replace(before, outcome=dataclasses.replace(before.outcome, refusal=refusal))
            if before
            else Row(TrialResult(candidate, refusal=refusal), self.streams)
        )

    def note(self, row: Row) -> TrialResult:
        outcome = row.outcome
        self._rows[outcome.candidate] = row
        log.info(
            "%s%s: %s",
            outcome.candidate,
            f", {row.streams} streams" if row.streams > 1 else "",
            outcome.refusal or f"{outcome.fps:.1f} frames a second",
        )
        return outcome

    def rate(self, candidate: Candidate, detector: Detector, seconds: float) -> Rate:
        """Measure a candidate; returns the sum with its earlier measurements."""
        measure_loop(detector, self._images, min(WARM_SECONDS, seconds / 2), self.streams)
        rate = measure_loop(detector, self._images, seconds, self.streams)
        before = self._rates.get(candidate)
        if before is not None:
            rate = Rate(
                before.frames + rate.frames,
                before.seconds + rate.seconds,
                0.0,
                list(before.latencies) + list(rate.latencies),
            )
        self._rates[candidate] = rate
        return rate

    def _came_to(self, group: Group, detector: Detector) -> List[Candidate]:
        if not group:
            fixed = self._place.fixed
            engine = str(fixed.get("engine", detector.engine))
            return [
                Candidate(
                    engine,
                    fixed.get("worker_threads", detector.workers),
                    fixed.get("batch", detector.batch),
                    fixed.get("xla", False) if may_compile(engine, self._place) else None,
                )
            ]
        # If the graph takes fewer at a time, or only one.
        most = max(1, detector.batch)
        every = [dataclasses.replace(candidate, batch=min(candidate.batch, most)) for candidate in group]
        return sorted(set(every), key=every.index)

    def _load(self, group: Group) -> Detector:
        options = self._options
        if group:
            most = max(group, key=lambda candidate: (candidate.batch, candidate.worker_threads))
            options = dataclasses.replace(
                options,
                engine=dataclasses.replace(options.engine, engine=most.engine),
                worker_threads=most.worker_threads,
                batch=most.batch,
                xla=most.xla,
                exact=options.exact or most.exact,
            )
        return load_detector(self._model.path, self.name, self._model.labels, options)

    def _find_expected(self) -> List[Prediction]:
        """Return what the whole graph finds; sets the threshold for comparing candidates with it."""
        whole = load_detector(
            self._model.path,
            self.name,
            self._model.labels,
            dataclasses.replace(
                self._options,
                split_model=False,
                engine=EngineChoice(reference_engine().name),
                worker_threads=0,
                batch=1,
                xla=None,
            ),
        )
        try:
            whole.threshold = min(LOWEST_THRESHOLD, self._options.det_th)
            expected: List[Prediction] = []
            until = time.monotonic() + COMPARE_SECONDS
            while len(expected) < len(self._compared) and (not expected or time.monotonic() < until):
                expected.append(whole.detect(self._compared[len(expected)]))
        finally:
            whole.close()
        scores = [float(score) for found in expected if isinstance(found, Detections) for score in found.scores]
        self._compared = self._compared[: len(expected)]
        if max(scores, default=0.0) < self._threshold:
            self._threshold = min(LOWEST_THRESHOLD, self._threshold)
            if not scores and all(isinstance(found, Detections) for found in expected):
                log.warning(
                    "The model finds nothing in these frames, so the ways to run it cannot be compared: "
                    "--clip takes a movie of yours"
                )
        return expected

    def compare(self, detector: Detector) -> str:
        """Return why a detector must not be used; "" if it finds what the whole graph finds."""
        if self._expected is None:
            return ""
        try:
            return (
                ""
                if self._finds_the_same(detector, self._expected)
                else ("finds something else than the whole graph: never taken")
            )
        except Exception as error:
            return _sentence(error)

    def _finds_the_same(self, detector: Detector, expected: Sequence[Prediction]) -> bool:
        detector.threshold = self._threshold
        # Full batches, as under load: results may depend on the batch size.
        images = self._compared + list(self._images)[: -len(self._compared) % detector.batch]
        found = detect_all(detector, images)[: len(expected)]
        detector.threshold = self._options.det_th
        return compare(expected, found, self._compared, self._threshold).is_same


class _LoadedDetector(LoadedGroup):
    def __init__(self, trial: Trial, candidates: Sequence[Candidate], detector: Detector, loading: float) -> None:
        self.candidates = candidates
        self._trial, self._detector, self._loading = trial, detector, loading
        self._refusals: Dict[int, str] = {}

    def measure(self, candidate: Candidate, seconds: float) -> TrialResult:
        """Measure a candidate; any error becomes its refusal."""
        trial, detector = self._trial, self._detector
        # 0, if the user set that, stands for the detector's own.
        detector.workers = candidate.worker_threads or detector.workers
        detector.batch = candidate.batch or detector.batch
        measured = 0.0
        try:
            if detector.batch not in self._refusals:
                self._refusals[detector.batch] = trial.compare(detector)
            refusal = self._refusals[detector.batch]
            rate = trial.rate(candidate, detector, seconds)
            measured = rate.seconds
            outcome = (
                TrialResult(candidate, rate.fps, rate.latency(), refusal)
                if rate.frames
                else TrialResult(candidate, refusal=refusal or "not one frame in the time")
            )
        except Exception as error:
            outcome = TrialResult(candidate, refusal=_sentence(error))
        return trial.note(Row(outcome, trial.streams, detector.path, detector.workers, self._loading, measured))


def within(seconds: float, work: Callable[[], _Result]) -> _Result:
    """Return the work's result, or raise its error. Raises GivenUp at the time limit; libraries cannot be stopped."""
    results: List[_Result] = []
    errors: List[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)

    thread = start_thread(LOADING, run)
    thread.join(max(0.0, min(seconds, threading.TIMEOUT_MAX)))
    if thread.is_alive():
        raise GivenUp
    if errors:
        raise errors[0]
    return results[0]


def is_loading() -> bool:
    """Return whether an abandoned load is still running."""
    return any(thread.name == LOADING for thread in threading.enumerate())


def _sentence(error: Exception) -> str:
    text = str(error) if isinstance(error, SplitlensError) else f"{type(error).__name__}: {error}"
    return " ".join(text.split())[:200]
