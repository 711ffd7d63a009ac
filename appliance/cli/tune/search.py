"""The order in which candidates are measured, and the choice, within a limit for the total time.

Pure logic: loading, measuring and the clock are passed in. The default is measured first, and again beside whatever may
replace it, as results change with the day and the machine's temperature.
"""

import contextlib
import time
from typing import Callable, ContextManager, Dict, Iterator, List, Optional, Sequence, Set

from appliance.cli.tune.candidates import (
    DEFAULT,
    Candidate,
    Group,
    SearchSpace,
    TrialResult,
    candidate_groups,
    choose,
    finalists,
    is_near,
    is_slow_to_load,
)

BRIEF_PART = 0.4
"""Fraction of the measuring time for the first measurements of all candidates."""
TURNS = 2
"""The best share the remaining time in this many turns, as the machine's other load changes."""
SPARE_SECONDS = 5.0
"""Reserve of the total time."""


class LoadError(Exception):
    """A candidate cannot be loaded; the message is a sentence."""


class GivenUp(Exception):
    """A load exceeded its time limit. It continues in the background and disturbs every later measurement."""


class LoadedGroup:
    """A loaded detector.

    Attributes:
        candidates: The candidates that it stands for, as resolved, without duplicates.
    """

    candidates: Sequence[Candidate]

    def measure(self, candidate: Candidate, seconds: float) -> TrialResult:
        """Measure a candidate; adds to its earlier measurements."""
        raise NotImplementedError


class Trials:
    """Loads candidates."""

    def load(self, group: Group, seconds: float) -> ContextManager[LoadedGroup]:
        """Load a group's detector within a time limit. Raises LoadError, GivenUp."""
        raise NotImplementedError

    def refuse(self, candidate: Candidate, refusal: str) -> TrialResult:
        """Record why a candidate is not measured."""
        raise NotImplementedError


