"""What `bench` prints: the table for a terminal, and the original project's."""

import threading

import pytest

from appliance.bench_table import markdown_table, text_table
from appliance.board import consumption
from appliance.board.consumption import Consumption

SIZE = {
    "width": 160, "height": 120, "whole_fps": 10.04, "engine_fps": 31.0, "loop_fps": 29.96, "loop_to_engine": 0.966,
    "loop_to_whole": 2.99, "loop_latency_ms": 60.1, "whole_cpu_percent": 120, "loop_cpu_percent": 330,
    "whole_watts": 7.5, "loop_watts": 9.96}
MACHINE = {
    "board": "NVIDIA Jetson TX2", "mode": "MAXN", "cpu": "ARMv8", "cores": 6, "device": "GPU", "python": "3.6.9",
    "tensorflow": "1.15.5", "model": "ssd", "path": "fast", "is_split": True, "classes": 90, "workers": 2}


def report(**machine):
    size = dict(SIZE, loop_watts=None, whole_watts=None) if machine.get("mode", 1) is None else SIZE
    return {"machine": dict(MACHINE, **machine), "sizes": [size],
            "alone": {"first_detection_s": 5.0, "peak_memory_mb": 800}}


@pytest.mark.parametrize("machine, rows", [
    ({}, ["|30.0|NVIDIA Jetson TX2|160x120|True|False|MAXN|55%|10.0|ssd|90|",
          "|10.0|NVIDIA Jetson TX2|160x120|False|False|MAXN|20%|7.5|ssd|90|"]),
    ({"mode": None, "board": "PC", "is_split": False, "cores": 2},
     ["|30.0|PC|160x120|False|False|-|165%|-|ssd|90|", "|10.0|PC|160x120|False|False|-|60%|-|ssd|90|"]),
])
def test_the_original_projects_table(machine, rows):
    lines = markdown_table(report(**machine))
    assert lines[0] == "|FPS|Machine|Size|Split Model|Visualize|Mode|CPU|Watt|Model|classes|"
    assert len({line.count("|") for line in lines}) == 1
    assert lines[2:] == rows


def test_a_terminal_gets_columns_and_the_power_mode():
    lines = text_table(report())
    assert lines[0].startswith("NVIDIA Jetson TX2, power mode MAXN: ARMv8, 6 cores, front on GPU")
    assert lines[3].split()[-3:] == ["CPU", "%", "W"] and lines[4].split()[-2:] == ["330", "10.0"]
    assert len(lines[3]) == len(lines[4])
    assert text_table(report(mode=None))[4].split()[-1] == "-"


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
