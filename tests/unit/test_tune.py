"""How `tune` chooses: what it tries, what it compares, which it keeps."""

import threading
from typing import List, Tuple

import numpy as np
import pytest

from appliance.cli.bench.parity import compare
from appliance.cli.tune import trial
from appliance.cli.tune.candidates import (
    DEFAULT,
    Candidate,
    SearchSpace,
    TrialResult,
    candidate_groups,
    choose,
    finalists,
    has_batches,
)
from appliance.cli.tune.report import Row, table
from appliance.cli.tune.run import nothing_to_keep
from appliance.cli.tune.search import GivenUp, LoadError
from appliance.cli.tune.trial import Trial
from appliance.core.detector import Detector
from appliance.core.errors import ModelError
from appliance.core.frame import Detections, Segmentation
from appliance.detectors.plan import ModelOptions
from appliance.zoo.store import InstalledModel


def tried(groups):
    return [[str(candidate) for candidate in group] for group in groups]


@pytest.mark.parametrize(
    "place, expected",
    [
        (
            SearchSpace(["tensorflow", "openvino"], "fast", 2, False, True),
            [
                ["tensorflow, 1 worker"],
                ["tensorflow, 2 workers"],
                ["openvino, 1 worker"],
                ["openvino, 2 workers"],
                ["tensorflow, 2 workers, exact"],
            ],
        ),
        (
            SearchSpace(["tensorflow"], "exact", 16, False, True),
            [
                ["tensorflow, 1 worker"],
                ["tensorflow, 4 workers"],
                ["tensorflow, 8 workers"],
                ["tensorflow, 16 workers"],
            ],
        ),
        (
            SearchSpace(["tensorflow", "openvino"], "fast", 4, False, True, {"worker_threads": 3}),
            [["tensorflow, 3 workers"], ["openvino, 3 workers"], ["tensorflow, 3 workers, exact"]],
        ),
        (
            SearchSpace(["openvino"], "fast", 2, False, True, {"engine": "openvino"}),
            [["openvino, 1 worker"], ["openvino, 2 workers"]],
        ),
        # On a GPU one loaded detector stands for every number of workers, and for smaller batches.
        (
            SearchSpace(["tensorflow", "openvino", "tensorrt"], "fast", 6, True, True),
            [
                [
                    "tensorflow, 2 workers, batch 32",
                    "tensorflow, 4 workers, batch 32",
                    "tensorflow, 8 workers, batch 32",
                    "tensorflow, 2 workers, batch 16",
                    "tensorflow, 4 workers, batch 16",
                    "tensorflow, 8 workers, batch 16",
                    "tensorflow, 2 workers, batch 4",
                    "tensorflow, 4 workers, batch 4",
                    "tensorflow, 8 workers, batch 4",
                ],
                ["tensorflow, 1 worker", "tensorflow, 2 workers", "tensorflow, 4 workers"],
                [
                    "tensorflow, 2 workers, batch 32, XLA",
                    "tensorflow, 4 workers, batch 32, XLA",
                    "tensorflow, 8 workers, batch 32, XLA",
                    "tensorflow, 2 workers, batch 16, XLA",
                    "tensorflow, 4 workers, batch 16, XLA",
                    "tensorflow, 8 workers, batch 16, XLA",
                    "tensorflow, 2 workers, batch 4, XLA",
                    "tensorflow, 4 workers, batch 4, XLA",
                    "tensorflow, 8 workers, batch 4, XLA",
                ],
                ["tensorflow, 1 worker, XLA", "tensorflow, 2 workers, XLA", "tensorflow, 4 workers, XLA"],
                ["openvino, 6 workers"],
                ["tensorrt, 1 worker", "tensorrt, 2 workers", "tensorrt, 4 workers"],
                ["tensorflow, 8 workers, exact"],
            ],
        ),
        (
            SearchSpace(["tensorflow"], "whole", 4, True, True, {"xla": False, "batch": 2}),
            [["tensorflow, 1 worker, batch 2", "tensorflow, 2 workers, batch 2"]],
        ),
        (
            SearchSpace(["tensorflow"], "fast", 16, True, True, {"xla": False, "batch": 8, "worker_threads": 3}),
            [["tensorflow, 3 workers, batch 8"], ["tensorflow, 3 workers, exact"]],
        ),
        (SearchSpace(["tensorflow"], "whole", 16, False, True), [["tensorflow, 1 worker"], ["tensorflow, 2 workers"]]),
        # Other processors are too slow beside a GPU to fill its batches.
        (
            SearchSpace(["tensorflow"], "fast", 4, True, False, {"xla": False}),
            [
                ["tensorflow, 1 worker", "tensorflow, 2 workers", "tensorflow, 4 workers"],
                ["tensorflow, 4 workers, exact"],
            ],
        ),
    ],
)
def test_what_is_tried(place, expected):
    assert tried(candidate_groups(place)) == expected


