"""Candidates on trial: loaded, compared with the graph whole, measured.

One is loaded at a time: a board may have no memory for two.
"""

import logging
import time
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np

from appliance.agreement import compare, detect_all
from appliance.detectors.base import Detector
from appliance.detectors.load import load_detector
from appliance.detectors.plan import ModelOptions
from appliance.engines.choose import TENSORFLOW, TENSORRT, EngineChoice
from appliance.errors import SplitlensError
from appliance.frame import Detections, Found
from appliance.measure import Rate, measure_loop
from appliance.tune.candidates import Candidate, Group, Outcome, Place
from appliance.tune.report import Row
from appliance.zoo.store import InstalledModel

log = logging.getLogger(__name__)

COMPARED = 4
"""Frames on which each candidate has to find what the graph whole finds."""
LOWEST_THRESHOLD = 0.05
"""For comparing, where nothing is found above the threshold of the settings."""
WARM_SECONDS = 0.3

_Key = Tuple[Candidate, int]


class Trial:
    """Measures candidates. What is measured twice is added up."""

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

    def measure_all(self, groups: Sequence[Group], seconds: float, streams: int = 1) -> None:
        """seconds: for all together."""
        share = seconds / max(1, sum(len(group) for group in groups))
        for group in groups:
            self._measure_group(group, share, streams)

    def _measure_group(self, group: Group, seconds: float, streams: int) -> None:
        """Load, compare, measure, close. Whatever goes wrong is the candidates' refusal."""
        began = time.monotonic()
        try:
            detector = self._load(max(group, key=lambda candidate: candidate.worker_threads))
        except Exception as error:
            for candidate in group:
                self._note(Row(Outcome(candidate, refusal=_sentence(error)), streams))
            return
        loading = time.monotonic() - began
        try:
            refusal = self._compare(detector)
            for candidate in group:
                # Where the graph takes one at a time only.
                candidate = candidate._replace(batch=min(candidate.batch, max(1, detector.batch)))
                if len(group) > 1:
                    detector.workers = candidate.worker_threads
                try:
                    outcome = self._measure(candidate, detector, seconds, streams)._replace(refusal=refusal)
                except Exception as error:
                    outcome = Outcome(candidate, refusal=_sentence(error))
                self._note(Row(outcome, streams, detector.path, detector.workers, loading))
        finally:
            detector.close()

    def _note(self, row: Row) -> None:
        outcome = row.outcome
        self._rows[outcome.candidate, row.streams] = row
        log.info("%s%s: %s", outcome.candidate, ", {} streams".format(row.streams) if row.streams > 1 else "",
                 outcome.refusal or "{:.1f} frames a second".format(outcome.fps))

    def _measure(self, candidate: Candidate, detector: Detector, seconds: float, streams: int) -> Outcome:
        measure_loop(detector, self._images, min(WARM_SECONDS, seconds / 2), streams)
        rate = measure_loop(detector, self._images, seconds, streams)
        before = self._rates.get((candidate, streams))
        if before is not None:
            rate = Rate(before.frames + rate.frames, before.seconds + rate.seconds, 0.0,
                        list(before.latencies) + list(rate.latencies))
        self._rates[candidate, streams] = rate
        return Outcome(candidate, rate.fps, rate.latency()) if rate.frames else Outcome(
            candidate, refusal="not one frame in the time")

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

    def _compare(self, detector: Detector) -> str:
        """Why a detector must not be taken; "" where it finds what the graph whole finds."""
        if self._expected is None:
            return ""
        try:
            return "" if self._finds_the_same(detector, self._expected) else (
                "finds something else than the whole graph: never taken")
        except Exception as error:
            return _sentence(error)

    def _finds_the_same(self, detector: Detector, expected: Sequence[Found]) -> bool:
        detector.threshold = self._threshold
        # Full batches, as under load: what they compute may hang on their size.
        images = self._compared + list(self._images)[:-len(self._compared) % detector.batch]
        found = detect_all(detector, images)[:len(expected)]
        detector.threshold = self._options.det_th
        return compare(expected, found, self._compared, self._threshold).is_same


def _sentence(error: Exception) -> str:
    text = str(error) if isinstance(error, SplitlensError) else "{}: {}".format(type(error).__name__, error)
    return " ".join(text.split())[:200]
