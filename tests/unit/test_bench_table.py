"""What `bench` prints: tables for a terminal, and the original project's; and what it holds its figures against."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from appliance.board import consumption
from appliance.board.consumption import Consumption
from appliance.cli.bench.bars import list_bars
from appliance.cli.bench.parity import compare
from appliance.cli.bench.report import (
    CameraRow,
    EngineRow,
    MachineRow,
    Measurement,
    Report,
    SizeRow,
    StreamRow,
    ViewerRow,
)
from appliance.cli.bench.table import markdown_table, text_table
from appliance.core.frame import Detections

RATE = Measurement(29.96, 60.1, 70.0, 80.0, 330, 110.1, 9.96)
WHOLE = replace(RATE, fps=10.04, cpu_percent=120, watts=7.5)


def size(width, height, fps=29.96):
    return SizeRow(width, height, WHOLE, replace(RATE, fps=31.0), replace(RATE, fps=fps), 0.966, 2.99)


def engine(name, seconds, megabytes):
    return EngineRow(
        seconds, megabytes, name, "CPU", 2, 1, 544, 288, 31.0, 30.0, 0.968,
        compared=40, unmatched=0, score_difference=5e-6, box_difference=1e-6, is_equal=True,
    )  # fmt: skip


MACHINE = MachineRow(
    board="NVIDIA Jetson TX2",
    mode="MAXN",
    cpu="ARMv8",
    cores=6,
    device="CPU",
    python="3.6.9",
    versions={"tensorflow": "1.15.5", "openvino": None},
    model="ssd",
    engine="tensorflow",
    path="fast",
    is_split=True,
    classes=90,
    workers=2,
    batch=1,
)
PARTS = {
    "sizes": [size(160, 120), size(544, 288), size(1280, 720, 24.0)],
    "streams": [
        StreamRow(**vars(RATE), streams=count, width=1280, height=720, to_one=ratio)
        for count, ratio in ((1, 1.0), (2, 1.1), (4, 0.94), (8, 0.9))
    ],
    "visualize": [
        ViewerRow(
            **vars(RATE), visualize=way, width=1280, height=720, to_off=ratio,
            drawn_fps=drawn, seen_fps=drawn, draw_ms=None, encode_ms=None,
        )
        for way, ratio, drawn in (("off", 1.0, 0.0), ("30 fps", 0.95, 29.9), ("all", 0.7, 21.0))
    ],
    "camera": CameraRow(**vars(RATE), camera_fps=30.0, width=1280, height=720, engine_ms=40.0),
    "engines": [engine("openvino", 1.5, 340), engine("tensorflow", 6.1, 901)],
}  # fmt: skip


def report(parts=("sizes",), **machine):
    return Report(replace(MACHINE, **machine), **{part: PARTS[part] for part in parts})


def lines_of(some):
    return text_table(some, list_bars(some))


EVERY = list(PARTS)


@pytest.mark.parametrize(
    "machine, parts, rows",
    [
        (
            {},
            ["sizes"],
            [
                "|30.0|NVIDIA Jetson TX2|160x120|True|False|MAXN|55%|10.0|ssd|90|",
                "|10.0|NVIDIA Jetson TX2|160x120|False|False|MAXN|20%|7.5|ssd|90|",
            ],
        ),
        (
            {"mode": None, "board": "PC", "is_split": False, "cores": 2},
            ["sizes"],
            ["|30.0|PC|160x120|False|False|-|165%|10.0|ssd|90|", "|10.0|PC|160x120|False|False|-|60%|7.5|ssd|90|"],
        ),
        (
            {},
            ["visualize"],
            [
                f"|30.0|NVIDIA Jetson TX2|1280x720|True|{way}|MAXN|55%|10.0|ssd|90|"
                for way in ("False", "True, 30 FPS limit", "True")
            ],
        ),
    ],
)
def test_the_original_projects_table(machine, parts, rows):
    lines = markdown_table(report(parts, **machine))
    assert lines[0] == "|FPS|Machine|Size|Split Model|Visualize|Mode|CPU|Watt|Model|classes|"
    assert len({line.count("|") for line in lines}) == 1
    assert lines[2 : 2 + len(rows)] == rows


def test_the_original_projects_table_has_nobody_looking_once():
    visualize = [line.split("|")[5] for line in markdown_table(report(EVERY))[2:]]
    assert visualize == ["False"] * 6 + ["True, 30 FPS limit", "True"]


def test_a_terminal_gets_every_part_in_100_columns():
    lines = lines_of(report(EVERY))
    assert lines[0] == "NVIDIA Jetson TX2, power mode MAXN: ARMv8, 6 cores; Python 3.6.9, TensorFlow 1.15.5"
    assert lines[1] == "ssd, fast path, tensorflow on the CPU, 2 workers, batch 1"
    assert max(len(line) for line in lines) <= 100
    words = [line.split() for line in lines]
    for row in (
        "1280x720 10.04 31.0 24.0 0.966 2.99 110.1 110.1 110.1".split(),
        ["1280x720", "24.0", "60.1", "70.0", "80.0", "330", "10.0"],
        "1280x720, 8 streams 29.96 0.90 60.1 70.0 80.0 330 10.0".split(),
        "1280x720, one viewer, 30 fps limit (29.9 drawn) 29.96 0.95 60.1 70.0 80.0 330 10.0".split(),
        "1280x720, a camera of 30 fps 29.96 60.1 70.0 80.0 330 10.0".split(),
        "the engine alone, fed by that camera 40.0".split(),
        "openvino 31.0 30.0 0.968 1.5 340 40 5e-06 1e-06".split(),
    ):
        assert row in words, row
    assert "1280x720: loop / whole graph" not in lines
    assert [line for line in lines if "whole graph" in line and "NOT reached" in line]


@pytest.mark.parametrize("part", EVERY)
def test_a_part_stands_alone(part):
    assert max(len(line) for line in lines_of(report([part]))) <= 100


def test_what_was_not_measured_is_a_dash():
    some = report(["streams"])
    some = replace(some, streams=[replace(row, watts=None, latency_ms=None) for row in some.streams])
    assert "1280x720, 1 stream 29.96 1.00 - 70.0 80.0 330 -".split() in [line.split() for line in lines_of(some)]


@pytest.mark.parametrize(
    "what, measured, reached",
    [
        ("544x288: loop / whole graph", 2.99, False),
        ("544x288: loop / engine alone", 0.966, True),
        ("loop at 1280x720 / at 160x120", 0.801, False),
        ("1280x720: one viewer, all pictures / no viewer", 0.7, False),
        ("1280x720: one viewer, 30 fps / no viewer", 0.95, True),
        ("1280x720: four streams together / one", 0.94, False),
        ("camera: median to the result (1.5 x engine + 2 ms)", 60.1, True),
        ("openvino: first detection after", 1.5, True),
        ("tensorflow: first detection after", 6.1, False),
        ("openvino: memory", 340, True),
        ("tensorflow: memory", 901, False),
        ("openvino: largest difference to the whole graph", 5e-6, True),
        ("openvino: found by one of them only", 0, True),
    ],
)
def test_every_bar_is_held_against_its_figure(what, measured, reached):
    bars = {bar.what: bar for bar in list_bars(report(EVERY))}
    assert (bars[what].measured, bars[what].reached) == (pytest.approx(measured), reached)


@pytest.mark.parametrize(
    "compared, unmatched, reached",
    [
        (40, 1, {"largest difference to the whole graph": True, "found by one of them only": False}),
        (0, 3, {"found by one of them only": False}),  # the whole graph found nothing, the engine did
        (0, 0, {}),
    ],
)
def test_what_an_engine_finds_is_held_against_the_graph_whole(compared, unmatched, reached):
    row = replace(engine("openvino", 1.5, 340), compared=compared, unmatched=unmatched)
    bars = list_bars(Report(MACHINE, engines=[row]))
    assert {bar.what.split(": ")[1]: bar.reached for bar in bars[2:]} == reached


def test_a_gpu_has_bars_of_its_own():
    bars = {bar.what: bar for bar in list_bars(report(["streams"], device="GPU"))}
    assert bars["1280x720: one stream"].at_least == 900 and not bars["1280x720: one stream"].reached
    assert bars["1280x720: eight streams"].at_least == 4000
    assert not [bar for bar in list_bars(report(["streams"])) if "one stream" in bar.what]


def test_as_json_it_has_the_parts_that_were_measured_with_the_versions_beside_the_machines_facts():
    some = report(["streams", "camera"])
    found = some.as_json(list_bars(some))
    assert set(found) == {"machine", "streams", "camera", "bars"}
    assert found["machine"]["tensorflow"] == "1.15.5" and found["machine"]["openvino"] is None
    assert "versions" not in found["machine"] and found["machine"]["cores"] == 6
    assert found["streams"][1] == dict(vars(RATE), streams=2, width=1280, height=720, to_one=1.1)
    assert found["bars"][0] == {
        "what": "1280x720: four streams together / one",
        "measured": 0.94,
        "at_least": 0.95,
        "at_most": None,
        "unit": "",
        "reached": False,
    }


def found(*rows):
    """Rows of (class, score, x_min)."""
    boxes = [[x, 10, x + 50, 60] for _, _, x in rows]
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array([row[1] for row in rows], np.float32),
        np.array([row[0] for row in rows], np.int32),
    )


@pytest.mark.parametrize(
    "given, unmatched, score, box, is_equal",
    [
        ([(1, 0.9, 0), (1, 0.9, 100), (2, 0.50005, 0)], 0, 0, 0, True),
        ([(1, 0.9, 100), (1, 0.9, 0), (2, 0.50005, 0)], 0, 0, 0, True),  # the same score, in another order
        ([(1, 0.9, 0), (1, 0.9, 100)], 0, 0, 0, True),  # at the threshold
        ([(1, 0.9, 0), (1, 0.8999, 100.02)], 0, 1e-4, 1e-4, False),
        ([(1, 0.9, 0), (1, 0.9, 110)], 0, 0, 0.05, False),
        ([(1, 0.9, 0)], 1, 0, 0, False),
        ([(1, 0.9, 0), (3, 0.9, 100)], 2, 0, 0, False),
        ([(1, 0.9, 0), (1, 0.9, 100), (1, 0.51, 0)], 1, 0, 0, False),
    ],
)
def test_two_detectors_are_compared(given, unmatched, score, box, is_equal):
    image = np.zeros((100, 200, 3), np.uint8)
    expected = found((1, 0.9, 0), (1, 0.9, 100), (2, 0.50005, 0))
    agreement = compare([expected], [found(*given)], [image], 0.5)
    assert agreement.detections == 3 and agreement.unmatched == unmatched
    assert (agreement.score, agreement.box) == (pytest.approx(score, abs=1e-6), pytest.approx(box, abs=1e-6))
    assert agreement.is_same == is_equal


class FakeReadings:
    """Gives these totals, one a read; then the last for ever, and says so."""

    def __init__(self, *totals):
        self.totals, self.all_read = list(totals), threading.Event()

    def read(self):
        total = self.totals.pop(0) if self.totals else None
        if not self.totals:
            self.all_read.set()
        return {"power": {"total": total}} if total is not None else {}


@pytest.mark.parametrize("totals, watts", [((99.0, 4.0, 8.0), 6.0), ((None, None, None), None)])
def test_consumption_is_the_mean_after_the_first_look(monkeypatch, totals, watts):
    monkeypatch.setattr(consumption, "SAMPLE_SECONDS", 0.001)
    readings = FakeReadings(*totals)
    with Consumption(readings) as consumed:
        assert readings.all_read.wait(60)
    assert consumed.watts == watts
