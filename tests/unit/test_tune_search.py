"""What `tune` measures, when, and what it keeps: with a pretended clock, on pretended machines."""

import contextlib
import dataclasses
import random

import pytest

from appliance.cli.tune.candidates import DEFAULT, Candidate, SearchSpace, TrialResult
from appliance.cli.tune.search import GivenUp, LoadedGroup, LoadError, Search, Trials

WHOLE = 175.0
PC_WITH_GPU = SearchSpace(["tensorflow"], "fast", 16, True, True)
ON_GPU = Candidate("tensorflow", 8, 32, False)


class Machine(Trials):
    """fps: of a candidate, a function. loads: seconds that a group takes to load, a function of its largest candidate.

    refusals: of candidates that find something else. slowness: seconds that each measurement takes longer than asked.
    """

    def __init__(self, default, fps, loads, refusals=(), slowness=0.3):
        self.default, self.fps, self.loads, self.refusals, self.slowness = default, fps, loads, refusals, slowness
        self.now, self.measured, self.told, self.is_busy = 0.0, [], {}, False
        self.frames = {}

    def clock(self):
        return self.now

    @contextlib.contextmanager
    def load(self, group, seconds):
        assert not self.is_busy, "something else is being loaded: nothing can be measured"
        group = [self.default] if group == DEFAULT else group
        needed = self.loads(max(group, key=lambda one: one.batch))
        if isinstance(needed, str):
            self.now += 1
            raise LoadError(needed)
        self.now += min(needed, seconds)
        if needed > seconds:
            self.is_busy = True
            raise GivenUp
        loaded = LoadedGroup()
        loaded.candidates = list(group)
        loaded.measure = self.measure
        yield loaded

    def measure(self, candidate, seconds):
        self.now += seconds + self.slowness
        frames, spent = self.frames.get(candidate, (0.0, 0.0))
        frames, spent = self.frames[candidate] = frames + self.fps(candidate) * seconds, spent + seconds
        self.measured.append((candidate, seconds))
        return TrialResult(
            candidate, frames / spent, 1 / self.fps(candidate), "differs" if candidate in self.refusals else ""
        )

    def refuse(self, candidate, refusal):
        self.told[candidate] = refusal
        return TrialResult(candidate, refusal=refusal)

    def search(self, place, seconds=20.0):
        return Search(self, place, seconds, WHOLE, self.clock)


def gpu_fps(xla_gain=0.73):
    """Of an H200 with eight streams, as measured; XLA looks good with few frames together."""
    plain = {32: 4531, 16: 3802, 4: 1500, 1: 520}

    def fps(candidate):
        rate = plain[candidate.batch] * (1.0 if candidate.worker_threads == 8 else 0.9)
        if candidate.exact:
            return 100.0
        return rate * (xla_gain if candidate.batch > 4 else 1.9) if candidate.xla else rate

    return fps


def gpu_loads(xla=20.0):
    """Seconds: XLA compiles for each size of array."""
    return lambda candidate: {32: 4, 16: 3, 4: 2, 1: 1}[candidate.batch] * xla if candidate.xla else 3.5


def longest(machine):
    """What was measured for longer, in order."""
    least = min(seconds for _, seconds in machine.measured)
    return [candidate for candidate, seconds in machine.measured if seconds > 1.5 * least]


def test_the_default_stays_where_xla_only_looks_faster_with_few_frames_together():
    machine = Machine(ON_GPU, gpu_fps(), gpu_loads())
    search = machine.search(PC_WITH_GPU)
    assert search.run().candidate == ON_GPU
    tried = {(one.xla, one.batch) for one, _ in machine.measured if not one.exact}
    assert tried >= {(xla, batch) for xla in (False, True) for batch in (32, 16, 4)}
    assert ON_GPU in longest(machine)
    assert machine.now <= 180


def test_xla_is_kept_where_it_is_faster_and_the_default_was_measured_after_it():
    machine = Machine(ON_GPU, gpu_fps(1.4), gpu_loads())
    best = machine.search(PC_WITH_GPU).run().candidate
    assert best == dataclasses.replace(ON_GPU, xla=True)
    order = [one for one, _ in machine.measured]
    assert max(i for i, one in enumerate(order) if one == ON_GPU) > order.index(best)
    assert longest(machine)[-2:] == [best, ON_GPU]
    assert machine.now <= 180