@pytest.mark.parametrize(
    "place, together",
    [
        (SearchSpace(["tensorflow"], "fast", 8, True, True), True),
        (SearchSpace(["tensorflow"], "fast", 8, False, True), False),
        (SearchSpace(["tensorflow"], "fast", 8, True, False), False),
        (SearchSpace(["tensorflow"], "exact", 8, True, True), False),
        (SearchSpace(["tensorrt"], "fast", 8, True, True), False),
    ],
)
def test_several_streams_are_measured_where_frames_can_go_together(place, together):
    assert has_batches(place) is together


def outcome(fps, latency=0.02, workers=2, refusal="", **fields):
    return TrialResult(Candidate(fields.pop("engine", "tensorflow"), workers, **fields), fps, latency, refusal)


@pytest.mark.parametrize(
    "outcomes, best",
    [
        ([outcome(20), outcome(30, workers=4), outcome(25, workers=1)], 1),
        ([outcome(30, 0.04, workers=4), outcome(29.5, 0.02)], 1),  # about as many frames, less latency
        ([outcome(30, 0.0201, workers=4), outcome(29.5, 0.02, workers=2), outcome(29.9, 0.0199, workers=8)], 1),
        ([outcome(30, 0.04, workers=4), outcome(28, 0.02)], 0),  # fewer frames
        ([outcome(30, xla=True), outcome(29.9, xla=False)], 1),
        ([outcome(90, refusal="differs"), outcome(3)], 1),
        ([outcome(90, refusal="differs")], None),
        ([outcome(90, exact=True), outcome(3)], 1),
        ([outcome(90, refusal="differs"), outcome(3, exact=True)], None),  # no run takes it unasked
        ([], None),
        # The first is the default, which nothing slower may replace, not even for a lower latency.
        ([outcome(30, 0.04, workers=8), outcome(29.5, 0.02), outcome(30.5, 0.03)], 2),
        ([outcome(30, 0.04, workers=8), outcome(29.5, 0.02)], 0),
        ([outcome(30, 0.04, workers=8, refusal="differs"), outcome(29.5, 0.02)], 1),
    ],
)
def test_the_best_is_chosen(outcomes, best):
    default = outcomes[0].candidate if outcomes and outcomes[0].candidate.worker_threads == 8 else None
    assert choose(outcomes, default) == (None if best is None else outcomes[best])


@pytest.mark.parametrize(
    "exact, said",
    [
        (
            outcome(3, exact=True),
            "cats: only the exact path can be used here. Set `exact: true`, and tune again.\n"
            "tensorflow, 2 workers: differs",
        ),
        (
            outcome(0, exact=True, refusal="no memory"),
            "cats cannot be run in any way that was tried:\n"
            "tensorflow, 2 workers: differs\ntensorflow, 2 workers, exact: no memory",
        ),
    ],
)
def test_where_nothing_can_be_kept_it_says_why_and_what_to_do(exact, said):
    outcomes = [outcome(90, refusal="differs"), exact]
    assert choose(outcomes) is None and str(nothing_to_keep("cats", outcomes)) == said


