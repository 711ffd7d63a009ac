"""What decides how fast this machine is, as facts that can be compared: measurements hold for one machine only."""

import os
from pathlib import Path
from typing import Dict, Optional, Union

from appliance.board.detect import CARDS, detect_board
from appliance.board.root import board_root, read_text
from appliance.core.hardware import has_nvidia_gpu


def machine_facts(root: Optional[Path] = None) -> Dict[str, Union[str, int]]:
    """board, cpu and gpu: their names; cores: those that this process may use, which a power mode changes too."""
    root = board_root(root)
    board = detect_board(root)
    cards = [card for file, card in board.evidence if file.startswith("/" + CARDS)]
    return {
        "board": board.name,
        "cpu": cpu_name(root),
        "cores": len(os.sched_getaffinity(0)),
        "gpu": (", ".join(cards) or board.chip or "NVIDIA") if has_nvidia_gpu(root) else "none",
    }


def cpu_name(root: Path) -> str:
    """The processor's name as Linux has it; its architecture where it has none."""
    for line in read_text(root / "proc/cpuinfo").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return os.uname().machine
