"""How much room recordings and snapshots may take, and how much of it is left."""

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any, Callable, Collection, List, Mapping, Optional

from appliance.contract.state import StorageStatus, StreamStorage
from appliance.recording.index import Entry
from appliance.recording.retention import GIGABYTE, Limits, deletion_ahead, lack_of_room
from appliance.recording.usage import usage
from appliance.schema.keep import Keep

USAGE_SECONDS = 10.0
"""So often it is computed what each stream uses: there may be many recordings."""
DEFAULT_SHARE = 4
"""Where nobody says how much recordings may take, it is this part of the disk: a quarter."""


class Disk:
    """The disk of a folder, and the limits from the settings. Methods raise OSError unless they say otherwise.

    Attributes:
        floor: Bytes that stay free.

    Args:
        folder: Path of the folder.
        keep, keep_days, keep_gb, free_gb: As for `Storage`.
        disk_usage: As `shutil.disk_usage`.
    """

    def __init__(
        self,
        folder: Path,
        keep: Keep,
        keep_days: float,
        keep_gb: Optional[float],
        free_gb: float,
        disk_usage: Callable[[str], Any],
    ) -> None:
        self.floor = int(free_gb * GIGABYTE)
        self._folder = str(folder)
        self._keep, self._keep_days = keep, keep_days
        self._keep_bytes = None if keep_gb is None else int(keep_gb * GIGABYTE)
        self._disk_usage = disk_usage
        self._streams: List[StreamStorage] = []
        self._streams_at = -math.inf

    def free(self) -> int:
        return int(self._disk_usage(self._folder).free)

    def lack(self) -> Optional[str]:
        """Return why nothing can be recorded, and the remedy; None if there is room."""
        return lack_of_room(self.free(), self.floor, self._folder)

    def limits(self, snapshots: int) -> Limits:
        """Return the limits for recordings. snapshots: bytes of these, which are a part of what is allowed."""
        limit = self._limit()
        room = max(1, limit - snapshots) if limit else 0
        return Limits(self._keep_days * 86400.0, room, self.floor, asdict(self._keep))

    def status(
        self, entries: Collection[Entry], snapshots: Mapping[str, int], unusable: Optional[str], now: float
    ) -> StorageStatus:
        """Return what is used and free. unusable: why the folder cannot be used. now: Unix time."""
        used = sum(entry.bytes for entry in entries) + sum(snapshots.values())
        free, limit = self.free(), self._limit()
        alarm = unusable or lack_of_room(free, self.floor, self._folder)
        warning = deletion_ahead(free, self.floor) if used and not alarm else None
        if abs(now - self._streams_at) >= USAGE_SECONDS:
            room = free + used - self.floor
            self._streams = usage(entries, snapshots, self._keep, max(0, min(room, limit or room)), now)
            self._streams_at = now
        return StorageStatus(free, self.floor, used, limit, self._keep_days, alarm, warning, self._streams)

    def unknown(self, alarm: str) -> StorageStatus:
        """Return a status without figures. Never raises."""
        return StorageStatus(0, self.floor, 0, self._keep_bytes or 0, self._keep_days, alarm, None)

    def _limit(self) -> int:
        """Return how many bytes recordings and snapshots may take; 0 is no limit."""
        if self._keep_bytes is not None:
            return self._keep_bytes
        return int(self._disk_usage(self._folder).total) // DEFAULT_SHARE