@pytest.mark.parametrize(
    "outcomes, again",
    [
        ([outcome(20), outcome(30, workers=4), outcome(25, workers=1)], [1, 2]),  # 20 is hopeless
        ([outcome(27), outcome(30, workers=4), outcome(28, workers=1), outcome(29, workers=8)], [1, 3, 2]),
        (
            [outcome(30, exact=True), outcome(29), outcome(28, workers=1), outcome(31, workers=8, refusal="differs")],
            [1, 2],
        ),
        ([outcome(30), outcome(20, workers=1)], [0]),
        ([], []),
    ],
)
def test_only_those_near_the_best_are_measured_again(outcomes, again):
    assert finalists(outcomes) == [outcomes[index].candidate for index in again]


def found(*rows, masks=None):
    boxes = np.array([row[2:] for row in rows], np.float32).reshape(-1, 4)
    return Detections(
        boxes, np.array([row[1] for row in rows], np.float32), np.array([row[0] for row in rows], np.int32), masks
    )


CAT, DOG = (17, 0.9, 10, 10, 50, 50), (18, 0.7, 100, 100, 300, 200)


@pytest.mark.parametrize(
    "one, other, same",
    [
        (found(), found(), True),
        (found(CAT, DOG), found(CAT, DOG), True),
        (found(CAT, DOG), found(DOG, CAT), True),
        (found((17, 0.90005, 10, 10, 50.02, 50)), found(CAT), True),
        (found((17, 0.9002, 10, 10, 50, 50)), found(CAT), False),
        (found((17, 0.9, 10, 10, 50.5, 50)), found(CAT), False),
        (found((18, 0.9, 10, 10, 50, 50)), found(CAT), False),
        (found(CAT), found(CAT, DOG), False),
        (found(CAT, DOG), found(CAT), False),
        (found(CAT, (18, 0.50005, 1, 1, 9, 9)), found(CAT), True),  # on the threshold
        (found(CAT, (18, 0.3, 1, 1, 9, 9)), found(CAT), True),  # below it
        (found(CAT, masks=np.ones((1, 4, 4), bool)), found(CAT, masks=np.ones((1, 4, 4), bool)), True),
        (found(CAT, masks=np.ones((1, 4, 4), bool)), found(CAT, masks=np.zeros((1, 4, 4), bool)), False),
        (Segmentation(np.ones((9, 9), np.uint8)), Segmentation(np.ones((9, 9), np.uint8)), True),
        (Segmentation(np.ones((9, 9), np.uint8)), Segmentation(np.zeros((9, 9), np.uint8)), False),
    ],
)
def test_what_counts_as_the_same_detections(one, other, same):
    image = np.zeros((480, 640, 3), np.uint8)
    assert compare([one], [other], [image], 0.5).is_same is same
    assert compare([other], [one], [image], 0.5).is_same is same


class Pretended(Detector):
    """Finds a cat at once; with XLA it finds it elsewhere. Knows what is loaded."""

    loaded = 0
    most_loaded = 0
    asked: List[Tuple[int, int]] = []

    def __init__(self, options):
        if options.engine.engine == "tensorrt":
            raise ModelError("TensorRT is not here.")
        Pretended.loaded += 1
        Pretended.most_loaded = max(Pretended.loaded, Pretended.most_loaded)
        Pretended.asked.append((options.worker_threads, options.batch))
        self.labels, self.path, self.engine, self.device = {}, "fast", options.engine.engine, "GPU"
        self.workers, self.batch = options.worker_threads or 1, min(2, max(1, options.batch))
        self._found = found((17, 0.9, 20, 10, 50, 50) if options.xla else CAT)

    def front(self, image):
        return []

    def back(self, raw, width, height):
        return self._found

    def close(self):
        Pretended.loaded -= 1


