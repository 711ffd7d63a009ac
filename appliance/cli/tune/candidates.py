"""The ways to run a model, and which of them is the best: pure choice, nothing is loaded or measured here."""

import dataclasses
from typing import Any, List, Mapping, Optional, Sequence

from appliance.contract.fields import JsonObject
from appliance.core.engine_facts import AUTO
from appliance.engines.registry import find_engine

SAME = 0.03
"""Measurements that differ by less are taken for the same."""
PRUNE_BELOW = 0.8
"""What is slower than this part of the best is not measured again."""
FINALISTS = 3
BATCHES = (32, 16, 4)
"""Each is among the sizes of the arrays of the largest: one loaded detector stands for all."""
GPU_WORKERS, GPU_BATCH_WORKERS = (1, 2, 4), (2, 4, 8)
WHOLE_WORKERS = (1, 2)
"""A graph that is not split takes all cores for each frame."""


@dataclasses.dataclass(frozen=True)
class Candidate:
    """One way to run a model; the fields are settings of the same names, and those of them that have no choice here."""

    engine: str
    worker_threads: int
    batch: int = 1
    xla: Optional[bool] = None
    exact: bool = False

    def __str__(self) -> str:
        workers = self.worker_threads
        words = [self.engine, f"{workers or 'chosen'} worker{'' if workers == 1 else 's'}"]
        words += ["exact"] if self.exact else []
        words += [f"batch {self.batch}"] if self.batch != 1 else []
        words += ["XLA"] if self.xla else []
        return ", ".join(words)

    def settings(self) -> JsonObject:
        """What is kept of it, as settings."""
        kept: JsonObject = {
            "engine": self.engine,
            "worker_threads": self.worker_threads,
            "batch": self.batch,
            "xla": self.xla,
        }
        return {key: value for key, value in kept.items() if value is not None}


@dataclasses.dataclass(frozen=True)
class SearchSpace:
    """What there is to choose from, on this machine and for this model.

    Attributes:
        engines: Names of those that can be tried.
        path: The fastest one that model and settings allow: fast, exact or whole.
        cores: Processor cores that this process may use.
        on_gpu: Whether there is an NVIDIA GPU that can be used.
        is_x86: Whether the cores can fill batches for it.
        fixed: Settings that somebody set, key to value; they are not varied.
    """

    engines: Sequence[str]
    path: str
    cores: int
    on_gpu: bool
    is_x86: bool
    fixed: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class TrialResult:
    """What a candidate reached. latency: seconds, the median. refusal: why it cannot be taken; "" if it can."""

    candidate: Candidate
    fps: float = 0.0
    latency: float = 0.0
    refusal: str = ""


Group = Sequence[Candidate]
"""Candidates that one detector can stand for: on a GPU, numbers of workers and smaller batches."""
DEFAULT: Group = ()
"""What a run takes by itself; which that is, is known when it is loaded."""


def candidate_groups(place: SearchSpace) -> List[Group]:
    """Every engine with some numbers of workers and of frames together, and the exact path once."""
    groups: List[Group] = []
    for engine in place.engines:
        compilers: Sequence[Optional[bool]] = (False, True) if may_compile(engine, place) else (None,)
        for xla in [place.fixed["xla"]] if "xla" in place.fixed else compilers:
            for batches in _batches(engine, place):
                one = Candidate(engine, 0, batches[0], xla)
                on_gpu = GPU_BATCH_WORKERS if batches[0] > 1 else GPU_WORKERS
                groups += [
                    [dataclasses.replace(candidate, batch=batch) for batch in batches for candidate in group]
                    for group in _with_workers(one, place, on_gpu)
                ]
    for engine in place.engines:
        if place.path == "fast" and engine != AUTO and find_engine(engine).build_part is not None:
            workers = [one.worker_threads for group in groups for one in group if one.engine == engine]
            groups.append([Candidate(engine, max(workers), exact=True)])
    return groups


def is_slow_to_load(group: Group) -> bool:
    """Whether something is compiled at first, for minutes even."""
    return any(candidate.xla or find_engine(candidate.engine).tune.is_slow_to_load for candidate in group)


def has_batches(place: SearchSpace) -> bool:
    """Whether frames of several streams may go together."""
    return any(_may_batch(engine, place) for engine in place.engines)


def _batches(engine: str, place: SearchSpace) -> Sequence[Sequence[int]]:
    """The numbers of frames together, those of one loaded detector together."""
    if "batch" in place.fixed:
        return [[place.fixed["batch"]]]
    return [BATCHES, [1]] if _may_batch(engine, place) else [[1]]


def may_compile(engine: str, place: SearchSpace) -> bool:
    """Whether XLA could do something."""
    return place.on_gpu and find_engine(engine).tune.has_xla


def _may_batch(engine: str, place: SearchSpace) -> bool:
    return place.on_gpu and find_engine(engine).tune.batches and place.path == "fast" and place.is_x86


def _with_workers(candidate: Candidate, place: SearchSpace, on_gpu: Sequence[int]) -> List[Group]:
    """The candidate with every number of workers that may be the best."""
    cores = place.cores
    if "worker_threads" in place.fixed:
        return [[dataclasses.replace(candidate, worker_threads=place.fixed["worker_threads"])]]
    if not place.on_gpu:
        # Each number gets its engine set up in another way.
        numbers: Sequence[int] = sorted({1, cores // 4, cores // 2, cores} - {0})
        numbers = WHOLE_WORKERS if place.path == "whole" else numbers
        return [[dataclasses.replace(candidate, worker_threads=number)] for number in numbers]
    if not find_engine(candidate.engine).tune.on_gpu:
        return [[dataclasses.replace(candidate, worker_threads=cores)]]
    numbers = WHOLE_WORKERS if place.path == "whole" else on_gpu
    return [[dataclasses.replace(candidate, worker_threads=number) for number in numbers]]


def finalists(outcomes: Sequence[TrialResult]) -> List[Candidate]:
    """Those that are worth to be measured again: near the best, which the exact path is not to be."""
    good = sorted((one for one in outcomes if not one.refusal and not one.candidate.exact), key=lambda one: -one.fps)
    return [one.candidate for one in good if is_near(one, good[0])][:FINALISTS]


def is_near(outcome: TrialResult, best: Optional[TrialResult]) -> bool:
    """Whether it may be the best when both are measured for longer."""
    return not outcome.refusal and (best is None or outcome.fps >= PRUNE_BELOW * best.fps)


def choose(outcomes: Sequence[TrialResult], default: Optional[Candidate] = None) -> Optional[TrialResult]:
    """The most frames a second; of about as many the lower latency, then fewer workers, and no XLA.

    Nothing that is slower than the default, if that is among them and can be taken. None where all were refused but the
    exact path, which no run takes unasked.
    """
    good = [one for one in outcomes if not one.refusal and not one.candidate.exact]
    floor = max((one.fps for one in good if one.candidate == default), default=0.0)
    good = [one for one in good if one.fps >= floor]
    if not good:
        return None
    most = max(one.fps for one in good)
    fast = [one for one in good if one.fps >= (1 - SAME) * most]
    lowest = min(one.latency for one in fast)
    quick = [one for one in fast if one.latency <= (1 + SAME) * lowest]
    return min(
        quick, key=lambda one: (one.candidate.worker_threads, one.candidate.batch, bool(one.candidate.xla), -one.fps)
    )
