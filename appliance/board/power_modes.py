"""A board's power modes: from its own /etc/nvpmodel.conf, otherwise from power_modes.yml."""

import dataclasses
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Union

import yaml

from appliance.board.detect import Board
from appliance.board.root import board_root, read_text

MODES_FILE = Path(__file__).with_name("power_modes.yml")
CONF = "etc/nvpmodel.conf"
STATUS = "var/lib/nvpmodel/status"

_HEAD = re.compile(r"<\s*POWER_MODEL\s+ID=(\d+)\s+NAME=(\S+?)\s*>")
# `CPU_ONLINE CORE_3 1`; L4T 27 and 28 have the file itself there: `/sys/devices/system/cpu/cpu3/online 1`
_ONLINE = re.compile(r"(?:CPU_ONLINE\s+CORE_|/sys/devices/system/cpu/cpu)(\d+)(?:/online)?\s+([01])$")
_CPU = re.compile(r"(?:CPU_\w{1,40}\s+MAX_FREQ|/sys/\S{1,100}/scaling_max_freq)\s+(-?\d+)$")  # kHz
_GPU = re.compile(r"(?:GPU\s+MAX_FREQ|/sys/\S{1,100}/devfreq/[^\s/]{1,100}/max_freq)\s+(-?\d+)$")  # Hz
_NO_LIMIT = 1 << 31


@dataclass(frozen=True)
class PowerMode:
    """A mode of nvpmodel. None stands for no limit, or an unknown one.

    Attributes:
        id: Its number.
        name: The board's name for it.
        cores: Number of CPU cores that run.
        cpu_mhz: Highest CPU frequency.
        gpu_mhz: Highest GPU frequency.
    """

    id: int
    name: str
    cores: Optional[int] = None
    cpu_mhz: Optional[float] = None
    gpu_mhz: Optional[float] = None

    @property
    def detail(self) -> str:
        """Return a summary for people: "4 cores, CPU 2.00 GHz, GPU 1.12 GHz"."""
        parts = [] if self.cores is None else [f"{self.cores} cores"]
        parts += [
            f"{name} {mhz / 1000.0:.2f} GHz"
            for name, mhz in (("CPU", self.cpu_mhz), ("GPU", self.gpu_mhz))
            if mhz is not None
        ]
        return ", ".join(parts)


@dataclass(frozen=True)
class PowerTable:
    """The power modes of a board.

    Attributes:
        modes: By id; empty if none are known.
        aliases: Other names for modes, in lower case, and their ids.
    """

    modes: List[PowerMode]
    aliases: Dict[str, int]

    def find(self, wanted: Union[int, str]) -> Optional[PowerMode]:
        """Return the mode with this id or name, in any spelling: MAXN, Max-N, max-p arm."""
        word = _plain(str(wanted))
        by_id = {mode.id: mode for mode in self.modes}
        if word.isdigit():
            return by_id.get(int(word))
        # 15W and MODE_15W are the same: JetPack 5 dropped the prefix
        by_name = {re.sub("^mode", "", _plain(mode.name)): mode for mode in self.modes}
        return by_name.get(re.sub("^mode", "", word)) or by_id.get(self.aliases.get(word, -1))

    def named(self, names: Dict[int, str]) -> "PowerTable":
        """Return the table with the board's own names; known limits of modes with the same name are kept."""
        known = {(mode.id, mode.name): mode for mode in self.modes}
        modes = [known.get(mode, PowerMode(*mode)) for mode in sorted(names.items())]
        return dataclasses.replace(self, modes=modes)


@dataclass(frozen=True)
class _BoardModes:
    """A row of power_modes.yml; the fields are described there."""

    boards: Sequence[str] = ()
    modules: Sequence[str] = ()
    modes: Sequence[List[Any]] = ()
    aliases: Mapping[str, int] = field(default_factory=dict)

    def is_for(self, board: Board) -> bool:
        return board.id in self.boards and (not self.modules or board.module in self.modules)


def power_table(board: Board, root: Optional[Path] = None) -> PowerTable:
    """Return the board's modes; an nvpmodel.conf without any counts as absent."""
    rows = [_BoardModes(**row) for row in yaml.safe_load(MODES_FILE.read_text(encoding="utf-8"))]
    row = next((row for row in rows if row.is_for(board)), _BoardModes())
    known = {(mode[0], mode[1]): PowerMode(*mode) for mode in row.modes}
    modes = [
        _with_known(mode, known.get((mode.id, mode.name), mode))
        for mode in parse_conf(read_text(board_root(root) / CONF))
    ] or list(known.values())
    aliases = {_plain(word): id for word, id in row.aliases.items()}
    return PowerTable(sorted(modes, key=lambda mode: mode.id), aliases)


def _with_known(mode: PowerMode, known: PowerMode) -> PowerMode:
    """Return the mode with the known limits where the file has none."""
    return dataclasses.replace(mode, cpu_mhz=mode.cpu_mhz or known.cpu_mhz, gpu_mhz=mode.gpu_mhz or known.gpu_mhz)


def parse_conf(text: str) -> List[PowerMode]:
    """Return the modes of an nvpmodel.conf, of any release, in its order."""
    sections: List[Any] = []
    lines: List[str] = []
    for line in (line.strip() for line in text.splitlines()):
        head = _HEAD.match(line)
        if line.startswith("<"):
            lines = []
        if head:
            sections.append((int(head.group(1)), head.group(2), lines))
        else:
            lines.append(line)
    return [_read_mode(*section) for section in sections]


def _read_mode(id: int, name: str, lines: List[str]) -> PowerMode:
    online = {match.group(1): match.group(2) for match in map(_ONLINE.match, lines) if match}
    if online:
        online.setdefault("0", "1")  # core 0 is always on, and L4T 28 does not list it
    cores = list(online.values()).count("1") or None
    return PowerMode(id, name, cores, _highest(_CPU, lines, 1e3), _highest(_GPU, lines, 1e6))


def _highest(pattern: Any, lines: List[str], unit: float) -> Optional[float]:
    found = [int(match.group(1)) for match in map(pattern.match, lines) if match]
    if not found or min(found) < 0 or max(found) >= _NO_LIMIT:
        return None
    return max(found) / unit


def current_mode(root: Optional[Path] = None) -> Optional[int]:
    """Return the id of the current mode; None if the file cannot be read.

    nvpmodel stores it for the next boot.
    """
    found = re.search(r"pmode:(\d+)", read_text(board_root(root) / STATUS))  # "pmode:0003", followed by a fan mode
    return int(found.group(1)) if found else None


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
