"""How much of the disk the recordings of each stream take, and for how long that will do. Pure."""

import math
from typing import Collection, Dict, List, Mapping, Optional, Sequence

from appliance.contract.state import StreamStorage
from appliance.recording.index import Entry
from appliance.recording.interest import ALERTS_CLASS, CONTINUOUS_CLASS, EVENTS_CLASS
from appliance.schema.keep import Keep

DAY = 86400.0
SHORTEST = 600.0
"""Seconds that must have been looked at to say how much a day takes."""


def usage(
    entries: Collection[Entry], snapshots: Mapping[str, int], keep: Keep, allowed: Optional[int], now: float
) -> List[StreamStorage]:
    """Return what each stream uses, in the order of their names.

    Args:
        entries: All recordings.
        snapshots: Bytes of the snapshots of each stream.
        keep: How long each class is kept.
        allowed: Bytes that all recordings together may take; None is no limit.
        now: Unix time.
    """
    by_stream: Dict[str, List[Entry]] = {name: [] for name in snapshots}
    for entry in entries:
        by_stream.setdefault(entry.stream, []).append(entry)
    rates = {name: _rate(of_stream, now) for name, of_stream in by_stream.items()}
    total = sum(rates.values())
    room = math.inf if allowed is None or not total else allowed / total
    return [
        _of_stream(name, by_stream[name], snapshots.get(name, 0), rates[name], room, keep) for name in sorted(by_stream)
    ]


def _of_stream(
    name: str, entries: Sequence[Entry], snapshots: int, rate: float, room: float, keep: Keep
) -> StreamStorage:
    used: Dict[str, int] = {}
    for entry in entries:
        used[entry.kept_as] = used.get(entry.kept_as, 0) + entry.bytes
    longest = max((getattr(keep, kept_as) for kept_as in used if kept_as), default=math.inf)
    lasts = min(room, longest)
    return StreamStorage(
        name,
        used.get(CONTINUOUS_CLASS, 0),
        used.get(EVENTS_CLASS, 0),
        used.get(ALERTS_CLASS, 0),
        used.get("", 0),
        snapshots,
        round(rate * DAY),
        round(lasts) if rate and math.isfinite(lasts) else None,
    )


def _rate(entries: Sequence[Entry], now: float) -> float:
    """Return the bytes a second of the last day, or of the time since the first recording if that is shorter."""
    young = [entry for entry in entries if now - DAY < entry.ended <= now + DAY]
    if not young:
        return 0.0
    since = max(SHORTEST, min(DAY, now - min(entry.began for entry in young)))
    return sum(_share(entry, now - since) * entry.bytes for entry in young) / since


def _share(entry: Entry, since: float) -> float:
    """Return which part of a recording is younger than a time."""
    seconds = entry.ended - entry.began
    return min(1.0, (entry.ended - since) / seconds) if seconds > 0 else 1.0
