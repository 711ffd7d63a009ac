"""Identify the board from the kernel's files. boards.yml lists the known boards."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, List, Optional, Tuple

import yaml

from appliance.board.root import RELEASE, board_root, read_text

BOARDS_FILE = Path(__file__).with_name("boards.yml")
UNKNOWN_JETSON = "jetson"

# Docker hides the device tree from a container, but neither /sys/devices/soc0 nor /sys/module.
MODEL, COMPATIBLE, DTS = "proc/device-tree/model", "proc/device-tree/compatible", "proc/device-tree/nvidia,dtsfilename"
MACHINE, FAMILY = "sys/devices/soc0/machine", "sys/devices/soc0/family"
CHIP_ID = "sys/module/tegra_fuse/parameters/tegra_chip_id"
CARDS = "proc/driver/nvidia/gpus"


@dataclass(frozen=True)
class Board:
    """The machine.

    Attributes:
        id: The name of its profile.
        name: Display name.
        model: The model string that the machine reports; "" if there is none.
        families: The families of models that fit its memory; None for all.
        module: Its part number, as in boards.yml; "" if no file names one.
        chip: Such as tegra186; "" if unknown.
        evidence: The files that were read, with their content.
    """

    id: str
    name: str
    model: str
    families: Optional[Tuple[str, ...]] = None
    module: str = ""
    chip: str = ""
    evidence: Tuple[Tuple[str, str], ...] = ()


def known_boards() -> List[Any]:
    """Return the rows of boards.yml; the last two are the unknown Jetson and the PC."""
    rows: List[Any] = yaml.safe_load(BOARDS_FILE.read_text(encoding="utf-8"))
    return rows


def detect_board(root: Optional[Path] = None) -> Board:
    """Return the board below `root`; see `board_root`. A machine without any evidence is a `pc`.

    Raises nothing: unreadable files count as absent.
    """
    root = board_root(root)
    said = {name: read_text(root / name) for name in (MODEL, COMPATIBLE, DTS, MACHINE, FAMILY, CHIP_ID, RELEASE)}
    said[DTS] = said[DTS].rpartition("/")[2]  # removes the folder in which NVIDIA built it
    evidence = tuple(("/" + name, text.replace("\0", " ").split("\n")[0]) for name, text in said.items() if text)
    model = said[MODEL] or said[MACHINE]
    rows = known_boards()
    unknown_jetson, pc = rows[-2:]
    row, module = _find_row(rows[:-2], said, model)
    if row is not None:
        name = "NVIDIA " + row["modules"][module] if module else row["name"]
    elif _is_jetson(said):
        row, name = unknown_jetson, unknown_jetson["name"]
    else:
        cards = _find_cards(root)
        evidence += tuple(cards)
        row, name = pc, f"PC ({', '.join(card for _, card in cards)})" if cards else "PC"
    families = tuple(row["families"]) if "families" in row else None
    return Board(row["id"], name, model, families, module, row.get("chip", ""), evidence)


def unknown_board_note(board: Board) -> str:
    """Return the message for users of an unknown Jetson; "" for every other machine."""
    if board.id != UNKNOWN_JETSON:
        return ""
    return (
        f"This Jetson ({board.model or 'it does not say its model'}) is not in the list of boards, or a container hides"
        " which it is: it runs with what is safe on all of them. `profile: NAME` in config.yml takes the profile of a"
        " board that is like it."
    )


def _find_row(rows: List[Any], said: Any, model: str) -> Tuple[Any, str]:
    """Return the row (None if none fits), and the module ("" if it was found by something else)."""
    compatible = said[COMPATIBLE].split("\0")
    # e.g. "/dvs/.../tegra186-quill-p3310-1000-c03-00-base.dts"; older L4T has the module only there.
    parts = " ".join(compatible + [said[DTS]])
    found = [(len(module), module, row) for row in rows for module in row["modules"] if module in parts]
    if found:
        _, module, row = max(found, key=lambda entry: entry[0])
        return row, module
    for row in rows:
        if any(name in model for name in row["models"]):
            return row, ""
    for row in rows:
        if not set(row.get("compatible", ())).isdisjoint(compatible) or said[CHIP_ID] == str(
            row.get("chip_id", "unknown")
        ):
            return row, ""
    return None, ""


def _is_jetson(said: Any) -> bool:
    return bool(
        said[FAMILY] == "Tegra"
        or "Jetson" in said[MODEL]
        or "Jetson" in said[MACHINE]
        or said[CHIP_ID]
        or said[RELEASE]
        or any(entry.startswith("nvidia,tegra") for entry in said[COMPATIBLE].split("\0"))
    )


def _find_cards(root: Path) -> List[Tuple[str, str]]:
    """Return the NVIDIA cards of a PC as their driver lists them: (file, model)."""
    cards = []
    for path in sorted((root / CARDS).glob("*/information")):
        for line in read_text(path).splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "Model":
                cards.append(("/" + str(path.relative_to(root)), value.strip()))
    return cards
