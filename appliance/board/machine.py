"""Comparable facts that decide how fast this machine is: measurements are valid on one machine only."""

import os
from pathlib import Path
from typing import Dict, Optional, Union

from appliance.board.detect import CARDS, detect_board
from appliance.board.root import board_root, read_text
from appliance.core.hardware import has_nvidia_gpu


def machine_facts(root: Optional[Path] = None) -> Dict[str, Union[str, int]]:
    """Return names of `board`, `cpu` and `gpu`, and the number of `cores`.

    Cores are those that this process may use; a power mode changes them too.
    """
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
    """Return the processor's name as Linux reports it, or its architecture."""
    for line in read_text(root / "proc/cpuinfo").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return os.uname().machine
