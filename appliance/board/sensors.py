"""The sensors in /sys: temperatures, power by rail, GPU load, fan, throttling. sensors.yml says where they are.

Sensors are searched for once; afterwards only their values are read. What cannot be read is absent.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

import yaml

SENSORS_FILE = Path(__file__).with_name("sensors.yml")
_COLDEST, _HOTTEST = -50.0, 150.0  # values beyond are no temperatures: a sensor that is off reports -256
_SHORTEST_SPAN = 0.05  # seconds between two readings of an energy counter

Power = Callable[[], Optional[float]]


@dataclass(frozen=True)
class _Rail:
    label: str
    watts: Power


@dataclass(frozen=True)
class SensorPlaces:
    """Where sensors are and what they are called: the content of sensors.yml, which describes the fields."""

    gpu_load: List[str]
    gpu_frequency: List[str]
    zone_endings: List[str]
    zone_names: Dict[str, str]
    zones_left_out: List[str]
    hwmon_temperatures: Dict[str, str]
    rail_names: Dict[str, str]
    rails_left_out: List[str]
    totals: List[List[str]]
    single_rail_chips: List[str]
    rapl_names: Dict[str, str]
    fan_pwm: List[str]
    fan_rpm: List[str]
    throttle_counters: Dict[str, str]
    throttle_endings: List[str]


class Sensors:
    """All sensors below `root`. Every method may take some milliseconds, as most sensors are on a slow bus.

    Attributes:
        measures_total: Whether the board measures its total power.
    """

    def __init__(self, root: Path = Path("/"), clock: Callable[[], float] = time.monotonic) -> None:
        places = SensorPlaces(**yaml.safe_load(SENSORS_FILE.read_text(encoding="utf-8")))
        self._places = places
        self._hwmon = _find_hwmon(root)
        self._gpu_load = _first(root, places.gpu_load)
        self._gpu_frequency = _first(root, places.gpu_frequency)
        self._zones = _find_zones(root, places)
        for name, folder in self._hwmon:
            self._zones.setdefault(places.hwmon_temperatures.get(name, ""), folder / "temp1_input")
        self._zones.pop("", None)
        self._rails = _find_rails(root, self._hwmon, places)
        self._counters = _find_rapl(root, places, clock)
        labels = {rail.label for rail in self._rails}
        self._total: List[str] = next((row for row in places.totals if labels.issuperset(row)), [])
        self.measures_total = bool(self._total) or "total" in dict(self._counters)
        self._fan_pwm = _first(root, places.fan_pwm) or _first_of(self._hwmon, "pwm1")
        self._fan_rpm = (
            _first(root, places.fan_rpm) or _first_of(self._hwmon, "rpm") or _first_of(self._hwmon, "fan1_input")
        )
        self._throttles = _find_throttles(root, places)
        self._throttle_counters = [
            (name, path) for name, pattern in places.throttle_counters.items() for path in sorted(root.glob(pattern))
        ]
        self._throttle_counts = {path: read_integer(path) for _, path in self._throttle_counters}

    def gpu_load(self) -> Optional[float]:
        """Return the load of a Jetson's GPU in percent."""
        load = read_integer(self._gpu_load)
        return None if load is None else load / 10.0

    def gpu_mhz(self) -> Optional[float]:
        """Return the current frequency of a Jetson's GPU in MHz."""
        frequency = read_integer(self._gpu_frequency)
        return None if frequency is None else frequency / 1e6

    def temperatures(self) -> Dict[str, float]:
        """Return degrees Celsius by zone."""
        found = {}
        for name, path in self._zones.items():
            value = read_integer(path)
            if value is not None and _COLDEST < value / 1000.0 < _HOTTEST:
                found[name] = value / 1000.0
        return found

    def power(self) -> Dict[str, float]:
        """Return watts by rail, and `total` if the board measures it."""
        labels: Dict[str, float] = {}
        for rail in self._rails:
            watts = rail.watts()
            if watts is not None:
                labels[rail.label] = watts
        found: Dict[str, float] = {}
        for label, watts in labels.items():
            if [label] != self._total:
                found[self._places.rail_names.get(label, label.lower())] = watts
        if self._total and all(label in labels for label in self._total):
            found["total"] = sum(labels[label] for label in self._total)
        for name, counter in self._counters:
            counted = counter.watts()
            if counted is not None:
                found[name] = found.get(name, 0.0) + counted
        return found

    def fan(self) -> Dict[str, float]:
        """Return `percent` of its power and `rpm`, as far as they are known."""
        pwm, rpm = read_integer(self._fan_pwm), read_integer(self._fan_rpm)
        found = {}
        if pwm is not None:
            found["percent"] = pwm / 2.55
        if rpm is not None:
            found["rpm"] = float(rpm)
        return found

    def throttling(self) -> Optional[List[str]]:
        """Return what is throttled because of heat or overcurrent; None if the board does not report it."""
        if not self._throttles and not self._throttle_counts:
            return None
        found = [name for name, path in self._throttles if (read_integer(path) or 0) > 0]
        for name, path in self._throttle_counters:
            before, count = self._throttle_counts[path], read_integer(path)
            if count is not None and before is not None and count > before and name not in found:
                found.append(name)
            self._throttle_counts[path] = count
        return found


