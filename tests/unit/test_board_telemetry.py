"""What is read from the sensors of each board, from files of the form that boards have (tests/boards)."""

import importlib
import shutil
import sys
import types
from pathlib import Path

import psutil
import pytest

from appliance.board import sensors
from appliance.board.nvidia import NvidiaCards
from appliance.board.sensors import Sensors
from appliance.board.telemetry import Telemetry
from appliance.telemetry.machine import CardFigures

BOARDS = Path(__file__).resolve().parents[1] / "boards"


@pytest.fixture(autouse=True)
def no_cards(monkeypatch):
    """Whatever the tester's machine has."""
    monkeypatch.setitem(sys.modules, "pynvml", None)


def read(board):
    readings = Telemetry(BOARDS / board).read()
    return {key: readings[key] for key in ("gpu", "temperatures", "power", "fan", "throttling") if key in readings}


def near(values):
    return pytest.approx(values, abs=0.006)


@pytest.mark.parametrize(
    "board, gpu, temperatures, power, fan, throttling",
    [
        (
            "tx1",
            0.0,
            {"ao": 38.5, "cpu": 35.0, "gpu": 31.5, "pll": 33.5, "tdiode": 33.25, "board": 31.0},
            {"total": 5.04, "gpu": 0.31, "cpu": 0.92},
            None,
            None,
        ),
        (
            "tx2",
            73.1,
            {"cpu": 44.5, "mcpu": 44.5, "gpu": 42.0, "pll": 44.5, "board": 37.0, "tdiode": 40.75},
            {"total": 7.96, "gpu": 2.91, "cpu": 1.22, "soc": 0.69, "memory": 1.14, "wifi": 0.02},
            {"percent": 40.0, "rpm": 2310.0},
            ["cpu"],
        ),
        (
            "nano",
            41.5,
            {"ao": 47.5, "cpu": 39.0, "gpu": 36.5, "pll": 36.0},
            {"total": 2.23, "gpu": 0.12, "cpu": 0.45},
            {"percent": 0.0},
            None,
        ),
        (
            "xavier",
            99.5,
            {"cpu": 41.5, "aux": 39.5, "ao": 40.0, "board": 37.0, "tdiode": 39.75},
            {"total": 8.43, "gpu": 3.85, "cpu": 0.92, "soc": 1.23, "cv": 0.0, "memory": 0.46, "5v": 1.96},
            None,
            None,
        ),
        (
            "xavier_nx",
            12.0,
            {"cpu": 45.5, "gpu": 44.0, "ao": 44.5},
            {"total": 5.57, "cpu_gpu_cv": 1.67, "soc": 1.39},
            {"percent": 30.2, "rpm": 1880.0},
            None,
        ),
        (
            "orin",
            50.0,
            {"cpu": 48.843, "gpu": 44.906, "soc0": 45.562, "soc1": 45.0, "tj": 48.843, "board": 37.25},
            {"total": 10.14, "gpu_soc": 4.85, "cpu_cv": 1.62, "5v": 3.67, "memory": 0.40},
            {"percent": 100.0},
            ["gpu"],
        ),
        (
            "tx2_nx",
            31.2,
            {"cpu": 43.0, "mcpu": 43.0, "gpu": 41.5, "pll": 43.0},
            {"total": 5.03, "cpu_gpu": 1.74, "soc": 0.95},
            {"percent": 31.4},
            None,
        ),
        (
            "orin_nx",
            64.0,
            {"cpu": 51.218, "gpu": 49.0, "soc0": 49.437, "soc1": 49.656, "soc2": 49.031, "tj": 51.218},
            {"total": 6.01, "cpu_gpu_cv": 1.33, "soc": 1.57},
            {"percent": 50.2, "rpm": 2604.0},
            [],
        ),
        (
            "orin_nano",
            20.5,
            {"cpu": 47.375, "gpu": 48.218, "soc0": 46.125, "soc1": 47.0, "soc2": 46.531, "tj": 48.218},
            {"total": 5.43, "cpu_gpu_cv": 1.04, "soc": 1.49},
            {"percent": 25.9, "rpm": 1395.0},
            [],
        ),
        ("pc_nvidia", None, {"cpu": 58.25, "disk": 36.85}, None, None, None),
        ("carrier_ina226", None, {"cpu": 51.0}, {"ina226": 9.8, "total": 9.8}, None, None),
    ],
)
def test_a_board_is_read_as_its_makers_say(board, gpu, temperatures, power, fan, throttling):
    found = read(board)
    expected = {"gpu": gpu, "temperatures": temperatures, "power": power, "fan": fan, "throttling": throttling}
    assert set(found) == {key for key, value in expected.items() if value is not None}
    assert found.get("gpu") == gpu and found["temperatures"] == near(temperatures)
    assert found.get("power", {}) == near(power or {})
    assert found.get("throttling") == throttling
    if fan is not None:
        assert found["fan"] == pytest.approx(fan, abs=0.05)


