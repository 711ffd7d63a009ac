"""Which recordings are deleted, when and why: the whole rule, without a file or a clock.

1. A recording that is being written, or watched, is never deleted. One that ended within the last hour is only deleted
   where `keep` says less than an hour. Where the clock was wrong, the last hour is what plays for an hour.
2. By age, once the clock is known to be right: what ended longer ago than `keep` says for its class, or than
   `keep_days`. `keep` does not apply to what shows a starred event, nor to recordings of an earlier version, which have
   no class.
3. By size: while all together take more than `keep_gb`. The order is: the lowest class first, in it the oldest; what
   shows a starred event comes last.
4. For room: in the same order, while less than `free_gb` of the disk is free. Where deleting all that may be deleted
   would not be enough, none is deleted for it: recording stops instead.
5. A tenth of the recordings at most a pass, one at least. The oldest is what was written first, whatever names and
   clocks say.
"""

from dataclasses import dataclass, field
from typing import Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from appliance.recording.interest import CLASSES

GIGABYTE = 1000**3
LAST_HOUR = 3600.0
LEAST_AGE = 300.0
"""So long `keep` keeps everything: an event is known only some seconds after it began."""
WATCHED_SECONDS = 60.0
"""What somebody opened or read from so shortly ago is being watched."""
SHARE_A_PASS = 10

EARLIEST = 1735689600.0
"""2025-01-01, Unix time: before this was written no recording was made, so a clock that says less is wrong."""
STABLE_SECONDS = 600.0
"""So long a clock must run without a jump before recordings are deleted by age."""
_JUMP = 5.0
_AHEAD = 60.0


@dataclass(frozen=True)
class Candidate:
    """A recording.

    Attributes:
        age: Seconds since it ended, None if unknown.
        is_busy: It is being written or watched.
        kept_as: Its class, "" if it has none.
        is_starred: It shows a starred event.
    """

    name: str
    bytes: int
    age: Optional[float]
    is_busy: bool
    kept_as: str = ""
    is_starred: bool = False


@dataclass(frozen=True)
class Limits:
    """seconds: maximum age; bytes: of all recordings together; 0 is no limit. floor: bytes that stay free.

    by_class: The maximum age of each class, in seconds; a class that is not in it has none.
    """

    seconds: float
    bytes: int
    floor: int
    by_class: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Deletion:
    name: str
    reason: str


