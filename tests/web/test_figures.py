"""The figures: half an hour of history for the charts, and what Prometheus gets."""

from dataclasses import replace

import pytest

from appliance.board.telemetry import Telemetry
from appliance.contract.codec import encode
from appliance.contract.events import LineTotals, Statistics, StreamCounts
from tests.waiting import wait_until
from tests.web import messages
from tests.web.conftest import ROOT, InProcess
from web.history import POINTS, History

STATISTICS = Statistics(
    time=1.0,
    streams={
        "main": replace(messages.STATISTICS, fps=29.9, timings=replace(messages.TIMINGS, total=0.05)),
        "yard": replace(messages.STATISTICS, fps=10.0),
    },
    readings={
        "cpu": 45.0,
        "memory": {"used": 5, "total": 9},
        "power": {"total": 9.5, "gpu": 4.0},
        "temperatures": {"cpu": 51.0},
    },
)


def test_a_point_is_taken_every_two_seconds():
    history = History()
    for tick in range(50):
        history.add(1000 + tick * 0.2, STATISTICS)
    shown = encode(history.show())
    assert shown["time"] == [1000.0, 1002.0, 1004.0, 1006.0, 1008.0]
    assert shown["fps"] == {"main": [29.9] * 5, "yard": [10.0] * 5}
    assert shown["latency"] == {"main": [0.05] * 5}
    assert (shown["cpu"], shown["memory"], shown["power"]) == ([45.0] * 5, [5.0] * 5, [9.5] * 5)
    assert shown["temperatures"] == {"cpu": [51.0] * 5}
    assert shown["gpu"] == [None] * 5  # what the machine does not have


def test_a_gap_is_a_gap():
    history = History()
    history.add(1000, STATISTICS)
    history.add(1002, None)
    history.add(1004, Statistics(1.0, {"new": replace(messages.STATISTICS, fps=1.0)}, {"cpu": 0.0}))
    shown = encode(history.show())
    assert shown["fps"] == {"main": [29.9, None, None], "yard": [10.0, None, None], "new": [None, None, 1.0]}
    assert shown["cpu"] == [45.0, None, 0.0]


def test_the_history_is_half_an_hour_long():
    history = History()
    for tick in range(POINTS + 50):
        history.add(tick * 2, STATISTICS)
    shown = encode(history.show())
    assert len(shown["time"]) == len(shown["fps"]["main"]) == POINTS == 900
    assert shown["time"][-1] - shown["time"][0] == 1798


def test_a_clock_that_is_set_back_stops_nothing():
    history = History()
    history.add(5000, STATISTICS)
    history.add(1000, STATISTICS)
    assert len(history.show().time) == 2


def test_nothing_yet():
    assert encode(History().show()) == {
        "time": [],
        "fps": {},
        "latency": {},
        "cpu": [],
        "memory": [],
        "gpu": [],
        "power": [],
        "temperatures": {},
    }


# /metrics


@pytest.fixture
def metrics(here):
    def read():
        found = {}
        for line in here.client("viewer").get("/metrics").get_data(as_text=True).splitlines():
            if not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                found[name] = float(value)
        return found

    return read


def test_prometheus_gets_every_figure(here, metrics):
    found = wait_until(lambda: metrics() if here.parts.daemon.statistics.streams["main"].frames > 3 else None)
    assert found["splitlens_daemon_up"] == 1
    assert found['splitlens_frames_total{stream="main"}'] > 3
    for name in (
        "dropped_frames_total",
        "dropped_pictures_total",
        "reconnects_total",
        "frames_per_second",
        "pictures_per_second",
        "stream_up",
        "recording",
        "source_frames_per_second",
        "seconds_since_last_frame",
        "seconds_since_last_result",
    ):
        assert f'splitlens_{name}{{stream="main"}}' in found
    assert found['splitlens_detections_total{class="person",stream="main"}'] > 0
    assert found['splitlens_power_watts{rail="total"}'] > 5
    assert found['splitlens_temperature_celsius{sensor="cpu"}'] > 40
    assert 0 < found["splitlens_cpu_load_ratio"] < 1
    for name in (
        "memory_used_bytes",
        "memory_total_bytes",
        "daemon_memory_bytes",
        "disk_free_bytes",
        "disk_floor_bytes",
    ):
        assert found["splitlens_" + name] > 0
    model = here.parts.daemon.state.model.name
    assert found[f'splitlens_model_info{{device="CPU",engine="tensorflow",model="{model}"}}'] == 1


