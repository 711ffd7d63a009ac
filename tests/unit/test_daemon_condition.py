"""The state of a stream, and of the whole, by what arrives."""

import dataclasses

import pytest

from appliance.contract.states import APPLIANCE_STATES, STREAM_STATES
from appliance.core.frame import Arrivals
from appliance.daemon.condition import appliance_condition, stream_condition

NOW = 1000.0
GOOD = Arrivals(last_frame=NOW - 0.1, last_result=NOW - 0.1, waiting_since=NOW - 0.04, source_fps=25.0, result_fps=24.0)


def state(arrivals=GOOD, opened_at=900.0, model_since=900.0, **more):
    return stream_condition(NOW, opened_at, model_since, arrivals, 10.0, **more)


@pytest.mark.parametrize(
    "arrivals, more, expected, words",
    [
        (GOOD, {}, "live", None),
        (Arrivals(), {"opened_at": NOW - 3}, "starting", None),
        (Arrivals(), {"opened_at": NOW - 300}, "no_frames", "no frame came since the source was opened 300 s ago"),
        (dataclasses.replace(GOOD, last_frame=NOW - 4), {}, "live", None),
        (dataclasses.replace(GOOD, last_frame=NOW - 8), {}, "no_frames", "no frame for 8 s"),
        (
            dataclasses.replace(GOOD, last_frame=NOW - 8, source_fps=0.0, result_fps=0.0),
            {"declared_fps": 0.25},
            "live",
            None,
        ),
        (GOOD, {"source_problem": "it broke"}, "lost", "it broke"),
        (GOOD, {"failure": "no such device", "source_problem": "it broke"}, "failed", "no such device"),
        (GOOD, {"model": "loading"}, "starting", None),
        (GOOD, {"model": "no_model"}, "no_results", "no model is loaded: frames come, and nothing is detected"),
        (
            dataclasses.replace(GOOD, last_frame=None, last_result=None),
            {"model": "no_model", "source_problem": "x"},
            "lost",
            "x",
        ),
        (
            dataclasses.replace(GOOD, last_result=None, result_fps=0.0),
            {"model_since": NOW - 2, "stalled_for": 2.0},
            "starting",
            None,
        ),
        (
            dataclasses.replace(GOOD, last_result=None),
            {"stalled_for": 60.0},
            "no_results",
            "frames come, and no result for 60 s",
        ),
        (GOOD, {"stalled_for": 4.0}, "live", None),
        (GOOD, {"stalled_for": 6.0}, "no_results", "frames come, and no result for 6 s"),
        (
            dataclasses.replace(GOOD, result_fps=0.08),
            {"stalled_for": 20.0, "slowest": 12.0},
            "slow",
            "it takes 0.1 of 25",
        ),
        (
            dataclasses.replace(GOOD, waiting_since=NOW - 60, result_fps=0.08),
            {"slowest": 12.0},
            "slow",
            "it takes 0.1 of 25",
        ),
        (GOOD, {"stalled_for": 25.0, "slowest": 12.0}, "no_results", "no result for 25 s"),
        (
            dataclasses.replace(GOOD, waiting_since=NOW - 20, result_fps=0.05),
            {},
            "slow",
            "it takes 0.1 of 25 frames a second",
        ),
        (dataclasses.replace(GOOD, waiting_since=NOW - 31, result_fps=0.0), {}, "no_results", "no result for 31 s"),
        (
            dataclasses.replace(GOOD, result_fps=3.0),
            {},
            "slow",
            "this machine is too slow for the model: it takes 3.0 of 25 frames",
        ),
        (dataclasses.replace(GOOD, result_fps=3.0), {"model_since": NOW - 1}, "live", None),
        (dataclasses.replace(GOOD, result_fps=13.0), {}, "live", None),
        (dataclasses.replace(GOOD, result_fps=13.0), {"before": "slow"}, "slow", "13 of 25"),
        (dataclasses.replace(GOOD, result_fps=16.0), {"before": "slow"}, "live", None),
    ],
)
def test_a_stream_is_what_arrives(arrivals, more, expected, words):
    found = state(arrivals, **more)
    assert found.state == expected and found.state in STREAM_STATES
    assert found.problem == words or words in found.problem


@pytest.mark.parametrize(
    "model, streams, expected",
    [
        ("live", ["live", "live"], ("running", True)),
        ("live", ["live", "slow"], ("slow", True)),
        ("live", ["live", "lost"], ("degraded", True)),
        ("live", ["slow", "no_frames"], ("degraded", True)),
        ("live", ["live", "starting"], ("running", True)),
        ("live", ["live", "no_results"], ("no_results", False)),
        ("live", ["lost", "failed"], ("not_live", False)),
        ("live", ["lost", "starting"], ("starting", False)),
        ("live", [], ("starting", False)),
        ("loading", ["starting"], ("loading", False)),
        ("no_model", ["no_results"], ("no_model", False)),
    ],
)
def test_the_whole_is_ready_where_it_detects(model, streams, expected):
    found = appliance_condition(model, streams)
    assert found == expected and found[0] in APPLIANCE_STATES