class Search:
    """One search.

    Args:
        seconds: Total time to measure.
        whole: Total time, including loading.
    """

    def __init__(
        self,
        trials: Trials,
        place: SearchSpace,
        seconds: float,
        whole: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        groups = candidate_groups(place)
        self._trials, self._clock = trials, clock
        self._quick: List[Group] = [group for group in groups if not is_slow_to_load(group)]
        self._slow: List[Group] = [group for group in groups if is_slow_to_load(group)]
        self.ways = sum(len(group) for group in groups)
        self._turns = 1 if place.on_gpu else TURNS
        self._brief = BRIEF_PART * seconds / (1 + self.ways)
        self._long = (1 - BRIEF_PART) * seconds / (1 + bool(self._slow))
        self._end = clock() + whole - SPARE_SECONDS
        self._outcomes: Dict[Candidate, TrialResult] = {}
        self._finals: Set[Candidate] = set()
        self._load_seconds: Dict[Candidate, float] = {}
        self._group_of: Dict[Candidate, Group] = {}
        self._longest: Dict[bool, float] = {}
        self._overhead = 0.0
        self._default: Optional[Candidate] = None
        self.gave_up = False
        """Whether an abandoned load is still running."""

    def run(self) -> Optional[TrialResult]:
        """Return the result to keep; None if there is none. Raises GivenUp if the default does not load in time."""
        with contextlib.suppress(LoadError):  # others may load
            self._load_default()
        for group in self._quick:
            self._try(group, self._needed([self._default], self._long))
        self._measure_again(finalists(self.outcomes), self._turns, self._long)
        for group in self._slow:
            self._try_slow(group)
        return self._best()

    @property
    def outcomes(self) -> Sequence[TrialResult]:
        """Return all results."""
        return list(self._outcomes.values())

    def _best(self) -> Optional[TrialResult]:
        """Return the best of those that were measured again beside the default.

        The default itself if there were none; any if the default cannot be used.
        """
        default = [self._outcomes[self._default]] if self._default is not None else []
        return choose([self._outcomes[one] for one in self._finals] or default, self._default) or choose(self.outcomes)

    def _load_default(self) -> None:
        began = self._clock()
        with self._loading(DEFAULT, self._left()) as loaded:
            self._note_load(loaded.candidates, began)
            self._default = loaded.candidates[0]
            self._measure(loaded, self._default, self._brief)

    @contextlib.contextmanager
    def _loading(self, group: Group, seconds: float) -> Iterator[LoadedGroup]:
        try:
            with self._trials.load(group, seconds) as loaded:
                yield loaded
        except GivenUp:
            self.gave_up = True
            raise

    def _try(self, group: Group, reserve: float) -> Optional[Candidate]:
        """Measure a group briefly if that is expected to leave the reserve.

        If it is slow to load and near the best, its best candidate is measured for longer and returned.
        """
        is_slow, began = is_slow_to_load(group), self._clock()
        left = self._left() - reserve - self._cost(self._brief)
        finalist = None
        try:
            if self.gave_up or left <= self._longest.get(is_slow, 0.0):
                raise LoadError("not tried: no time is left to load it")
            with self._loading(group, left) as loaded:
                self._note_load(loaded.candidates, began)
                for candidate in loaded.candidates:
                    if candidate in self._outcomes:
                        continue
                    if self._left() - reserve <= self._cost(self._brief):
                        self._refuse([candidate], "not measured: no time is left")
                    else:
                        self._measure(loaded, candidate, self._brief)
                own = choose([self._outcomes[candidate] for candidate in loaded.candidates])
                if (
                    is_slow
                    and own is not None
                    and is_near(own, self._best())
                    and (self._left() - reserve > self._cost(self._long / 3))
                ):
                    # Now, while it is loaded, as loading it again would take too long.
                    finalist = own.candidate
                    self._measure(loaded, finalist, self._long / 3)
        except LoadError as error:
            self._refuse(group, str(error))
        except GivenUp:
            self._refuse(group, f"given up: not loaded within {left:.0f} seconds")
        return finalist

    def _try_slow(self, group: Group) -> None:
        """Measure a group that is slow to load; if near the best, measure the default and the best once more."""
        best = self._best()
        beside = [best.candidate] if best is not None else []
        finalist = self._try(group, self._needed(list({self._default, *beside}), self._long * 2 / 3))
        if finalist is not None and self._measure_again(beside, 1, self._long * 2 / 3):
            self._finals.add(finalist)

    def _measure_again(self, candidates: Sequence[Candidate], turns: int, seconds: float) -> bool:
        """Measure the default again, and as many of these as there is time for.

        Returns whether there was time for the default; irrelevant if that cannot be used.
        """
        chosen: List[Candidate] = []
        if self._default is not None and not self._outcomes[self._default].refusal:
            chosen.append(self._default)
        for candidate in candidates:
            if candidate not in chosen and self._left() > self._needed([*chosen, candidate], seconds):
                chosen.append(candidate)
        if self.gave_up or self._left() <= self._needed(chosen, seconds):
            return False
        if self._left() <= turns * self._needed(chosen, seconds / turns):
            turns = 1
        for _ in range(turns):
            for group in self._grouped(chosen):
                if not self._measure_loaded_anew(group, seconds / turns / len(chosen)):
                    return False
        self._finals.update(chosen)
        return True

    def _measure_loaded_anew(self, group: Group, seconds: float) -> bool:
        """Load a group again and measure it.

        Args:
            group: The group.
            seconds: Per candidate.

        Returns:
            Whether it could be loaded.
        """
        try:
            with self._loading(self._group_of[group[0]], self._left()) as loaded:
                for candidate in group:
                    self._measure(loaded, candidate, seconds)
        except (LoadError, GivenUp):  # it loaded before: keep that result
            return False
        return True

    def _grouped(self, candidates: Sequence[Candidate]) -> Sequence[Group]:
        """Return the candidates grouped by their detector, in order."""
        groups: Dict[int, List[Candidate]] = {}
        for candidate in candidates:
            groups.setdefault(id(self._group_of[candidate]), []).append(candidate)
        return list(groups.values())

    def _note_load(self, candidates: Sequence[Candidate], began: float) -> None:
        seconds, is_slow = self._clock() - began, is_slow_to_load(candidates)
        self._longest[is_slow] = max(seconds, self._longest.get(is_slow, 0.0))
        for candidate in candidates:
            self._load_seconds[candidate] = seconds
            self._group_of[candidate] = candidates

    def _refuse(self, group: Group, refusal: str) -> None:
        for candidate in group:
            self._outcomes[candidate] = self._trials.refuse(candidate, refusal)

    def _measure(self, loaded: LoadedGroup, candidate: Candidate, seconds: float) -> None:
        began = self._clock()
        self._outcomes[candidate] = loaded.measure(candidate, seconds)
        self._overhead = max(self._overhead, self._clock() - began - seconds)

    def _cost(self, seconds: float) -> float:
        """Return the expected duration of a measurement; frames in progress at its end may take long."""
        return seconds + self._overhead

    def _needed(self, candidates: Sequence[Optional[Candidate]], seconds: float) -> float:
        """Return the expected time to load and measure these, for so many seconds in total."""
        loads = sum(self._load_seconds.get(one, 0.0) for one in candidates if one is not None)
        return loads + seconds + len(candidates) * self._overhead

    def _left(self) -> float:
        return self._end - self._clock()
