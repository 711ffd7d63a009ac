"""The Jetson Linux release of a board, and the JetPack that it belongs to."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Optional

import yaml

from appliance.board.root import RELEASE, board_root, read_text

JETPACK_FILE = Path(__file__).with_name("jetpack.yml")


@dataclass(frozen=True)
class Release:
    """A release of Jetson Linux.

    Attributes:
        l4t: Its number, such as "32.7.1".
        jetpack: Its JetPack, such as "4.6.1"; only the major version, such as "4", for an unknown release; "" if even
            that is unknown.
    """

    l4t: str
    jetpack: str

    def __str__(self) -> str:
        return f"Jetson Linux R{self.l4t}{', JetPack ' + self.jetpack if self.jetpack else ''}"


def read_release(root: Optional[Path] = None) -> Optional[Release]:
    """Return the release in /etc/nv_tegra_release; None if this is no Jetson. In a container it is the image's."""
    # "# R32 (release), REVISION: 7.1, GCID: 29818004, BOARD: t186ref, EABI: aarch64, DATE: ..."
    text = read_text(board_root(root) / RELEASE)
    found = re.match(r"# R(\d+) \(release\), REVISION: (\d+(?:\.\d+)*)", text)
    if found is None:
        return None
    l4t = ".".join(found.groups())
    if l4t.count(".") == 1:
        l4t += ".0"
    known: Dict[str, str] = yaml.safe_load(JETPACK_FILE.read_text(encoding="utf-8"))
    return Release(l4t, str(known.get(l4t) or known.get(found.group(1), "")))