def test_a_pc_counts_its_energy(tmp_path):
    root = tmp_path / "pc"
    shutil.copytree(str(BOARDS / "pc"), str(root))
    now = [100.0]
    readings = Telemetry(root, clock=lambda: now[0])
    first = readings.read()
    assert "power" not in first and "gpu" not in first and first["throttling"] == []
    assert first["temperatures"] == {"board": 27.8, "board_2": 29.8, "cpu": 52.0, "disk": 38.85}
    assert first["fan"] == pytest.approx({"percent": 50.2, "rpm": 1020.0}, abs=0.05)
    zone = root / "sys/class/powercap"
    now[0] += 2.0
    (zone / "intel-rapl:0/energy_uj").write_text("59671150\n")  # the counter has begun anew: 60 J
    (zone / "intel-rapl:0:1/energy_uj").write_text("11000000\n")
    (root / "sys/devices/system/cpu/cpu0/thermal_throttle/package_throttle_count").write_text("6\n")
    second = readings.read()
    assert second["power"] == near({"cpu": 30.0, "memory": 3.0, "total": 33.0})
    assert second["throttling"] == ["cpu"]
    now[0] += 0.001  # too soon to say anything new
    third = readings.read()
    assert third["power"] == second["power"] and third["throttling"] == []


def test_an_energy_counter_for_the_superuser_alone_is_absent(tmp_path):
    root = tmp_path / "pc"
    shutil.copytree(str(BOARDS / "pc"), str(root))
    for path in root.glob("sys/class/powercap/*/energy_uj"):
        path.unlink()
    readings = Telemetry(root)
    readings.read()
    assert "power" not in readings.read()


def test_a_machine_that_says_nothing_has_no_reading_of_a_sensor(tmp_path):
    of_sensors = {"gpu", "gpu_mhz", "gpu_memory", "temperatures", "power", "fan", "throttling"}
    assert not of_sensors & set(Telemetry(tmp_path).read())


def test_load_and_memory_are_those_of_the_machine(tmp_path, monkeypatch):
    times = psutil.cpu_times(percpu=True)[0]
    zero = times._replace(**{name: 0.0 for name in times._fields})

    def say(*cores):
        monkeypatch.setattr(
            psutil,
            "cpu_times",
            lambda percpu: [zero._replace(user=user, idle=idle, iowait=waits) for user, idle, waits in cores],
        )

    say((10.0, 10.0, 0.0), (10.0, 10.0, 0.0))
    readings = Telemetry(tmp_path)
    say((10.5, 10.3, 0.2), (10.0, 11.0, 0.0))
    found = readings.read()
    assert found["cores"] == [50.0, 0.0] and found["cpu"] == 25.0
    assert 0 < found["memory"]["used"] < found["memory"]["total"] == psutil.virtual_memory().total
    assert 1e6 < found["process_memory"] < found["memory"]["total"]
    assert "cpu" not in readings.read()  # no time has passed
    say((12.0, 12.0, 0.0))  # a core was switched off
    assert "cpu" not in readings.read()
    say((12.5, 12.5, 0.0))
    assert readings.read()["cores"] == [50.0]


def test_a_sensor_that_answers_not_now_is_absent(monkeypatch):
    found = Sensors(BOARDS / "orin")

    def refuse(descriptor, count):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(sensors.os, "read", refuse)
    assert found.temperatures() == {} and found.power() == {} and found.fan() == {} and found.gpu_load() is None


def test_a_board_that_drew_too_much_says_so_once(tmp_path):
    root = tmp_path / "orin"
    shutil.copytree(str(BOARDS / "orin"), str(root))
    readings = Telemetry(root)
    assert readings.read()["throttling"] == ["gpu"]
    for number in (1, 3):
        (root / f"sys/class/hwmon/hwmon5/oc{number}_event_cnt").write_text("2\n")
    assert readings.read()["throttling"] == ["gpu", "over-current"]
    assert readings.read()["throttling"] == ["gpu"]