def test_latency_is_a_histogram(metrics):
    found = metrics()
    buckets = [value for name, value in found.items() if name.startswith("splitlens_latency_seconds_bucket")]
    assert buckets == sorted(buckets) and len(buckets) == 9
    assert (
        found['splitlens_latency_seconds_bucket{le="+Inf",stream="main"}']
        == found['splitlens_latency_seconds_count{stream="main"}']
        == buckets[-1]
    )
    assert found['splitlens_latency_seconds_sum{stream="main"}'] > 0


@pytest.mark.parametrize(
    "board, expected",
    [
        (
            "tx2",
            {
                'power_watts{rail="total"}': 7.96,
                'power_watts{rail="gpu"}': 2.91,
                "gpu_load_ratio": 0.731,
                "gpu_frequency_hertz": 1.122e9,
                "fan_ratio": 0.4,
                "throttled_parts": 1,
                'temperature_celsius{sensor="cpu"}': 44.5,
                "power_mode": 3,
                "clocks_held": 0,
            },
        ),
        (
            "orin",
            {'power_watts{rail="total"}': 10.14, "gpu_load_ratio": 0.5, 'temperature_celsius{sensor="tj"}': 48.843},
        ),
        ("nano", {'power_watts{rail="total"}': 2.23, "fan_ratio": 0.0}),
    ],
)
def test_what_a_board_reads_is_there(here, metrics, monkeypatch, board, expected):
    read = Statistics(2.0, {}, Telemetry(ROOT / "tests" / "boards" / board).read())
    monkeypatch.setattr(here.daemon, "measure", lambda: read)
    wait_until(lambda: here.parts.daemon.statistics.readings.get("temperatures") == read.readings["temperatures"])
    found = metrics()
    for name, value in expected.items():
        assert found["splitlens_" + name] == pytest.approx(value, rel=0.01), name


def test_events_zones_and_lines_are_counters(here, metrics, monkeypatch):
    counts = StreamCounts(
        zones={"door": {"person": 2}, "yard": {}},
        lines={"A": LineTotals(900, 0)},
        events={"person": 7},
        entries={"door": {"person": 5}, "yard": {}},
        crossings={"A": {"person": LineTotals(3, 1)}},
    )
    read = Statistics(3.0, {"main": replace(messages.STATISTICS, counts=counts)}, {})
    monkeypatch.setattr(here.daemon, "measure", lambda: read)
    wait_until(lambda: here.parts.daemon.statistics == read)
    found = metrics()
    assert found['splitlens_events_total{class="person",stream="main"}'] == 7
    assert found['splitlens_zone_entries_total{class="person",stream="main",zone="door"}'] == 5
    assert found['splitlens_zone_objects{class="person",stream="main",zone="door"}'] == 2
    crossings = {name: value for name, value in found.items() if name.startswith("splitlens_line_crossings_total")}
    assert crossings == {
        'splitlens_line_crossings_total{class="person",direction="in",line="A",stream="main"}': 3,
        'splitlens_line_crossings_total{class="person",direction="out",line="A",stream="main"}': 1,
    }


def test_what_the_machine_does_not_have_is_absent(here, metrics, monkeypatch):
    bare = Statistics(1.0, {}, {})
    monkeypatch.setattr(here.daemon, "measure", lambda: bare)
    monkeypatch.setattr(here.daemon, "power", None)
    wait_until(lambda: here.parts.daemon.statistics == bare and here.parts.daemon.state.power is None)
    found = metrics()
    assert not [name for name in found if "power" in name or "gpu" in name or "frames_" in name]


def test_labels_cannot_break_the_format():
    made = InProcess()
    try:
        odd = 'a"b\\c\nd'
        made.daemon.streams["main"].seen[odd] = 7
        wait_until(lambda: odd in made.parts.daemon.statistics.streams["main"].seen)
        text = made.client("viewer").get("/metrics").get_data(as_text=True)
        assert r'splitlens_detections_total{class="a\"b\\c\nd",stream="main"} 7.0' in text
    finally:
        made.close()
