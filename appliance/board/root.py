"""Where the board's files are: below "/", or below SPLITLENS_SYSROOT, which simulates another board."""

import os
from pathlib import Path
from typing import Optional

VARIABLE = "SPLITLENS_SYSROOT"
RELEASE = "etc/nv_tegra_release"
"""Path below the root: the release of Jetson Linux, in words."""


def board_root(root: Optional[Path] = None) -> Path:
    """Return the folder that stands for "/" wherever a board is identified, read or set.

    Args:
        root: Returned as it is, if given.
    """
    return root if root is not None else Path(os.environ.get(VARIABLE) or "/")


def read_text(path: Path) -> str:
    """Return the text of a small file without trailing NULs (as in the device tree); "" if it cannot be read."""
    try:
        return path.read_bytes().decode("utf-8", "replace").strip("\0\n ")
    except OSError:
        return ""
