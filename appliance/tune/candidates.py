"""The ways to run a model, and which of them is the best: pure choice, nothing is loaded or measured here."""

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence

SAME = 0.03
"""Measurements that differ by less are taken for the same."""
HOPELESS = 0.8
"""What is slower than this part of the best is not measured again."""
FINALISTS = 3
FIRST_BATCH, BATCHES = 4, (1, 4, 8, 16, 32)
GPU_WORKERS, GPU_BATCH_WORKERS = (1, 2, 4), (2, 4, 8)
WHOLE_WORKERS = (1, 2)
"""A graph that is not split takes all cores for each frame."""


class Candidate(NamedTuple):
    """One way to run a model; the fields are settings of the same names, and those of them that have no choice here."""

    engine: str
    worker_threads: int
    batch: int = 1
    xla: Optional[bool] = None
    exact: bool = False

    def __str__(self) -> str:
        workers = self.worker_threads
        words = [self.engine, "{} worker{}".format(workers or "chosen", "" if workers == 1 else "s")]
        words += ["exact"] if self.exact else []
        words += ["batch {}".format(self.batch)] if self.batch != 1 else []
        words += ["XLA"] if self.xla else []
        return ", ".join(words)

    def settings(self) -> Dict[str, Any]:
        """What is kept of it, as settings."""
        kept: Dict[str, Any] = {
            "engine": self.engine, "worker_threads": self.worker_threads, "batch": self.batch, "xla": self.xla}
        return {key: value for key, value in kept.items() if value is not None}


class Place(NamedTuple):
    """What there is to choose from, on this machine and for this model.

    engines: those that can be tried. path: the fastest one that model and settings allow: fast, exact or whole.
    on_gpu: whether TensorFlow has one. is_x86: whether the cores can fill batches for it.
    fixed: settings that somebody set, key to value; they are not varied.
    """

    engines: Sequence[str]
    path: str
    cores: int
    on_gpu: bool
    is_x86: bool
    fixed: Mapping[str, Any] = {}


class Outcome(NamedTuple):
    """What a candidate reached. latency: seconds, the median. refusal: why it cannot be taken; "" if it can."""

    candidate: Candidate
    fps: float = 0.0
    latency: float = 0.0
    refusal: str = ""


Group = Sequence[Candidate]
"""Candidates that one detector can stand for: on a GPU, numbers of workers."""


def first_candidates(place: Place) -> List[Group]:
    """What is measured on one stream: every engine with some numbers of workers, and the exact path once."""
    groups: List[Group] = []
    for engine in place.engines:
        batch = FIRST_BATCH if _may_batch(engine, place) else 1
        compilers: Sequence[Optional[bool]] = (False, True) if _may_compile(engine, place) else (None,)
        for xla in [place.fixed["xla"]] if "xla" in place.fixed else compilers:
            one = Candidate(engine, 0, place.fixed.get("batch", batch), xla)
            groups += _with_workers(one, place, GPU_WORKERS)
    if place.path == "fast" and "tensorflow" in place.engines:
        workers = [one.worker_threads for group in groups for one in group if one.engine == "tensorflow"]
        groups.append([Candidate("tensorflow", max(workers), exact=True)])
    return groups


def batch_candidates(best: Candidate, place: Place) -> List[Group]:
    """What is measured on several streams, where the best on one takes several frames together; else nothing."""
    if not _may_batch(best.engine, place) or best.batch == 1 or "batch" in place.fixed:
        return []
    groups: List[Group] = []
    for batch in BATCHES:
        groups += _with_workers(best._replace(batch=batch), place, GPU_BATCH_WORKERS)
    return groups


def _may_compile(engine: str, place: Place) -> bool:
    return place.on_gpu and engine in ("tensorflow", "auto")


def _may_batch(engine: str, place: Place) -> bool:
    return _may_compile(engine, place) and place.path == "fast" and place.is_x86


def _with_workers(candidate: Candidate, place: Place, on_gpu: Sequence[int]) -> List[Group]:
    """The candidate with every number of workers that may be the best."""
    cores = place.cores
    if "worker_threads" in place.fixed:
        return [[candidate._replace(worker_threads=place.fixed["worker_threads"])]]
    if not place.on_gpu:
        # Each number gets its engine set up in another way.
        numbers = WHOLE_WORKERS if place.path == "whole" else sorted({1, cores // 4, cores // 2, cores} - {0})
        return [[candidate._replace(worker_threads=number)] for number in numbers]
    if candidate.engine == "openvino":
        return [[candidate._replace(worker_threads=cores)]]
    return [[candidate._replace(worker_threads=number)
             for number in (WHOLE_WORKERS if place.path == "whole" else on_gpu)]]


def finalists(outcomes: Sequence[Outcome]) -> List[Candidate]:
    """Those that are worth to be measured again: near the best, which the exact path is not to be."""
    good = sorted((one for one in outcomes if not one.refusal and not one.candidate.exact), key=lambda one: -one.fps)
    near = [one.candidate for one in good if one.fps >= HOPELESS * good[0].fps]
    return near[:FINALISTS] if len(near) > 1 else []


def choose(outcomes: Sequence[Outcome]) -> Optional[Outcome]:
    """The most frames a second; of about as many the lower latency, then fewer workers, and no XLA.

    None where all were refused but the exact path, which no run takes unasked.
    """
    good = [one for one in outcomes if not one.refusal and not one.candidate.exact]
    if not good:
        return None
    most = max(one.fps for one in good)
    fast = [one for one in good if one.fps >= (1 - SAME) * most]
    lowest = min(one.latency for one in fast)
    quick = [one for one in fast if one.latency <= (1 + SAME) * lowest]
    return min(quick, key=lambda one: (
        one.candidate.worker_threads, one.candidate.batch, bool(one.candidate.xla), -one.fps))