def choose(recordings: Sequence[Candidate], limits: Limits, free: int, is_clock_sure: bool) -> List[Deletion]:
    """Choose what to delete in this pass.

    Args:
        recordings: All, in the order in which they were written, the oldest first.
        limits: From the settings.
        free: Bytes that are free on the disk.
        is_clock_sure: Whether ages are reliable; if not, nothing is deleted by age.
    """
    may_go = sorted((one for one in recordings if not one.is_busy and not _is_recent(one)), key=_rank)
    most = max(1, len(recordings) // SHARE_A_PASS)
    used = sum(one.bytes for one in recordings)
    lacking = limits.floor - free
    if lacking > sum(one.bytes for one in may_go):
        lacking = 0
    chosen: List[Deletion] = []
    if is_clock_sure:
        for one in recordings:
            if len(chosen) < most and not one.is_busy and _is_expired(one, limits):
                chosen.append(Deletion(one.name, f"it is older than keep says for {one.kept_as}"))
                used -= one.bytes
                lacking -= one.bytes
    expired = {one.name for one in chosen}
    for one in may_go:
        if len(chosen) >= most:
            break
        if one.name in expired:
            continue
        if is_clock_sure and one.age is not None and 0 < limits.seconds < one.age:
            reason = "it is older than keep_days"
        elif 0 < limits.bytes < used:
            reason = "all recordings together take more than keep_gb"
        elif lacking > 0:
            reason = "less than free_gb of the disk is free"
        else:
            continue
        chosen.append(Deletion(one.name, reason))
        used -= one.bytes
        lacking -= one.bytes
    return chosen


def ages(ended: Sequence[float], now: float) -> List[Optional[float]]:
    """Return ages by wall clock, in seconds, of files in the order in which they were written.

    A file from a time when the clock was wrong has no age of its own, and none is older than one written before it.

    Args:
        ended: When each was last changed, Unix time.
        now: Unix time.
    """
    found: List[Optional[float]] = []
    youngest = float("inf")
    for changed in ended:
        if changed < EARLIEST or changed > now + _AHEAD:
            found.append(None)
        else:
            youngest = min(youngest, max(0.0, now - changed))
            found.append(youngest)
    return found


def least_ages(
    streams: Sequence[str], ages: Sequence[Optional[float]], seconds: Callable[[int], float]
) -> List[Optional[float]]:
    """Fill in a lower bound where the clock knows no age: the duration recorded of the same stream since then.

    Only for the last hour of each stream; before that an unknown age stays unknown.

    Args:
        streams, ages: Of each recording, in the order in which they were written.
        seconds: Returns the duration of the recording of this number; only called where an age is unknown.
    """
    found = list(ages)
    if None not in found:
        return found
    since: Dict[str, float] = {}
    for number in reversed(range(len(found))):
        played = since.get(streams[number], 0.0)
        if played < LAST_HOUR:
            found[number] = played if found[number] is None else found[number]
            since[streams[number]] = played + max(1.0, seconds(number))  # what does not play must not count for ever
    return found


class ClockWatch:
    """Decides whether the wall clock is reliable: it shows a plausible time and has not jumped for a while.

    A board without a battery boots in 1970 or at the time of its last shutdown, until the network's time arrives.
    """

    def __init__(self) -> None:
        self._offset: Optional[float] = None
        self._since = 0.0

    def is_sure(self, wall: float, monotonic: float) -> bool:
        """Call every ten seconds or so. wall: Unix time. monotonic: of a clock that never jumps, in seconds."""
        offset = wall - monotonic
        if self._offset is None or abs(offset - self._offset) > _JUMP:
            self._since = monotonic
        self._offset = offset
        return wall >= EARLIEST and monotonic - self._since >= STABLE_SECONDS


def lack_of_room(free: int, floor: int, folder: str) -> Optional[str]:
    """Return why nothing can be recorded, and the remedy; None if there is room. free, floor: bytes."""
    if free >= floor:
        return None
    return (
        f"Only {free / GIGABYTE:.1f} GB are free for recordings in {folder}, {floor / GIGABYTE:.1f} GB"
        " have to stay free, and deleting old ones, all but the last hour, does not help. Free some space, choose"
        " another place, or lower free_gb."
    )


def deletion_ahead(free: int, floor: int) -> Optional[str]:
    """Return what will be deleted soon, while there is still time to act; else None. free, floor: bytes."""
    if free >= 2 * floor:
        return None
    return (
        f"Only {free / GIGABYTE:.1f} GB of the disk are free. Below {floor / GIGABYTE:.1f} GB (free_gb) the"
        " oldest recordings are deleted, all but the last hour: copy what you want to keep."
    )


def is_watched(accessed: float, now: float) -> bool:
    """Return whether a file is being watched. accessed: when it was last read, Unix time; the dashboard sets it."""
    return abs(now - accessed) < WATCHED_SECONDS


def _rank(one: Candidate) -> Tuple[bool, int]:
    """What goes first; of equals the oldest."""
    return one.is_starred, CLASSES.index(one.kept_as) if one.kept_as in CLASSES else 0


def _is_expired(one: Candidate, limits: Limits) -> bool:
    longest = limits.by_class.get(one.kept_as)
    return longest is not None and one.age is not None and not one.is_starred and max(longest, LEAST_AGE) < one.age


def _is_recent(one: Candidate) -> bool:
    return one.age is not None and one.age < LAST_HOUR
