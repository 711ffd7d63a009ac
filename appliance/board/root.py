"""Where the board's files are: below "/", or below SPLITLENS_SYSROOT, which stands for another board."""

import os
from pathlib import Path
from typing import Optional

VARIABLE = "SPLITLENS_SYSROOT"
RELEASE = "etc/nv_tegra_release"
"""Below the root: what release of Jetson Linux a board runs, in words."""


def board_root(root: Optional[Path] = None) -> Path:
    """The folder that stands for "/" wherever a board is recognised, read or set. root: taken as it is, if given."""
    return root if root is not None else Path(os.environ.get(VARIABLE) or "/")


def read_text(path: Path) -> str:
    """The text of a small file, "" where it cannot be read. Strings of the device tree end in NUL, which goes."""
    try:
        return path.read_bytes().decode("utf-8", "replace").strip("\0\n ")
    except OSError:
        return ""
