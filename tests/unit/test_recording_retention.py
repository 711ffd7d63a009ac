"""The rule by which recordings are deleted."""

import pytest

from appliance.recording.retention import (
    EARLIEST,
    LAST_HOUR,
    STABLE_SECONDS,
    Candidate,
    ClockWatch,
    Limits,
    ages,
    choose,
)

DAY = 86400.0
MB = 10**6


def recordings(*days, bytes=300 * MB, is_written=()):
    """The oldest first."""
    return [Candidate(str(age), bytes, None if age is None else age * DAY, age in is_written) for age in days]


def chosen(candidates, days=0.0, keep_gb=0.0, free_gb=0.0, free=10**12, sure=True):
    """Of passes until nothing is left to do, with the disk gaining what is deleted."""
    gone = []
    while True:
        limits = Limits(days * DAY, int(keep_gb * 1000 * MB), int(free_gb * 1000 * MB))
        found = choose(candidates, limits, free, sure)
        if not found:
            return gone
        gone += [one.name for one in found]
        free += sum(one.bytes for one in candidates if one.name in gone[-len(found) :])
        candidates = [one for one in candidates if one.name not in gone]


@pytest.mark.parametrize(
    "limits, written, gone",
    [
        ({}, (), []),
        ({"days": 2.5}, (), ["5", "4", "3"]),
        ({"days": 2.5}, (5,), ["4", "3"]),
        ({"days": 2.5, "sure": False}, (), []),
        ({"keep_gb": 1.5}, (), []),
        ({"keep_gb": 1.0}, (), ["5", "4"]),
        ({"keep_gb": 0.1}, (), ["5", "4", "3", "2", "1"]),
        ({"keep_gb": 1.0}, (5,), ["4", "3"]),
        ({"keep_gb": 0.7, "days": 4.5}, (), ["5", "4", "3"]),
        ({"free_gb": 1.0, "free": 1000 * MB}, (), []),
        ({"free_gb": 1.0, "free": 999 * MB}, (), ["5"]),
        ({"free_gb": 1.0, "free": 100 * MB}, (), ["5", "4", "3"]),
        ({"free_gb": 1.0, "free": 100 * MB}, (5, 4), ["3", "2", "1"]),
        ({"free_gb": 2.0, "free": 100 * MB}, (), []),  # not even all would be enough
    ],
)
def test_the_oldest_go_first_and_never_the_one_being_written(limits, written, gone):
    assert chosen(recordings(5, 4, 3, 2, 1, is_written=written), **limits) == gone


def test_the_last_hour_is_never_deleted():
    hour = LAST_HOUR / DAY
    candidates = recordings(2 * hour, 1.01 * hour, 0.99 * hour, 0.0)
    assert chosen(candidates, days=0.01, keep_gb=0.001, free_gb=1.0, free=990 * MB) == [str(2 * hour), str(1.01 * hour)]


def test_what_has_no_age_goes_by_size_alone():
    assert chosen(recordings(None, 3), days=1) == ["3"]
    assert chosen(recordings(None, 3), keep_gb=0.4) == ["None"]


def test_a_pass_takes_a_tenth_at_most():
    candidates = recordings(*range(100, 0, -1))
    assert len(choose(candidates, Limits(DAY, 1, 0), 0, True)) == 10
    assert len(choose(candidates[:3], Limits(DAY, 1, 0), 0, True)) == 1


NOW = EARLIEST + 1000 * DAY


@pytest.mark.parametrize(
    "ended, expected",
    [
        ([], []),
        ([NOW - 3, NOW - 2], [3, 2]),
        ([0.0, NOW - 2], [None, 2]),  # recorded in 1970, before the network's time came
        ([NOW + 30 * DAY, NOW - 2], [None, 2]),  # recorded while the clock was ahead
        ([NOW - 5, NOW - 50 * DAY, NOW - 2], [5, 5, 2]),  # recorded while it was behind
        ([NOW + 1], [0]),
    ],
)
def test_ages_are_not_believed_against_the_order(ended, expected):
    assert ages(ended, NOW) == expected


def test_a_clock_is_sure_after_ten_minutes_without_a_jump():
    watch = ClockWatch()
    assert not watch.is_sure(NOW, 0.0)
    assert not watch.is_sure(NOW + STABLE_SECONDS - 1, STABLE_SECONDS - 1)
    assert watch.is_sure(NOW + STABLE_SECONDS, STABLE_SECONDS)
    assert not watch.is_sure(NOW + STABLE_SECONDS + 20, STABLE_SECONDS + 10)
    assert watch.is_sure(NOW + 2 * STABLE_SECONDS + 20, 2 * STABLE_SECONDS + 10)


def test_a_clock_in_1970_is_never_sure():
    watch = ClockWatch()
    assert not any(watch.is_sure(float(second), float(second)) for second in range(0, 10000, 10))
