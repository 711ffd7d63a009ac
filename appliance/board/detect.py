"""Which board this is, from the device tree. What is known of boards is in boards.yml."""

from pathlib import Path
from typing import Any, List, NamedTuple, Optional, Tuple

import yaml

BOARDS_FILE = Path(__file__).with_name("boards.yml")


class Board(NamedTuple):
    """The machine.

    id: the name of its profile. name: for people.
    model: what the machine calls itself, "" if it does not say.
    families: the families of models that it has the memory for; None: all of them.
    """

    id: str
    name: str
    model: str
    families: Optional[Tuple[str, ...]] = None


def known_boards() -> List[Any]:
    """The rows of boards.yml; the last two are the unknown Jetson and the PC."""
    rows: List[Any] = yaml.safe_load(BOARDS_FILE.read_text(encoding="utf-8"))
    return rows


def detect_board(root: Path = Path("/")) -> Board:
    """The board below `root` (another folder in tests). A machine that says nothing is a `pc`.

    Raises nothing: what cannot be read counts as absent. Docker hides the device tree from a container, but
    not /sys/devices/soc0, nor what the NVIDIA runtime mounts.
    """
    tree = root / "proc/device-tree"
    soc = root / "sys/devices/soc0"
    model = _read(tree / "model") or _read(soc / "machine")
    compatible = _read(tree / "compatible").split("\0")
    # e.g. "/dvs/.../tegra186-quill-p3310-1000-c03-00-base.dts"; older L4T has the module only there.
    parts = compatible + [_read(tree / "nvidia,dtsfilename").rpartition("/")[2]]
    rows = known_boards()
    unknown_jetson, pc = rows[-2:]
    for row in rows[:-2]:
        if any(module in part for module in row["modules"] for part in parts):
            return _board(row, model)
    for row in rows[:-2]:
        if any(name in model for name in row["models"]) or not set(row["compatible"]).isdisjoint(compatible):
            return _board(row, model)
    if (_read(soc / "family") == "Tegra" or "Jetson" in model or (root / "etc/nv_tegra_release").exists()
            or any(entry.startswith("nvidia,tegra") for entry in compatible)):
        return _board(unknown_jetson, model)
    return _board(pc, model)


def _board(row: Any, model: str) -> Board:
    return Board(row["id"], row["name"], model, tuple(row["families"]) if "families" in row else None)


def _read(path: Path) -> str:
    """The text of a file of the device tree (its strings end in NUL), "" where there is none."""
    try:
        return path.read_bytes().decode("utf-8", "replace").strip("\0\n ")
    except OSError:
        return ""