def test_one_is_loaded_at_a_time_and_what_goes_wrong_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(trial, "load_detector", lambda path, name, labels, options: Pretended(options))
    monkeypatch.setattr(Pretended, "asked", [])
    place = SearchSpace(["tensorflow", "tensorrt"], "fast", 4, True, True)
    images = [np.zeros((24, 32, 3), np.uint8)] * 5
    measured = Trial(InstalledModel("cats", tmp_path, {}), ModelOptions(batch=32), images, place)
    outcomes = []
    for group in [DEFAULT, *candidate_groups(place)]:
        try:
            with measured.load(group, 60) as loaded:
                outcomes += [loaded.measure(candidate, 0.03) for candidate in loaded.candidates]
        except LoadError as error:
            outcomes += [measured.refuse(candidate, str(error)) for candidate in group]
    assert (Pretended.loaded, Pretended.most_loaded) == (0, 1)
    # The whole graph; the default; with batches and one at a time, without and with XLA; and the exact path.
    assert Pretended.asked == [(0, 1), (0, 32), (8, 32), (4, 1), (8, 32), (4, 1), (8, 1)]
    assert outcomes[0].candidate == Candidate("tensorflow", 1, 2, False), "what the default came to"
    for one in outcomes:
        if one.candidate.engine == "tensorrt":
            assert one.refusal == "TensorRT is not here."
            continue
        assert one.candidate.batch in (1, 2), "it is what the detector takes"
        if one.candidate.xla:
            assert one.refusal == "finds something else than the whole graph: never taken" and one.fps > 0
        else:
            assert one.refusal == "" and one.fps > 0 and one.latency > 0
    best = choose(outcomes)
    assert not best.candidate.xla and best.candidate.engine == "tensorflow"
    assert len(measured.rows()) == len({one.candidate for one in outcomes})


def test_a_load_that_takes_too_long_is_left_to_itself(monkeypatch, tmp_path):
    go_on = threading.Event()
    monkeypatch.setattr(trial, "load_detector", lambda path, name, labels, options: Pretended(options))
    place = SearchSpace(["tensorflow"], "fast", 4, False, True)
    measured = Trial(InstalledModel("cats", tmp_path, {}), ModelOptions(), [np.zeros((24, 32, 3), np.uint8)], place)
    assert not trial.is_loading()
    monkeypatch.setattr(trial, "load_detector", lambda *arguments: go_on.wait())
    try:
        with pytest.raises(GivenUp), measured.load(DEFAULT, 0.01):
            pass
        assert trial.is_loading()
    finally:
        go_on.set()
    for thread in threading.enumerate():
        if thread.name == trial.LOADING:
            thread.join()


def test_the_table_marks_what_is_kept_and_tells_what_is_not_taken():
    lines = table(
        [
            Row(TrialResult(Candidate("tensorflow", 2, xla=True), 99.0, 0.01, "differs"), 1, "fast", 2, 4.0, 0.3),
            Row(TrialResult(Candidate("tensorflow", 1, 16, False), 80.25, 0.0125), 8, "fast", 1, 2.0, 12.0, True),
            Row(TrialResult(Candidate("openvino", 2), 31.5, 0.05), 1, "fast", 2, 1.0, 6.0),
            Row(TrialResult(Candidate("tensorrt", 2), refusal="It is not here."), 1),
        ]
    )
    heading, *rows = [line.split() for line in lines]
    assert heading == [
        "engine",
        "path",
        "workers",
        "batch",
        "XLA",
        "streams",
        "fps",
        "latency",
        "ms",
        "load",
        "s",
        "measured",
        "s",
        "note",
    ]
    assert rows == [
        ["openvino", "fast", "2", "1", "-", "1", "31.5", "50.0", "1.0", "6.0"],
        ["tensorflow", "fast", "2", "1", "on", "1", "99.0", "10.0", "4.0", "0.3", "differs"],
        ["tensorrt", "-", "2", "1", "-", "1", "-", "-", "-", "-", "It", "is", "not", "here."],
        ["*", "tensorflow", "fast", "1", "16", "off", "8", "80.2", "12.5", "2.0", "12.0", "kept"],
    ]
