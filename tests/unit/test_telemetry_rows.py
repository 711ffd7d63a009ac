"""The readings of the machine: found in their folder, and one file is all that a new one needs."""

import subprocess
import sys

import pytest

import appliance.telemetry.readings
from appliance.board.telemetry import Telemetry
from appliance.core import registry
from appliance.telemetry.console import describe_readings
from appliance.telemetry.description import NUMBERS
from appliance.telemetry.registry import all_metrics, all_readings, all_rows

HUMIDITY = """
from appliance.telemetry.description import TelemetryChart, ConsolePart, Metric, Reading, TelemetryRow

READING = Reading(
    order=55,
    start=lambda machine: lambda: {"humidity": float((machine.root / "humidity").read_text())},
    rows=(TelemetryRow("humidity", "Humidity", "%", chart=TelemetryChart("air", "Air", "%"), series="inside"),),
    metrics=(Metric("humidity", "humidity_ratio", "Humidity, 0 to 1", factor=0.01),),
    console=ConsolePart(60, lambda readings: ["humidity {:.0f} %".format(readings["humidity"])]),
)
"""


@pytest.fixture
def with_humidity(tmp_path, monkeypatch):
    """One file more among the readings."""
    (tmp_path / "humidity_for_tests.py").write_text(HUMIDITY)
    package = appliance.telemetry.readings
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    registry._modules.cache_clear()
    yield
    registry._modules.cache_clear()
    sys.modules.pop("appliance.telemetry.readings.humidity_for_tests", None)


def test_a_new_reading_is_one_file(with_humidity, tmp_path):
    (tmp_path / "humidity").write_text("61.4")
    readings = Telemetry(tmp_path).read()
    assert readings["humidity"] == 61.4
    assert describe_readings(readings).endswith("humidity 61 %")
    titles = [row.title for row in all_rows()]
    assert titles.index("Humidity") == titles.index("Power") + 1
    assert "humidity_ratio" in [metric.name for metric in all_metrics()]


def test_a_new_reading_is_in_history_metrics_state_and_openapi_document(with_humidity):
    """In a process of its own: what both processes say of the readings is made when they start."""
    program = """
import sys

import appliance.telemetry.readings

appliance.telemetry.readings.__path__.append(sys.argv[1])

from prometheus_client import CollectorRegistry, generate_latest

from appliance.contract.codec import encode
from appliance.contract.events import Statistics
from appliance.contract.openapi import make_document
from appliance.telemetry.registry import all_rows
from web.history import History
from web.metrics import _of_readings

readings = {"humidity": 61.4}
history = History()
history.add(1.0, Statistics(1.0, {}, readings))
assert encode(history.show())["humidity"] == [61.4]


class Newest:
    def collect(self):
        return _of_readings(readings)


registry = CollectorRegistry()
registry.register(Newest())
assert b"splitlens_humidity_ratio 0.614" in generate_latest(registry)
assert {"id": "air", "title": "Air", "unit": "%", "has_zero": True} in [encode(row).get("chart") for row in all_rows()]
assert "humidity" in make_document()["components"]["schemas"]["History"]["required"]
"""
    folder = appliance.telemetry.readings.__path__[-1]
    subprocess.check_call([sys.executable, "-c", program, folder])


def test_the_places_of_readings_are_their_own():
    readings = all_readings()
    assert len({reading.order for reading in readings}) == len(readings)
    places = [reading.console.order for reading in readings if reading.console is not None]
    assert len(set(places)) == len(places)


def test_the_dashboard_has_at_least_the_rows_that_it_always_had_and_in_their_order():
    expected = [
        ("cpu", None, "CPU"),
        ("gpu", None, "GPU"),
        ("gpu_mhz", None, "GPU frequency"),
        ("memory", "used", "Memory"),
        ("process_memory", None, "Daemon"),
        ("power", None, "Power"),
        ("temperatures", None, "Temperature"),
        ("fan", "percent", "Fan"),
        ("fan", "rpm", "Fan speed"),
        ("throttling", None, "Slowed down"),
    ]
    rows = [(row.key, row.part, row.title) for row in all_rows()]
    assert [row for row in rows if row in expected] == expected


@pytest.mark.parametrize("row", all_rows(), ids=lambda row: f"{row.key}-{row.part}")
def test_a_row_can_be_shown(row):
    assert row.title
    assert not (row.part and row.form == NUMBERS), "one figure of a reading is no list of them"
    assert row.chart is None or row.series or row.form == NUMBERS, "a single line of a chart needs a name"
    assert row.beside is None or row.beside in [other.key for other in all_rows() if other.beside is None]


def test_the_readings_can_be_told_without_numpy_and_psutil():
    program = """
import sys
from appliance.telemetry.registry import all_readings

assert len(all_readings()) > 1
print([name for name in ("numpy", "psutil", "yaml") if name in sys.modules])
"""
    assert subprocess.check_output([sys.executable, "-c", program]).strip() == b"[]"