@pytest.mark.parametrize("xla", [35.0, 100.0, 10000.0])
def test_a_load_that_does_not_fit_is_given_up_and_told(xla):
    machine = Machine(ON_GPU, gpu_fps(1.4), gpu_loads(xla))
    search = machine.search(PC_WITH_GPU)
    best = search.run().candidate
    assert not best.xla and best == ON_GPU
    assert search.gave_up
    assert machine.now <= 180
    assert any("given up: not loaded within " in said for said in machine.told.values())
    one_at_a_time = Candidate("tensorflow", 1, 1, True)
    assert machine.told[one_at_a_time] == "not tried: no time is left to load it"


def test_a_default_that_does_not_load_in_the_time_is_an_error():
    machine = Machine(ON_GPU, gpu_fps(), lambda candidate: 1000.0)
    with pytest.raises(GivenUp):
        machine.search(PC_WITH_GPU).run()
    assert machine.now <= 180


def test_a_default_that_cannot_be_loaded_or_finds_something_else_leaves_the_others():
    def loads(candidate):
        return "no memory" if candidate == ON_GPU else gpu_loads()(candidate)

    others = dataclasses.replace(ON_GPU, worker_threads=4)
    fixed = dataclasses.replace(PC_WITH_GPU, fixed={"worker_threads": 4})
    assert Machine(ON_GPU, gpu_fps(), loads).search(fixed).run().candidate == others
    machine = Machine(ON_GPU, gpu_fps(), gpu_loads(), refusals=[ON_GPU])
    assert machine.search(PC_WITH_GPU).run().candidate == dataclasses.replace(others, worker_threads=2)
    nothing = Machine(ON_GPU, gpu_fps(), lambda candidate: "no driver")
    search = nothing.search(PC_WITH_GPU)
    assert search.run() is None
    assert {one.refusal for one in search.outcomes} == {"no driver"}


@pytest.mark.parametrize("second", ["no memory", 1000.0])
def test_where_nothing_can_be_loaded_again_the_default_stays(second):
    loads = iter([3.0] * 3)  # the default, and both groups without XLA
    fixed = dataclasses.replace(PC_WITH_GPU, fixed={"xla": False})
    machine = Machine(
        ON_GPU,
        lambda one: 900.0 if one.exact else 1000.0 / one.batch,
        lambda one: 3.0 if one.exact else next(loads, second),
    )
    assert machine.search(fixed).run().candidate == ON_GPU
    assert machine.now <= 180


def test_on_a_processor_the_best_take_turns_with_the_default():
    default = Candidate("openvino", 2)
    speeds = {("openvino", 2): 30.0, ("openvino", 1): 31.0, ("tensorflow", 2): 18.0, ("tensorflow", 1): 15.0}
    machine = Machine(
        default, lambda one: 10.0 if one.exact else speeds[one.engine, one.worker_threads], lambda one: 2.0
    )
    place = SearchSpace(["tensorflow", "openvino"], "fast", 2, False, True)
    assert machine.search(place).run().candidate == Candidate("openvino", 1)
    assert longest(machine) == [default, Candidate("openvino", 1)] * 2
    assert [one for one, _ in machine.measured].count(default) == 3


def test_a_model_that_takes_minutes_a_frame_is_not_tried_in_every_way():
    place = SearchSpace(["tensorflow"], "exact", 8, False, True)
    machine = Machine(Candidate("tensorflow", 8), lambda one: 0.1, lambda one: 20.0, slowness=20.0)
    assert machine.search(place).run().candidate.worker_threads in (1, 2, 4, 8)
    assert machine.now <= 180
    assert "not tried: no time is left to load it" in machine.told.values()


@pytest.mark.parametrize("seed", range(200))
def test_nothing_slower_than_the_default_is_kept_and_it_ends_in_time_whatever_a_machine_is(seed):
    dice = random.Random(seed)
    speeds, loads = {}, {}

    def fps(candidate):
        base = speeds.setdefault(candidate, dice.uniform(500, 5000))
        return base * dice.uniform(0.9, 1.1)

    def load(candidate):
        key = candidate.engine, candidate.xla, candidate.batch
        return loads.setdefault(key, dice.choice([1, 5, 20, 60, 200, "no memory"]) if candidate != ON_GPU else 5)

    machine = Machine(ON_GPU, fps, load, slowness=dice.choice([0.3, 0.3, 3.0, 12.0]))
    search = machine.search(PC_WITH_GPU, dice.choice([1.0, 20.0, 60.0]))
    best = search.run()
    figures = {one.candidate: one.fps for one in search.outcomes}
    assert best.fps >= figures[ON_GPU]
    assert machine.now <= 180
    assert best.candidate == ON_GPU or {best.candidate, ON_GPU} <= set(longest(machine))
    order = [one for one, _ in machine.measured]
    if best.candidate.xla:
        assert ON_GPU in order[order.index(best.candidate) :], "the default is measured beside it"