class EnergyCounter:
    """Power from a counter of microjoules that wraps around."""

    def __init__(self, path: Path, end: int, clock: Callable[[], float]) -> None:
        self._path = path
        self._end = end
        self._clock = clock
        self._before: Optional[Tuple[float, int]] = None
        self._watts: Optional[float] = None

    def watts(self) -> Optional[float]:
        """Return the mean power since the last call; None at the first call."""
        energy, now = read_integer(self._path), self._clock()
        if energy is None:
            self._before = self._watts = None
        elif self._before is None:
            self._before = now, energy
        elif now - self._before[0] >= _SHORTEST_SPAN:
            spent = energy - self._before[1]
            if spent < 0:
                spent += self._end
            self._watts = spent / 1e6 / (now - self._before[0])
            self._before = now, energy
        return self._watts


def read_text(path: Optional[Path]) -> Optional[str]:
    """Return the content of a small file of /sys; None if it cannot be read.

    Python's `open` is not used: a sensor that is switched off returns EAGAIN, which it turns into a TypeError.
    """
    if path is None:
        return None
    try:
        descriptor = os.open(str(path), os.O_RDONLY)
    except OSError:
        return None
    try:
        return os.read(descriptor, 4096).decode("ascii", "replace").strip()
    except OSError:
        return None
    finally:
        os.close(descriptor)


def read_integer(path: Optional[Path]) -> Optional[int]:
    """Return the integer in a small file of /sys; None if it cannot be read."""
    text = read_text(path)
    try:
        return None if text is None else int(text)
    except ValueError:
        return None


def _first(root: Path, paths: List[str]) -> Optional[Path]:
    return next((root / path for path in paths if read_integer(root / path) is not None), None)


def _first_of(hwmon: List[Tuple[str, Path]], file: str) -> Optional[Path]:
    return next((folder / file for _, folder in hwmon if read_integer(folder / file) is not None), None)


def _sorted(paths: Any) -> List[Path]:
    """Sort paths by the numbers in their names: thermal_zone10 comes after thermal_zone9."""
    return sorted(paths, key=lambda path: (len(path.name), str(path)))


def _find_hwmon(root: Path) -> List[Tuple[str, Path]]:
    folders = _sorted(root.glob("sys/class/hwmon/hwmon*"))
    return [(read_text(folder / "name") or "", folder) for folder in folders]


def _find_zones(root: Path, places: SensorPlaces) -> Dict[str, Path]:
    zones: Dict[str, Path] = {}
    for folder in _sorted(root.glob("sys/class/thermal/thermal_zone*")):
        kind = read_text(folder / "type")
        if not kind or kind in places.zones_left_out:
            continue
        name = _without_ending(kind, places.zone_endings).lower()
        name = places.zone_names.get(name, name)
        number, wanted = 1, name
        while name in zones:
            number += 1
            name = f"{wanted}_{number}"
        zones[name] = folder / "temp"
    return zones


def _without_ending(text: str, endings: List[str]) -> str:
    return next((text[: -len(ending)] for ending in endings if text.endswith(ending)), text)


def _find_rails(root: Path, hwmon: List[Tuple[str, Path]], places: SensorPlaces) -> List[_Rail]:
    rails: List[_Rail] = []
    for folder in _sorted(root.glob("sys/bus/i2c/drivers/ina3221x/*/iio*device*")):  # JetPack 4 and older
        for number in range(3):
            label = read_text(folder / f"rail_name_{number}")
            rails += _rail(
                label, _product(folder / f"in_voltage{number}_input", folder / f"in_current{number}_input"), places
            )
    for name, folder in hwmon:
        if name == "ina3221":
            for number in range(1, 4):  # 4 to 7 are not rails but the shunts' voltages and their sum
                label = read_text(folder / f"in{number}_label")
                rails += _rail(label, _product(folder / f"in{number}_input", folder / f"curr{number}_input"), places)
        elif name in places.single_rail_chips:
            label = read_text(folder / "power1_label") or read_text(folder / "in1_label") or name
            path = _first_of([(name, folder)], "power1_input") or _first_of([(name, folder)], "power1_average")
            rails += _rail("gpu" if name == "amdgpu" else label, _microwatts(path), places)
    return rails


def _rail(label: Optional[str], watts: Power, places: SensorPlaces) -> List[_Rail]:
    return [_Rail(label, watts)] if label and label not in places.rails_left_out else []


def _product(volts: Path, amperes: Path) -> Power:
    """Return a reader of watts from files of millivolts and milliamperes."""

    def read() -> Optional[float]:
        values = [read_integer(path) for path in (volts, amperes)]
        return None if values[0] is None or values[1] is None else values[0] * values[1] / 1e6

    return read


def _microwatts(path: Optional[Path]) -> Power:
    def read() -> Optional[float]:
        value = read_integer(path)
        return None if value is None else value / 1e6

    return read


def _find_rapl(root: Path, places: SensorPlaces, clock: Callable[[], float]) -> List[Tuple[str, EnergyCounter]]:
    counters = []
    for folder in _sorted(root.glob("sys/class/powercap/intel-rapl:*")):
        name = places.rapl_names.get((read_text(folder / "name") or "").partition("-")[0])
        end = read_integer(folder / "max_energy_range_uj")
        # On newer kernels only root may read it.
        if name and end and read_integer(folder / "energy_uj") is not None:
            counters.append((name, EnergyCounter(folder / "energy_uj", end, clock)))
    return counters


def _find_throttles(root: Path, places: SensorPlaces) -> List[Tuple[str, Path]]:
    found = []
    for folder in _sorted(root.glob("sys/class/thermal/cooling_device*")):
        kind = read_text(folder / "type") or ""
        name = _without_ending(kind, places.throttle_endings)
        if name != kind:
            found.append((name, folder / "cur_state"))
    return found