def test_the_frequency_of_the_gpu():
    assert (Sensors(BOARDS / "tx2").gpu_mhz(), Sensors(BOARDS / "orin").gpu_mhz()) == (1122.0, 612.0)
    assert Sensors(BOARDS / "pc").gpu_mhz() is None


def test_a_total_that_lacks_a_rail_is_absent_and_no_other_sum(tmp_path):
    root = tmp_path / "orin"
    shutil.copytree(str(BOARDS / "orin"), str(root))
    readings = Telemetry(root)
    (root / "sys/class/hwmon/hwmon3/curr3_input").unlink()
    assert readings.read()["power"] == near({"gpu_soc": 4.85, "cpu_cv": 1.62, "memory": 0.40})


def fake_pynvml(cards):
    """Stands for the package. A card is a dict; what it lacks is not supported."""
    nvml = types.ModuleType("pynvml")

    class NVMLError(Exception):
        pass

    def answer(key):
        def ask(card, *_):
            if key not in card:
                raise NVMLError("Not Supported")
            return card[key]

        return ask

    def init():
        if cards is None:
            raise NVMLError("Driver Not Loaded")

    nvml.NVMLError, nvml.NVML_TEMPERATURE_GPU, nvml.nvmlInit = NVMLError, 0, init
    nvml.nvmlDeviceGetCount = lambda: len(cards)
    nvml.nvmlDeviceGetHandleByIndex = lambda number: cards[number]
    nvml.nvmlDeviceGetUtilizationRates = answer("rates")
    nvml.nvmlDeviceGetTemperature = answer("temperature")
    nvml.nvmlDeviceGetPowerUsage = answer("power")
    nvml.nvmlDeviceGetMemoryInfo = answer("memory")
    return nvml


def card(load, temperature, power, used):
    return {
        "rates": types.SimpleNamespace(gpu=load, memory=1),
        "temperature": temperature,
        "power": power,
        "memory": types.SimpleNamespace(used=used, total=8000),
    }


@pytest.mark.parametrize(
    "cards, expected",
    [
        (None, {}),
        ([], {}),
        (
            [card(37, 61, 71234, 3000)],
            {
                "gpu": 37.0,
                "temperatures": {"gpu": 61.0},
                "power": {"gpu": 71.234, "total": 71.234},
                "gpu_memory": {"used": 3000, "total": 8000},
            },
        ),
        (
            [card(0, 40, 9000, 100), card(90, 70, 100000, 200)],
            {
                "gpu": 90.0,
                "temperatures": {"gpu": 70.0},
                "power": {"gpu": 109.0, "total": 109.0},
                "gpu_memory": {"used": 300, "total": 16000},
            },
        ),
        ([{"temperature": 55}], {"temperatures": {"gpu": 55.0}}),
    ],
)
def test_nvidia_cards_say_what_they_can(tmp_path, monkeypatch, cards, expected):
    monkeypatch.setitem(sys.modules, "pynvml", fake_pynvml(cards))
    readings = Telemetry(tmp_path).read()
    of_cards = ("gpu", "gpu_memory", "temperatures", "power")
    assert {key: value for key, value in readings.items() if key in of_cards} == expected


def test_the_package_for_nvidia_cards_is_as_it_is_used_here(monkeypatch):
    monkeypatch.delitem(sys.modules, "pynvml")
    nvml = pytest.importorskip("pynvml")
    for name in (
        "NVMLError",
        "NVML_TEMPERATURE_GPU",
        "nvmlInit",
        "nvmlDeviceGetCount",
        "nvmlDeviceGetHandleByIndex",
        "nvmlDeviceGetUtilizationRates",
        "nvmlDeviceGetTemperature",
        "nvmlDeviceGetPowerUsage",
        "nvmlDeviceGetMemoryInfo",
    ):
        assert hasattr(nvml, name)
    NvidiaCards().read()  # with or without a card


def test_this_machine_can_be_read():
    readings = Telemetry()
    found = readings.read()
    assert found["memory"]["total"] > 0
    for value in found.get("temperatures", {}).values():
        assert -50 < value < 150


def test_without_the_package_there_are_no_cards():
    with pytest.raises(ImportError):
        importlib.import_module("pynvml")
    assert NvidiaCards().read() == CardFigures()
