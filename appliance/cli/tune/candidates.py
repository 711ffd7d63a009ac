"""The ways to run a model, and the choice of the best: pure functions that load and measure nothing."""

import dataclasses
from typing import Any, List, Mapping, Optional, Sequence

from appliance.contract.fields import JsonObject
from appliance.core.engine_facts import AUTO
from appliance.engines.registry import find_engine

SAME = 0.03
"""Measurements that differ by less than this fraction count as equal."""
PRUNE_BELOW = 0.8
"""Candidates slower than this fraction of the best are not measured again."""
FINALISTS = 3
BATCHES = (32, 16, 4)
"""Each is an array size of the largest one, so one loaded detector can run all of them."""
GPU_WORKERS, GPU_BATCH_WORKERS = (1, 2, 4), (2, 4, 8)
WHOLE_WORKERS = (1, 2)
"""Few: a graph that is not split uses all cores for each frame."""


@dataclasses.dataclass(frozen=True)
class Candidate:
    """One way to run a model; the fields are settings of the same names."""

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
        """Return the settings to keep."""
        kept: JsonObject = {
            "engine": self.engine,
            "worker_threads": self.worker_threads,
            "batch": self.batch,
            "xla": self.xla,
        }
        return {key: value for key, value in kept.items() if value is not None}


@dataclasses.dataclass(frozen=True)
class SearchSpace:
    """The choices on this machine, for this model.

    Attributes:
        engines: Names of the engines that can be tried.
        path: The fastest path that model and settings allow: fast, exact or whole.
        cores: Number of processor cores that this process may use.
        on_gpu: Whether there is a usable NVIDIA GPU.
        is_x86: Whether the cores are fast enough to fill its batches.
        fixed: Settings that the user set, key to value; they are not varied.
    """

    engines: Sequence[str]
    path: str
    cores: int
    on_gpu: bool
    is_x86: bool
    fixed: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class TrialResult:
    """A candidate's result.

    Attributes:
        latency: The median, in seconds.
        refusal: Why it cannot be used; "" if it can.
    """

    candidate: Candidate
    fps: float = 0.0
    latency: float = 0.0
    refusal: str = ""


Group = Sequence[Candidate]
"""Candidates that share one loaded detector: on a GPU, numbers of workers and smaller batches."""
DEFAULT: Group = ()
"""The candidate that a run uses by default; known once it is loaded."""


def candidate_groups(place: SearchSpace) -> List[Group]:
    """Return every engine with some numbers of workers and batch sizes, and the exact path once."""
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
    """Return whether something is compiled first, possibly for minutes."""
    return any(candidate.xla or find_engine(candidate.engine).tune.is_slow_to_load for candidate in group)


def has_batches(place: SearchSpace) -> bool:
    """Return whether frames of several streams may be batched."""
    return any(_may_batch(engine, place) for engine in place.engines)


def _batches(engine: str, place: SearchSpace) -> Sequence[Sequence[int]]:
    """Return the batch sizes to try, grouped by loaded detector."""
    if "batch" in place.fixed:
        return [[place.fixed["batch"]]]
    return [BATCHES, [1]] if _may_batch(engine, place) else [[1]]


def may_compile(engine: str, place: SearchSpace) -> bool:
    """Return whether XLA may have an effect."""
    return place.on_gpu and find_engine(engine).tune.has_xla


def _may_batch(engine: str, place: SearchSpace) -> bool:
    return place.on_gpu and find_engine(engine).tune.batches and place.path == "fast" and place.is_x86


def _with_workers(candidate: Candidate, place: SearchSpace, on_gpu: Sequence[int]) -> List[Group]:
    """Return the candidate with every number of workers that may be the best."""
    cores = place.cores
    if "worker_threads" in place.fixed:
        return [[dataclasses.replace(candidate, worker_threads=place.fixed["worker_threads"])]]
    if not place.on_gpu:
        # The engine is set up differently for each number.
        numbers: Sequence[int] = sorted({1, cores // 4, cores // 2, cores} - {0})
        numbers = WHOLE_WORKERS if place.path == "whole" else numbers
        return [[dataclasses.replace(candidate, worker_threads=number)] for number in numbers]
    if not find_engine(candidate.engine).tune.on_gpu:
        return [[dataclasses.replace(candidate, worker_threads=cores)]]
    numbers = WHOLE_WORKERS if place.path == "whole" else on_gpu
    return [[dataclasses.replace(candidate, worker_threads=number) for number in numbers]]


def finalists(outcomes: Sequence[TrialResult]) -> List[Candidate]:
    """Return the candidates to measure again: those near the best, but not the exact path."""
    good = sorted((one for one in outcomes if not one.refusal and not one.candidate.exact), key=lambda one: -one.fps)
    return [one.candidate for one in good if is_near(one, good[0])][:FINALISTS]


def is_near(outcome: TrialResult, best: Optional[TrialResult]) -> bool:
    """Return whether it may turn out the best when both are measured for longer."""
    return not outcome.refusal and (best is None or outcome.fps >= PRUNE_BELOW * best.fps)


def choose(outcomes: Sequence[TrialResult], default: Optional[Candidate] = None) -> Optional[TrialResult]:
    """Return the best result: most frames per second; if about equal, lower latency, then fewer workers, then no XLA.

    Never one that is slower than a usable default. None if all were refused but the exact path, which is only used on
    request.
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
